/**
 * Versions up to 0.1 left photos without a TagsList, so that Immich took the names and albums that we had written for tags. These are found and taken off, and no
 * tag of a person's own.
 */
import assert from 'node:assert/strict';
import { assetOf } from '../../../src/demo/library_generator/result.ts';
import type { FieldName } from '../../../src/writeback/fields/fields.ts';
import { listNamesAsTags, takeOffNames } from '../../../src/writeback/names_as_tags/names_as_tags.ts';
import { type Release, REPRESENTATIVE } from '../../harness/database.ts';
import { libraryFromDatabase } from '../../harness/fake_immich/from_database.ts';
import { FakeImmich } from '../../harness/fake_immich/server.ts';
import { editAsset, extractMetadata, writeSidecar } from '../../harness/immich_jobs/metadata.ts';
import { InImmich } from '../../share/deeds_in_immich.ts';
import { tagsOfAsset } from '../../share/tags_of.ts';
import { World } from '../../share/world.ts';
import { ImmichReader } from '../files/as_immich_reads.ts';
import { setTags } from '../files/set_tags.ts';
import { configOf, tagsOf, write } from './helper.ts';

const FIELDS: readonly FieldName[] = ['people', 'albums', 'tags'];
const SIGNAL = new AbortController().signal;
/** Shows Dora and Emil. */
const BEACH = 'family/beach';
/** Is in an album. */
const PORTRAIT = 'family/portrait';
/** Shows Dora, and Alice has tagged it so herself. */
const PICNIC = 'family/picnic';

function pathOf(world: World, key: string): string {
  return Deno.realPathSync(assetOf(world.library, key).localPath);
}

/** Immich extracts a photo. */
async function extract(world: World, key: string): Promise<void> {
  const { tags } = await new ImmichReader().read(pathOf(world, key));
  await extractMetadata(world, world.id(key), { tags });
}

async function tagInImmich(world: World, key: string, tags: readonly string[]): Promise<void> {
  await editAsset(world, world.id(key), { tags });
  await writeSidecar(world, world.id(key));
  await extractMetadata(world, world.id(key), {});
}

/** A library as an early version has left it, after Immich has extracted its photos once more. */
async function earlier(release: Release): Promise<World> {
  const world = await World.open(release);
  await world.sql`DELETE FROM album`;
  await new InImmich(world).makeAlbum('alice', 'At sea', [world.id(PORTRAIT)]);
  await setTags(pathOf(world, BEACH), { 'XMP-dc:Subject': ['sea'] });
  await write(configOf(world), { fields: ['people', 'albums'] });
  for (const key of [BEACH, PORTRAIT]) {
    await setTags(pathOf(world, key), {}, ['-XMP-digiKam:TagsList=']);
    await extract(world, key);
  }
  await tagInImmich(world, PICNIC, ['Dora Example']);
  return world;
}

async function ownTags({ sql, library }: World): Promise<string[]> {
  const rows = await sql<{ value: string }[]>`
    SELECT value FROM tag WHERE "userId" = ${library.users.alice.id} ORDER BY value COLLATE "C"`;
  return rows.map(({ value }) => value);
}

for (const release of ['v2.5.0' as const, ...REPRESENTATIVE]) {
  Deno.test(`${release}: names and albums that Immich took for tags are found and go, from the photo and its mirrors, and nobody's own`, async () => {
    await using world = await earlier(release);
    const before = await ownTags(world);
    await world.sql`DELETE FROM asset WHERE id = ${world.id('bob/beach')}`; // the same picture
    await world.share();
    const mirror = await world.mirrorOfId(world.id(BEACH));
    assert.deepEqual(await tagsOfAsset(world, world.id(BEACH)), ['Dora Example', 'Emil, Jr.', 'sea']);
    assert.deepEqual(await tagsOfAsset(world, mirror), ['Dora Example', 'Emil, Jr.', 'sea']);
    assert.deepEqual(await tagsOfAsset(world, world.id(PORTRAIT)), ['Albums/At sea']);
    const found = await listNamesAsTags(configOf(world), SIGNAL);
    const photo = (key: string) => [{ assetId: world.id(key), path: pathOf(world, key), isInFile: true }];
    assert.deepEqual(found.tags, [
      { tag: 'Albums/At sea', photos: photo(PORTRAIT) },
      { tag: 'Dora Example', photos: photo(BEACH) },
      { tag: 'Emil, Jr.', photos: photo(BEACH) },
    ]);

    assert.deepEqual(await takeOffNames(configOf(world), found, SIGNAL), { byImmich: 0, inDatabase: 3 });
    assert.deepEqual(await tagsOfAsset(world, world.id(BEACH)), ['sea']);
    assert.deepEqual(await tagsOfAsset(world, world.id(PORTRAIT)), []);
    assert.deepEqual(await tagsOfAsset(world, world.id(PICNIC)), ['Dora Example'], 'which is hers');
    const gone = ['Albums', 'Albums/At sea', 'Emil, Jr.'];
    assert.deepEqual(await ownTags(world), before.filter((tag) => !gone.includes(tag)));
    const [exif] = await world.sql<{ tags: string[] }[]>`
      SELECT tags FROM asset_exif WHERE "assetId" = ${world.id(BEACH)}`;
    assert.deepEqual(exif?.tags, ['sea']);
    await world.share();
    assert.deepEqual(await tagsOfAsset(world, mirror), ['sea']);
    assert.deepEqual((await listNamesAsTags(configOf(world), SIGNAL)).tags, []);

    // Once the files are right they never come again.
    await write(configOf(world), { fields: FIELDS });
    for (const key of [BEACH, PORTRAIT]) await extract(world, key);
    assert.deepEqual(await tagsOfAsset(world, world.id(BEACH)), ['sea']);
    assert.deepEqual(await tagsOfAsset(world, world.id(PORTRAIT)), []);
  });
}

Deno.test('a name that somebody no longer has is found, also where --tags has written it as a tag', async () => {
  await using world = await earlier('v3.1.0');
  await write(configOf(world), { fields: FIELDS });
  await world.sql`UPDATE person SET name = 'Dora Renamed' WHERE name = 'Dora Example'`;
  await write(configOf(world), { fields: FIELDS });
  const list = async () => {
    const tags = (await tagsOf([pathOf(world, BEACH)])).get(pathOf(world, BEACH))?.['XMP-digiKam:TagsList'];
    return [tags ?? []].flat();
  };
  assert.deepEqual(await list(), ['sea', 'Dora Example'], 'for good, as it is a tag in Immich');
  const found = await listNamesAsTags(configOf(world), SIGNAL);
  assert.deepEqual(found.tags.map(({ tag }) => tag), ['Albums/At sea', 'Dora Example', 'Emil, Jr.']);
  await takeOffNames(configOf(world), found, SIGNAL);
  await write(configOf(world), { fields: FIELDS });
  assert.deepEqual(await list(), ['sea']);
});

Deno.test('with a key Immich itself takes tags off its owner’s photos, from either source', async () => {
  for (const source of ['api', 'database'] as const) {
    await using world = await earlier('v3.1.0');
    const library = await libraryFromDatabase(world.sql, world.library.users.alice.id);
    await using fake = new FakeImmich({ dialect: '3.1.0', library });
    const config = { ...configOf(world, { source }), immich: { url: fake.url, apiKey: fake.apiKey } };
    const found = await listNamesAsTags(config, SIGNAL);
    assert.deepEqual(found.tags.map(({ tag }) => tag), ['Albums/At sea', 'Dora Example', 'Emil, Jr.']);
    assert.deepEqual(await takeOffNames(config, found, SIGNAL), { byImmich: 3, inDatabase: 0 });
    const left = library.assets.find(({ id }) => id === world.id(BEACH))?.tagIds ?? [];
    assert.deepEqual(library.tags.filter(({ id }) => left.includes(id)).map(({ value }) => value), ['sea']);
    assert.equal(fake.requests.filter(({ method }) => method === 'DELETE').length, 3);
    await using narrow = new FakeImmich({ dialect: '3.1.0', library, permissions: ['user.read', 'tag.read'] });
    const refused = { ...config, immich: { url: narrow.url, apiKey: narrow.apiKey } };
    await assert.rejects(takeOffNames(refused, found, SIGNAL), /lacks the permission tag.asset/);
  }
});

Deno.test('what somebody has tagged a moment ago, and what the ledger does not know, stays', async () => {
  await using world = await earlier('v3.1.0');
  const found = await listNamesAsTags(configOf(world), SIGNAL);
  // Immich has not written it into the sidecar yet.
  await editAsset(world, world.id(BEACH), { tags: ['Dora Example', 'Emil, Jr.', 'sea'] });
  assert.deepEqual(await takeOffNames(configOf(world), found, SIGNAL), { byImmich: 0, inDatabase: 1 });
  assert.deepEqual(await tagsOfAsset(world, world.id(BEACH)), ['Dora Example', 'Emil, Jr.', 'sea']);
  await writeSidecar(world, world.id(BEACH));
  assert.deepEqual((await listNamesAsTags(configOf(world), SIGNAL)).tags, [], 'now it is hers');
  Deno.removeSync(configOf(world).write.stateDirectory, { recursive: true });
  assert.deepEqual(await listNamesAsTags(configOf(world), SIGNAL), { tags: [], since: undefined });
});
