import assert from 'node:assert/strict';
import type { Destination } from '../../../src/config/destination.ts';
import { ImmichReader } from './as_immich_reads.ts';
import { makeFile } from './media.ts';
import { setTags } from './set_tags.ts';
import { RECORD, World } from './world.ts';

const DESTINATIONS: readonly Destination[] = ['embed', 'sidecar', 'both'];

/** London, where clocks do not go by the offset of the camera; nowhere. */
const PLACES = [{ latitude: 51.5, longitude: -0.12 }, undefined] as const;

const CLOCK = '2023:07:14 12:00:00';

for (const offset of ['+02:00', '']) {
  for (const place of PLACES) {
    for (const isInFile of place === undefined ? [false] : [true, false]) {
      // Without a zone Immich takes that of the place as soon as it sees it, whoever writes it.
      if (offset === '' && place !== undefined && !isInFile) continue;
      const name = `offset ${offset || 'unknown'}, ${place ? 'in another zone' : 'nowhere'}${
        isInFile ? ', as the file says' : ''
      }`;
      for (const destination of DESTINATIONS) {
        Deno.test(`a photo is shown at the same time after a write and an extraction: ${name}, ${destination}`, async () => {
          await using world = await World.open();
          const immich = new ImmichReader();
          const path = await world.add('a.jpg', makeFile('jpg'));
          await setTags(path, {
            'ExifIFD:DateTimeOriginal': CLOCK,
            'ExifIFD:CreateDate': CLOCK,
            'ExifIFD:OffsetTimeOriginal': offset,
            'ExifIFD:OffsetTimeDigitized': offset,
            'ExifIFD:OffsetTime': '',
            ...(place !== undefined && isInFile
              ? {
                'GPS:GPSLatitude': place.latitude,
                'GPS:GPSLatitudeRef': 'N',
                'GPS:GPSLongitude': -place.longitude,
                'GPS:GPSLongitudeRef': 'W',
              }
              : {}),
          });
          const before = await immich.read(path);
          assert.ok(before.takenAt);
          const capturedAt = {
            instant: new Date(before.takenAt).toISOString(),
            timeZone: before.timeZone ?? undefined,
            localDateTime: `${before.takenAt.slice(0, 23)}Z`,
          };
          await world.write(path, { ...RECORD, position: place, capturedAt }, { destination });
          const after = await immich.read(path, destination === 'embed' ? undefined : `${path}.xmp`);
          assert.equal(after.takenAt?.slice(0, 19), before.takenAt.slice(0, 19), 'the wall clock');
          assert.equal(Date.parse(after.takenAt ?? ''), Date.parse(before.takenAt), 'the instant');
        });
      }
    }
  }
}

const UNDATED = { 'ExifIFD:DateTimeOriginal': '', 'ExifIFD:CreateDate': '', 'ExifIFD:OffsetTimeOriginal': '' };
const FILE_TIME = { instant: '2020-02-03T04:05:06.789Z', localDateTime: '2020-02-03T04:05:06.789Z' };

for (const destination of DESTINATIONS) {
  for (const timeZone of [undefined, 'Australia/Sydney']) {
    Deno.test(`a photo without a date gets none, as Immich's is that of the file: ${destination}, zone ${timeZone}`, async () => {
      await using world = await World.open();
      const immich = new ImmichReader();
      const path = await world.add('a.jpg', makeFile('jpg'));
      await setTags(path, UNDATED);
      await Deno.utime(path, new Date(FILE_TIME.instant), new Date(FILE_TIME.instant));
      const record = { ...RECORD, capturedAt: { ...FILE_TIME, timeZone } };
      await world.write(path, record, { destination });
      const after = await immich.read(path, destination === 'embed' ? undefined : `${path}.xmp`);
      assert.equal(after.takenAt, undefined);
      assert.equal(after.description, RECORD.description);
      assert.deepEqual((await world.plan(path, record, { destination })).plans, []);
    });
  }
}

Deno.test('a date that somebody gave in Immich is in its sidecar, and comes into the photo', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  await setTags(path, UNDATED);
  const record = { ...RECORD, capturedAt: { ...FILE_TIME, timeZone: undefined } };
  await world.write(path, { ...RECORD, rating: 1 }, { destination: 'sidecar', fields: ['rating'] });
  await setTags(`${path}.xmp`, { 'XMP-exif:DateTimeOriginal': '2020:02:03 04:05:06' });
  await world.write(path, record);
  const { tags } = await world.writer.lookAt(path, 'media');
  assert.equal(tags['ExifIFD:DateTimeOriginal'], '2020:02:03 04:05:06');
});
