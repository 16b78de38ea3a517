import type { Problem } from '../../problems/problem.ts';
import type { BrakeReport } from '../brake/brake.ts';
import type { ReasonCounts } from '../mirrors/withdrawal.ts';
import { CYCLE_COUNTS, type CycleCount, JOB_COUNTS, type JobCount } from '../phases/list.ts';
import type { Standing } from './outcome.ts';

/** What one cycle did for one job, as its phases have counted it. What several jobs share is counted for the first of them. */
export interface JobReport extends Readonly<Record<JobCount, number>> {
  readonly job: string;
  readonly withdrawn: ReasonCounts;
  /** Mirrors that should have been withdrawn and were kept, being too many at once; empty without a brake. */
  readonly braked: ReasonCounts;
  /** Undefined when it was not counted, which takes a look at every asset: see counting.ts. A full cycle always counts. */
  readonly standing: Standing | undefined;
  /** Single files or assets that failed in this cycle; the first hundred. */
  readonly problems: readonly Problem[];
}

/** What failed and is tried again, but not in each cycle. */
export interface ToldRetries {
  readonly photos: number;
  /** When the next of it is tried at the latest; undefined when nothing failed. */
  readonly nextAt: string | undefined;
}

/** What one cycle did. */
export interface CycleReport extends Readonly<Record<CycleCount, number>> {
  readonly startedAt: string;
  readonly seconds: number;
  /** What it has looked at. */
  readonly scope: 'nothing' | 'changes' | 'everything';
  readonly jobs: readonly JobReport[];
  /** What was kept although it should have gone, also of jobs that are no longer configured. */
  readonly brakes: readonly BrakeReport[];
  /** What failed and is no job's; the first hundred. */
  readonly problems: readonly Problem[];
  /** True when nothing failed and every selected asset is where it should be. */
  readonly complete: boolean;
  /** What failed, in this cycle or before, and is tried again. */
  readonly retries: ToldRetries;
  /** Embeddings are left for the next cycle, which should come at once. */
  readonly hasBacklog: boolean;
}

/** The same before it is known when what failed is tried again. */
export type UntoldReport = Omit<CycleReport, 'retries'>;

/** What a cycle did for all jobs together, by the names of docs/phases.md; what is 0 is left out. */
export function changesOf(report: CycleReport): Record<string, number> {
  const ofJobs = Object.keys(JOB_COUNTS).map((name) =>
    [name, report.jobs.reduce((sum, job) => sum + job[name as JobCount], 0)] as const
  );
  const once = Object.keys(CYCLE_COUNTS).map((name) => [name, report[name as CycleCount]] as const);
  return Object.fromEntries([...ofJobs, ...once].filter(([, count]) => count > 0));
}

/** Everything that failed, of all jobs and of none. */
export function problemsOf(report: Pick<CycleReport, 'jobs' | 'problems'>): Problem[] {
  return [...report.jobs.flatMap(({ problems }) => problems), ...report.problems];
}
