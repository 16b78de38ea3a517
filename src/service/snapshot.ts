import { usersInPairName } from '../config/shared_albums.ts';
import type { Config } from '../config/config.ts';
import type { ServiceEvent } from './events.ts';
import type { ProgressFigures } from '../share/cycle/progress.ts';
import type { Standing, WithdrawReason } from '../share/cycle/outcome.ts';
import { changesOf, type JobReport, problemsOf, type ToldRetries } from '../share/cycle/report.ts';
import type { OpenDecisionCount } from '../share/both_ways/count.ts';
import type { PairSharing } from '../share/explain/because.ts';
import type { BrakeReport } from '../share/brake/brake.ts';
import type { WriteReport } from '../writeback/run/report.ts';
import type { ProblemCode } from '../problems/codes.ts';
import { countCodes, type Problem } from '../problems/problem.ts';
import type { CycleRecord, ServicePhase, ServiceState, WriteState, WrittenChanges } from './state.ts';

/** What `/api/status` answers: everything the service knows about itself, without secrets. docs/service.md explains it. */
export interface Snapshot {
  readonly version: string;
  readonly startedAt: string;
  readonly phase: ServicePhase;
  /** When something will be tried or looked at again. */
  readonly nextRunAt: string | undefined;
  readonly intervalSeconds: number;
  /** Since when nothing is shared or written but locked photos are withdrawn, as somebody has paused it; undefined: it is not paused. */
  readonly pausedSince: string | undefined;
  /** Why not all is well; empty when it is. */
  readonly problems: readonly Problem[];
  /** How far the copy, or the write-back, is that goes on; undefined when there is none. */
  readonly progress: ProgressFigures | undefined;
  readonly jobs: readonly JobSnapshot[];
  /** What one user has from another, and why, as it was counted with the jobs. Empty for somebody who has not signed in. */
  readonly sharing: readonly PairSharing[];
  /** What is kept until somebody confirms that it may go. */
  readonly brakes: readonly BrakeReport[];
  /** What failed and is tried again, as of the last cycle. */
  readonly retries: ToldRetries;
  /** The last hundred, oldest first. */
  readonly cycles: readonly CycleFigures[];
  /** Undefined when write-back is not scheduled. */
  readonly write: WriteStatus | undefined;
  /** The last two hundred, oldest first. */
  readonly events: readonly ServiceEvent[];
  /** How many places are told when something happens. */
  readonly notified: number;
  /** Where somebody's browser finds Immich; undefined when the address is that of a container. Empty for somebody who has not signed in. */
  readonly immichUrl: string | undefined;
}

export interface JobSnapshot {
  readonly name: string;
  /** Names of the two users; undefined until the database has told, or when the job is not configured any more. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** As it was counted at `countedAt`; both are undefined before the first cycle has ended. */
  readonly standing: Standing | undefined;
  readonly countedAt: string | undefined;
  /** How many photos and videos the receiving user has got since the process began. */
  readonly received: number;
  /** Bytes that are not stored a second time, as they were counted with the rest; 0 before. */
  readonly savedBytes: number;
  /** What waits for a person where changes go both ways, as it was counted with the rest. */
  readonly decisions: OpenDecisionCount;
  /** Of the last cycle, by code. */
  readonly problemCounts: Readonly<Partial<Record<ProblemCode, number>>>;
  /** The same, one by one; empty for somebody who has not signed in. */
  readonly problems: readonly Problem[];
}

/** One cycle in numbers: the sums over all jobs. */
export interface CycleFigures {
  readonly startedAt: string;
  readonly seconds: number;
  readonly outcome: CycleRecord['outcome'];
  readonly created: number;
  readonly updated: number;
  readonly withdrawn: number;
  /** Everything that was counted, by the names of docs/phases.md; what is 0 is left out. */
  readonly changes: Readonly<Record<string, number>>;
  readonly problems: number;
  /** Why it failed as a whole. */
  readonly error: Problem | undefined;
}

export interface WriteStatus {
  readonly schedule: string;
  readonly nextRunAt: string | undefined;
  readonly last: Pick<WriteReport, 'startedAt' | 'seconds' | 'assets' | 'outcomes' | 'interrupted'> | undefined;
  readonly error: Problem | undefined;
  readonly changes: WrittenChanges | undefined;
}

/** A picture of the service at this moment. Pure; holds nothing that changes later. */
export function snapshotOf(state: ServiceState, config: Config, version: string): Snapshot {
  const last = state.cycles.findLast(({ report }) => report !== undefined)?.report;
  const names = new Set([...config.jobs.map(({ name }) => name), ...state.standings.keys()]);
  const { schedule } = config.write;
  return {
    version,
    startedAt: state.startedAt,
    phase: state.phase,
    nextRunAt: state.nextRunAt,
    intervalSeconds: config.syncIntervalSeconds,
    pausedSince: state.pausedSince,
    problems: state.problems,
    progress: state.progress,
    jobs: [...names].map((name) => {
      const job = config.jobs.find((one) => one.name === name);
      // Not what the configuration calls them: that may be an e-mail, which is nothing for everybody who can see the page.
      const nameOf = (user: string | undefined) => user === undefined ? undefined : state.userNames.get(user);
      // What users share in albums is no job of the configuration.
      const pair = usersInPairName(name);
      const problems = last?.jobs.find(({ job }) => job === name)?.problems ?? [];
      return {
        name,
        from: nameOf(job?.sourceUserId) ?? pair?.from,
        to: nameOf(job?.targetUserId) ?? pair?.to,
        standing: state.standings.get(name),
        countedAt: state.countedAt.get(name),
        received: state.received.get(name) ?? 0,
        savedBytes: state.saved.get(name) ?? 0,
        decisions: state.decisions.get(name) ?? { conflicts: 0, waiting: 0 },
        problemCounts: countCodes(problems),
        problems,
      };
    }),
    brakes: last?.brakes ?? [],
    retries: last?.retries ?? { photos: 0, nextAt: undefined },
    cycles: state.cycles.map(summaryOf),
    write: schedule === undefined ? undefined : writeStatusOf(schedule, state.write),
    events: [...state.events],
    notified: config.service.notify.length,
    sharing: state.sharing,
    immichUrl: config.immich.publicUrl ?? browserAddress(config.immich.url),
  };
}

/** A name without a dot is one of Docker's network, which no browser knows; localhost is another machine to most browsers. */
function browserAddress(url: string): string | undefined {
  const { hostname } = new URL(url);
  return hostname.includes('.') && !hostname.startsWith('127.') ? url : undefined;
}

/** Of the last run only what is counted: the report also names files. */
function writeStatusOf(schedule: string, { nextRunAt, last, error, changes }: WriteState): WriteStatus {
  if (last === undefined) return { schedule, nextRunAt, last, error, changes };
  const { startedAt, seconds, assets, outcomes, interrupted } = last;
  return { schedule, nextRunAt, last: { startedAt, seconds, assets, outcomes, interrupted }, error, changes };
}

function summaryOf({ startedAt, seconds, outcome, report, error }: CycleRecord): CycleFigures {
  const jobs = report?.jobs ?? [];
  const sum = (count: (job: JobReport) => number) => jobs.reduce((total, job) => total + count(job), 0);
  return {
    startedAt,
    seconds,
    outcome,
    created: sum(({ created }) => created),
    updated: sum((job) => job.rowsUpdated + job.filesUpdated + job.facesUpdated + job.peopleUpdated),
    withdrawn: sum(({ withdrawn }) => totalOf(withdrawn)),
    changes: report === undefined ? {} : changesOf(report),
    problems: report === undefined ? 0 : problemsOf(report).length,
    error,
  };
}

function totalOf(counts: Readonly<Partial<Record<WithdrawReason, number>>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
