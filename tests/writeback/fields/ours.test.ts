import assert from 'node:assert/strict';
import { compare } from '../../../src/writeback/compare.ts';
import { isSameValue } from '../../../src/writeback/compare_values.ts';
import { TAGS } from '../../../src/writeback/fields/fields.ts';
import type { AssetRecord } from '../../../src/writeback/fields/record.ts';
import { NOTHING_OWN, type OwnValues, type Tags } from '../../../src/writeback/fields/values.ts';
import { BLANK, RECORD } from '../files/world.ts';
import { input } from './input.ts';

const options = (...fields: string[]) => ({ fields, captionMaxLength: 2_000, timeZone: undefined });

/** A run: what the file says afterwards, and what of it is ours. */
function run(record: AssetRecord, current: Tags, own: OwnValues, field: string): { tags: Tags; own: OwnValues } {
  const { changes, own: after } = compare(input({ record, current, own, options: options(field) }));
  return {
    tags: { ...current, ...Object.fromEntries(changes.map(({ tag, after }) => [tag, after])) },
    own: after,
  };
}

/** What others wrote says already what Immich says, and then Immich says nothing any more: it is theirs and stays. */
const THEIRS: readonly [what: string, field: string, record: AssetRecord, theirs: Tags][] = [
  ['a keyword', 'people', { ...BLANK, people: [{ id: '1', name: 'Anna' }] }, {
    'XMP-dc:Subject': ['Anna', 'sea'],
    'IPTC:Keywords': ['Anna', 'sea'],
    'XMP-iptcExt:PersonInImage': 'Anna',
  }],
  ['a description', 'caption', { ...BLANK, description: 'At the sea' }, {
    'XMP-dc:Description': 'At the sea',
    'IFD0:ImageDescription': 'At the sea',
    'IPTC:Caption-Abstract': 'At the sea',
  }],
  ['a place', 'gps', { ...BLANK, position: { latitude: 10.5, longitude: -20.25 } }, {
    'XMP-exif:GPSLatitude': '10.5000001',
    'XMP-exif:GPSLongitude': '-20.25',
    'GPS:GPSLatitude': '10.5',
    'GPS:GPSLatitudeRef': 'N',
    'GPS:GPSLongitude': '20.25',
    'GPS:GPSLongitudeRef': 'W',
  }],
  ['five stars', 'rating', { ...BLANK, isFavorite: true }, {
    'XMP-xmp:Rating': '5',
    'XMP-microsoft:RatingPercent': '99',
  }],
  ['an event', 'albums', { ...BLANK, albums: ['Summer'] }, {
    'XMP-iptcExt:Event': 'Summer',
    'ExifIFD:UserComment': 'Summer',
    'XMP-lr:HierarchicalSubject': ['Albums|Summer', 'a|b'],
    'XMP-digiKam:TagsList': ['a/b'],
  }],
  ['a tag', 'tags', { ...BLANK, tags: ['a/b'] }, {
    'XMP-digiKam:TagsList': ['a/b'],
    'XMP-dc:Subject': ['a/b'],
    'IPTC:Keywords': ['a/b'],
  }],
];
for (const [what, field, record, theirs] of THEIRS) {
  Deno.test(`${what} of others that says what Immich says is not ours, and stays when Immich says it no longer`, () => {
    const first = run(record, theirs, NOTHING_OWN, field);
    assert.deepEqual(first, { tags: theirs, own: NOTHING_OWN }, 'there is nothing to write');
    const second = run({ ...BLANK, isFavorite: false }, first.tags, first.own, field);
    assert.deepEqual(second, { tags: theirs, own: NOTHING_OWN });
  });
}

Deno.test('a region of others that is where Immich’s face is stays when the face goes', () => {
  const written = run(RECORD, {}, NOTHING_OWN, 'faces');
  const theirs = written.tags;
  const first = run(RECORD, theirs, NOTHING_OWN, 'faces');
  assert.deepEqual(first, { tags: theirs, own: NOTHING_OWN });
  assert.deepEqual(run(BLANK, theirs, first.own, 'faces').tags, theirs);
  const ours = run(BLANK, written.tags, written.own, 'faces').tags;
  assert.equal(ours['XMP-mwg-rs:RegionInfo'], null, 'while ours goes');
});

Deno.test('what others changed since we wrote it is theirs', () => {
  const record = { ...BLANK, description: 'ours' };
  const { tags, own } = run(record, {}, NOTHING_OWN, 'caption');
  const theirs = { ...tags, 'XMP-dc:Description': 'theirs' };
  const { tags: after } = run(BLANK, theirs, own, 'caption');
  assert.equal(after['XMP-dc:Description'], 'theirs');
  assert.equal(after['IFD0:ImageDescription'], null, 'what is still ours goes');
});

/** Immich reads TagsList first: as long as others have one, ours adds nothing to it, and takes nothing. */
Deno.test('a TagsList of others stays as it is, whatever we write into the other lists', () => {
  const lists: Tags = { 'XMP-digiKam:TagsList': ['Travel/Italy', 'sea'], 'XMP-dc:Subject': ['Italy', 'sea'] };
  for (const field of ['people', 'albums']) {
    const { tags, own } = run(RECORD, lists, NOTHING_OWN, field);
    assert.deepEqual(tags['XMP-digiKam:TagsList'], ['Travel/Italy', 'sea'], field);
    assert.equal(own.lists['XMP-digiKam:TagsList'], undefined, field);
    const { tags: back } = run(BLANK, tags, own, field);
    assert.deepEqual(back['XMP-digiKam:TagsList'], ['Travel/Italy', 'sea'], field);
    assert.deepEqual(back['XMP-dc:Subject'], ['Italy', 'sea'], field);
  }
  // With tags, ours stand beside theirs.
  const both = run({ ...BLANK, tags: ['own'] }, lists, NOTHING_OWN, 'tags');
  assert.deepEqual(both.tags['XMP-digiKam:TagsList'], ['Travel/Italy', 'sea', 'own']);
  assert.deepEqual(run(BLANK, both.tags, both.own, 'tags').tags['XMP-digiKam:TagsList'], ['Travel/Italy', 'sea']);
});

Deno.test('names and albums never become tags, not even of a photo without tags, and not with --tags', () => {
  const record = { ...BLANK, people: [{ id: '1', name: 'Anna' }], albums: ['At sea'] };
  const written = run(record, {}, NOTHING_OWN, 'people');
  assert.deepEqual(written.tags['XMP-digiKam:TagsList'], ['/'], 'which Immich reads as no tags');
  assert.deepEqual(run(record, written.tags, written.own, 'people'), written, 'a second run');
  assert.deepEqual(run(record, written.tags, NOTHING_OWN, 'people').tags, written.tags, 'a run without the ledger');
  const without = run(BLANK, written.tags, written.own, 'people');
  assert.deepEqual([without.tags['XMP-digiKam:TagsList'], without.own], [null, NOTHING_OWN], 'nothing of it is left');

  // A keyword of somebody else's is a tag again.
  const added = run(record, { ...written.tags, 'XMP-dc:Subject': ['Anna', 'sea'] }, written.own, 'people');
  assert.deepEqual(added.tags['XMP-digiKam:TagsList'], ['sea']);

  // Version 0.1 left no TagsList, so Immich has taken the name and the album for tags.
  const fed = { ...record, tags: ['Anna', 'Albums/At sea', 'sea'] };
  const before = run(record, {}, NOTHING_OWN, 'people');
  const old = { ...before.tags };
  delete old['XMP-digiKam:TagsList'];
  const all = (tags: Tags, own: OwnValues) =>
    compare(input({ record: fed, current: tags, own, options: options('people', 'albums', 'tags') }));
  const healed = all(old, { ...before.own, lists: { ...before.own.lists, 'XMP-digiKam:TagsList': [] } });
  const change = healed.changes.find(({ tag }) => tag === 'XMP-digiKam:TagsList');
  assert.deepEqual(change?.after, ['sea']);
  // Immich has it in a sidecar as a tag: somebody has made it one.
  const theirs = all({ 'XMP-digiKam:TagsList': ['Anna'] }, NOTHING_OWN);
  assert.deepEqual(theirs.changes.find(({ tag }) => tag === 'XMP-digiKam:TagsList')?.after, ['Anna', 'sea']);
});

Deno.test('two positions are the same up to a tenth of a metre, and no further', () => {
  const angles = [...TAGS.values()].filter(({ form }) => form === 'angle').map(({ name }) => name);
  assert.equal(angles.length, 4);
  const degrees: readonly [shown: number, isSame: boolean][] = [
    [33.5, true],
    [33.500_000_9, true],
    [33.499_999_1, true],
    [33.500_001_5, false],
    [33.499_998_5, false],
    [-33.5, false],
  ];
  for (const [shown, isSame] of degrees) {
    for (const tag of angles) assert.equal(isSameValue(tag, String(shown), 33.5), isSame, `${tag} ${shown}`);
    assert.equal(isSameValue('Keys:GPSCoordinates', `${shown} 7 120`, '33.5 7'), isSame, `${shown} 7`);
    assert.equal(isSameValue('Keys:GPSCoordinates', `7 ${shown} 120`, '7 33.5'), isSame, `7 ${shown}`);
    assert.equal(
      isSameValue('IFD0:ImageDescription', String(shown), 33.5),
      shown === 33.5,
      'which holds for angles only',
    );
  }
});
