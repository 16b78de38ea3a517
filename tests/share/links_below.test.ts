import assert from 'node:assert/strict';
import { hasLinksBelow } from '../../src/share/mirrors/journal.ts';
import { World } from './world.ts';

Deno.test('whether a file of ours lies below a directory: not one that only begins with its name', async () => {
  await using world = await World.open('v3.1.0');
  const found = () =>
    Promise.all(
      ['/external_library', '/external', '/data/thumbs', '/data'].map((directory) =>
        hasLinksBelow(world.sql, directory)
      ),
    );
  assert.deepEqual(await found(), [false, false, false, false]);
  await world.sql`
    INSERT INTO immich_sidecar.link (mirror_id, path, keep)
    VALUES (gen_random_uuid(), '/external_library/bob/.alice/a.jpg', '/external_library/bob')`;
  assert.deepEqual(await found(), [true, false, false, false]);
});
