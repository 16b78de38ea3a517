import assert from 'node:assert/strict';
import { readMigrations } from '../../src/immich/migrations.ts';
import { withImmich } from '../harness/database.ts';

Deno.test('which migrations have run is told by their names; a table that has none, or is not there, tells nothing', async () => {
  await withImmich('v3.1.0', async ({ sql }) => {
    const before = await readMigrations(sql);
    assert.notEqual(before, '');
    assert.equal(await readMigrations(sql), before);
    await sql`INSERT INTO kysely_migrations (name, timestamp) VALUES ('9999-Next', '2026-01-01')`;
    assert.notEqual(await readMigrations(sql), before);
    await sql`ALTER TABLE kysely_migrations RENAME COLUMN name TO title`;
    assert.equal(await readMigrations(sql), '');
    await sql`DROP TABLE kysely_migrations`;
    assert.equal(await readMigrations(sql), '');
  });
});
