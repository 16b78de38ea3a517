/**
 * Of several tags that say one thing Immich takes the first in an order of its own (docs/immich.md#what-immich-reads-from-files). Whatever a file says in
 * any of them, after a write Immich reads what it knew: each alone, all at once, and pairs (`PAIRS=all`: every pair).
 */
import assert from 'node:assert/strict';
import type { FieldName } from '../../../src/writeback/fields/fields.ts';
import { SEED } from '../../harness/drawing.ts';
import { ImmichReader } from './as_immich_reads.ts';
import { type Format, makeFile } from './media.ts';
import { setTags } from './set_tags.ts';
import { withFlirPlace } from './with_flir.ts';
import { withLoci } from './with_loci.ts';
import { addMakerNote } from './with_maker_note.ts';
import { RECORD, World } from './world.ts';

const OTHER = 'said by others';
const DAY = '2001:02:03';
const CLOCK = `${DAY} 04:05:06`;
const WITH_ZONE = `${CLOCK}-07:00`;
const EXIF_PLACE = {
  'GPS:GPSLatitude': 10,
  'GPS:GPSLatitudeRef': 'N',
  'GPS:GPSLongitude': 20,
  'GPS:GPSLongitudeRef': 'W',
};

type Said = Readonly<Record<string, unknown>>;

/** In XMP, which every format can hold. */
const IN_XMP: readonly Said[] = [
  { 'XMP-exif:DateTimeOriginal': WITH_ZONE },
  { 'XMP-exif:DateTimeDigitized': WITH_ZONE },
  { 'XMP-xmp:CreateDate': WITH_ZONE },
  { 'XMP-photoshop:DateCreated': WITH_ZONE },
  { 'XMP-exif:GPSDateTime': `${CLOCK}Z` },
  { 'XMP-prism:CreationDate': WITH_ZONE, 'XMP-pdf:CreationDate': WITH_ZONE },
  { 'XMP-exif:GPSLatitude': 10, 'XMP-exif:GPSLongitude': -20 },
  { 'XMP-drone-dji:GPSLatitude': 10, 'XMP-drone-dji:GPSLongitude': -20 },
  { 'XMP-xmp:Rating': 1, 'XMP-acdsee:Rating': 1, 'XMP-prism:Rating': 1 },
  { 'XMP-tiff:ImageDescription': OTHER },
  { 'XMP-dc:Description': OTHER },
  { 'XMP-crs:Description': OTHER, 'XMP-xmp:Description': OTHER },
];

const SAID: Readonly<Partial<Record<Format, readonly Said[]>>> = {
  jpg: [
    ...IN_XMP,
    { 'ExifIFD:DateTimeOriginal': CLOCK },
    { 'ExifIFD:CreateDate': CLOCK },
    { 'ExifIFD:SubSecTimeOriginal': '99', 'ExifIFD:SubSecTimeDigitized': '99' },
    { 'ExifIFD:OffsetTimeOriginal': '-07:00', 'ExifIFD:OffsetTimeDigitized': '-07:00', 'ExifIFD:OffsetTime': '-07:00' },
    { 'ExifIFD:TimeZoneOffset': '-7' },
    { 'IPTC:DateCreated': DAY, 'IPTC:TimeCreated': '04:05:06-07:00' },
    { 'IPTC:DigitalCreationDate': DAY, 'IPTC:DigitalCreationTime': '04:05:06-07:00' },
    { 'GPS:GPSDateStamp': DAY, 'GPS:GPSTimeStamp': '04:05:06' },
    EXIF_PLACE,
    { 'IFD0:Rating': 1, 'IFD0:RatingPercent': 1 },
    { 'IFD0:ImageDescription': OTHER },
    { 'IPTC:Caption-Abstract': OTHER },
  ],
  mp4: [
    ...IN_XMP,
    { 'QuickTime:CreateDate': CLOCK },
    { 'Track1:MediaCreateDate': CLOCK, 'Track1:TrackCreateDate': CLOCK },
    { 'Keys:CreationDate': WITH_ZONE },
    { 'UserData:DateTimeOriginal': WITH_ZONE },
    { 'Keys:GPSCoordinates': '10, -20, 5' },
    { 'ItemList:GPSCoordinates': '10, -20, 5' },
    { 'UserData:GPSCoordinates': '10, -20, 5' },
    { 'Keys:Description': OTHER },
    { 'ItemList:Description': OTHER },
    { 'UserData:Description': OTHER },
  ],
};

const FIELDS: readonly FieldName[] = ['caption', 'time', 'gps', 'rating'];

async function assertRead(immich: ImmichReader, path: string, what: string, sidecar?: string): Promise<void> {
  const read = await immich.read(path, sidecar);
  assert.equal(read.takenAt?.replace(/\.\d+/, ''), '2023-07-14T15:30:01+10:00', `${what}: date`);
  assert.ok(Math.abs((read.latitude ?? 0) - (RECORD.position?.latitude ?? 0)) < 1e-3, `${what}: ${read.latitude}`);
  assert.ok(Math.abs((read.longitude ?? 0) - (RECORD.position?.longitude ?? 0)) < 1e-3, `${what}: ${read.longitude}`);
  assert.equal(read.rating, RECORD.rating, `${what}: rating`);
  assert.equal(read.description, RECORD.description, `${what}: description`);
}

const PAIRS = Deno.env.get('PAIRS');

/** So many pairs are tried where not all are. */
const DRAWN = 4;

function pairsOf(said: readonly Said[]): Said[] {
  const all = said.flatMap((one, index) => said.slice(index + 1).map((other) => ({ ...one, ...other })));
  if (PAIRS === 'all') return all;
  return Array.from({ length: DRAWN }, (_, turn) => all[(SEED + turn * 7_919) % all.length] ?? {});
}

for (const [format, said = []] of Object.entries(SAID)) {
  Deno.test(`${format}: Immich reads what it knew, whatever other tags said`, async () => {
    await using world = await World.open(FIELDS);
    const immich = new ImmichReader();
    // One by one with `PAIRS=all` only: each costs a second, and all at once, and halves of them, differ by the order.
    const half = said.length / 2;
    const sets = [...(PAIRS === 'all' ? said : []), ...pairsOf(said)];
    sets.push(
      Object.assign({}, ...said),
      Object.assign({}, ...said.slice(0, half)),
      Object.assign({}, ...said.slice(half)),
    );
    for (const [index, tags] of sets.entries()) {
      const path = await world.add(`${index}.${format}`, makeFile(format as Format));
      await setTags(path, tags);
      await world.write(path, RECORD, { fields: FIELDS });
      await assertRead(immich, path, `SEED=${SEED} ${JSON.stringify(tags)}`);
    }
    assert.deepEqual(world.left, []);
  });
}

for (const make of ['Canon', 'Nikon'] as const) {
  for (const position of [RECORD.position, undefined]) {
    Deno.test(`the zone that a ${make} was set to, ${position ? 'with' : 'without'} a place: it follows what Immich knows`, async () => {
      await using world = await World.open();
      const immich = new ImmichReader();
      const bytes = makeFile('jpg');
      const path = await world.add('a.jpg', bytes);
      await addMakerNote(path, make, -420);
      if (make === 'Nikon') await setTags(path, { 'Nikon:DaylightSavings': 1 });
      const before = await Deno.readFile(path);
      const record = { ...RECORD, position };
      const known = await immich.read(path);
      assert.match(known.takenAt ?? '', make === 'Nikon' ? /-06:00$/ : /-07:00$/);
      await world.write(path, record);
      assert.deepEqual(world.left, []);
      const after = await immich.read(path);
      assert.equal(after.takenAt?.replace(/\.\d+/, ''), '2023-07-14T15:30:01+10:00');
      assert.deepEqual((await world.plan(path, record)).plans, [], 'a second run writes nothing');
      await world.undoAll();
      assert.deepEqual(await Deno.readFile(path), before);
    });
  }
}

Deno.test('a film with a place in the way of 3GPP beside others', async () => {
  await using world = await World.open();
  const immich = new ImmichReader();
  const path = await world.add('a.mp4', withLoci(makeFile('mp4'), 52.36929, -6.67609));
  await setTags(path, {
    'ItemList:GPSCoordinates': '10, -20, 5',
    'XMP-exif:GPSLatitude': 10,
    'XMP-exif:GPSLongitude': -20,
  });
  await world.write(path, RECORD);
  await assertRead(immich, path, 'loci');
});

for (const destination of ['embed', 'sidecar'] as const) {
  Deno.test(`a thermal picture whose camera noted another place in a segment of its own: ${destination}`, async () => {
    await using world = await World.open();
    const immich = new ImmichReader();
    const path = await world.add('a.jpg', withFlirPlace(makeFile('jpg'), 10, -20));
    assert.equal((await immich.read(path)).latitude, 10);
    await world.write(path, RECORD, { destination });
    await assertRead(immich, path, 'FLIR', destination === 'sidecar' ? `${path}.xmp` : undefined);
    assert.deepEqual(world.left, []);
  });
}
