import process from 'node:process';
import { loadConfig } from '../../src/config/load.ts';
import { connect, type Connection } from '../../src/postgres/connect.ts';
import { applyDedup, planDedup } from '../../src/share/undo/dedup.ts';
import { withSharing } from '../../src/share/share.ts';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { round } from './library.ts';

/** Mirrors a library and withdraws it with unshare, then once more with dedup. */
const config = loadConfig({ env: process.env, cwd: Deno.cwd() });
const sql = await connect(config.database);
const progress = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; result: T }> {
  const start = performance.now();
  const result = await work();
  return { seconds: round((performance.now() - start) / 1000), result };
}

const result = await withSharing(sql, config, 'bench', async (sharing) => {
  const mirror = async () => {
    while ((await sharing.cycle({ progress })).hasBacklog);
    await sql`VACUUM ANALYZE`;
  };
  await mirror();
  const unshare = await sharing.apply(async (tools, view) => {
    const plan = await timed(() => planUnshare(sql, view, {}));
    return { plan, done: await timed(() => applyUnshare(tools, plan.result, () => {})) };
  });
  await mirror();
  await giveTargetsTheirOwn(sql);
  const dedup = await sharing.apply(async (tools, view) => {
    const plan = await timed(() => planDedup(sql, view, { matchTime: false }));
    return { plan, done: await timed(() => applyDedup(tools, plan.result, () => {})) };
  });
  for (const { plan, done } of [unshare, dedup]) {
    if (done.result.mirrors !== plan.result.counts.mirrors || done.result.mirrors === 0) {
      throw new Error('not all went');
    }
  }
  return {
    unsharePlanSeconds: unshare.plan.seconds,
    unshareSeconds: unshare.done.seconds,
    unshareLinks: unshare.done.result.links,
    dedupPlanSeconds: dedup.plan.seconds,
    dedupSeconds: dedup.done.seconds,
    dedupLinks: dedup.done.result.links,
  };
});
await sql.end();
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(result)));

/** An upload of the same name and time beside each mirror. */
async function giveTargetsTheirOwn(sql: Connection): Promise<void> {
  await sql`
    WITH own AS MATERIALIZED (
      SELECT mirror_asset_id AS mirror, gen_random_uuid() AS id
      FROM immich_sidecar.asset_map
    ),
    uploads AS (
      INSERT INTO asset
      SELECT (jsonb_populate_record(a, jsonb_build_object(
        'id', own.id,
        'libraryId', NULL,
        'isExternal', false,
        'originalPath', '/data/upload/' || own.id,
        'checksum', '\\x' || replace(own.id::text, '-', '')
      ))).*
      FROM own
      JOIN asset a ON a.id = own.mirror
    )
    INSERT INTO asset_exif
    SELECT (jsonb_populate_record(e, jsonb_build_object('assetId', own.id))).*
    FROM own
    JOIN asset_exif e ON e."assetId" = own.mirror`;
  await sql`ANALYZE`;
}
