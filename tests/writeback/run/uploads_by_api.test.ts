import assert from 'node:assert/strict';
import { dirname } from 'node:path/posix';
import { assetOf } from '../../../src/demo/library_generator/result.ts';
import { libraryFromDatabase } from '../../harness/fake_immich/from_database.ts';
import { FakeImmich } from '../../harness/fake_immich/server.ts';
import { World } from '../../share/world.ts';
import { setTags } from '../files/set_tags.ts';
import { configOf, libraryFiles, stateOf, write } from './helper.ts';

const THEIRS = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="of the upload"/></rdf:RDF></x:xmpmeta>`;

Deno.test('an upload whose sidecar the API does not tell is named and left alone; the others are written, and with the database it is, too', async () => {
  await using world = await World.open('v3.1.0');
  const owner = world.library.users.alice.id;
  await world.sql`UPDATE asset_exif SET description = 'Said in Immich'`;
  const cat = Deno.realPathSync(assetOf(world.library, 'uploads/cat').localPath);
  const user = dirname(dirname(dirname(cat)));
  // As Immich leaves an upload with a sidecar: both have the time that was uploaded, and names of their own.
  const time = new Date('2021-03-04T05:06:07.089Z');
  const [row] = await world.sql<{ path: string }[]>`
    SELECT "originalPath" AS path FROM asset WHERE id = ${world.id('uploads/cat')}`;
  const end = '0a/1b/0a1b0000-0000-4000-8000-000000000001.xmp';
  const sidecar = `${user}/${end}`;
  Deno.mkdirSync(dirname(sidecar), { recursive: true });
  Deno.writeTextFileSync(sidecar, THEIRS);
  await world.sql`
    INSERT INTO asset_file ("assetId", type, path)
    VALUES (${world.id('uploads/cat')}, 'sidecar', ${`${dirname(dirname(dirname(row?.path ?? '')))}/${end}`})`;
  for (const path of [cat, sidecar]) Deno.utimeSync(path, time, time);
  const before = Deno.readFileSync(cat);

  const library = await libraryFromDatabase(world.sql, owner);
  await using fake = new FakeImmich({ dialect: '3.1.0', library });
  const byApi = {
    ...configOf(world, { source: 'api', destination: 'sidecar', stateDirectory: `${stateOf(world)}-api` }),
    immich: { url: fake.url, apiKey: fake.apiKey },
  };
  for (const isDryRun of [true, false, false]) {
    const report = await write(byApi, { fields: ['caption'], isDryRun });
    assert.equal(report.outcomes['sidecar-unknown'], 1);
    const [trouble] = report.troubles.filter(({ outcome }) => outcome === 'sidecar-unknown');
    assert.equal(trouble?.path, cat);
    assert.ok(trouble?.reason.includes(sidecar), trouble?.reason);
    assert.match(trouble?.reason ?? '', /WRITE_SOURCE=database/);
  }
  assert.deepEqual(Deno.readFileSync(cat), before);
  assert.equal(Deno.readTextFileSync(sidecar), THEIRS);
  assert.equal(libraryFiles(world).includes(`${cat}.xmp`), false);
  const others = libraryFiles(world).filter((path) =>
    path.startsWith(user) && path.endsWith('.xmp') && path !== sidecar
  );
  assert.ok(others.length > 0, 'other uploads have got theirs');

  const report = await write(configOf(world, { destination: 'sidecar', userIds: [owner] }), { fields: ['caption'] });
  assert.equal(report.outcomes['sidecar-unknown'], 0);
  assert.match(Deno.readTextFileSync(sidecar), /Said in Immich/);
});

Deno.test('a sidecar beside an upload, and one of another time, keep nobody from being written', async () => {
  await using world = await World.open('v3.1.0');
  const cat = Deno.realPathSync(assetOf(world.library, 'uploads/cat').localPath);
  const time = new Date('2021-03-04T05:06:07.089Z');
  Deno.writeTextFileSync(`${cat}.xmp`, THEIRS);
  const sidecar = `${dirname(dirname(dirname(cat)))}/0a/1b/0a1b0000-0000-4000-8000-000000000001.xmp`;
  Deno.mkdirSync(dirname(sidecar), { recursive: true });
  Deno.writeTextFileSync(sidecar, THEIRS);
  for (const path of [cat, `${cat}.xmp`]) Deno.utimeSync(path, time, time);
  Deno.utimeSync(sidecar, 1_000_000_000, 1_000_000_000);
  const library = await libraryFromDatabase(world.sql, world.library.users.alice.id);
  await using fake = new FakeImmich({ dialect: '3.1.0', library });
  const config = {
    ...configOf(world, { source: 'api', destination: 'sidecar' }),
    immich: { url: fake.url, apiKey: fake.apiKey },
  };
  const report = await write(config, { fields: ['time'] });
  assert.equal(report.outcomes['sidecar-unknown'], 0);
  assert.notEqual(Deno.readTextFileSync(`${cat}.xmp`), THEIRS);
  assert.equal(Deno.readTextFileSync(sidecar), THEIRS);
});

Deno.test('an upload whose sidecar Immich has written into since is known by what that says, and left alone; others are written', async () => {
  await using world = await World.open('v3.1.0');
  const owner = world.library.users.alice.id;
  await world.sql`
    UPDATE asset_exif
    SET description = "assetId"::text, latitude = 43.7, longitude = 7.25, rating = 4`;
  const cat = Deno.realPathSync(assetOf(world.library, 'uploads/cat').localPath);
  const sidecar = `${dirname(dirname(dirname(cat)))}/0a/1b/0a1b0000-0000-4000-8000-000000000001.xmp`;
  Deno.mkdirSync(dirname(sidecar), { recursive: true });
  Deno.utimeSync(cat, 1_600_000_000, 1_600_000_000);
  const library = await libraryFromDatabase(world.sql, owner);
  await using fake = new FakeImmich({ dialect: '3.1.0', library });
  const leftAlone = async (name: string): Promise<readonly string[]> => {
    const config = configOf(world, {
      source: 'api',
      destination: 'sidecar',
      stateDirectory: `${stateOf(world)}-${name}`,
    });
    const report = await write({ ...config, immich: { url: fake.url, apiKey: fake.apiKey } }, {
      fields: ['caption'],
      isDryRun: true,
    });
    return report.troubles.filter(({ outcome }) => outcome === 'sidecar-unknown').map(({ path }) => path);
  };
  /** As Immich writes: into what was uploaded, with ExifTool; no file that was uploaded has that time. */
  const says = async (tags: Record<string, string | number>) => {
    Deno.writeTextFileSync(sidecar, THEIRS);
    await setTags(sidecar, tags);
    Deno.utimeSync(sidecar, 1_700_000_000, 1_700_000_000);
  };
  const description = world.id('uploads/cat');
  await says({ 'XMP-dc:Description': description, 'XMP-tiff:ImageDescription': description });
  assert.deepEqual(await leftAlone('description'), [cat]);

  await says({ 'XMP-dc:Description': description, 'XMP-xmp:Rating': 3 });
  assert.deepEqual(await leftAlone('rating'), [], 'it is that of a photo that is gone');
  await says({ 'XMP-dc:Description': description, 'XMP-exif:GPSLatitude': 43.8, 'XMP-exif:GPSLongitude': 7.25 });
  assert.deepEqual(await leftAlone('place'), []);
  await says({ 'XMP-dc:Description': description, 'XMP-exif:DateTimeOriginal': '1999:01:01 10:00:00+00:00' });
  assert.deepEqual(await leftAlone('date'), []);

  await says({ 'XMP-xmp:Rating': 4 });
  const all = await leftAlone('several');
  assert.ok(all.includes(cat) && all.length > 1, 'it may be that of any of them');

  // Somebody else has put it there, and Immich has read nothing of it.
  Deno.writeTextFileSync(sidecar, THEIRS);
  assert.deepEqual(await leftAlone('theirs'), []);
});
