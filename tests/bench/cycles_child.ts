import { mkdirSync } from 'node:fs';
import process from 'node:process';
import type { JobConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { EXTERNAL_ROOT } from '../../src/demo/roots.ts';
import { connect } from '../../src/postgres/connect.ts';
import type { CycleReport } from '../../src/share/cycle/report.ts';
import { type Sharing, withSharing } from '../../src/share/share.ts';
import { multiplyMirrors } from './multiply.ts';
import { countStatements, median, round } from './library.ts';
import { peakRssMiB } from './peak_memory.ts';

/** What is measured of the cycles of one process over a library. */
export interface Cycles {
  /** The first copy. */
  readonly firstSeconds: number;
  /** One that looks at everything when nothing has changed; null where rows were multiplied, as these have no files. The median of three. */
  readonly fullSeconds: number | null;
  /** One in which nothing has happened: the median of twenty. */
  readonly idleSeconds: number;
  readonly idleQueries: number;
  /** After 100 of the sources have changed: the median of three. */
  readonly changeSeconds: number;
  /** Peak resident memory over all of these. */
  readonly rssMiB: number;
}

/**
 * Mirrors a library, then measures cycles in which little or nothing has happened. Arguments: how often to multiply its rows, and how many
 * jobs there are, of which all but one have no photos.
 */
const [times = 1, jobs = 1] = Deno.args.map(Number);
const loaded = loadConfig({ env: process.env, cwd: Deno.cwd() });
const config = { ...loaded, jobs: loaded.jobs.flatMap((job) => [job, ...jobsWithoutPhotos(job, jobs - 1)]) };
const [sql, observer] = [await connect(config.database), await connect(config.database)];
await observer`CREATE EXTENSION pg_stat_statements`;
const progress = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

// It is always time for a full cycle; the second one finds what is alike, which is not measured.
const [first = 0, , ...full] = await withSharing(sql, { ...config, reconcileHours: 0 }, 'bench', async (sharing) => {
  const seconds: number[] = [];
  for (let run = 0; run < (times > 1 ? 1 : 5); run++) seconds.push((await timed(sharing)).seconds);
  return seconds;
});

const result = await withSharing(sql, config, 'bench', async (sharing): Promise<Cycles> => {
  await untilIdle(sharing);
  // Nothing may look at the copies in full: they have no files.
  if (times > 1) await multiplyMirrors(observer, times);
  await observer`VACUUM ANALYZE`;
  await untilIdle(sharing);

  const idle: number[] = [];
  for (let run = 0; run < 20; run++) idle.push((await timed(sharing)).seconds);
  await observer`SELECT pg_stat_statements_reset()`;
  await timed(sharing);
  const idleQueries = await countStatements(observer);

  const change: number[] = [];
  for (let run = 0; run < 3; run++) {
    await observer`
      UPDATE asset_exif
      SET description = ${`run ${run}`}
      WHERE "assetId" IN (SELECT source_asset_id FROM immich_sidecar.asset_map ORDER BY created_at, source_asset_id LIMIT 100)`;
    const { seconds, report } = await timed(sharing);
    const updated = report.jobs.reduce((sum, job) => sum + job.rowsUpdated, 0);
    if (updated !== 100) throw new Error(`${updated} of 100 changes were followed`);
    change.push(seconds);
    await untilIdle(sharing);
  }
  return {
    firstSeconds: round(first),
    fullSeconds: full.length === 0 ? null : round(median(full)),
    idleSeconds: round(median(idle)),
    idleQueries,
    changeSeconds: round(median(change)),
    rssMiB: peakRssMiB(),
  };
});
await sql.end();
await observer.end();
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(result)));

function jobsWithoutPhotos(job: JobConfig, count: number): JobConfig[] {
  return Array.from({ length: count }, (_, index) => {
    const sourcePathPrefix = `${job.sourcePathPrefix}none-${index}/`;
    mkdirSync(sourcePathPrefix.replace(EXTERNAL_ROOT, process.env.EXTERNAL_LIBRARY_DIR ?? ''), { recursive: true });
    const targetPathPrefix = job.targetPathPrefix.replace(/\/$/, `-${index}/`);
    return { ...job, name: `without photos ${index}`, sourcePathPrefix, targetPathPrefix };
  });
}

async function timed(sharing: Sharing): Promise<{ seconds: number; report: CycleReport }> {
  const start = performance.now();
  const report = await sharing.cycle({ progress });
  return { seconds: (performance.now() - start) / 1000, report };
}

/** A cycle still sees what the one before has written. */
async function untilIdle(sharing: Sharing): Promise<void> {
  for (let run = 0; run < 60; run++) {
    if ((await timed(sharing)).report.scope === 'nothing') return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error('the cycles never become idle');
}
