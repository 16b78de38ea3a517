import assert from 'node:assert/strict';
import fc from '../../harness/drawing.ts';
import { compare } from '../../../src/writeback/compare.ts';
import { storedBox } from '../../../src/writeback/fields/face_boxes.ts';
import { isWritable, truncateToBytes } from '../../../src/writeback/fields/text.ts';
import { FIELD_NAMES, FIELDS } from '../../../src/writeback/fields/fields.ts';
import { NOTHING_OWN, type OwnValues, type Tags } from '../../../src/writeback/fields/values.ts';
import { BLANK } from '../files/world.ts';
import { input, MP4 } from './input.ts';
import { SHOWN_AT } from '../orientations.ts';

const options = (given: { captionMaxLength?: number; timeZone?: string }) => ({
  fields: FIELD_NAMES,
  captionMaxLength: 2000,
  timeZone: undefined,
  ...given,
});

Deno.test('a caption is cut at a character, and never in the middle of one', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.integer({ min: 1, max: 30 }),
      (description, length) => {
        const { values } = FIELDS.caption.map(
          input({ record: { ...BLANK, description }, options: options({ captionMaxLength: length }) }),
        );
        const caption = String(values?.['XMP-dc:Description'] ?? '');
        assert.ok([...caption].length <= length);
        assert.ok(isWritable(caption));
        assert.ok(description.replace(/\r\n?/g, '\n').trimStart().startsWith(caption.slice(0, 1)) || caption === '');
      },
    ),
  );
});

Deno.test('text cut to bytes is the longest beginning that fits', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 100 }), (text, bytes) => {
    const size = (value: string) => new TextEncoder().encode(value).length;
    const cut = truncateToBytes(text, bytes);
    assert.ok(text.startsWith(cut) && size(cut) <= bytes && cut.isWellFormed());
    const next = [...text.slice(cut.length)][0];
    assert.ok(next === undefined || size(cut + next) > bytes);
  }));
});

Deno.test('a sidecar says the description twice, a photo in IPTC only as much as fits', () => {
  const record = { ...BLANK, description: 'ä'.repeat(1500) };
  assert.deepEqual(Object.keys(FIELDS.caption.map(input({ record, kind: 'sidecar' })).values ?? {}), [
    'XMP-dc:Description',
    'XMP-tiff:ImageDescription',
  ]);
  assert.equal(String(FIELDS.caption.map(input({ record })).values?.['IPTC:Caption-Abstract']).length, 1000);
  assert.deepEqual(FIELDS.caption.map(input({})), {});
});

const RATINGS: readonly [
  stars: number | undefined,
  isFavorite: boolean,
  inFile: string | undefined,
  ours: number | undefined,
  wanted: number | undefined,
][] = [
  [3, false, undefined, undefined, 3],
  [3, true, '1', undefined, 3],
  [undefined, true, undefined, undefined, 5],
  [undefined, true, '2', undefined, 5],
  [undefined, false, undefined, undefined, undefined],
  [undefined, false, '4', undefined, undefined],
  [undefined, false, '5', 5, 0],
  [undefined, false, '4', 5, undefined],
  [undefined, false, '0', 0, 0],
  [undefined, false, '0', undefined, undefined],
];
for (const [rating, isFavorite, inFile, ours, wanted] of RATINGS) {
  Deno.test(`stars ${rating}, favourite ${isFavorite}, in the file ${inFile}, of which ours ${ours}: ${wanted}`, () => {
    const { values } = FIELDS.rating.map(input({
      record: { ...BLANK, rating, isFavorite },
      current: inFile === undefined ? {} : { 'XMP-xmp:Rating': inFile },
      own: { lists: {}, values: ours === undefined ? {} : { 'XMP-xmp:Rating': ours } },
    }));
    assert.equal(values?.['XMP-xmp:Rating'], wanted);
    assert.equal(
      values?.['XMP-microsoft:RatingPercent'],
      wanted === undefined ? undefined : [0, 1, 25, 50, 75, 99][wanted],
    );
  });
}

Deno.test('an EXIF rating is kept in step, and not added', () => {
  const record = { ...BLANK, rating: 2 };
  assert.equal(FIELDS.rating.map(input({ record, current: { 'IFD0:Rating': '4' } })).values?.['IFD0:Rating'], 2);
  assert.equal(FIELDS.rating.map(input({ record })).values?.['IFD0:Rating'], undefined);
});

Deno.test('hemispheres', () => {
  const place = (latitude: number, longitude: number) =>
    FIELDS.gps.map(input({ record: { ...BLANK, position: { latitude, longitude } } })).values;
  assert.deepEqual(place(-33.5, -70.25), {
    'XMP-exif:GPSLatitude': -33.5,
    'XMP-exif:GPSLongitude': -70.25,
    'GPS:GPSLatitude': 33.5,
    'GPS:GPSLatitudeRef': 'S',
    'GPS:GPSLongitude': 70.25,
    'GPS:GPSLongitudeRef': 'W',
  });
  assert.equal(place(0, 0), undefined);
  assert.equal(place(0, 12)?.['GPS:GPSLatitudeRef'], 'N');
});

const taken = (instant: string, timeZone: string | undefined, localDateTime: string) => ({
  ...BLANK,
  capturedAt: { instant, timeZone, localDateTime },
});

Deno.test('a time without a zone gets no offset, unless the configuration says where it was', () => {
  const record = taken('2023-12-24T18:30:00.000Z', undefined, '2023-12-24T18:30:00.000Z');
  const unknown = FIELDS.time.map(input({ record })).values;
  assert.equal(unknown?.['ExifIFD:DateTimeOriginal'], '2023:12:24 18:30:00');
  assert.equal(unknown?.['ExifIFD:OffsetTimeOriginal'], undefined);
  assert.equal(unknown?.['XMP-photoshop:DateCreated'], '2023:12:24 18:30:00');
  const berlin = FIELDS.time.map(input({ record, options: options({ timeZone: 'Europe/Berlin' }) })).values;
  assert.equal(berlin?.['ExifIFD:OffsetTimeOriginal'], '+01:00');
  assert.equal(berlin?.['XMP-photoshop:DateCreated'], '2023:12:24 18:30:00+01:00');
  const film = FIELDS.time.map(input({ record, holds: MP4, options: options({ timeZone: 'Europe/Berlin' }) })).values;
  assert.equal(film?.['QuickTime:CreateDate'], '2023:12:24 17:30:00');
  assert.equal(FIELDS.time.map(input({ record, holds: MP4 })).values?.['Keys:CreationDate'], undefined);
});

Deno.test('a time without a zone has the offset that its file says, before the one of the configuration', () => {
  const record = taken('2023-12-24T18:30:00.000Z', undefined, '2023-12-24T18:30:00.000Z');
  const offset = (given: Parameters<typeof input>[0]) =>
    FIELDS.time.map(input({ record, options: options({ timeZone: 'Europe/Berlin' }), ...given }))
      .values?.['ExifIFD:OffsetTimeOriginal'];
  assert.equal(offset({ current: { 'ExifIFD:OffsetTimeOriginal': '-05:00' } }), '-05:00');
  assert.equal(offset({ current: { 'ExifIFD:OffsetTimeDigitized': '+9:00' } }), '+09:00');
  assert.equal(offset({ current: { 'XMP-photoshop:DateCreated': '2023:12:24 18:30:00.25-03:30' } }), '-03:30');
  assert.equal(offset({ current: { 'XMP-xmp:CreateDate': '2023:12:24 18:30:00Z' } }), '+00:00');
  assert.equal(offset({ beneath: { 'Keys:CreationDate': '2023:12:24 18:30:00+05:45' } }), '+05:45');
  for (const nonsense of ['   :  ', '+99:99', '+25:00', 'local']) {
    assert.equal(offset({ current: { 'ExifIFD:OffsetTimeOriginal': nonsense } }), '+01:00', nonsense);
  }
  assert.equal(offset({ current: { 'XMP-xmp:CreateDate': '2023:12:24' } }), '+01:00', 'a day is no offset');
  const zoned = { ...record, capturedAt: { ...record.capturedAt, timeZone: 'UTC+2' } };
  assert.equal(
    offset({ record: zoned, current: { 'ExifIFD:OffsetTimeOriginal': '-05:00' } }),
    '+02:00',
    'Immich knows',
  );
});

Deno.test("an offset that we wrote ourselves is not the file's: without TZ the next run takes it away", () => {
  const record = taken('2023-12-24T18:30:00.000Z', undefined, '2023-12-24T18:30:00.000Z');
  const run = (current: Tags, own: OwnValues, timeZone?: string) => {
    const zone = timeZone === undefined ? {} : { timeZone };
    const compared = compare(input({ record, current, own, options: { ...options(zone), fields: ['time'] } }));
    const changed = Object.fromEntries(compared.changes.map(({ tag, after }) => [tag, after]));
    return { current: { ...current, ...changed }, own: compared.own, changes: compared.changes };
  };
  const berlin = run({}, NOTHING_OWN, 'Europe/Berlin');
  assert.equal(berlin.current['ExifIFD:OffsetTimeOriginal'], '+01:00');
  const nobody = run(berlin.current, berlin.own);
  assert.equal(nobody.current['ExifIFD:OffsetTimeOriginal'], null);
  assert.equal(nobody.current['XMP-xmp:CreateDate'], '2023:12:24 18:30:00');
  const theirs = { 'XMP-photoshop:DateCreated': '1999:01:01 00:00:00-05:00' };
  const first = run(theirs, NOTHING_OWN, 'Europe/Berlin');
  assert.equal(first.current['XMP-photoshop:DateCreated'], '2023:12:24 18:30:00-05:00');
  assert.deepEqual(run(first.current, first.own, 'Europe/Berlin').changes, [], 'and a second run finds it again');
});

Deno.test('summer and winter, and the hour that comes twice', () => {
  const at = (instant: string) =>
    FIELDS.time.map(input({ record: taken(instant, 'Europe/Berlin', 'not used') })).values;
  assert.equal(at('2023-07-01T10:00:00.000Z')?.['XMP-xmp:CreateDate'], '2023:07:01 12:00:00+02:00');
  assert.equal(at('2023-10-29T00:30:00.000Z')?.['XMP-xmp:CreateDate'], '2023:10:29 02:30:00+02:00');
  assert.equal(at('2023-10-29T01:30:00.000Z')?.['XMP-xmp:CreateDate'], '2023:10:29 02:30:00+01:00');
});

Deno.test('a fraction that is not Immich’s goes', () => {
  const record = taken('2023-07-01T10:00:00.000Z', 'UTC', '2023-07-01T10:00:00.000Z');
  const { values } = FIELDS.time.map(input({ record, current: { 'ExifIFD:SubSecTimeOriginal': '53' } }));
  assert.equal(values?.['ExifIFD:SubSecTimeOriginal'], null);
  assert.equal(values?.['ExifIFD:SubSecTimeDigitized'], undefined);
});

for (const [orientation, shown] of Object.entries(SHOWN_AT)) {
  Deno.test(`a box is shown where it was found, orientation ${orientation}`, () => {
    const side = fc.integer({ min: 0, max: 1000 });
    fc.assert(fc.property(side, side, side, side, (x1, y1, x2, y2) => {
      const face = {
        personName: 'a',
        imageWidth: 1000,
        imageHeight: 800,
        x1: Math.min(x1, x2),
        y1: Math.min(y1, y2),
        x2: Math.max(x1, x2),
        y2: Math.max(y1, y2),
      };
      const box = storedBox(face, Number(orientation));
      const [bottom, right] = [Math.min(face.y2, 800), face.x2];
      if (box === undefined) return assert.ok(face.x1 === right || face.y1 >= bottom);
      const corners = [-1, 1].map((sign) => shown(box.x + sign * box.width / 2, box.y + sign * box.height / 2));
      const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
      const wanted = [face.x1 / 1000, right / 1000, face.y1 / 800, bottom / 800];
      [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)].forEach((value, index) =>
        assert.ok(Math.abs(value - (wanted[index] ?? NaN)) < 1e-9)
      );
    }));
  });
}

Deno.test('a box outside the picture, or of no size, or no numbers, is none', () => {
  const face = { personName: 'a', imageWidth: 100, imageHeight: 100, x1: 10, y1: 10, x2: 20, y2: 20 };
  for (const odd of [{ x1: 200, x2: 300 }, { x1: 20 }, { y1: NaN }, { imageWidth: 0 }, { x1: 30, x2: 20 }]) {
    assert.equal(storedBox({ ...face, ...odd }, 1), undefined, JSON.stringify(odd));
  }
});
