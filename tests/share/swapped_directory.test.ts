import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { swapping } from '../files/swapping.ts';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { World } from './world.ts';

/** Alice's originals, by path, each with its content: whatever happens on Bob's side, they stay. */
function originals(world: World): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (directory: string) => {
    for (const entry of Deno.readDirSync(directory)) {
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory) walk(path);
      else if (entry.isFile) found.set(path, Deno.readFileSync(path).toBase64());
    }
  };
  walk(`${world.directory}/external/alice`);
  return found;
}

for (
  const [what, act] of [
    ['withdraws all', async (world: World) => {
      await world.sql`
        UPDATE asset SET "deletedAt" = now(), status = 'trashed'
        WHERE "ownerId" = ${world.library.users.alice.id} AND "originalPath" LIKE '/external_library/%'`;
      world.config = { ...world.config, brake: { ...world.config.brake, percent: 100 } };
      await world.share();
    }],
    ['unshares', async (world: World) => {
      await world.apply(async (tools, view) =>
        await applyUnshare(tools, await planUnshare(view.sql, view, {}), () => {})
      );
    }],
  ] as const
) {
  Deno.test(`while Bob's directory is exchanged for Alice's without pause, a run that ${what} loses none of her originals`, async () => {
    await using world = await World.open('v3.1.0', { extraImages: 60 });
    const before = originals(world);
    assert.ok(before.size > 60);
    await world.share();
    const hidden = `${world.directory}/external/bob_shared/.alice`;
    assert.ok(existsSync(hidden));
    {
      await using _ = await swapping(hidden, `${world.directory}/external/alice/family`);
      for (let round = 0; round < 3; round++) await act(world).catch(refusedOnly);
    }
    const after = originals(world);
    assert.deepEqual([...before.keys()].filter((path) => after.get(path) !== before.get(path)), []);
    await act(world);
    assert.deepEqual([...originals(world).keys()], [...before.keys()]);
  });
}

/** A run may be refused because the directory is a symbolic link just then. Anything else is a fault. */
function refusedOnly(error: unknown): void {
  if (!(error instanceof Error) || !/UserError|RefusedError/.test(error.name)) throw error;
}
