/** Immich is at work in the same database (docs/invariants.md, 12). */
import assert from 'node:assert/strict';
import { connect, disconnect } from '../../src/postgres/connect.ts';
import { sqlStateOf } from '../../src/postgres/faults.ts';
import { LIMITS } from '../../src/share/cycle/limits.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { World } from './world.ts';

Deno.test('no table of Immich is locked as a whole, by a first sync, by what follows, nor by unshare', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await lockingAll(world, 'SHARE UPDATE EXCLUSIVE', async () => {
    assert.deepEqual(problemsOf(await world.share()), []);
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/wedding')}`;
    await world.sql`UPDATE asset_exif SET description = 'news' WHERE "assetId" = ${world.id('family/portrait')}`;
    for (const isFull of [false, true]) assert.deepEqual(problemsOf(await world.share({ isFull })), []);
    assert.equal(await world.mirrorOf('family/wedding'), undefined);
    const { problems } = await world.apply(async (tools, view) =>
      await applyUnshare(tools, await planUnshare(view.sql, view, {}), () => {})
    );
    assert.deepEqual(problems, []);
  });
});

Deno.test('a lock of Immich is waited for for five seconds, and a transaction has 500 assets at the most', async () => {
  assert.ok(LIMITS.batch <= 500);
  await using world = await World.open('v3.1.0', { ownTables: false });
  const usual = await connect(world.config.database);
  const hasty = await connect(world.config.database, { lock_timeout: 50 });
  try {
    assert.deepEqual([...await usual`SHOW lock_timeout`], [{ lock_timeout: '5s' }]);
    await lockingAll(world, 'SHARE', async () => {
      await assert.rejects(
        hasty`UPDATE asset SET "isFavorite" = true WHERE id = ${world.id('family/portrait')}`,
        (error) => sqlStateOf(error) === '55P03',
      );
    });
  } finally {
    for (const sql of [usual, hasty]) await disconnect(sql);
  }
});

/** With a lock on each table of Immich's that waits for, and holds up, whoever else locks one in such a way; single rows may be written with the first of these modes. */
async function lockingAll(world: World, mode: 'SHARE UPDATE EXCLUSIVE' | 'SHARE', use: () => Promise<void>) {
  const sql = await connect({ ...world.db.superuser, maxConnections: 1 });
  try {
    await sql.begin(async (tx) => {
      const tables = await tx<{ name: string }[]>`
        SELECT format('public.%I', relname) AS name
        FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        ORDER BY relname`;
      await tx.unsafe(`LOCK TABLE ${tables.map(({ name }) => name).join(', ')} IN ${mode} MODE`);
      await use();
    });
  } finally {
    await disconnect(sql);
  }
}
