import assert from 'node:assert/strict';
import { Secret } from '../../../src/config/secret.ts';
import { FIELD_NAMES } from '../../../src/writeback/fields/fields.ts';
import { assetOf } from '../../../src/demo/library_generator/result.ts';
import { libraryFromDatabase } from '../../harness/fake_immich/from_database.ts';
import { FakeImmich } from '../../harness/fake_immich/server.ts';
import { World } from '../../share/world.ts';
import { configOf, fingerprints, libraryFiles, plan, stateOf, sumOf, tagsOf, write } from './helper.ts';

/** An ExifTool that notes each start. */
function recordingExifTool(world: World): { readonly path: string; starts(): number } {
  const [path, log] = [`${world.directory}/exiftool.sh`, `${world.directory}/exiftool.log`];
  Deno.writeTextFileSync(path, `#!/bin/sh\necho started >> '${log}'\nexit 1\n`, { mode: 0o755 });
  return {
    path,
    starts: () => {
      try {
        return Deno.readTextFileSync(log).split('\n').length - 1;
      } catch {
        return 0;
      }
    },
  };
}

/** Sets the times of last access far back, so that every file system notes the next one; see wasRead. */
function forgetAccess(paths: readonly string[]): void {
  for (const path of paths) Deno.utimeSync(path, new Date(0), Deno.statSync(path).mtime ?? new Date());
}

function wasRead(path: string): boolean {
  return Deno.statSync(path).atime?.getTime() !== 0;
}

Deno.test('the same answer twice: the second run opens no media file, starts no ExifTool and changes nothing', async (t) => {
  await using world = await World.open('v2.7.5');
  const config = configOf(world, { workers: 2 });
  const planned = await plan(config);
  const before = fingerprints(libraryFiles(world));
  assert.ok(planned.plans.length > 20);
  assert.throws(
    () => Deno.statSync(stateOf(world)),
    Deno.errors.NotFound,
    'a dry run leaves nothing, not even a ledger',
  );

  const first = await write(config);
  assert.equal(first.complete, true, JSON.stringify(first.troubles));
  assert.equal(sumOf(first), first.assets);
  assert.equal(first.outcomes.written, planned.report.outcomes['would-write']);
  const after = fingerprints(libraryFiles(world));
  const changed = [...after.keys()].filter((path) => before.get(path)?.inode !== after.get(path)?.inode);
  assert.deepEqual(changed, planned.plans.map(({ path }) => path).toSorted(), 'what was planned, and nothing else');
  assert.equal(first.mediaWritten + first.sidecarsWritten, changed.length);

  await t.step('from the same source', async () => {
    const exifTool = recordingExifTool(world);
    forgetAccess([...after.keys()]);
    const second = await write(configOf(world, { exiftoolPath: exifTool.path }));
    assert.equal(second.outcomes.unchanged, first.outcomes.written + first.outcomes['already-right']);
    assert.equal(second.mediaWritten + second.sidecarsWritten, 0);
    assert.equal(second.assets, first.assets);
    assert.equal(exifTool.starts(), 0);
    assert.deepEqual([...after.keys()].filter(wasRead), []);
    assert.deepEqual(fingerprints(libraryFiles(world)), after);
    const [some = ''] = after.keys();
    Deno.readFileSync(some);
    assert.equal(wasRead(some), true, 'this file system notes accesses');
  });

  await t.step('from the API', async () => {
    const userId = world.library.users.alice.id;
    await using fake = new FakeImmich({ dialect: '2.7.5', library: await libraryFromDatabase(world.sql, userId) });
    const api = { ...configOf(world, { source: 'api' }), immich: { url: fake.url, apiKey: fake.apiKey } };
    const third = await write(api);
    assert.deepEqual({ ...third.outcomes, unchanged: 0 }, { ...first.outcomes, written: 0, 'already-right': 0 });
    assert.ok(third.outcomes.unchanged > 20);
  });

  await t.step('without the ledger everything is compared and nothing is written', async () => {
    Deno.removeSync(stateOf(world), { recursive: true });
    const { report, plans } = await plan(config);
    assert.deepEqual(plans, []);
    const fourth = await write(config);
    assert.equal(fourth.outcomes['already-right'], first.outcomes.written + first.outcomes['already-right']);
    assert.deepEqual(fourth.outcomes, report.outcomes);
    assert.deepEqual(fingerprints(libraryFiles(world)), after);
  });

  await t.step('a change of the record or of the file is seen, and only that', async () => {
    const beach = Deno.realPathSync(assetOf(world.library, 'family/beach').localPath);
    const picnic = Deno.realPathSync(assetOf(world.library, 'family/picnic').localPath);
    await world.sql`UPDATE asset_exif SET description = 'A new one' WHERE "assetId" = ${world.id('family/beach')}`;
    Deno.utimeSync(picnic, new Date(), new Date());
    const { outcomes } = await write(config);
    assert.equal(outcomes.written, 1);
    assert.equal(outcomes['already-right'], 1);
    assert.equal((await tagsOf([beach])).get(beach)?.['XMP-dc:Description'], 'A new one');
    assert.equal((await write(config)).outcomes.written, 0);
  });
});

Deno.test('from the API as from the database: the same files say the same', async () => {
  const read = async (source: 'api' | 'database') => {
    await using world = await World.open('v3.1.0');
    const library = await libraryFromDatabase(world.sql, world.library.users.alice.id);
    await using fake = new FakeImmich({ dialect: '3.1.0', library });
    const userIds = [world.library.users.alice.id];
    const config = { ...configOf(world, { source, userIds }), immich: { url: fake.url, apiKey: fake.apiKey } };
    // Regions of edited pictures may be a pixel off; the records have a test of their own.
    const report = await write(config, { fields: FIELD_NAMES.filter((field) => field !== 'faces') });
    assert.equal(report.complete, true, JSON.stringify(report.troubles));
    assert.ok(report.outcomes.written > 20);
    const tags = await tagsOf(libraryFiles(world));
    return {
      outcomes: report.outcomes,
      tags: new Map([...tags].map(([path, found]) => [path.slice(world.directory.length), found])),
    };
  };
  assert.deepEqual(await read('api'), await read('database'));
});

Deno.test('an asset of which nothing is known, a mirror, a missing file and a second asset of a file have their outcomes', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  Deno.removeSync(assetOf(world.library, 'family/picnic').localPath);
  // Somebody else has imported the same directory.
  const twin = crypto.randomUUID();
  const beach = world.id('family/beach');
  await world.sql`
    INSERT INTO asset
    SELECT (jsonb_populate_record(a, jsonb_build_object(
      'id', ${twin}::text, 'ownerId', ${world.library.users.carol.id}::text, 'libraryId', ${world.library.libraries.carolShared.id}::text,
      'livePhotoVideoId', null, 'stackId', null, 'updateId', gen_random_uuid()
    ))).*
    FROM asset a
    WHERE id = ${beach}`;
  await world.sql`
    INSERT INTO asset_exif
    SELECT (jsonb_populate_record(e, jsonb_build_object('assetId', ${twin}::text, 'description', 'Carol sees it otherwise'))).*
    FROM asset_exif e
    WHERE "assetId" = ${beach}`;
  const config = configOf(world, { workers: 2 });
  const first = await write(config, { fields: ['caption'] });
  assert.equal(sumOf(first), first.assets);
  assert.ok(first.outcomes.mirror > 20);
  assert.ok(first.outcomes['nothing-known'] > 5);
  assert.equal(first.outcomes['not-found'], 1);
  assert.equal(first.outcomes['same-file'], 1);
  const second = await write(config, { fields: ['caption'] });
  assert.equal(second.outcomes.written, 0, 'the two do not overwrite each other');
  assert.equal(second.outcomes['same-file'], 1);
  assert.deepEqual({ ...second.outcomes, unchanged: 0 }, { ...first.outcomes, written: 0, 'already-right': 0 });
});

Deno.test('a key that is refused is one message, before anything is written', async () => {
  await using world = await World.open('v3.1.0');
  const library = await libraryFromDatabase(world.sql, world.library.users.alice.id);
  await using fake = new FakeImmich({ dialect: '3.1.0', library });
  const before = fingerprints(libraryFiles(world));
  for (const apiKey of [new Secret('wrong-key-9'), undefined]) {
    const config = { ...configOf(world, { source: 'api' }), immich: { url: fake.url, apiKey } };
    await assert.rejects(write(config), { name: /UserError|ImmichApiError/, remedy: /API Keys|IMMICH_API_KEY/ });
  }
  assert.deepEqual(fingerprints(libraryFiles(world)), before);
});

Deno.test('a library that is mounted elsewhere stops the run with the path map that would fit', async () => {
  await using world = await World.open('v3.1.0');
  const elsewhere = `${world.directory}/elsewhere`;
  Deno.mkdirSync(elsewhere);
  const config = { ...configOf(world), uploadLocation: elsewhere, externalLibraryDir: elsewhere };
  await assert.rejects(write(config), { name: 'UserError', message: /are not there, for example/ });
});
