/** What Immich makes of a shared photo, and what its receiver does with it there, goes when the photo does. */
import assert from 'node:assert/strict';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { writeFile } from '../harness/immich_jobs/host.ts';
import { Bob } from './bob.ts';
import { listFiles } from './snapshot.ts';
import { tracesOf } from './traces.ts';
import { World } from './world.ts';

interface End {
  readonly when: string;
  end(world: World, photos: readonly string[]): Promise<unknown>;
}

const ENDS: readonly End[] = [
  {
    when: 'their owner locks them',
    end: async (world, photos) => {
      await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ANY (${photos as string[]}::uuid[])`;
      await world.share({ isFull: false });
    },
  },
  {
    when: 'their owner trashes them',
    end: async (world, photos) => {
      await world.sql`
        UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ANY (${photos as string[]}::uuid[])`;
      await world.share({ isFull: false });
    },
  },
  {
    when: 'they are unshared',
    end: (world) =>
      world.apply(async (tools, view) => {
        await applyUnshare(tools, await planUnshare(view.sql, view, {}), () => {});
      }),
  },
];

for (const release of REPRESENTATIVE) {
  for (const { when, end } of ENDS) {
    Deno.test(`${release}: sidecars, pictures of all sizes, videos, faces, people, tags, memories, stacks and groups of duplicates go with the photos of which Immich made them, when ${when}`, async () => {
      await using world = await World.open(release);
      const { sql, library: { users } } = world;
      world.config = { ...world.config, brake: { percent: 100, minimum: 1_000 } };
      await world.share();
      const bob = new Bob(world);
      const pictures = (await bob.photos()).slice(0, 4);
      await bob.isBusy(pictures, pictures);
      const photos = [...pictures, world.id('family/clip')];
      const mirrors: string[] = [];
      for (const photo of photos) mirrors.push(await world.mirrorOfId(photo));
      const originals = await Promise.all(photos.map((photo) => world.localMirrorPath(photo)));
      const portraits: string[] = [];
      for (const mirror of mirrors) {
        await makePictures(world, users.bob.id, mirror);
        portraits.push(await findSomebody(world, mirror));
        await sql`
          UPDATE asset SET "duplicateId" = ${crypto.randomUUID()}
          WHERE id = ANY (${[mirror, world.id('bob/dog')]}::uuid[])`;
      }
      const ofMirrors = () =>
        Object.keys(listFiles(world.directory)).filter((path) =>
          mirrors.some((id) => path.includes(id)) ||
          originals.some((original) => `${world.directory}/${path}`.startsWith(original)) ||
          portraits.some((portrait) => world.local(portrait) === `${world.directory}/${path}`)
        );
      assert.ok(ofMirrors().length > mirrors.length * 4);

      await end(world, photos);
      assert.deepEqual(ofMirrors(), []);
      for (const mirror of mirrors) assert.deepEqual(await tracesOf(world, mirror), []);
    });
  }
}

/** Pictures in another format, one of full size, and a video that a browser plays. */
async function makePictures(world: World, ownerId: string, mirror: string): Promise<void> {
  const { sql } = world;
  const nested = `${ownerId}/${mirror.slice(0, 2)}/${mirror.slice(2, 4)}/${mirror}`;
  const made = [
    ['preview', `/data/thumbs/${nested}_preview.webp`],
    ['fullsize', `/data/thumbs/${nested}_fullsize.jpeg`],
    ['encoded_video', `/data/encoded-video/${nested}.mp4`],
  ] as const;
  for (const [type, path] of made) {
    writeFile(world, path, 'made by Immich');
    const [former] = await sql<{ path: string }[]>`
      SELECT path FROM asset_file WHERE "assetId" = ${mirror} AND type = ${type} AND NOT "isEdited"`;
    if (former === undefined) {
      await sql`INSERT INTO asset_file ("assetId", type, path) VALUES (${mirror}, ${type}, ${path})`;
    } else if (former.path !== path) {
      Deno.removeSync(world.local(former.path));
      await sql`UPDATE asset_file SET path = ${path} WHERE path = ${former.path}`;
    }
  }
}

/** Detection finds a face, and recognition somebody, of whom a thumbnail is made. Returns where that is. */
async function findSomebody(world: World, mirror: string): Promise<string> {
  const { sql, people: { personKey, faceKey }, library: { users } } = world;
  const person = await world.insertPerson('bob', '');
  const [face] = await sql<{ id: string }[]>`
    INSERT INTO asset_face ("assetId", ${sql(faceKey)}, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2")
    VALUES (${mirror}, ${person}, 100, 100, 50, 50)
    RETURNING id`;
  const path = `/data/thumbs/${users.bob.id}/${person.slice(0, 2)}/${person.slice(2, 4)}/${person}.jpeg`;
  writeFile(world, path, 'cut by Immich');
  await sql`
    UPDATE person SET "faceAssetId" = ${face?.id ?? null}, "thumbnailPath" = ${path}
    WHERE ${sql(personKey)} = ${person} AND "ownerId" = ${users.bob.id}`;
  return path;
}
