import type { WithdrawReason } from '../cycle/outcome.ts';
import type { ReasonCounts } from '../mirrors/withdrawal.ts';

/** From where on a cycle withdraws too much at once for anybody to have meant it. */
export interface BrakeSettings {
  /** Of a job's mirrors. */
  readonly percent: number;
  /** Fewer mirrors than this may always go, however few the job has. */
  readonly minimum: number;
}

/** A job whose mirrors are kept though their sources say that they should go. */
export interface Brake {
  readonly job: string;
  /** How many mirrors would go, and for which reasons. */
  readonly mirrors: number;
  readonly reasons: ReasonCounts;
  /** How many mirrors the job has. */
  readonly total: number;
}

/** A brake, and what a person wants to know to decide. */
export interface BrakeReport extends Brake {
  readonly isConfigured: boolean;
  /** The directory of the job's originals here, if nothing is in it: a disk that is not mounted. */
  readonly emptyDirectory: string | undefined;
}

/** What is known of the jobs, by their names. */
export interface BrakeFacts {
  readonly settings: BrakeSettings;
  /** How many mirrors each job has made and still has. */
  readonly mirrors: ReadonlyMap<string, number>;
  /** How many a person has said may go. */
  readonly confirmed: ReadonlyMap<string, number>;
  readonly configured: ReadonlySet<string>;
  /** Whose brake is on. It stays on while there is anything to hold back: a cause that is undone photo by photo is not undone yet. */
  readonly on: ReadonlySet<string>;
}

/**
 * What happens by accident. At the source: a disk that is not mounted, a library that was emptied, a prefix that was changed. At the target: a
 * library that was deleted, or what Immich's scans have not found for a month and its nightly job purges. A photo that was locked always goes, as
 * somebody wants it private, and so does what the target has put into the trash.
 */
export const HELD: ReadonlySet<WithdrawReason> = new Set([
  'source-deleted',
  'source-trashed',
  'source-offline',
  'not-selected',
  'target-deleted',
]);

/** A job that loses all its mirrors at once has lost its source, if it had this many. */
const LEAST_OF_ALL = 10;

/** What is confirmed may grow by this much until it is done: photos come and go while a person decides. */
const TOLERANCE = 0.1;

/** How many mirrors of a job should go, for each reason. */
export interface JobWithdrawals {
  readonly job: string;
  readonly reasons: ReasonCounts;
}

/** The brakes that hold back what was found, all that can be held back of a job or nothing. Pure. */
export function decideBrakes(found: readonly JobWithdrawals[], facts: BrakeFacts): Brake[] {
  return found.flatMap(({ job, reasons }) => {
    const held = heldOf(reasons);
    const brake = { job, mirrors: sum(held), reasons: held, total: facts.mirrors.get(job) ?? 0 };
    const leaves = brake.total - sum(reasons);
    const isOn = facts.on.has(job) && brake.mirrors > 0;
    return (isOn || isTooMuch(brake, leaves, facts)) && !isConfirmed(brake, facts) ? [brake] : [];
  });
}

/** Jobs of which so much goes, or whose brake is on, that it matters how many mirrors they have. Pure. */
export function suspects(
  found: readonly JobWithdrawals[],
  { settings, on }: Pick<BrakeFacts, 'settings' | 'on'>,
): string[] {
  const least = Math.min(settings.minimum + 1, LEAST_OF_ALL);
  return found.filter(({ job, reasons }) => sum(heldOf(reasons)) >= least || on.has(job)).map(({ job }) => job);
}

/** Whether a brake that is on holds back what goes for this reason. */
export function isHeld(reason: WithdrawReason): boolean {
  return HELD.has(reason);
}

function heldOf(reasons: ReasonCounts): ReasonCounts {
  return Object.fromEntries(Object.entries(reasons).filter(([reason]) => isHeld(reason as WithdrawReason)));
}

function sum(reasons: ReasonCounts): number {
  return Object.values(reasons).reduce((total, count) => total + count, 0);
}

function isTooMuch({ job, mirrors, reasons, total }: Brake, leaves: number, facts: BrakeFacts): boolean {
  const { percent, minimum } = facts.settings;
  if (mirrors > Math.max(minimum, total * percent / 100)) return true;
  // A job that was taken out of the configuration, and is not big, was taken out on purpose.
  const isTakenOut = !facts.configured.has(job) && reasons['not-selected'] === mirrors;
  return leaves <= 0 && mirrors >= LEAST_OF_ALL && !isTakenOut;
}

function isConfirmed({ job, mirrors }: Brake, { confirmed }: BrakeFacts): boolean {
  return mirrors <= Math.floor((confirmed.get(job) ?? 0) * (1 + TOLERANCE));
}
