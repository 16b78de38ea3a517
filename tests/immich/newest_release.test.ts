import assert from 'node:assert/strict';
import { readCatalog } from '../../src/immich/catalog.ts';
import { differencesFrom, NEWEST_RELEASE, shapeOf } from '../../src/immich/newest_release.ts';
import { RELEASES, withImmich } from '../harness/database.ts';

const NEWEST = RELEASES.at(-1) ?? 'v3.3.0';
const FILE = new URL('../../src/immich/newest_release.json', import.meta.url);

Deno.test('the shape of the newest release is that of its database; UPDATE_GOLDEN=1 writes it', async () => {
  await withImmich(NEWEST, async ({ sql }) => {
    const shape = shapeOf(NEWEST, await readCatalog(sql));
    if (Deno.env.get('UPDATE_GOLDEN') !== undefined) {
      await Deno.writeTextFile(FILE, `${JSON.stringify(shape, null, 2)}\n`);
    }
    assert.deepEqual(JSON.parse(await Deno.readTextFile(FILE)), JSON.parse(JSON.stringify(shape)));
    assert.deepEqual(differencesFrom(shape, await readCatalog(sql)), []);
  });
});

Deno.test('what a newer release has changed is named: tables, columns and triggers', async () => {
  await withImmich(NEWEST, async ({ sql }) => {
    await sql`CREATE TABLE public.recipe (id uuid PRIMARY KEY)`;
    await sql`CREATE TABLE public._face_sync_meta (key text)`;
    await sql`ALTER TABLE asset_exif ADD COLUMN mood text`;
    await sql`ALTER TABLE asset_exif DROP COLUMN "bitsPerSample"`;
    await sql`DROP TABLE partner_audit CASCADE`;
    await sql`DROP TRIGGER stack_delete_audit ON stack`;
    assert.deepEqual(differencesFrom(NEWEST_RELEASE, await readCatalog(sql)), [
      'table recipe is new',
      'column asset_exif.mood is new',
      'column asset_exif.bitsPerSample is gone',
      'table partner_audit is gone',
      'trigger stack.after delete: stack_delete_audit is gone',
    ]);
  });
});
