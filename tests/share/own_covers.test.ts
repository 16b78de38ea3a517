/** People of the receiver's own whose cover was cut from a shared photo that they do not see any more. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { isCutHere } from '../../src/share/people/portrait.ts';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import type { Release } from '../harness/database.ts';
import { writeFile } from '../harness/immich_jobs/host.ts';
import { Bob } from './bob.ts';
import { World } from './world.ts';

const RELEASES: readonly Release[] = ['v2.7.5', 'v3.1.0', 'v3.2.0', 'v3.3.0'];

const ENDS: Readonly<Record<string, (world: World, photo: string) => Promise<unknown>>> = {
  'its owner locks it': async (world, photo) => {
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${photo}`;
    await world.share({ isFull: false });
  },
  'its owner locks it, and everything is looked at': async (world, photo) => {
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${photo}`;
    await world.share();
  },
  'its owner trashes it': async (world, photo) => {
    await world.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${photo}`;
    await world.share({ isFull: false });
  },
  'everything is unshared': (world) =>
    world.apply(async (tools, view) => {
      await applyUnshare(tools, await planUnshare(view.sql, view, {}), () => {});
    }),
};

for (const release of RELEASES) {
  for (const [when, end] of Object.entries(ENDS)) {
    Deno.test(`${release}: ${when}: somebody of Bob's own gets another cover at once, from a photo of his, or has none`, async () => {
      await using world = await World.open(release);
      world.config = { ...world.config, brake: { percent: 100, minimum: 1_000 } };
      await world.share();
      const [first = '', second = ''] = await new Bob(world).photos();
      const [mirror, other] = [await world.mirrorOfId(first), await world.mirrorOfId(second)];
      const known = await somebody(world, 'Known', [mirror, other, world.id('bob/dog')]);
      const unknown = await somebody(world, 'Unknown', [mirror]);

      await end(world, first);
      const [face, now] = [await faceOn(world, known.id, world.id('bob/dog')), await coverOf(world, known.id)];
      assert.deepEqual(now, { faceAssetId: face, thumbnailPath: known.path });
      assert.ok(isCutHere(Deno.readFileSync(world.local(known.path))), 'cut from the preview of his own photo');
      assert.deepEqual(await coverOf(world, unknown.id), { faceAssetId: null, thumbnailPath: '' });
      assert.ok(!existsSync(world.local(unknown.path)));
      const left = await world.sql`SELECT FROM immich_sidecar.link WHERE mirror_id IN ${
        world.sql([known.id, unknown.id])
      }`;
      assert.equal(left.count, 0, 'both are his, and nothing of theirs is ours');
      for (const isFull of [false, true]) {
        if (when !== 'everything is unshared') await world.share({ isFull });
        assert.deepEqual(await coverOf(world, known.id), now);
        assert.ok(existsSync(world.local(known.path)));
      }
    });
  }

  Deno.test(`${release}: a cover that was cut from another shared photo goes with that one`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const [first = '', second = ''] = await new Bob(world).photos();
    const [mirror, other] = [await world.mirrorOfId(first), await world.mirrorOfId(second)];
    const known = await somebody(world, 'Known', [mirror, other], 'manual');
    await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${first}`;
    await world.share({ isFull: false });
    assert.equal((await coverOf(world, known.id))?.faceAssetId, await faceOn(world, known.id, other));
    assert.ok(isCutHere(Deno.readFileSync(world.local(known.path))));
    await sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${second}`;
    await world.share({ isFull: false });
    assert.deepEqual(await coverOf(world, known.id), { faceAssetId: null, thumbnailPath: '' });
    assert.ok(!existsSync(world.local(known.path)));
  });

  Deno.test(`${release}: somebody whom Immich has found on a shared photo by itself loses the cover with the face, which is not there any more when the photo is locked`, async () => {
    await using world = await World.open(release);
    await world.share();
    const [first = ''] = await new Bob(world).photos();
    const mirror = await world.mirrorOfId(first);
    const known = await somebody(world, 'Known', [mirror, world.id('bob/dog')]);
    const unknown = await somebody(world, '', [mirror]);
    await world.share({ isFull: false });
    assert.equal(await faceOn(world, known.id, mirror), undefined, 'the faces of its owner count');
    const cover = await coverOf(world, known.id);
    assert.equal(cover?.faceAssetId, await faceOn(world, known.id, world.id('bob/dog')));
    assert.ok(isCutHere(Deno.readFileSync(world.local(known.path))));
    assert.deepEqual(await coverOf(world, unknown.id), { faceAssetId: null, thumbnailPath: '' });
    assert.ok(!existsSync(world.local(unknown.path)));
  });

  Deno.test(`${release}: a preview that cannot be cut, and a face in Bob's locked folder: the face waits for Immich, and what is locked is no cover`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const [first = ''] = await new Bob(world).photos();
    const mirror = await world.mirrorOfId(first);
    const known = await somebody(world, 'Known', [mirror, world.id('bob/dog')]);
    const hidden = await somebody(world, 'Hidden', [mirror, world.id('bob/beach')]);
    const [preview] = await sql<{ path: string }[]>`
      SELECT path FROM asset_file WHERE "assetId" = ${world.id('bob/dog')} AND type = 'preview'`;
    writeFile(world, preview?.path ?? '', 'no JPEG');
    await sql`UPDATE asset SET visibility = 'locked' WHERE id IN ${sql([first, world.id('bob/beach')])}`;
    await world.share({ isFull: false });
    const face = await faceOn(world, known.id, world.id('bob/dog'));
    assert.deepEqual(await coverOf(world, known.id), { faceAssetId: face, thumbnailPath: '' });
    assert.deepEqual(await coverOf(world, hidden.id), { faceAssetId: null, thumbnailPath: '' });
    assert.ok([known.path, hidden.path].every((path) => !existsSync(world.local(path))));
  });
}

/** A person of Bob's with a face on each of these assets, and a thumbnail that Immich has cut from the first. */
async function somebody(
  world: World,
  name: string,
  assets: readonly string[],
  sourceType: 'machine-learning' | 'manual' = 'machine-learning',
): Promise<{ readonly id: string; readonly path: string }> {
  const { sql, people: { personKey, faceKey }, library: { users: { bob } } } = world;
  const id = await world.insertPerson('bob', name);
  const path = `/data/thumbs/${bob.id}/${id.slice(0, 2)}/${id.slice(2, 4)}/${id}.jpeg`;
  for (const asset of assets) {
    await sql`
      INSERT INTO asset_face (
        "assetId", ${sql(faceKey)}, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2", "sourceType"
      )
      VALUES (${asset}, ${id}, 100, 100, 50, 50, ${sourceType})`;
  }
  writeFile(world, path, 'cut by Immich');
  await sql`
    UPDATE person
    SET "faceAssetId" = ${await faceOn(world, id, assets[0] ?? '') ?? null}, "thumbnailPath" = ${path}
    WHERE ${sql(personKey)} = ${id} AND "ownerId" = ${bob.id}`;
  return { id, path };
}

async function faceOn({ sql, people: { faceKey } }: World, person: string, asset: string): Promise<string | undefined> {
  const [face] = await sql<{ id: string }[]>`
    SELECT id FROM asset_face WHERE "assetId" = ${asset} AND ${sql(faceKey)} = ${person}`;
  return face?.id;
}

async function coverOf(world: World, person: string) {
  const { sql, people: { personKey }, library: { users: { bob } } } = world;
  const [row] = await sql<{ faceAssetId: string | null; thumbnailPath: string }[]>`
    SELECT "faceAssetId", "thumbnailPath" FROM person WHERE ${sql(personKey)} = ${person} AND "ownerId" = ${bob.id}`;
  return row;
}
