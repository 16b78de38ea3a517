/** With 3.3 Immich gives 32 countries other names, in all rows at once. */
import assert from 'node:assert/strict';
import { World } from '../../share/world.ts';
import { configOf, fingerprints, libraryFiles, write } from './helper.ts';

Deno.test('an update that renames countries is nothing that anybody has changed: mirrors follow, and no file is written again', async () => {
  await using world = await World.open('v3.2.0');
  const { sql } = world;
  await sql`
    UPDATE asset_exif SET latitude = 50.1, longitude = 14.4, city = 'Prague', country = 'Czech Republic'
    WHERE "assetId" = ${world.id('family/screenshot')}`;
  await world.share();
  const config = configOf(world);
  assert.equal((await write(config)).complete, true);
  await world.share();
  const before = fingerprints(libraryFiles(world));
  await world.upgrade('v3.3.0');
  await world.share();
  const again = await write(config);
  assert.equal(again.outcomes.written, 0);
  assert.deepEqual(fingerprints(libraryFiles(world)), before);
  const countryOf = async (id: string | undefined) =>
    (await sql<{ country: string }[]>`SELECT country FROM asset_exif WHERE "assetId" = ${id ?? null}`)[0]?.country;
  const mirror = await world.mirrorOf('family/screenshot');
  assert.equal(await countryOf(mirror), 'Czechia');
  // It is not taken for a wish of the receiver's: where the photo is still follows.
  await sql`
    UPDATE asset_exif SET latitude = 48.2, longitude = 16.4, city = 'Vienna', country = 'Austria'
    WHERE "assetId" = ${world.id('family/screenshot')}`;
  await world.share();
  assert.equal(await countryOf(mirror), 'Austria');
  assert.equal((await write(config)).outcomes.written, 1, 'the place is written once');
  assert.equal((await write(config)).outcomes.written, 0);
});
