import type { Fragment } from '../../postgres/connect.ts';
import type { Problem } from '../../problems/problem.ts';
import type { BrakeReport } from '../brake/brake.ts';
import type { Tools, View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import type { Withdrawal } from '../mirrors/withdrawal.ts';

/** What a phase works on at a time. */
export interface Units {
  cycle: undefined;
  /** The id of a user who has people through sharing, or for whom a job is. */
  target: string;
  job: Job;
  /** The first job between two users: for what depends on these alone. */
  pair: Job;
}

/**
 * One step of a cycle. It finds what there is to do and does what was found; nobody but itself knows what that is. A cycle and its dry run
 * walk the same list of them (list.ts), so neither can leave one out.
 */
export interface Phase<
  Name extends string = string,
  Per extends keyof Units = keyof Units,
  Page = unknown,
  Count extends string = string,
> {
  readonly name: Name;
  /** What it does, as a sentence for docs/phases.md. */
  readonly what: string;
  readonly per: Per;
  /** It has nothing to do for a job that means no photo. */
  readonly isAboutMeant?: boolean;
  /** It goes by who made a mirror, after the phases that give mirrors to other jobs. */
  readonly isAboutMakers?: boolean;
  /** Looks for what leaves no trace: only when the cycle looks at everything. */
  readonly isFullOnly?: boolean;
  /** It takes away what somebody is not to see any more: what of that fails is tried again in each cycle, however often it has failed, and nobody waits for it until a look at everything is done. */
  readonly isNeverDelayed?: boolean;
  /** When it has done anything, the rest of the cycle looks at everything. */
  readonly widensScope?: boolean;
  /**
   * It removes what has belonged to mirrors that are gone, which withdrawing and `unshare` remove with them (mirrors/remove.ts); `doctor` says what it would find, in the database
   * or by going through directories. Files in the journal have a check of their own.
   */
  readonly removesLeftovers?: 'in the database' | 'on disk';
  /** What it counts, each with what that is for people, after a number. */
  readonly counts: Readonly<Record<Count, string>>;
  /** How far a long copy is. */
  readonly progress?: {
    readonly unit: 'photos' | 'embeddings';
    total(view: View, unit: Units[Per]): Promise<number>;
  };
  /**
   * Of a phase that works target by target: queries that have a row when there is something to do for the user `target`, an expression. With them one
   * statement asks for all targets.
   */
  asks?(view: View, target: Fragment): readonly Fragment[];
  /** Finds what there is to do, in pages, each of them something: no page, nothing to do. Reads only. */
  plan(view: View, unit: Units[Per]): AsyncIterable<Page>;
  /** Does what the pages say, and nothing else; it may lock, look again and leave out what does not hold any more. */
  apply(tools: Tools, unit: Units[Per], pages: AsyncIterable<Page>, tally: Tally<Count>): Promise<void>;
  describe(page: Page): PlanLine[];
}

/** Infers the types of a phase from its parts. */
export function definePhase<const Name extends string, Per extends keyof Units, Page, Count extends string>(
  phase: Phase<Name, Per, Page, Count>,
): Phase<Name, Per, Page, Count> {
  return Object.freeze(phase);
}

/** One thing that would be done. */
export interface PlanLine {
  /** Comes, goes, changes, is left out. */
  readonly sign: '+' | '-' | '~' | '!';
  /** What is counted, for people, such as `photos to mirror`. */
  readonly kind: string;
  /** How many of that kind it stands for; one when left out. */
  readonly count?: number;
  readonly text: string;
  /** Where it lies, as Immich sees it: by that a summary counts. */
  readonly folder?: string;
  /** Why it is left out: by that a summary counts. */
  readonly reason?: string;
  /** It was so before: applying it changes nothing. */
  readonly isKnown?: boolean;
}

/** Adds up what a phase does, while it does it. */
export interface Tally<Count extends string = string> {
  add(what: Count, number: number): void;
  /** Something that failed; the rest goes on. */
  problem(problem: Problem): void;
  withdrew(withdrawals: readonly Withdrawal[]): void;
  /** What was kept although it should have gone. */
  braked(brakes: readonly BrakeReport[]): void;
  advance(done: number): void;
}

/** Applies a plan page by page, each before the next one is made. */
export function eachPage<Unit, Page, Count extends string>(
  apply: (tools: Tools, unit: Unit, page: Page, tally: Tally<Count>) => Promise<void>,
): (tools: Tools, unit: Unit, pages: AsyncIterable<Page>, tally: Tally<Count>) => Promise<void> {
  return async (tools, unit, pages, tally) => {
    for await (const page of pages) await apply(tools, unit, page, tally);
  };
}

/** One line for each item. */
export function linesOf<Item>(
  sign: PlanLine['sign'],
  kind: string,
  items: readonly Item[],
  text: (item: Item) => string,
): PlanLine[] {
  return items.map((item) => ({ sign, kind, text: text(item) }));
}
