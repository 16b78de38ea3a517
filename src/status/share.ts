import type { Sql } from '../postgres/connect.ts';
import { isInstanceAtWork } from '../postgres/lock.ts';
import { type ConflictView, type OpenConflict, readConflicts } from '../share/both_ways/conflicts.ts';
import { type MergeProposal, readMergeProposals } from '../share/both_ways/merges.ts';
import { readWaitingJobs, type WaitingJob } from '../share/both_ways/waiting.ts';
import { countWritten } from '../share/both_ways/written.ts';
import { readBrakes, type RememberedBrake } from '../share/brake/remembered.ts';
import type { KeptCount } from '../share/kept/records.ts';
import { countAllKept } from '../share/kept/set_aside.ts';
import { readKeptRetries } from '../share/cycle/kept_retries.ts';
import type { CycleReport, ToldRetries } from '../share/cycle/report.ts';
import type { Standing } from '../share/cycle/outcome.ts';
import type { JobCounts } from '../share/explain/explain.ts';
import { countJob } from '../share/explain/planned.ts';
import { countRemembered } from '../share/remembered/forget.ts';
import { readStops } from '../share/stops/stops.ts';
import { readSaved } from '../share/standing/saved.ts';

/** Where sharing stands. docs/status.md describes every number. */
export interface ShareStatus {
  /** Whether an immich-sidecar is at work on this database, here or elsewhere: a service, or a command. */
  readonly isAtWork: boolean;
  /** The configured jobs, and those that are not and still have mirrors. */
  readonly jobs: readonly JobStatus[];
  readonly totals: Holdings;
  readonly brakes: readonly RememberedBrake[];
  /** Files that were kept because they may be the last copy of a photo, or were moved aside by mistake. */
  readonly kept: KeptCount;
  /** Photos that are not shared now and get back what their receivers had done to them, for each job that had shared them. */
  readonly remembered: readonly { readonly job: string; readonly photos: number }[];
  /** What two users have both changed, so that a person has to decide. */
  readonly conflicts: readonly OpenConflict[];
  /** People whom recipients have merged, and their owners have not. */
  readonly merges: readonly MergeProposal[];
  /** Jobs of which recipients have changed so much that a person has to confirm it before it reaches the originals. */
  readonly waiting: readonly WaitingJob[];
  /** How many changes of recipients were written into originals, and not undone since. */
  readonly writtenToSource: number;
  /** What failed and is tried again, as the last cycle has left it. */
  readonly retries: ToldRetries;
  /** The last cycles that changed something or failed, newest first. */
  readonly cycles: readonly CycleSummary[];
}

export interface JobStatus extends Holdings {
  readonly job: string;
  readonly isConfigured: boolean;
  /** What the job selects and where that is; undefined for a job that is not configured. */
  readonly standing: Standing | undefined;
  /** Since when its recipient has stopped it, by deleting its library in Immich; null = a cycle has not noted it yet. */
  readonly stoppedSince?: Date | null;
  /** How many photos meet each of its criteria; undefined for a job without any. */
  readonly criteria?: JobCounts['criteria'];
}

/** What there is through sharing. */
export interface Holdings {
  /** Mirrors that the job has made. */
  readonly mirrors: number;
  /** People on them. */
  readonly people: number;
  /** Their files; in the totals also thumbnails of people. */
  readonly links: number;
  /** Bytes of originals and generated files that take no space a second time. */
  readonly bytes: number;
}

export interface CycleSummary {
  readonly startedAt: Date;
  readonly seconds: number;
  readonly version: string;
  readonly created: number;
  readonly withdrawn: number;
  /** Mirrors whose rows followed their sources, and mirrors whose files did. */
  readonly rowsUpdated: number;
  readonly filesUpdated: number;
  readonly problems: number;
  readonly isBraked: boolean;
}

/** How many cycles are told. */
const CYCLES = 5;

/** Reads where sharing stands, side by side. Needs no lock; each number is true for a moment, while others may be at work. */
export async function readShareStatus(sql: Sql, view: ConflictView): Promise<ShareStatus> {
  const { schema, jobs } = view;
  const [isAtWork, holdings, stopped, counted, rest] = await Promise.all([
    isInstanceAtWork(sql),
    readHoldings(sql),
    readStops(sql, jobs),
    Promise.all(jobs.map((job) => countJob(sql, schema, job))),
    readRest(sql, view),
  ]);
  const stops = new Map(stopped.map(({ job, since }) => [job, since]));
  const statuses = jobs.map((job, index): JobStatus => ({
    ...holdings.find((one) => one.job === job.name) ?? NOTHING,
    job: job.name,
    isConfigured: true,
    standing: undefined,
    ...counted[index],
    ...stops.has(job.name) ? { stoppedSince: stops.get(job.name) ?? null } : {},
  }));
  const configured = new Set(jobs.map(({ name }) => name));
  const others = holdings.filter(({ job }) => !configured.has(job));
  return {
    isAtWork,
    jobs: [...statuses, ...others.map((held) => ({ ...held, isConfigured: false, standing: undefined }))],
    totals: await readTotals(sql, holdings),
    ...rest,
  };
}

async function readRest(sql: Sql, view: ConflictView): Promise<Omit<ShareStatus, 'isAtWork' | 'jobs' | 'totals'>> {
  const { schema, jobs } = view;
  const [brakes, kept, remembered, conflicts, merges, waiting, writtenToSource, retries, cycles] = await Promise.all([
    readBrakes(sql),
    countAllKept(sql, view),
    countRemembered(sql),
    readConflicts(sql, view),
    readMergeProposals(sql, schema, jobs),
    readWaitingJobs(sql),
    countWritten(sql),
    readKeptRetries(sql),
    readCycles(sql),
  ]);
  return { brakes, kept, remembered, conflicts, merges, waiting, writtenToSource, retries, cycles };
}

/** What each job has made, and what of that takes no space a second time. */
async function readHoldings(sql: Sql): Promise<(Holdings & { readonly job: string })[]> {
  const [counts, saved] = await Promise.all([readCounts(sql), readSaved(sql)]);
  return counts.map((one) => ({ ...one, bytes: saved.get(one.job) ?? 0 }));
}

const NOTHING: Holdings = Object.freeze({ mirrors: 0, people: 0, links: 0, bytes: 0 });

async function readCounts(sql: Sql): Promise<(Omit<Holdings, 'bytes'> & { readonly job: string })[]> {
  return await sql<(Omit<Holdings, 'bytes'> & { readonly job: string })[]>`
    SELECT
      held.job_name AS job,
      held.mirrors,
      coalesce(known.people, 0) AS people,
      coalesce(linked.links, 0) AS links
    FROM (
      SELECT m.job_name, count(*)::int AS mirrors
      FROM immich_sidecar.asset_map m
      JOIN asset mirror ON mirror.id = m.mirror_asset_id -- the target may have deleted library or account
      GROUP BY m.job_name
    ) AS held
    LEFT JOIN (
      SELECT m.job_name, count(DISTINCT pm.mirror_person_id)::int AS people
      FROM immich_sidecar.face_map fm
      JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = fm.mirror_asset_id
      JOIN immich_sidecar.person_map pm
        ON pm.mirror_person_id = fm.person_id AND pm.target_user_id = m.target_user_id
      GROUP BY m.job_name
    ) AS known ON known.job_name = held.job_name
    LEFT JOIN (
      SELECT m.job_name, count(*)::int AS links
      FROM immich_sidecar.link l
      JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = l.mirror_id
      GROUP BY m.job_name
    ) AS linked ON linked.job_name = held.job_name
    ORDER BY held.job_name`;
}

/** Somebody may be on photos of several jobs. */
async function readTotals(sql: Sql, holdings: readonly Holdings[]): Promise<Holdings> {
  const [row] = await sql<{ people: number; links: number }[]>`
    SELECT
      (SELECT count(*)::int FROM immich_sidecar.person_map) AS people,
      (SELECT count(*)::int FROM immich_sidecar.link) AS links`;
  const sum = (of: (one: Holdings) => number) => holdings.reduce((total, one) => total + of(one), 0);
  return {
    mirrors: sum(({ mirrors }) => mirrors),
    people: row?.people ?? 0,
    links: row?.links ?? 0,
    bytes: sum(({ bytes }) => bytes),
  };
}

async function readCycles(sql: Sql): Promise<CycleSummary[]> {
  const rows = await sql<{ startedAt: Date; version: string; report: CycleReport }[]>`
    SELECT started_at AS "startedAt", version, report
    FROM immich_sidecar.run
    ORDER BY id DESC
    LIMIT ${CYCLES}`;
  return rows.map(({ startedAt, version, report }) => {
    const sum = (of: (job: CycleReport['jobs'][number]) => number) =>
      report.jobs.reduce((total, job) => total + of(job), 0);
    return {
      startedAt,
      seconds: report.seconds,
      version,
      created: sum(({ created }) => created),
      withdrawn: sum(({ withdrawn }) => Object.values(withdrawn).reduce((all, count) => all + count, 0)),
      // Earlier versions did not count these.
      rowsUpdated: sum(({ rowsUpdated }) => rowsUpdated ?? 0),
      filesUpdated: sum(({ filesUpdated }) => filesUpdated ?? 0),
      problems: sum(problemsIn) + (report.problems ?? []).length,
      isBraked: (report.brakes ?? []).length > 0,
    };
  });
}

/** Earlier versions kept sentences, under another name. */
function problemsIn(job: CycleReport['jobs'][number]): number {
  return (job.problems ?? (job as { failures?: readonly string[] }).failures ?? []).length;
}
