import assert from 'node:assert/strict';
import { dirname } from 'node:path/posix';
import { assetOf } from '../../../src/demo/library_generator/result.ts';
import { RefusedError } from '../../../src/errors.ts';
import { FIELD_NAMES } from '../../../src/writeback/fields/fields.ts';
import { libraryFromDatabase } from '../../harness/fake_immich/from_database.ts';
import { FakeImmich } from '../../harness/fake_immich/server.ts';
import { inTree } from '../../../src/config/destination.ts';
import { World } from '../../share/world.ts';
import { configOf, filesBelow, fingerprints, libraryFiles, stateOf, tagsOf, undoAll, write } from './helper.ts';

/** A directory beside the library, without symbolic links in its path. */
function makeTree(world: World): string {
  const tree = `${world.directory}/sidecars`;
  Deno.mkdirSync(tree);
  return Deno.realPathSync(tree);
}

async function immichPathOf(world: World, key: string): Promise<string> {
  const [row] = await world.sql<{ path: string }[]>`
    SELECT "originalPath" AS path FROM asset WHERE id = ${world.id(key)}`;
  return row?.path ?? '';
}

const THEIRS = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>of the camera club</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>`;

/** One photo of the library has a name of 255 bytes, to which nothing can be added. */
const TOO_LONG = 'the name is too long for the file system';

Deno.test('a tree of sidecars: the library stays as it is, a second run writes nothing, and undo leaves an empty tree', async (t) => {
  await using world = await World.open('v3.1.0');
  const tree = makeTree(world);
  const described = assetOf(world.library, 'uploads/cat').localPath;
  await world.sql`UPDATE asset_exif SET description = 'Said in Immich' WHERE "assetId" = ${world.id('uploads/cat')}`;
  Deno.writeTextFileSync(`${described}.xmp`, THEIRS);
  const before = fingerprints(libraryFiles(world));
  const config = configOf(world, { destination: inTree(tree) });

  const report = await write(config);
  assert.deepEqual(report.troubles.map(({ reason }) => reason), [TOO_LONG]);
  assert.equal(report.mediaWritten, 0);
  assert.deepEqual(fingerprints(libraryFiles(world)), before);
  const made = filesBelow(tree);
  assert.ok(report.sidecarsWritten > 20);
  assert.equal(made.length, report.sidecarsWritten);

  await t.step('each lies where Immich has its original', async () => {
    const rows = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset`;
    const places = new Set(rows.map(({ path }) => `${tree}${path}.xmp`));
    assert.deepEqual(made.filter((path) => !places.has(path)), []);
  });

  await t.step('with what others have written beside the original', async () => {
    const place = `${tree}${await immichPathOf(world, 'uploads/cat')}.xmp`;
    const { 'XMP-dc:Description': description, 'XMP-dc:Subject': subjects } = (await tagsOf([place])).get(place) ?? {};
    assert.equal(description, 'Said in Immich');
    assert.ok([subjects].flat().includes('of the camera club'), JSON.stringify(subjects));
  });

  await t.step('a second run opens nothing', async () => {
    const second = await write(config);
    assert.equal(second.outcomes.unchanged, report.outcomes.written + report.outcomes['already-right']);
    assert.equal(second.sidecarsWritten, 0);
  });

  await t.step('without the ledger everything is compared and nothing is written', async () => {
    const third = await write({ ...config, write: { ...config.write, stateDirectory: `${stateOf(world)}-new` } });
    assert.equal(third.sidecarsWritten, 0);
    assert.equal(third.outcomes['already-right'], report.outcomes.written + report.outcomes['already-right']);
  });

  await t.step('a change in Immich changes one sidecar', async () => {
    await world.sql`UPDATE asset_exif SET description = 'Said again' WHERE "assetId" = ${world.id('uploads/cat')}`;
    const next = await write(config);
    assert.equal(next.sidecarsWritten, 1);
    await undoAll(config);
  });

  await t.step('undone by the path of the photo, then all of it', async () => {
    await undoAll(config, { scope: { paths: [described] } });
    assert.equal(filesBelow(tree).length, made.length - 1);
    await undoAll(config);
    assert.deepEqual([...Deno.readDirSync(tree)], [], 'its directories are gone, too');
    assert.deepEqual(fingerprints(libraryFiles(world)), before);
  });
});

Deno.test('a tree of sidecars is written nowhere else: no disk, a place among the originals, a symbolic link on the way', async (t) => {
  await using world = await World.open('v3.1.0');
  const refuses = (root: string) =>
    assert.rejects(
      () => write(configOf(world, { destination: inTree(root) })),
      (error) => error instanceof RefusedError && error.problemCode === 'tree-away' && error.message.includes(root),
    );

  await t.step('what is not there is not made', async () => {
    await refuses(`${world.directory}/away`);
    assert.throws(() => Deno.statSync(`${world.directory}/away`), Deno.errors.NotFound);
  });

  await t.step('among the originals Immich would find it', async () => {
    Deno.mkdirSync(`${world.directory}/media/sidecars`);
    await refuses(`${world.directory}/media/sidecars`);
    Deno.removeSync(`${world.directory}/media/sidecars`);
  });

  await t.step('where a symbolic link leads away, that photo fails alone', async () => {
    const tree = makeTree(world);
    const elsewhere = `${world.directory}/elsewhere`;
    Deno.mkdirSync(elsewhere);
    const directory = `${tree}${dirname(await immichPathOf(world, 'uploads/cat'))}`;
    Deno.mkdirSync(dirname(directory), { recursive: true });
    Deno.symlinkSync(elsewhere, directory);
    const report = await write(configOf(world, { destination: inTree(tree) }));
    assert.deepEqual(filesBelow(elsewhere), []);
    assert.ok(report.sidecarsWritten > 20);
    const troubles = report.troubles.filter(({ reason }) => reason !== TOO_LONG);
    assert.deepEqual(troubles.map(({ path }) => path), [
      Deno.realPathSync(assetOf(world.library, 'uploads/cat').localPath),
    ]);
  });
});

Deno.test('a sidecar in the tree goes with its photo: locked, in the trash, deleted, moved; what somebody changed stays and is named', async (t) => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const tree = makeTree(world);
  const config = configOf(world, { destination: inTree(tree) });
  const placeOf = async (key: string) => `${tree}${await immichPathOf(world, key)}.xmp`;
  await write(config);
  const made = filesBelow(tree);
  const [cat, beach] = [await placeOf('uploads/cat'), await placeOf('family/beach')];
  assert.ok(made.includes(cat) && made.includes(beach));

  await t.step('locked: also when only what has changed is looked at', async () => {
    await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('uploads/cat')}`;
    await write(config, { assetIds: [world.id('uploads/cat')], isOfChanges: true });
    assert.deepEqual(filesBelow(tree), made.filter((path) => path !== cat));
  });

  await t.step('it comes back with its photo', async () => {
    await sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${world.id('uploads/cat')}`;
    await write(config);
    assert.deepEqual(filesBelow(tree), made);
  });

  await t.step('in the trash, and with another path', async () => {
    await sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${world.id('uploads/cat')}`;
    const { localPath } = assetOf(world.library, 'family/beach');
    await Deno.rename(localPath, localPath.replace('beach', 'strand'));
    await sql`
      UPDATE asset SET "originalPath" = replace("originalPath", 'beach', 'strand')
      WHERE id = ${world.id('family/beach')}`;
    await write(config);
    const now = filesBelow(tree);
    assert.ok(!now.includes(cat) && !now.includes(beach));
    assert.ok(now.includes(beach.replace('beach.jpg', 'strand.jpg')));
  });

  await t.step('what somebody else has changed', async () => {
    const picnic = await placeOf('family/picnic');
    Deno.writeTextFileSync(picnic, THEIRS);
    await sql`DELETE FROM asset WHERE id = ${world.id('family/picnic')}`;
    const report = await write(config);
    assert.equal(Deno.readTextFileSync(picnic), THEIRS);
    assert.ok(report.troubles.some(({ path }) => path === picnic));
  });

  await t.step('a database that knows none of them takes none away', async () => {
    const before = filesBelow(tree);
    await sql`DELETE FROM stack`;
    await sql`DELETE FROM asset`;
    await write(config);
    assert.deepEqual(filesBelow(tree), before);
  });
});

Deno.test('a tree of sidecars from the API is the one from the database, a second run writes nothing, and undo takes it away', async () => {
  await using world = await World.open('v3.1.0');
  const library = await libraryFromDatabase(world.sql, world.library.users.alice.id);
  await using fake = new FakeImmich({ dialect: '3.1.0', library });
  const before = fingerprints(libraryFiles(world));
  const trees = (['api', 'database'] as const).map((source) => {
    const tree = `${world.directory}/${source}`;
    Deno.mkdirSync(tree);
    return { source, tree: Deno.realPathSync(tree) };
  });
  const said: Record<string, unknown>[] = [];
  for (const { source, tree } of trees) {
    const config = {
      ...configOf(world, {
        ...{ source, destination: inTree(tree), userIds: [world.library.users.alice.id] },
        stateDirectory: `${stateOf(world)}-${source}`,
      }),
      immich: { url: fake.url, apiKey: fake.apiKey },
    };
    // Regions of edited pictures may be a pixel off; the records have a test of their own.
    const fields = FIELD_NAMES.filter((field) => field !== 'faces');
    const report = await write(config, { fields });
    assert.ok(report.sidecarsWritten > 20);
    assert.deepEqual(fingerprints(libraryFiles(world)), before);
    const files = filesBelow(tree);
    const tags = await tagsOf(files);
    said.push(Object.fromEntries([...tags].map(([path, found]) => [path.slice(tree.length), found])));
    assert.equal((await write(config, { fields })).sidecarsWritten, 0);
    await undoAll(config);
    assert.deepEqual(filesBelow(tree), []);
  }
  assert.deepEqual(said[0], said[1]);
});
