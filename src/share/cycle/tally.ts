import { getLogger } from '@logtape/logtape';
import { describeProblem, LEFT_OUT, type Problem, problem } from '../../problems/problem.ts';
import type { BrakeReport } from '../brake/brake.ts';
import type { Job } from '../jobs/job.ts';
import type { RemovalResult } from '../mirrors/remove.ts';
import { countReasons, type Withdrawal } from '../mirrors/withdrawal.ts';
import { CYCLE_COUNTS, type CycleCount, JOB_COUNTS, type JobCount } from '../phases/list.ts';
import type { Phase, Tally, Units } from '../phases/phase.ts';
import type { Standing } from './outcome.ts';
import type { JobReport, UntoldReport } from './report.ts';
import { type FailedPhoto, type Failures, problemKey } from './failures.ts';
import type { Progress } from './progress.ts';
import type { Said } from './said.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** What is added up for one job, or for the cycle as a whole. */
class Account {
  readonly counts = new Map<string, number>();
  readonly problems: Problem[] = [];
  readonly withdrawn: Withdrawal[] = [];
  readonly #keys = new Set<string>();

  add(what: string, number: number): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + number);
  }

  constructor(readonly mostProblems: number) {}

  get isFull(): boolean {
    return this.problems.length >= this.mostProblems;
  }

  problem(problem: Problem): void {
    if (this.isFull) return;
    this.problems.push(problem);
    this.#keys.add(problemKey(problem));
  }

  /** Whether there is one of the same kind that happened to the same. */
  has(problem: Problem): boolean {
    return this.#keys.has(problemKey(problem));
  }

  /** In the order of `names`; what was not counted is 0. */
  totals<Count extends string>(names: Readonly<Record<Count, string>>): Record<Count, number> {
    return Object.fromEntries(Object.keys(names).map((name) => [name, this.counts.get(name) ?? 0])) as Record<
      Count,
      number
    >;
  }
}

/** What all phases of a cycle do, by job. */
export class CycleTally {
  readonly #jobs: ReadonlyMap<string, Account>;
  /** Of no job, or of one that is not in this cycle. */
  readonly #cycle: Account;
  readonly #byPhase = new Map<string, number>();
  readonly #failed = new Map<string, FailedPhoto>();
  readonly #rest: Problem[] = [];
  #brakes: readonly BrakeReport[] = [];

  /** `mostProblems`: of each job, and of none. */
  constructor(
    readonly jobs: readonly Job[],
    readonly progress: Progress,
    mostProblems: number,
    readonly said: Pick<Said, 'isNews'>,
  ) {
    this.#cycle = new Account(mostProblems);
    this.#jobs = new Map(jobs.map(({ name }) => [name, new Account(mostProblems)]));
  }

  /** For one phase and what it works on. A target's numbers go to the first of its jobs. */
  of({ name, per, isNeverDelayed = false }: Phase, unit: Units[keyof Units]): Tally {
    const job = per === 'target'
      ? this.jobs.find(({ targetUserId }) => targetUserId === unit)
      : unit as Job | undefined;
    const account = this.#accountOf(job?.name);
    return {
      add: (what, number) => {
        account.add(what, number);
        this.#byPhase.set(name, this.doneBy(name) + number);
      },
      problem: (problem) => this.problem(problem, { job: job?.name, isUrgent: isNeverDelayed }),
      withdrew: (withdrawals) => this.withdrew(withdrawals),
      // Looked at again in the same cycle, it is as it is now.
      braked: (brakes) => {
        const again = new Set(brakes.map(({ job }) => job));
        this.#brakes = [...this.#brakes.filter(({ job }) => !again.has(job)), ...brakes];
      },
      advance: (done) => this.progress.advance(done),
    };
  }

  /** Something that failed; `job`: whose it is, where it does not say so itself. `isUrgent`: each cycle is to try again. */
  problem(
    problem: Problem,
    { job, isUrgent }: { readonly job?: string | undefined; readonly isUrgent: boolean },
  ): void {
    const named = { ...problem, where: { ...job === undefined ? {} : { job }, ...problem.where } };
    logger[this.said.isNews(named) ? 'warn' : 'debug']('{job}: {problem}', {
      job: named.where.job ?? 'all shares',
      problem: describeProblem(problem),
      code: problem.code,
    });
    const account = this.#accountOf(named.where.job);
    const { assetId } = named.where;
    if (assetId !== undefined) this.#failedOf(assetId, account.isFull ? shortened(named) : named, isUrgent);
    // Whether jobs can be worked on is looked at by itself.
    else if (!LEFT_OUT.has(problem.code)) this.#noteRest(named);
    account.problem(named);
  }

  #noteRest(problem: Problem): void {
    if (this.#rest.length < this.#cycle.mostProblems) this.#rest.push(problem);
  }

  #failedOf(assetId: string, problem: Problem, isUrgent: boolean): void {
    const known = this.#failed.get(assetId);
    this.#failed.set(assetId, {
      problems: [...known?.problems ?? [], problem],
      isUrgent: isUrgent || known?.isUrgent === true,
    });
  }

  /** What failed in an earlier cycle, and was not tried in this one. */
  again(problem: Problem): void {
    const account = this.#accountOf(problem.where.job);
    if (!account.isFull && !account.has(problem)) account.problem(problem);
  }

  withdrew(withdrawals: readonly Withdrawal[]): void {
    for (const withdrawal of withdrawals) this.#accountOf(withdrawal.jobName).withdrawn.push(withdrawal);
  }

  /** What was removed before it was known whether there can be a cycle. */
  began({ withdrawn, uncovered }: RemovalResult): void {
    this.withdrew(withdrawn);
    this.#cycle.add('coversTaken' satisfies CycleCount, uncovered.length);
  }

  /** How much a phase has done so far, whatever it was. */
  doneBy(phase: string): number {
    return this.#byPhase.get(phase) ?? 0;
  }

  /** What failed. */
  get failures(): Failures {
    return { photos: this.#failed, rest: this.#rest };
  }

  /** Mirrors of jobs that are not in this cycle. */
  get withdrawnOfOthers(): number {
    return this.#cycle.withdrawn.length;
  }

  /** Whether anything was done. */
  get hasChanges(): boolean {
    return [...this.#jobs.values(), this.#cycle].some(({ counts, withdrawn }) =>
      withdrawn.length > 0 || [...counts.values()].some((count) => count > 0)
    );
  }

  report(
    rest: Pick<UntoldReport, 'startedAt' | 'seconds' | 'scope' | 'hasBacklog'>,
    standings: ReadonlyMap<string, Standing>,
  ): UntoldReport {
    const jobs = this.jobs.map(({ name }): JobReport => {
      const account = this.#accountOf(name);
      return {
        job: name,
        ...account.totals<JobCount>(JOB_COUNTS),
        withdrawn: countReasons(account.withdrawn),
        braked: this.#brakes.find(({ job }) => job === name)?.reasons ?? {},
        standing: standings.get(name),
        problems: account.problems,
      };
    });
    const { problems } = this.#cycle;
    return {
      ...rest,
      jobs,
      brakes: this.#brakes,
      problems,
      complete: this.#brakes.length === 0 && [...jobs, { problems }].every((part) => part.problems.length === 0),
      ...this.#cycle.totals<CycleCount>(CYCLE_COUNTS),
    };
  }

  #accountOf(job: string | undefined): Account {
    return (job === undefined ? undefined : this.#jobs.get(job)) ?? this.#cycle;
  }
}

/** Of the photos that no report has room for only this is kept. */
function shortened({ code, where: { job, assetId } }: Problem): Problem {
  return problem(code, { ...job === undefined ? {} : { job }, ...assetId === undefined ? {} : { assetId } });
}
