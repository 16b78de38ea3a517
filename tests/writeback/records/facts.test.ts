import assert from 'node:assert/strict';
import fc from '../../harness/drawing.ts';
import { type AssetFacts, type FaceFacts, recordOf } from '../../../src/writeback/records/facts.ts';

const ID = '00000000-0000-4000-8000-000000000001';

function facts(changes: Partial<AssetFacts> = {}): AssetFacts {
  return {
    id: ID,
    originalPath: '/data/a.jpg',
    type: 'IMAGE',
    libraryId: null,
    isFavorite: false,
    isEdited: false,
    localDateTime: '2024-01-01T12:00:00.000Z',
    exif: {},
    people: [],
    faces: undefined,
    albums: undefined,
    tags: undefined,
    ...changes,
  };
}
const exif = (changes: AssetFacts['exif']) => recordOf(facts({ exif: changes }));
const person = (id: string, name: string, isHidden = false) => ({ id, name, isHidden });

Deno.test('an asset of which Immich knows nothing has an empty record', () => {
  assert.deepEqual(recordOf(facts()), {
    assetId: ID,
    originalPath: '/data/a.jpg',
    type: 'IMAGE',
    isExternal: false,
    isFavorite: false,
    isEdited: false,
    description: '',
    capturedAt: undefined,
    position: undefined,
    rating: undefined,
    storedSize: undefined,
    orientation: undefined,
    people: [],
    faces: undefined,
    albums: undefined,
    tags: undefined,
  });
  assert.equal(recordOf(facts({ libraryId: ID, type: 'VIDEO' })).isExternal, true);
});

Deno.test('a rating is one to five stars', () => {
  for (const rating of [1, 5]) assert.equal(exif({ rating }).rating, rating);
  for (const rating of [null, undefined, 0, -1, 6, 2.5, NaN]) assert.equal(exif({ rating }).rating, undefined);
});

Deno.test('a position is a place on earth, and 0/0 is none', () => {
  assert.deepEqual(exif({ latitude: -33.5, longitude: 151.25 }).position, { latitude: -33.5, longitude: 151.25 });
  assert.deepEqual(exif({ latitude: 0, longitude: 6.5 }).position, { latitude: 0, longitude: 6.5 });
  assert.deepEqual(exif({ latitude: 90, longitude: -180 }).position, { latitude: 90, longitude: -180 });
  for (
    const [latitude, longitude] of [[0, 0], [-0, 0], [null, 1], [1, null], [NaN, 1], [1, Infinity], [90.1, 0], [
      0,
      -180.1,
    ]]
  ) {
    assert.equal(exif({ latitude: latitude ?? null, longitude: longitude ?? null }).position, undefined);
  }
});

Deno.test('the time of capture is an instant, a zone and a wall clock', () => {
  const record = recordOf(facts({
    localDateTime: '2023-08-11T11:11:11.123Z',
    exif: { dateTimeOriginal: '2023-08-11T16:11:11.123456+00:00', timeZone: 'UTC-5' },
  }));
  assert.deepEqual(record.capturedAt, {
    instant: '2023-08-11T16:11:11.123Z',
    timeZone: 'UTC-5',
    localDateTime: '2023-08-11T11:11:11.123',
  });
  for (const timeZone of [null, undefined, '', ' ']) {
    assert.equal(exif({ dateTimeOriginal: '2023-08-11T16:11:11Z', timeZone }).capturedAt?.timeZone, undefined);
  }
});

Deno.test('times that are none, or have no four-digit year, are left out', () => {
  const texts = [
    null,
    undefined,
    '',
    'infinity',
    '-infinity',
    '0001-01-01T00:00:00+00:00 BC',
    '+010000-01-01T00:00:00Z',
    'x',
  ];
  for (const dateTimeOriginal of texts) {
    assert.equal(exif({ dateTimeOriginal }).capturedAt, undefined, String(dateTimeOriginal));
  }
  for (const year of ['0000', '0001', '9999']) {
    assert.equal(
      exif({ dateTimeOriginal: `${year}-06-01T00:00:00Z` }).capturedAt?.instant,
      `${year}-06-01T00:00:00.000Z`,
    );
  }
});

Deno.test('size and orientation are those of EXIF, or unknown', () => {
  assert.deepEqual(exif({ exifImageWidth: 40, exifImageHeight: 30 }).storedSize, { width: 40, height: 30 });
  assert.equal(exif({ exifImageWidth: 40, exifImageHeight: null }).storedSize, undefined);
  assert.equal(exif({ exifImageWidth: 0, exifImageHeight: 30 }).storedSize, undefined);
  assert.equal(exif({ orientation: '8' }).orientation, 8);
  for (const orientation of [null, '', '0', '9', '90', 'x']) assert.equal(exif({ orientation }).orientation, undefined);
});

Deno.test('people are named and visible, each once, in an order that no language changes', () => {
  const people = [
    person('4', 'Zoë'),
    person('1', 'zed'),
    person('3', 'Ana'),
    person('2', 'Ana'),
    person('2', 'Ana'),
    person('5', ''),
    person('6', '  '),
    person('7', 'Hidden', true),
  ];
  assert.deepEqual(recordOf(facts({ people })).people, [
    { id: '2', name: 'Ana' },
    { id: '3', name: 'Ana' },
    { id: '4', name: 'Zoë' },
    { id: '1', name: 'zed' },
  ]);
});

Deno.test('faces are those of such people, with an area', () => {
  const face = (personId: string | null, changes: Partial<FaceFacts> = {}): FaceFacts => ({
    personId,
    imageWidth: 100,
    imageHeight: 100,
    x1: 10,
    y1: 10,
    x2: 20,
    y2: 20,
    ...changes,
  });
  const people = [person('1', 'Bo'), person('2', 'Al'), person('3', ''), person('4', 'Hidden', true)];
  const faces = [
    face('1'),
    face('1', { x1: 5 }),
    face('2'),
    face('2', { x2: 10 }),
    face('2', { y2: 5 }),
    face('2', { imageWidth: 0 }),
    face('2', { x1: NaN }),
    face('3'),
    face('4'),
    face(null),
    face('nobody'),
  ];
  const record = recordOf(facts({ people, faces }));
  assert.deepEqual(record.faces?.map(({ personName, x1 }) => [personName, x1]), [['Al', 10], ['Bo', 5], ['Bo', 10]]);
  assert.deepEqual(Object.keys(record.faces?.[0] ?? {}).sort(), [
    'imageHeight',
    'imageWidth',
    'personName',
    'x1',
    'x2',
    'y1',
    'y2',
  ]);
});

Deno.test('albums and tags are sorted, once each; a tag stands for those above it', () => {
  const record = recordOf(facts({
    albums: ['b', 'a', 'b', ' ', ''],
    tags: ['family', 'family/kids', 'family/kids/emil', 'familyx', 'holiday', 'a/b'],
  }));
  assert.deepEqual(record.albums, ['a', 'b']);
  assert.deepEqual(record.tags, ['a/b', 'family/kids/emil', 'familyx', 'holiday']);
});

Deno.test('hostile text makes no record fail, and half characters become whole ones', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), fc.string({ unit: 'binary' }), (names, description) => {
      const people = names.map((name, index) => person(String(index), `${name}\ud800`));
      const record = recordOf(
        facts({ people, exif: { description: `${description}\udc00\0` }, albums: names, tags: names }),
      );
      assert.ok(JSON.stringify(record).isWellFormed());
      assert.equal(record.description, `${description.toWellFormed()}\ufffd\0`.toWellFormed());
      assert.equal(record.people.length, names.length);
    }),
  );
});
