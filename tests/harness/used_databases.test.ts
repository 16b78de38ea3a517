import assert from 'node:assert/strict';
import { digestTables } from '../share/snapshot.ts';
import { World } from '../share/world.ts';

/** The name of the database, and what is in it, before `use`. */
async function visit(use: (world: World) => PromiseLike<unknown>) {
  await using world = await World.open('v3.1.0');
  const seen = { name: world.db.config.name, tables: await digestTables(world.sql) };
  await use(world);
  return seen;
}

Deno.test('a database that is used again says what a new one says; with another object, or while somebody is at work, it is not', async () => {
  const first = await visit(async (world) => {
    await world.share();
    await world.sql`DELETE FROM album`;
  });
  const second = await visit((world) => world.sql`ALTER TABLE asset DISABLE TRIGGER asset_delete_audit`);
  assert.deepEqual(second, first);
  const third = await visit(async (world) => {
    const session = await world.sql.reserve();
    await session`SELECT pg_advisory_lock(1)`;
  });
  assert.notEqual(third.name, second.name);
  assert.deepEqual(third.tables, first.tables);
  assert.notEqual((await visit(() => Promise.resolve())).name, third.name);
});
