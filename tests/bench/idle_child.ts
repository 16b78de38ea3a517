import process from 'node:process';
import { loadConfig } from '../../src/config/load.ts';
import { connect, type Connection } from '../../src/postgres/connect.ts';
import { withSharing } from '../../src/share/share.ts';
import { multiplyMirrors } from './multiply.ts';
import { round } from './library.ts';
import { peakRssMiB } from './peak_memory.ts';

/** Mirrors a library, then measures cycles in which little or nothing has happened. Argument: how often to multiply its rows. */
const times = Number(Deno.args[0]);
const config = loadConfig({ env: process.env, cwd: Deno.cwd() });
const [sql, observer] = [await connect(config.database), await connect(config.database)];
await observer`CREATE EXTENSION pg_stat_statements`;
const progress = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

const result = await withSharing(sql, config, 'bench', async (sharing) => {
  const timed = async () => {
    const start = performance.now();
    const report = await sharing.cycle({ progress });
    return { seconds: (performance.now() - start) / 1000, report };
  };
  await timed();
  // Nothing may look at the copies in full: they have no files.
  await untilIdle(timed);
  if (times > 1) await multiplyMirrors(observer, times);
  await observer`VACUUM ANALYZE`;
  await untilIdle(timed);

  const idle: number[] = [];
  for (let run = 0; run < 20; run++) idle.push((await timed()).seconds);
  await observer`SELECT pg_stat_statements_reset()`;
  await timed();
  const idleQueries = await countQueries(observer);

  const change: number[] = [];
  for (let run = 0; run < 3; run++) {
    await observer`
      UPDATE asset_exif
      SET description = ${`run ${run}`}
      WHERE "assetId" IN (SELECT source_asset_id FROM immich_sidecar.asset_map ORDER BY created_at, source_asset_id LIMIT 100)`;
    const { seconds, report } = await timed();
    const updated = report.jobs.reduce((sum, job) => sum + job.rowsUpdated, 0);
    if (updated !== 100) throw new Error(`${updated} of 100 changes were followed`);
    change.push(seconds);
    await untilIdle(timed);
  }
  return {
    idleSeconds: round(median(idle)),
    idleQueries,
    changeSeconds: round(median(change)),
    rssMiB: peakRssMiB(),
  };
});
await sql.end();
await observer.end();
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(result)));

/** A cycle still sees what the one before has written. */
async function untilIdle(timed: () => Promise<{ report: { jobs: readonly unknown[] } }>): Promise<void> {
  for (let run = 0; run < 60; run++) {
    if ((await timed()).report.jobs.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error('the cycles never become idle');
}

async function countQueries(sql: Connection): Promise<number> {
  const [row] = await sql<{ calls: number }[]>`
    SELECT sum(calls)::int AS calls
    FROM pg_stat_statements
    WHERE query NOT LIKE '%pg_stat_statements%'
      AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  return row?.calls ?? 0;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
