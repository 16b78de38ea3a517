import assert from 'node:assert/strict';
import { insertRows } from '../../../src/demo/library_generator/insert.ts';
import { readCatalog } from '../../../src/immich/catalog.ts';
import { Sidecars } from '../../../src/writeback/sidecar_choice.ts';
import type { WriteConfig } from '../../../src/config/config.ts';
import type { World } from '../../share/world.ts';
import { householdWith } from '../corpus/household.ts';
import { makeFile } from '../files/media.ts';
import { configOf, filesBelow, stateOf, tagsOf, undoAll, write } from './helper.ts';

const encoder = new TextEncoder();

/** A sidecar of somebody's; `said` is what stands in its description, besides. */
function theirs(said = '', attributes = ''): Uint8Array {
  return encoder.encode(
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"${attributes} dc:source="theirs">${said}</rdf:Description></rdf:RDF></x:xmpmeta>`,
  );
}

/** A household with these files in one directory, and what Immich says of each: its own name. */
async function household(files: Record<string, Uint8Array>): Promise<{ world: World; directory: string }> {
  const world = await householdWith(new Map(Object.entries(files)));
  await world.sql`
    UPDATE asset_exif e
    SET description = 'of ' || a."originalFileName"
    FROM asset a
    WHERE a.id = e."assetId"`;
  const [row] = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset LIMIT 1`;
  const directory = Deno.realPathSync(world.local(row?.path ?? '')).replace(/\/[^/]*$/, '');
  return { world, directory };
}

/** Has Immich note a sidecar for an original. */
async function record(world: World, original: string, sidecar: string): Promise<void> {
  const [row] = await world.sql<{ id: string; path: string }[]>`
    SELECT id, "originalPath" AS path FROM asset WHERE "originalFileName" = ${original}`;
  const path = `${row?.path.replace(/[^/]*$/, '')}${sidecar}`;
  await insertRows(world.sql, await readCatalog(world.sql), 'asset_file', [{
    ...{ id: crypto.randomUUID(), assetId: row?.id, type: 'sidecar', path },
  }]);
}

function bytesIn(directory: string): Record<string, Uint8Array> {
  return Object.fromEntries(
    filesBelow(directory).map((path) => [path.slice(directory.length + 1), Deno.readFileSync(path)]),
  );
}

/** Writes, and proves that nothing is left to write, with the ledger and without, and that undo brings everything back. */
async function writeAndUndo(
  { world, directory }: { world: World; directory: string },
  settings: Partial<WriteConfig>,
  look: (captions: Readonly<Record<string, unknown>>, files: readonly string[]) => void | Promise<void>,
): Promise<void> {
  const before = bytesIn(directory);
  const config = configOf(world, settings);
  const report = await write(config);
  assert.equal(report.complete, true, JSON.stringify(report.troubles));
  const after = bytesIn(directory);
  const paths = filesBelow(directory);
  const tags = await tagsOf(paths.filter((path) => Deno.statSync(path).size > 0));
  const captions = [...tags].map(([path, found]) =>
    [path.slice(directory.length + 1), found['XMP-dc:Description']] as const
  );
  await look(Object.fromEntries(captions), Object.keys(after));
  const second = await write(config);
  assert.equal(second.outcomes.unchanged, second.assets, 'a second run opens nothing');
  const withoutLedger = await write(configOf(world, { ...settings, stateDirectory: `${stateOf(world)}-new` }));
  assert.deepEqual(withoutLedger.troubles, []);
  assert.deepEqual(bytesIn(directory), after, 'nor is anything written without the ledger');
  const undone = await undoAll(config);
  assert.equal(undone?.complete, true);
  assert.deepEqual(bytesIn(directory), before);
}

const CLAIMS: readonly (readonly [name: string, sidecar: Uint8Array, owner: string])[] = [
  ['in an element', theirs('<photoshop:SidecarForExtension>JPG</photoshop:SidecarForExtension>'), 'photo.jpg'],
  ['as an attribute', theirs('', ' photoshop:SidecarForExtension="DNG"'), 'photo.dng'],
  ['in apostrophes', theirs('', " photoshop:SidecarForExtension='jpg'"), 'photo.jpg'],
  ['nowhere', theirs(), 'photo.dng'],
  ['of a file that is not there', theirs('', ' photoshop:SidecarForExtension="CR2"'), 'photo.dng'],
];

for (const [where, sidecar, owner] of CLAIMS) {
  for (const isRecorded of [false, true]) {
    const how = isRecorded ? 'that Immich reads for both' : 'that nobody has on record';
    Deno.test(`photo.xmp ${how} is written of the one original it belongs to: ${where}`, async () => {
      const files = { 'photo.jpg': makeFile('jpg'), 'photo.dng': makeFile('dng'), 'photo.xmp': sidecar };
      const { world, directory } = await household(files);
      await using _ = world;
      const other = owner === 'photo.jpg' ? 'photo.dng' : 'photo.jpg';
      if (isRecorded) { for (const name of [owner, other]) await record(world, name, 'photo.xmp'); }
      await writeAndUndo({ world, directory }, { destination: 'sidecar' }, (captions, names) => {
        assert.equal(captions['photo.xmp'], `of ${owner}`);
        assert.equal(captions[`${other}.xmp`], `of ${other}`);
        assert.equal(names.length, 4);
        assert.match(Deno.readTextFileSync(`${directory}/photo.xmp`), /theirs/);
      });
    });
  }
}

Deno.test('where photos are written into, photo.xmp of two is kept in step with one, and no sidecar is made', async () => {
  const files = { 'photo.jpg': makeFile('jpg'), 'photo.dng': makeFile('dng'), 'photo.xmp': theirs() };
  const { world, directory } = await household(files);
  await using _ = world;
  await writeAndUndo({ world, directory }, { destination: 'embed' }, (captions, names) => {
    assert.deepEqual(names, ['photo.dng', 'photo.jpg', 'photo.xmp']);
    assert.deepEqual(captions, {
      ...{ 'photo.jpg': 'of photo.jpg', 'photo.dng': 'of photo.dng', 'photo.xmp': 'of photo.dng' },
    });
  });
});

Deno.test('of photo.jpg.xmp and photo.xmp the one is written that Immich has on record, else the first; the other is never touched', async () => {
  for (const recorded of [undefined, 'photo.jpg.xmp', 'photo.xmp']) {
    const files = { 'photo.jpg': makeFile('jpg'), 'photo.jpg.xmp': theirs(), 'photo.xmp': theirs() };
    const { world, directory } = await household(files);
    await using _ = world;
    if (recorded !== undefined) await record(world, 'photo.jpg', recorded);
    await writeAndUndo({ world, directory }, { destination: 'sidecar' }, (captions) => {
      const other = recorded === 'photo.xmp' ? 'photo.jpg.xmp' : 'photo.xmp';
      assert.equal(captions[recorded ?? 'photo.jpg.xmp'], 'of photo.jpg');
      assert.deepEqual(Deno.readFileSync(`${directory}/${other}`), theirs());
    });
  }
});

for (const name of ['photo.jpg.XMP', 'photo.XMP']) {
  Deno.test(`${name} is the photo's sidecar, and no second one is made beside it`, async () => {
    const { world, directory } = await household({ 'photo.jpg': makeFile('jpg'), [name]: theirs() });
    await using _ = world;
    await writeAndUndo({ world, directory }, { destination: 'sidecar' }, (captions, names) => {
      assert.deepEqual(names, [name, 'photo.jpg'].sort());
      assert.equal(captions[name], 'of photo.jpg');
      assert.match(Deno.readTextFileSync(`${directory}/${name}`), /theirs/);
    });
  });
}

Deno.test('where Immich finds a sidecar, one in capitals is left alone', async () => {
  for (const own of ['photo.jpg.xmp', 'photo.xmp']) {
    const files = { 'photo.jpg': makeFile('jpg'), [own]: theirs(), 'photo.jpg.XMP': theirs() };
    const { world, directory } = await household(files);
    await using _ = world;
    await writeAndUndo({ world, directory }, { destination: 'sidecar' }, (captions) => {
      assert.equal(captions[own], 'of photo.jpg');
      assert.deepEqual(Deno.readFileSync(`${directory}/photo.jpg.XMP`), theirs());
    });
  }
});

Deno.test('photo.jpg.xmp is the sidecar of photo.jpg, and not of photo.jpg.png, for which Immich reads it, too', async () => {
  for (const isRecorded of [false, true]) {
    const files = { 'photo.jpg': makeFile('jpg'), 'photo.jpg.png': makeFile('png'), 'photo.jpg.xmp': theirs() };
    const { world, directory } = await household(files);
    await using _ = world;
    if (isRecorded) await record(world, 'photo.jpg.png', 'photo.jpg.xmp');
    await writeAndUndo({ world, directory }, { destination: 'sidecar' }, (captions, names) => {
      assert.equal(captions['photo.jpg.xmp'], 'of photo.jpg');
      assert.equal(captions['photo.jpg.png.xmp'], 'of photo.jpg.png');
      assert.equal(names.length, 4);
    });
  }
});

Deno.test('WRITE_SIDECAR_NAME=photo.xmp: the sidecar of photo.jpg.png is not called as that of photo.jpg', async () => {
  const { world, directory } = await household({ 'photo.jpg': makeFile('jpg'), 'photo.jpg.png': makeFile('png') });
  await using _ = world;
  await writeAndUndo({ world, directory }, { destination: 'sidecar', sidecarName: 'photo.xmp' }, (captions) => {
    assert.equal(captions['photo.xmp'], 'of photo.jpg');
    assert.equal(captions['photo.jpg.png.xmp'], 'of photo.jpg.png');
  });
});

for (const regions of [['mwg'], ['mwg', 'mp']] as const) {
  const by = regions.length > 1 ? 'by ExifTool' : 'here';
  Deno.test(`WRITE_SIDECAR_NAME=photo.xmp: a new sidecar that is made ${by} says whose it is, and belongs to the owner of the photo`, async () => {
    const { world, directory } = await household({ 'photo.JPG': makeFile('jpg'), 'other.png': makeFile('png') });
    await using _ = world;
    Deno.chmodSync(`${directory}/photo.JPG`, 0o640);
    const settings = { destination: 'sidecar', sidecarName: 'photo.xmp', regions } as const;
    await writeAndUndo({ world, directory }, settings, async (captions, names) => {
      assert.deepEqual(names, ['other.png', 'other.xmp', 'photo.JPG', 'photo.xmp']);
      assert.equal(captions['photo.xmp'], 'of photo.JPG');
      const tags = await tagsOf(['photo.xmp', 'other.xmp'].map((name) => `${directory}/${name}`));
      const said = [...tags.values()].map((found) => found['XMP-photoshop:SidecarForExtension']);
      assert.deepEqual(said, ['JPG', 'png']);
      assert.equal((Deno.statSync(`${directory}/photo.xmp`).mode ?? 0) & 0o777, 0o640);
    });
  });
}

Deno.test('WRITE_SIDECAR_NAME=photo.xmp: originals that share the name get one each, and sidecars that are there keep theirs', async () => {
  const files = {
    ...{ 'photo.jpg': makeFile('jpg'), 'Photo.dng': makeFile('dng') },
    ...{ 'old.jpg': makeFile('jpg'), 'old.jpg.xmp': theirs() },
    ...{ 'new.jpg': makeFile('jpg'), 'new.txt': encoder.encode('no photo') },
  };
  const { world, directory } = await household(files);
  await using _ = world;
  await world.sql`DELETE FROM asset WHERE "originalFileName" = 'new.txt'`;
  const settings = { destination: 'sidecar', sidecarName: 'photo.xmp' } as const;
  await writeAndUndo({ world, directory }, settings, (captions, names) => {
    assert.deepEqual(
      names.filter((name) => name.endsWith('.xmp')),
      ['Photo.dng.xmp', 'new.xmp', 'old.jpg.xmp', 'photo.jpg.xmp'],
    );
    for (const name of ['Photo.dng', 'old.jpg', 'photo.jpg']) assert.equal(captions[`${name}.xmp`], `of ${name}`);
    assert.equal(captions['new.xmp'], 'of new.jpg');
  });
});

Deno.test('photo.xmp that was made for one original stays its own when another of its name comes, and undo of the other leaves it', async () => {
  const { world, directory } = await household({ 'photo.jpg': makeFile('jpg'), 'photo.dng': makeFile('dng') });
  await using _ = world;
  const [raw] = await world.sql<{ id: string }[]>`SELECT id FROM asset WHERE "originalFileName" = 'photo.dng'`;
  const bytes = Deno.readFileSync(`${directory}/photo.dng`);
  await world.sql`UPDATE asset SET "deletedAt" = now() WHERE id = ${raw?.id ?? ''}`;
  Deno.removeSync(`${directory}/photo.dng`);
  const config = configOf(world, { destination: 'sidecar', sidecarName: 'photo.xmp' });
  await write(config);
  const made = Deno.readFileSync(`${directory}/photo.xmp`);

  Deno.writeFileSync(`${directory}/photo.dng`, bytes);
  Deno.utimeSync(`${directory}/photo.dng`, 1_600_000_000, 1_600_000_000);
  await world.sql`UPDATE asset SET "deletedAt" = NULL WHERE id = ${raw?.id ?? ''}`;
  const report = await write({ ...config, write: { ...config.write, settleSeconds: 0 } });
  assert.equal(report.outcomes.unchanged, 1);
  assert.deepEqual(Deno.readFileSync(`${directory}/photo.xmp`), made);
  assert.ok(filesBelow(directory).includes(`${directory}/photo.dng.xmp`));

  await undoAll(config, { scope: { paths: [`${directory}/photo.dng`] } });
  assert.deepEqual(filesBelow(directory).map((path) => path.slice(directory.length + 1)), [
    'photo.dng',
    'photo.jpg',
    'photo.xmp',
  ]);
  assert.deepEqual(Deno.readFileSync(`${directory}/photo.xmp`), made);
});

Deno.test('who a sidecar of several belongs to: the spelling it says, else the raw file, else the picture, else the first', () => {
  const directory = Deno.makeTempDirSync();
  const owners = (names: readonly string[], said: string) => {
    for (const name of names) Deno.writeTextFileSync(`${directory}/${name}`, '');
    Deno.writeTextFileSync(`${directory}/a.xmp`, said);
    const sidecars = new Sidecars('photo.jpg.xmp');
    const mine = names.filter((name) =>
      sidecars.choose(`${directory}/${name}`, undefined).path === `${directory}/a.xmp`
    );
    for (const name of names) Deno.removeSync(`${directory}/${name}`);
    return mine;
  };
  const saying = (ending: string) => ` photoshop:SidecarForExtension="${ending}"`;
  assert.deepEqual(owners(['a.JPG', 'a.jpg'], saying('jpg')), ['a.jpg']);
  assert.deepEqual(owners(['a.JPG', 'a.jpg'], saying('JPG')), ['a.JPG']);
  assert.deepEqual(owners(['a.jpg', 'a.mov'], ''), ['a.jpg']);
  assert.deepEqual(owners(['a.mov', 'a.NEF', 'a.heic'], ''), ['a.NEF']);
  assert.deepEqual(owners(['a.mov', 'a.NEF', 'a.heic'], saying('.Mov')), ['a.mov']);
  assert.deepEqual(owners(['a.png', 'a.jpg'], ''), ['a.jpg']);
  Deno.removeSync(directory, { recursive: true });
});
