import assert from 'node:assert/strict';
import type { Destination } from '../../../src/config/destination.ts';
import { type ImmichFace, ImmichReader, type ImmichView } from './as_immich_reads.ts';
import { type Format, FORMATS, makeFile } from './media.ts';
import { RECORD, World } from './world.ts';

const DESTINATIONS: readonly Destination[] = ['embed', 'sidecar', 'both'];

for (const format of FORMATS) {
  Deno.test(`Immich reads back from ${format} what it knew`, async (test) => {
    await using world = await World.open();
    const immich = new ImmichReader();
    for (const destination of DESTINATIONS) {
      await test.step(destination, async () => {
        const path = await world.add(`${destination}.${format}`, makeFile(format));
        const hash = (await immich.raw(path))['File:ImageDataHash'];
        await world.write(path, RECORD, { destination });
        const sidecar = destination === 'embed' ? undefined : `${path}.xmp`;
        assertKnows(await immich.read(path, sidecar));
        if (destination === 'both') assertKnows(await immich.read(path));
        assert.equal((await immich.raw(path))['File:ImageDataHash'], hash);
        assert.equal(world.names().some((name) => name.endsWith('.xmp') && name.startsWith('embed')), false);
      });
      await test.step(`${destination}: a second run changes nothing, with and without the ledger`, async () => {
        const path = `${world.directory}/${destination}.${format}`;
        assert.deepEqual((await world.plan(path, RECORD, { destination })).plans, []);
        world.forget();
        assert.deepEqual((await world.plan(path, RECORD, { destination })).plans, []);
      });
    }
  });
}

function assertKnows(view: ImmichView): void {
  assert.equal(view.description, RECORD.description);
  assert.equal(view.takenAt, '2023-07-14T15:30:01.530+10:00');
  // EXIF knows offsets only; from a sidecar, Immich takes the name of the zone at the place.
  assert.match(view.timeZone ?? '', /^(?:Australia\/Sydney|UTC\+10)$/);
  assertNear(view.latitude, -33.856784, 1e-6);
  assertNear(view.longitude, 151.215296, 1e-6);
  assert.equal(view.rating, 4);
  assert.deepEqual([...view.tags].sort(), [...RECORD.tags ?? []].sort());
  assert.equal(view.faces.length, 1);
  assert.equal(view.faces[0]?.name, 'Anna Müller');
  assertBox(view.faces[0], [100 / 1440, 200 / 1080, 300 / 1440, 500 / 1080]);
}

for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
  Deno.test(`Immich finds faces where they were with orientation ${orientation}`, async () => {
    await using world = await World.open(['faces']);
    const immich = new ImmichReader();
    const [width, height] = orientation >= 5 ? [1080, 1440] : [1440, 1080];
    const face = { personName: 'Anna', imageWidth: width, imageHeight: height, x1: 123, y1: 234, x2: 345, y2: 679 };
    const path = await world.add('a.jpg', makeFile('jpg', orientation));
    await world.write(path, { ...RECORD, orientation, faces: [face] }, { fields: ['faces'] });
    const { faces } = await immich.read(path);
    assertBox(faces[0], [123 / width, 234 / height, 345 / width, 679 / height]);
    assert.deepEqual([faces[0]?.imageWidth, faces[0]?.imageHeight], orientation >= 5 ? [240, 320] : [320, 240]);
  });
}

/** Immich's name for a zone is that of the place; without a place it is an offset. */
const CLOCKS: readonly [zone: string, format: Format, takenAt: string, shown: string][] = [
  ['UTC+2', 'jpg', '2023-07-14T15:30:01.000+02:00', 'UTC+2'],
  ['+02:00', 'jpg', '2023-07-14T15:30:01.000+02:00', 'UTC+2'],
  ['UTC-3:30', 'png', '2023-07-14T10:00:01.000-03:30', 'UTC-3:30'],
  ['America/New_York', 'mov', '2023-07-14T09:30:01.000-04:00', 'UTC-4'],
  ['Europe/Berlin', 'mp4', '2023-07-14T15:30:01.000+02:00', 'UTC+2'],
  ['Asia/Kathmandu', 'heic', '2023-07-14T19:15:01.000+05:45', 'UTC+5:45'],
];

for (const [timeZone, format, takenAt, shown] of CLOCKS) {
  Deno.test(`Immich reads back the time in ${timeZone} from ${format}`, async () => {
    await using world = await World.open(['time']);
    const immich = new ImmichReader();
    const capturedAt = { instant: '2023-07-14T13:30:01.000Z', timeZone, localDateTime: '2023-07-14T00:00:00.000Z' };
    for (const destination of DESTINATIONS) {
      const path = await world.add(`${destination}.${format}`, makeFile(format));
      await world.write(path, { ...RECORD, capturedAt, position: undefined }, { fields: ['time'], destination });
      const view = await immich.read(path, destination === 'embed' ? undefined : `${path}.xmp`);
      assert.deepEqual([view.takenAt, view.timeZone], [takenAt, shown], destination);
    }
  });
}

function assertNear(actual: number | undefined, expected: number, tolerance: number): void {
  assert.ok(Math.abs((actual ?? NaN) - expected) <= tolerance, `${actual} is not near ${expected}`);
}

function assertBox(face: ImmichFace | undefined, expected: readonly [number, number, number, number]): void {
  [face?.x1, face?.y1, face?.x2, face?.y2].forEach((side, index) => assertNear(side, expected[index] ?? NaN, 1e-4));
}
