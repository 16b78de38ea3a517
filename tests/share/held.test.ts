import assert from 'node:assert/strict';
import { connect, disconnect } from '../../src/postgres/connect.ts';
import { readHeld } from '../../src/share/brake/held.ts';
import { planOnly } from '../../src/share/plan_only.ts';
import { World } from './world.ts';

Deno.test('who decides about a brake sees the photos: of that job, with their names, and those of no other reason', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const [gone, locked] = await world.someMirrored();
  await world.sql`UPDATE asset SET status = 'trashed', "deletedAt" = now() WHERE id = ${gone}`;
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${locked}`;
  const [row] = await world.sql<{ job: string; name: string }[]>`
    SELECT m.job_name AS job, a."originalFileName" AS name
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    WHERE m.source_asset_id = ${gone}`;
  const sql = await connect(world.config.database);
  try {
    const read = (job: string) =>
      planOnly(
        sql,
        world.config,
        undefined,
        (tx, prepared) => readHeld(tx, { ...prepared, sql: tx, scope: 'all', rechecks: [] }, job, 10),
      );
    const held = await read(row?.job ?? '');
    assert.deepEqual(held.map(({ mirrorAssetId, fileName, reason }) => [mirrorAssetId, fileName, reason]), [
      [await world.mirrorOfId(gone), row?.name, 'source-trashed'],
    ]);
    assert.ok(held[0]?.takenAt instanceof Date);
    assert.deepEqual(await read('another job'), []);
  } finally {
    await disconnect(sql);
  }
});
