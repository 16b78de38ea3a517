/** Shared albums hold photos from several disks: where the files of their mirrors lie, and what becomes of those to which no hard link can be made. */
import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { readSaved } from '../../src/share/standing/saved.ts';
import { full, mounted } from '../files/obstacles.ts';
import { testUnless } from '../files/scratch.ts';
import { InImmich } from './deeds_in_immich.ts';
import { makeLibraries, sharingAlbums } from './shared_albums_world.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

const PAIR = 'shared albums: Alice → Bob';
const PHOTOS = ['family/portrait', 'family/wedding', 'uploads/cat', 'uploads/clip'];

/** An album of photos from both disks. */
async function open(): Promise<{ world: World; immich: InImmich; album: string }> {
  const world = await World.open('v3.3.0');
  const immich = new InImmich(world);
  await world.sql`DELETE FROM album`;
  const album = await immich.makeAlbum('alice', 'Family', PHOTOS.map((key) => world.id(key)));
  await immich.invite(album, 'bob');
  return { world, immich, album };
}

/** One full cycle without a problem, after which another one finds nothing to do. `copies`: how many files are not their sources'. */
async function cycle(world: World, copies = 0): Promise<void> {
  assert.deepEqual(problemsOf(await world.share()), []);
  const found = await world.verify(verifyMirrors) as { problem: string }[];
  assert.deepEqual(
    found.filter(({ problem }) => !/ is not the source's file: .*\/external_library\//.test(problem)),
    [],
  );
  assert.equal(found.length, copies);
  const state = [await digestTables(world.sql), listFiles(world.directory)];
  await world.share();
  assert.deepEqual([await digestTables(world.sql), listFiles(world.directory)], state, 'a second cycle finds no more');
}

/** By photo: whether its mirror's original is a link or a copy, and in which of the directories it lies. */
async function places(world: World): Promise<Record<string, string>> {
  const rows = await world.sql<{ id: string; source: string; mirror: string }[]>`
    SELECT a.id, a."originalPath" AS source, mirror."originalPath" AS mirror
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    JOIN asset mirror ON mirror.id = m.mirror_asset_id`;
  return Object.fromEntries(
    rows.map(({ id, source, mirror }) => {
      const [from, to] = [Deno.statSync(world.local(source)), Deno.statSync(world.local(mirror))];
      const isLink = from.ino === to.ino && from.dev === to.dev;
      assert.ok(isLink || (to.nlink === 1 && to.size === from.size), mirror);
      const key = world.library.assets.find((asset) => asset.id === id)?.key ?? id;
      return [key, `${isLink ? 'link' : 'copy'} in ${mirror.replace(/\/bob-.*/, '')}`] as const;
    }).toSorted(([one], [other]) => one < other ? -1 : 1),
  );
}

/** How many generated files are files of their own. */
async function copiedThumbnails(world: World): Promise<number> {
  const rows = await world.sql<{ path: string }[]>`
    SELECT f.path
    FROM immich_sidecar.asset_map m
    JOIN asset_file f ON f."assetId" = m.mirror_asset_id AND f.type IN ('thumbnail', 'preview')`;
  assert.ok(rows.length > 0);
  return rows.filter(({ path }) => Deno.statSync(world.local(path)).nlink === 1).length;
}

for (const [what, mount] of Object.entries(mounted)) {
  testUnless(
    full.obstacle(),
    `libraries are on ${what}: a directory on each takes what can be linked there`,
    async () => {
      const { world } = await open();
      await using _world = world;
      using _disk = mount(`${world.directory}/external`);
      const directories = ['/data/shared/', '/external_library/shared/'];
      await makeLibraries(world, directories);
      world.config = sharingAlbums(world, { directories, placement: 'copy' });
      await cycle(world);
      assert.deepEqual(await places(world), {
        'family/portrait': 'link in /external_library/shared',
        'family/wedding': 'link in /external_library/shared',
        'uploads/cat': 'link in /data/shared',
        'uploads/clip': 'link in /data/shared',
      });
      assert.equal(await copiedThumbnails(world), 0);
    },
  );

  testUnless(
    full.obstacle(),
    `libraries are on ${what}, where no directory is: copies of what lies there, and of nothing else`,
    async (t) => {
      const { world, immich, album } = await open();
      await using _world = world;
      using _disk = mount(`${world.directory}/external`);
      await makeLibraries(world);
      world.config = sharingAlbums(world, { placement: 'copy' });
      const mixed = {
        'family/portrait': 'copy in /data/shared',
        'family/wedding': 'copy in /data/shared',
        'uploads/cat': 'link in /data/shared',
        'uploads/clip': 'link in /data/shared',
      };
      const [portrait, cat] = [world.id('family/portrait'), world.id('uploads/cat')];
      const sourceOf = (id: string) => world.library.assets.find((asset) => asset.id === id)?.localPath ?? '';
      await cycle(world, 3); // two photos, and the sidecar of one
      assert.deepEqual(await places(world), mixed);
      assert.equal(await copiedThumbnails(world), 0, 'thumbnails lie beside thumbnails');
      await t.step('only links save space', async () => {
        const [row] = await world.sql<{ bytes: number }[]>`
        SELECT sum(size)::float8 AS bytes FROM immich_sidecar.link WHERE path LIKE '%/external_library/%'`;
        const saved = (await readSaved(world.sql)).get(PAIR);
        const [all] = await world.sql<{ bytes: number }[]>`SELECT sum(saves)::float8 AS bytes FROM immich_sidecar.link`;
        assert.ok((row?.bytes ?? 0) > 0, 'it is noted which file each copy is');
        assert.equal(saved, all?.bytes);
        const [copied] = await world.sql<{ saving: number }[]>`
        SELECT count(saves)::int AS saving FROM immich_sidecar.link WHERE path LIKE '%/external_library/%'`;
        assert.equal(copied?.saving, 0);
      });
      await t.step('files of both that are replaced are followed, each in its own way', async () => {
        for (const id of [portrait, cat]) {
          const path = sourceOf(id);
          Deno.writeFileSync(`${path}.new`, new Uint8Array([...Deno.readFileSync(path), 0]));
          Deno.renameSync(`${path}.new`, path);
        }
        await world.share();
        assert.deepEqual(await places(world), mixed);
        assert.deepEqual(
          Deno.readFileSync(await world.localMirrorPath(portrait)),
          Deno.readFileSync(sourceOf(portrait)),
        );
      });
      await t.step('both go when they are taken out', async () => {
        const paths = [await world.localMirrorPath(portrait), await world.localMirrorPath(cat)];
        await immich.takeOut(album, [portrait, cat]);
        assert.deepEqual(problemsOf(await world.share()), [], 'nothing is said of disks');
        for (const path of paths) assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
      });
      await t.step('no copies are allowed any more: none is made, and those that are there stay', async () => {
        await immich.putInto(album, [portrait]);
        world.config = sharingAlbums(world);
        const report = await world.share();
        assert.equal(report.jobs.find(({ job }) => job === PAIR)?.standing?.skipped['other-filesystem'], 1);
        assert.deepEqual(Object.keys(await places(world)), ['family/wedding', 'uploads/clip']);
      });
    },
  );
}

testUnless(
  full.obstacle(),
  'without copies what no link can lead to is a problem with the remedy, and the rest is shared',
  async () => {
    const { world, immich, album } = await open();
    await using _world = world;
    using _disk = mounted['a bind mount of the same disk'](`${world.directory}/external`);
    await makeLibraries(world);
    world.config = sharingAlbums(world);
    const some = problemsOf(await world.share());
    assert.deepEqual(some.map(({ code, where }) => [code, where.photo?.replace(/.*\//, '')]).sort(), [
      ['other-filesystem', 'portrait.jpg'],
      ['other-filesystem', 'wedding.jpg'],
    ]);
    assert.match(some[0]?.remedy ?? '', /for shared albums another one in the list of directories/);
    assert.deepEqual(Object.keys(await places(world)), ['uploads/cat', 'uploads/clip']);
    await immich.takeOut(album, [world.id('uploads/cat'), world.id('uploads/clip')]);
    await assert.rejects(world.share(), (error: Error & { remedy?: string }) => {
      assert.match(
        error.message,
        /"shared albums: Alice → Bob": no hard link can be made from .*: they are on different file systems/,
      );
      assert.match(error.remedy ?? '', /in directory of shared_albums; or set placement: copy there/);
      return true;
    });
  },
);
