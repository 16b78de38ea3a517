import assert from 'node:assert/strict';
import { sameFile } from '../../src/files/identity.ts';
import type { Sql } from '../../src/postgres/connect.ts';
import { inRolledBackTransaction } from '../../src/postgres/transaction.ts';
import { Alike, pagesToCompare } from '../../src/share/cycle/alike.ts';
import type { Compared } from '../../src/share/mirrors/versions.ts';
import { readRules } from '../../src/version.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { Engine } from './oracle/engine.ts';
import { World } from './world.ts';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: a full cycle compares what was written to since it was found alike, and nothing else`, async (t) => {
    await using world = await World.open(release);
    const { sql } = world;
    await world.share();
    const mirrors = (await sql`SELECT FROM immich_sidecar.asset_map`).length;
    assert.equal((await toCompare(world, 'rows')).length, mirrors, 'what is new is compared once');
    await fullCycle(world);
    for (const what of ['rows', 'embeddings', 'files'] as const) {
      assert.deepEqual(await toCompare(world, what), [], what);
    }

    const source = world.id('family/portrait');
    const mirror = await world.mirrorOf('family/portrait') ?? '';
    const { copied, has } = await world.apply((_, { schema }) =>
      Promise.resolve({ copied: schema.copiedTables, has: schema.has })
    );
    const tables: readonly [string, string, Compared][] = [
      ['asset', 'id', 'rows'],
      ['asset_file', 'assetId', 'rows'],
      ['asset', 'id', 'files'],
      ['asset_file', 'assetId', 'files'],
      ...copied.filter(({ name }) => name === 'asset_edit').map((
        { name },
      ): [string, string, Compared] => [name, 'assetId', 'files']),
      ...copied.map(({ name }): [string, string, Compared] => [name, 'assetId', 'rows']),
      ['smart_search', 'assetId', 'embeddings'],
      ['asset_face', 'assetId', 'embeddings'],
    ];
    const tried = new Set<string>();
    for (const [table, key, what] of tables) {
      for (const id of [source, mirror]) {
        await t.step(`${what}: ${table} of ${id === source ? 'a source' : 'a mirror'}`, async () => {
          await trying(sql, async (tx) => {
            const { count } = await tx`UPDATE ${tx(table)} SET ${tx(key)} = ${tx(key)} WHERE ${tx(key)} = ${id}`;
            if (count > 0) tried.add(table);
            assert.deepEqual(await toCompare(world, what, { tx }), count > 0 ? [source] : [], 'another version');
          });
          if (table === 'asset') return;
          await trying(sql, async (tx) => {
            const { count } = await tx`DELETE FROM ${tx(table)} WHERE ${tx(key)} = ${id}`;
            assert.deepEqual(await toCompare(world, what, { tx }), count > 0 ? [source] : [], 'gone');
          });
        });
      }
    }
    await t.step('the journal of files', () =>
      trying(sql, async (tx) => {
        await tx`DELETE FROM immich_sidecar.link WHERE mirror_id = ${mirror}`;
        assert.deepEqual(await toCompare(world, 'files', { tx }), [source]);
      }));
    await t.step('a face search of a mirror', () =>
      trying(sql, async (tx) => {
        await tx`DELETE FROM face_search USING asset_face f WHERE f.id = "faceId" AND f."assetId" = ${mirror}`;
        assert.deepEqual(await toCompare(world, 'embeddings', { tx }), [source]);
      }));
    const always = ['asset', 'asset_file', 'asset_exif', 'asset_job_status', 'smart_search', 'asset_face'];
    assert.deepEqual(always.filter((table) => !tried.has(table)), []);

    await t.step('what is different for good is compared each time', async () => {
      await sql`UPDATE asset_exif SET description = 'mine' WHERE "assetId" = ${mirror}`;
      if (has('asset_exif', 'lockedProperties')) {
        await sql`UPDATE asset_exif SET "lockedProperties" = '{description}' WHERE "assetId" = ${mirror}`;
      }
      await fullCycle(world);
      await fullCycle(world);
      assert.deepEqual(await toCompare(world, 'rows'), [source]);
    });

    await t.step(
      'in another database, or by other rules, nothing was found alike; nor does --full believe it',
      async () => {
        assert.equal((await toCompare(world, 'embeddings', { rules: 'of another version' })).length, mirrors);
        assert.equal((await toCompare(world, 'embeddings', { trusts: false })).length, mirrors);
        assert.deepEqual(await toCompare(world, 'embeddings'), []);
        await sql`VACUUM FULL asset`; // which gives the table another file, as a restore does
        assert.equal((await toCompare(world, 'embeddings')).length, mirrors);
      },
    );
  });
}

for (const placement of ['hardlink', 'copy'] as const) {
  Deno.test(`${placement}: a full cycle finds what has happened to files, of which no row tells`, async (t) => {
    await using world = await World.open('v3.1.0');
    world.setJobs(world.config.jobs.map((job) => ({ ...job, placement })));
    await world.share();
    await fullCycle(world);
    await fullCycle(world);
    assert.deepEqual(await toCompare(world, 'files'), []);

    const source = world.id('family/portrait');
    const original = world.local(await pathOf(world, source));
    const copy = await world.localMirrorPath(source);
    const preview = world.local(await previewOf(world, source));
    const mirrored = world.local(await previewOf(world, await world.mirrorOfId(source)));
    const deeds: readonly [string, string, string, () => void][] = [
      ['the original of the mirror is removed', original, copy, () => Deno.removeSync(copy)],
      ['another file lies in its place', original, copy, () => replace(copy, 'somebody else')],
      ['the original is another file', original, copy, () => replace(original, Deno.readTextFileSync(original) + ' ')],
      ['the original is written to', original, copy, () => Deno.writeTextFileSync(original, ' ', { append: true })],
      ['the original has another time', original, copy, () => Deno.utimeSync(original, 1_500_000_000, 1_500_000_000)],
      ['the preview of the mirror is removed', preview, mirrored, () => Deno.removeSync(mirrored)],
      ['the preview is made anew', preview, mirrored, () => replace(preview, 'a new preview')],
    ];
    for (const [name, from, to, deed] of deeds) {
      await t.step(name, async () => {
        deed();
        // Of generated files a copy is as good as its bytes and time.
        assert.deepEqual(await toCompare(world, 'files'), [source]);
        await fullCycle(world);
        assert.deepEqual(Deno.readFileSync(to), Deno.readFileSync(from));
        assert.equal(sameFile(from, to), placement === 'hardlink');
        await fullCycle(world);
        assert.deepEqual(await toCompare(world, 'files'), [], 'it is as it was');
      });
    }
    await t.step('a dry run finds it, too', async () => {
      Deno.removeSync(copy);
      assert.equal((await world.plan()).hasChanges, true);
      await fullCycle(world);
      assert.equal((await world.plan()).hasChanges, false);
    });
  });
}

async function pathOf(world: World, id: string): Promise<string> {
  const [row] = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id}`;
  return row?.path ?? '';
}

async function previewOf(world: World, id: string): Promise<string> {
  const [row] = await world.sql<{ path: string }[]>`
    SELECT path FROM asset_file WHERE "assetId" = ${id} AND type = 'preview'`;
  return row?.path ?? '';
}

/** Another file takes the place of one. */
function replace(path: string, content: string): void {
  Deno.writeTextFileSync(`${path}.new`, content);
  Deno.renameSync(`${path}.new`, path);
}

/** A full cycle because it is time for one. */
async function fullCycle(world: World): Promise<void> {
  await using engine = await Engine.start({ ...world.config, reconcileHours: 0 });
  assert.equal((await engine.cycle()).scope, 'everything');
}

/** Sources of the mirrors that the next full cycle would compare. */
async function toCompare(
  world: World,
  what: Compared,
  { tx, rules = `test ${readRules()}`, trusts = true }: {
    readonly tx?: Sql;
    readonly rules?: string;
    readonly trusts?: boolean;
  } = {},
): Promise<string[]> {
  return await world.apply(async ({ database }, view) => {
    const alike = await Alike.begin(database, view, { rules, trusts });
    const found = new Set<string>();
    for (const job of view.jobs) {
      const seen = { ...view, sql: tx ?? view.sql, alike };
      const pages = what === 'files' ? alike?.files(seen, job) ?? [] : pagesToCompare(seen, what, job);
      for await (const { page } of pages) {
        if ('last' in page) throw new Error('a page of everything');
        for (const id of page) found.add(id);
      }
    }
    return [...found];
  });
}

/** Runs `work` as a part of nothing. */
async function trying(sql: World['sql'], work: (tx: Sql) => Promise<void>): Promise<void> {
  await inRolledBackTransaction(sql, work);
}
