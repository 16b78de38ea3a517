import { createHash } from 'node:crypto';
import { insertRows } from '../../../src/demo/library_generator/insert.ts';
import { readCatalog } from '../../../src/immich/catalog.ts';
import { World } from '../../share/world.ts';

/** What Immich knows of each file of a corpus: something for every field that is written. */
const FACTS = Object.freeze({
  description: 'Évening at the “sea”, 1 & 2',
  rating: 4,
  dateTimeOriginal: '2023-07-14T05:30:01.530Z',
  timeZone: 'Australia/Sydney',
  latitude: -33.856784,
  longitude: 151.215296,
  city: 'Sydney',
  state: 'New South Wales',
  country: 'Australia',
  exifImageWidth: 320,
  exifImageHeight: 240,
  orientation: '1',
});

const FILM = /\.(?:mp4|mov|m4v|avi|mkv|webm|3gp|mts|m2ts|mpg|wmv|insv)$/i;

const SIDECAR = /\.xmp$/i;

/**
 * A household of Alice's in whose external library the files of a corpus lie, and nothing else. Of each Immich knows a description, a
 * rating, when and where it was taken, two tags, an album and a person with a face. Sidecars lie
 * beside them, as those who imported the library have left them.
 */
export async function householdWith(files: ReadonlyMap<string, Uint8Array>): Promise<World> {
  const world = await World.open('v3.1.0');
  const { sql } = world;
  const owner = world.library.users.alice.id;
  await sql`DELETE FROM stack`;
  await sql`DELETE FROM asset`;
  await sql`DELETE FROM album`;
  for (const root of ['media', 'external']) {
    await Deno.remove(`${world.directory}/${root}`, { recursive: true });
    await Deno.mkdir(`${world.directory}/${root}`);
  }
  const [library] = await sql<{ id: string; root: string }[]>`
    SELECT id, "importPaths"[1] AS root FROM library WHERE "ownerId" = ${owner}`;
  if (library === undefined) throw new Error('Alice has no external library.');
  const directory = `${library.root.replace(/\/$/, '')}/corpus`;
  await Deno.mkdir(world.local(directory), { recursive: true });
  for (const [name, bytes] of files) Deno.writeFileSync(world.local(`${directory}/${name}`), bytes);
  const assets = [...files.keys()].filter((name) => !SIDECAR.test(name)).map((name) => (
    { id: crypto.randomUUID(), name, path: `${directory}/${name}` }
  ));
  const catalog = await readCatalog(sql);
  const insert = (table: string, rows: readonly Record<string, unknown>[]) => insertRows(sql, catalog, table, rows);
  await insert(
    'asset',
    assets.map(({ id, name, path }) => ({
      ...{ id, ownerId: owner, libraryId: library.id, isExternal: true, originalPath: path, originalFileName: name },
      ...{ type: FILM.test(name) ? 'VIDEO' : 'IMAGE', visibility: 'timeline', width: 320, height: 240 },
      ...{ checksum: `\\x${createHash('sha1').update(path).digest('hex')}`, checksumAlgorithm: 'sha1-path' },
      fileCreatedAt: FACTS.dateTimeOriginal,
      fileModifiedAt: Deno.statSync(world.local(path)).mtime?.toISOString(),
      localDateTime: '2023-07-14T15:30:01.530Z',
    })),
  );
  await insert('asset_exif', assets.map(({ id }) => ({ assetId: id, ...FACTS })));
  const albumId = crypto.randomUUID();
  await insert('album', [{ id: albumId, ownerId: owner, albumName: 'Summer 2023' }]);
  await insert('album_user', [{ albumId, userId: owner, role: 'owner' }]);
  await insert('album_asset', assets.map(({ id }) => ({ albumId, assetId: id })));
  const person = await world.insertPerson('alice', 'Anna Müller');
  await insert(
    'asset_face',
    assets.map(({ id }) => ({
      ...{ id: crypto.randomUUID(), assetId: id, [world.people.faceKey]: person, imageWidth: 1440, imageHeight: 1080 },
      ...{ boundingBoxX1: 100, boundingBoxY1: 200, boundingBoxX2: 300, boundingBoxY2: 500 },
      sourceType: 'machine-learning',
    })),
  );
  const tags = ['Travel/Sydney', 'sea'].map((value) => ({ id: crypto.randomUUID(), userId: owner, value }));
  await insert('tag', tags);
  await insert('tag_asset', assets.flatMap(({ id }) => tags.map((tag) => ({ assetId: id, tagId: tag.id }))));
  return world;
}
