import assert from 'node:assert/strict';
import { ImmichReader } from './as_immich_reads.ts';
import { makeFile } from './media.ts';
import { withLoci } from './with_loci.ts';
import { RECORD, World } from './world.ts';

const [LATITUDE, LONGITUDE] = [-33.856784, 151.215296];

for (
  const [name, latitude, longitude] of [
    ['another place', 52.36929, 6.67609],
    ['the other hemisphere', 33.856784, -151.215296],
  ] as const
) {
  Deno.test(`Immich reads back the place of a film that says ${name} as telephones of 3GPP do`, async () => {
    await using world = await World.open();
    const immich = new ImmichReader();
    const bytes = withLoci(makeFile('mp4'), latitude, longitude);
    const path = await world.add('a.mp4', bytes);
    const before = await immich.read(path);
    assert.ok(Math.abs((before.latitude ?? 0) - latitude) < 1e-3, `read ${before.latitude}`);
    await world.write(path, RECORD);
    const after = await immich.read(path);
    assert.ok(Math.abs((after.latitude ?? 0) - LATITUDE) < 1e-4, `read ${after.latitude}`);
    assert.ok(Math.abs((after.longitude ?? 0) - LONGITUDE) < 1e-4, `read ${after.longitude}`);
    assert.deepEqual((await world.plan(path, RECORD)).plans, []);
    await world.undoAll();
    assert.deepEqual(await Deno.readFile(path), bytes);
  });
}

Deno.test('a film whose place in the way of 3GPP is the one that Immich knows keeps it', async () => {
  await using world = await World.open();
  const immich = new ImmichReader();
  const path = await world.add('a.mp4', withLoci(makeFile('mp4'), LATITUDE, LONGITUDE));
  await world.write(path, RECORD);
  assert.ok((await immich.raw(path))['UserData:LocationInformation']);
  assert.deepEqual(world.left, []);
});
