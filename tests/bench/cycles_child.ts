import { mkdirSync } from 'node:fs';
import process from 'node:process';
import type { JobConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { EXTERNAL_ROOT } from '../../src/demo/roots.ts';
import { connect } from '../../src/postgres/connect.ts';
import { readRules } from '../../src/version.ts';
import { Alike } from '../../src/share/cycle/alike.ts';
import type { CycleReport } from '../../src/share/cycle/report.ts';
import { type Sharing, withSharing } from '../../src/share/share.ts';
import { multiplyMirrors } from './multiply.ts';
import { countStatements, median, round } from './library.ts';
import { peakRssMiB } from './peak_memory.ts';
import { databaseMicros } from './database_time.ts';

/** What is measured of the cycles of one process over a library. */
export interface Cycles {
  /** The first copy. */
  readonly firstSeconds: number;
  /** One that looks at everything when nothing has changed. The median of three. */
  readonly fullSeconds: number;
  /** What it takes of the processor for each mirror, in microseconds: this program, and all of PostgreSQL's processes. */
  readonly fullOwnMicros: number;
  readonly fullDatabaseMicros: number;
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
const always = { ...config, reconcileHours: 0 };
const [first = 0] = await fullCycles(2);
const changing = await observer<{ id: string }[]>`SELECT source_asset_id AS id FROM immich_sidecar.asset_map LIMIT 100`;
if (times > 1) {
  await multiplyMirrors(observer, times);
  await observer`VACUUM ANALYZE`;
  await noteAllAlike();
}
const [ownBefore, databaseBefore] = [process.cpuUsage(), await databaseMicros(observer)];
const full = await fullCycles(3);
const own = process.cpuUsage(ownBefore);
const [count] = await observer<{ mirrors: number }[]>`SELECT count(*)::int AS mirrors FROM immich_sidecar.asset_map`;
const looked = full.length * (count?.mirrors ?? 0);
const fullDatabaseMicros = (await databaseMicros(observer) - databaseBefore) / looked;
const fullOwnMicros = (own.user + own.system) / looked;

const result = await withSharing(sql, config, 'bench', async (sharing): Promise<Cycles> => {
  await untilIdle(sharing);
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
      WHERE "assetId" = ANY (${changing.map(({ id }) => id)}::uuid[])`;
    const { seconds, report } = await timed(sharing);
    const updated = report.jobs.reduce((sum, job) => sum + job.rowsUpdated, 0);
    if (updated !== 100) throw new Error(`${updated} of 100 changes were followed`);
    change.push(seconds);
    await untilIdle(sharing);
  }
  return {
    firstSeconds: round(first),
    fullSeconds: round(median(full)),
    fullOwnMicros: round(fullOwnMicros),
    fullDatabaseMicros: round(fullDatabaseMicros),
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

async function fullCycles(runs: number): Promise<number[]> {
  return await withSharing(sql, always, 'bench', async (sharing) => {
    const seconds: number[] = [];
    for (let run = 0; run < runs; run++) {
      const { seconds: took, report } = await timed(sharing);
      if (report.scope !== 'everything') throw new Error('that was no full cycle');
      seconds.push(took);
    }
    return seconds;
  });
}

/** As a cycle would that has compared all copies: that is not measured. */
async function noteAllAlike(): Promise<void> {
  await withSharing(sql, config, 'bench', (sharing) =>
    sharing.apply(async ({ database }, view) => {
      const alike = await Alike.begin(database, view, { rules: `bench ${readRules()}`, trusts: true });
      if (alike === undefined) throw new Error('nothing can be noted');
      for (const job of view.jobs) {
        for (const what of ['rows', 'embeddings'] as const) {
          for await (const { compared } of alike.pages(view, what, job)) await compared([]);
        }
        for await (const { compared } of alike.files(view, job)) await compared([]);
      }
    }));
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
