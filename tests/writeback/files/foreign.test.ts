import assert from 'node:assert/strict';
import exifToolScript from 'exiftool-vendored.pl';
import { ImmichReader } from './as_immich_reads.ts';
import { makeFile } from './media.ts';
import { setTags } from './set_tags.ts';
import { BLANK, RECORD, World } from './world.ts';

/** What other programs have left in a file, and what Immich has to read nevertheless. */

for (const format of ['mp4', 'mov'] as const) {
  Deno.test(`a film that says elsewhere where and what it is: ${format}`, async () => {
    await using world = await World.open();
    const reader = new ImmichReader();
    const path = await world.add(`a.${format}`, makeFile(format));
    const theirs = {
      'Keys:GPSCoordinates': '10.5 20.5 100',
      'UserData:GPSCoordinates': '11.5 21.5 100',
      'ItemList:GPSCoordinates': '12.5 22.5 100',
      'Keys:Description': 'their description',
      'ItemList:Description': 'their other description',
      'Keys:CreationDate': '2001:01:01 01:01:01+05:00',
      'XMP-exif:DateTimeOriginal': '2002:01:01 01:01:01+05:00',
      'QuickTime:MediaCreateDate': '2003:01:01 01:01:01',
    };
    await setTags(path, theirs);
    for (const destination of ['embed', 'sidecar'] as const) {
      await world.write(path, { ...RECORD, type: 'VIDEO' }, { destination });
      const view = await reader.read(path, destination === 'embed' ? undefined : `${path}.xmp`);
      assert.equal(view.description, RECORD.description);
      assert.equal(view.takenAt, '2023-07-14T15:30:01.530+10:00');
      assert.ok(Math.abs((view.latitude ?? 0) - -33.856784) < 1e-5, `${view.latitude}`);
      assert.ok(Math.abs((view.longitude ?? 0) - 151.215296) < 1e-5, `${view.longitude}`);
    }
    world.forget();
    assert.deepEqual((await world.plan(path, { ...RECORD, type: 'VIDEO' })).plans, []);
    await world.undoAll();
  });
}

Deno.test('a film that is where Immich says keeps its height', async () => {
  await using world = await World.open(['gps']);
  const reader = new ImmichReader();
  const path = await world.add('a.mov', makeFile('mov'));
  await setTags(path, { 'Keys:GPSCoordinates': '-33.856784 151.215296 58.3' });
  await world.write(path, RECORD, { fields: ['gps'] });
  assert.match(String((await reader.raw(path))['Keys:GPSCoordinates']), / 58\.3$/);
});

Deno.test('flat keywords of others stay tags in Immich, and names do not become any', async () => {
  await using world = await World.open(['people']);
  const reader = new ImmichReader();
  for (const destination of ['embed', 'sidecar', 'both'] as const) {
    const path = await world.add(`${destination}.jpg`, makeFile('jpg'));
    await setTags(path, { 'XMP-dc:Subject': ['Holiday', 'a/b'] });
    await world.write(path, RECORD, { fields: ['people'], destination });
    const view = await reader.read(path, destination === 'embed' ? undefined : `${path}.xmp`);
    assert.deepEqual(view.tags, ['Holiday', 'a/b']);
    world.forget();
    assert.deepEqual((await world.plan(path, RECORD, { fields: ['people'], destination })).plans, []);
  }
});

for (const extension of ['jpg', 'mp4'] as const) {
  Deno.test(`names and albums in a ${extension} without any keyword are no tags to Immich`, async () => {
    await using world = await World.open(['people', 'albums']);
    const reader = new ImmichReader();
    const path = await world.add(`a.${extension}`, makeFile(extension));
    for (const fields of [['people'], ['people', 'albums']] as const) {
      for (const destination of ['embed', 'sidecar'] as const) {
        await world.write(path, RECORD, { fields, destination });
        const view = await reader.read(path, destination === 'embed' ? undefined : `${path}.xmp`);
        assert.deepEqual(view.tags, [], `${fields}, ${destination}`);
        world.forget();
        assert.deepEqual((await world.plan(path, RECORD, { fields, destination })).plans, [], 'written once');
      }
    }
  });
}

Deno.test('a keyword that the user takes out is not kept alive by ours', async () => {
  await using world = await World.open(['people']);
  const reader = new ImmichReader();
  const path = await world.add('a.jpg', makeFile('jpg'));
  await setTags(path, { 'XMP-dc:Subject': ['Holiday', 'Beach'], 'IPTC:Keywords': ['Holiday', 'Beach'] });
  await world.write(path, RECORD, { fields: ['people'] });
  const names = ['Anna Müller', '李雷'];
  await setTags(path, { 'XMP-dc:Subject': ['Beach', 'New', ...names], 'IPTC:Keywords': ['Beach', 'New', ...names] });
  await world.write(path, RECORD, { fields: ['people'] });
  assert.deepEqual((await reader.read(path)).tags.toSorted(), ['Beach', 'New']);
});

Deno.test('fields that take turns do not take away what the other wrote', async () => {
  await using world = await World.open();
  const reader = new ImmichReader();
  const path = await world.add('a.jpg', makeFile('jpg'));
  const record = { ...RECORD, people: [{ id: '1', name: 'sea' }], tags: ['sea', 'x'] };
  await world.write(path, record, { fields: ['people'] });
  await world.write(path, record, { fields: ['tags'] });
  await world.write(path, { ...record, tags: [] }, { fields: ['tags'] });
  assert.deepEqual([(await reader.raw(path))['XMP-dc:Subject']].flat(), ['sea']);
  await world.write(path, { ...record, people: [] }, { fields: ['people'] });
  assert.equal((await reader.raw(path))['XMP-dc:Subject'], undefined);
});

Deno.test('a caption in other languages stays, and comes back with undo', async () => {
  await using world = await World.open();
  const reader = new ImmichReader();
  const theirs = {
    'XMP-dc:Description': 'English',
    'XMP-dc:Description-de-DE': 'Deutsch',
    'XMP-dc:Description-fr': 'Français',
    'XMP-iptcExt:Event-de': 'Sommer',
  };
  const languages = async (path: string) => {
    const raw = await reader.raw(path);
    return Object.fromEntries(Object.keys(theirs).map((tag) => [tag, raw[tag]]));
  };
  for (const destination of ['embed', 'sidecar'] as const) {
    const path = await world.add(`${destination}.jpg`, makeFile('jpg'));
    const place = destination === 'embed' ? path : `${path}.xmp`;
    if (destination === 'sidecar') await world.write(path, { ...BLANK, rating: 1 }, { destination });
    await setTags(place, theirs);
    world.done.length = 0;
    await world.write(path, RECORD, { destination });
    const written = await languages(place);
    assert.deepEqual(written, { ...theirs, 'XMP-dc:Description': RECORD.description });
    assert.equal((await reader.raw(place))['XMP-iptcExt:Event'], RECORD.albums?.[0]);
    await world.undoAll();
    assert.deepEqual(await languages(place), theirs);
    world.forget();
    await world.write(path, RECORD, { destination });
    await world.write(path, { ...RECORD, description: '' }, { destination });
    assert.deepEqual(await languages(place), { ...theirs, 'XMP-dc:Description': undefined }, 'only ours goes');
    world.forget();
    world.done.length = 0;
  }
});

Deno.test('IPTC cuts names and captions at a character, and Immich reads them whole', async () => {
  await using world = await World.open();
  const reader = new ImmichReader();
  const path = await world.add('a.jpg', makeFile('jpg'));
  const [name, description] = ['é'.repeat(50), '€'.repeat(900)];
  await world.write(path, { ...BLANK, people: [{ id: '1', name }], description }, { fields: ['people', 'caption'] });
  const raw = await reader.raw(path);
  assert.deepEqual([raw['IPTC:Keywords']].flat(), ['é'.repeat(32)]);
  assert.equal(raw['IPTC:Caption-Abstract'], '€'.repeat(666));
  const view = await reader.read(path);
  assert.deepEqual([view.description, view.tags], [description, []]);
  assert.deepEqual([raw['XMP-dc:Subject']].flat(), [name]);
  world.forget();
  assert.deepEqual(
    (await world.plan(path, { ...BLANK, people: [{ id: '1', name }], description }, { fields: ['people', 'caption'] }))
      .plans,
    [],
  );
});

const PATHS: readonly string[] = [
  ' leading and trailing .jpg',
  '-execute.jpg',
  'quotes \' and ".jpg',
  'two\nlines.jpg',
  'carriage\rreturn.jpg',
  '\n-execute\n.jpg',
  '%d%f%%.jpg',
  '$HOME `x` $(x).jpg',
  'back\\slash.jpg',
  '#[CSTR]x.jpg',
  '# x.jpg',
  '@x.jpg',
  '*.jpg',
  '{ready}.jpg',
  'caf\u00e9 composed.jpg',
  'cafe\u0301 decomposed.jpg',
  '李雷 👩‍👩‍👧 \u202e.jpg',
  `${'x'.repeat(251)}.jpg`,
  `${'é'.repeat(125)}.jpg`,
  'no extension',
  '.hidden.jpg',
  'UPPER.JPG',
  'odd.jpg.%x',
];

for (const name of PATHS) {
  Deno.test(`a photo called ${JSON.stringify(name.slice(0, 40))}`, async () => {
    await using world = await World.open();
    const path = await world.add(name, makeFile('jpg'));
    const isLong = new TextEncoder().encode(name).length > 251;
    await world.write(path, RECORD, { destination: isLong ? 'embed' : 'both' });
    assert.deepEqual(world.names(), isLong ? [name] : [name, `${name}.xmp`].sort());
    const state = await world.writer.lookAt(path, 'media');
    assert.equal(state.tags['XMP-dc:Description'], RECORD.description);
    await world.undoAll();
    assert.deepEqual(world.names(), [name]);
  });
}

Deno.test('directories with such names', async () => {
  await using world = await World.open();
  for (const name of ['%d %f', 'two\nlines', '-o', 'back\\slash', '$x @y']) {
    await Deno.mkdir(`${world.directory}/${name}`);
    const path = await world.add(`${name}/a.jpg`, makeFile('jpg'));
    const { plans } = await world.write(path, RECORD, { destination: 'both' });
    assert.equal(plans.length, 2);
    assert.deepEqual([...Deno.readDirSync(`${world.directory}/${name}`)].map((entry) => entry.name).sort(), [
      'a.jpg',
      'a.jpg.xmp',
    ]);
  }
});

Deno.test('a name that ExifTool has no notation for is refused, and its neighbours are not', async () => {
  await using world = await World.open();
  const bad = await world.add('a\n$.jpg', makeFile('jpg'));
  const good = await world.add('b.jpg', makeFile('jpg'));
  const [first, second] = await world.writer.look([bad, good].map((path) => ({ path, realPath: path })));
  assert.match(first?.media.obstacle?.reason ?? '', /cannot be told/);
  assert.equal(second?.media.obstacle, undefined);
  assert.equal((await world.plan(bad, RECORD)).obstacle?.isPermanent, true);
});

Deno.test('the writer needs no other permissions than files, Perl and a directory to scratch in', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  const scratch = await Deno.makeTempDir();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...['run', '--no-prompt', '--allow-run=perl', `--allow-write=${world.directory},${scratch}`],
      ...[`--allow-read=${world.directory},${scratch},${exifToolScript}`, import.meta.resolve('./narrow_child.ts')],
      ...[path, scratch],
    ],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  assert.deepEqual([...Deno.readDirSync(scratch)], []);
  await Deno.remove(scratch);
  assert.deepEqual((await world.plan(path, RECORD)).plans, []);
});

for (const theirs of [{ 'XMP-dc:Subject': ['Holiday'] }, { 'IPTC:Keywords': ['Holiday'] }]) {
  const [where] = Object.keys(theirs);
  Deno.test(`keywords of a sidecar hide those of the photo, in ${where}: Immich reads the same tags as before, and without the ledger nothing is added`, async () => {
    await using world = await World.open();
    const reader = new ImmichReader();
    const path = await world.add('a.jpg', makeFile('jpg'));
    await setTags(path, theirs);
    const packet =
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
      '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>Camera club</rdf:li>' +
      '</rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>';
    await world.add('a.jpg.xmp', new TextEncoder().encode(packet));
    const before = await reader.read(path, `${path}.xmp`);
    assert.deepEqual(before.tags, ['Camera club']);
    const record = { ...BLANK, people: RECORD.people };
    const options = { fields: ['people'], destination: 'both' } as const;
    await world.write(path, record, options);
    assert.deepEqual((await reader.read(path, `${path}.xmp`)).tags, before.tags);
    world.forget();
    assert.deepEqual((await world.plan(path, record, options)).plans, []);
  });
}
