import type { WithdrawReason } from '../cycle/outcome.ts';
import { countReasons, type ReasonCounts, type Withdrawal } from '../mirrors/withdrawal.ts';

/** From where on a cycle takes back too much at once for anybody to have meant it. */
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
 * What the source side does by accident: a disk that is not mounted, a library that was emptied, a prefix that was changed.
 * A photo that was locked always goes, as somebody wants it private, and so does what the target's owner does not want.
 */
const HELD: ReadonlySet<WithdrawReason> = new Set([
  'source-deleted',
  'source-trashed',
  'source-offline',
  'not-selected',
]);

/** A job that loses all its mirrors at once has lost its source, if it had this many. */
const LEAST_OF_ALL = 10;

/** What is confirmed may grow by this much until it is done: photos come and go while a person decides. */
const TOLERANCE = 0.1;

/** Divides withdrawals into those that are made and the brakes that hold back the others, job by job. Pure. */
export function divide(
  found: readonly Withdrawal[],
  facts: BrakeFacts,
): { withdrawals: readonly Withdrawal[]; brakes: readonly Brake[] } {
  const brakes: Brake[] = [];
  for (const [job, ofJob] of Map.groupBy(found, ({ jobName }) => jobName)) {
    const held = ofJob.filter(isHeld);
    const brake = { job, mirrors: held.length, reasons: countReasons(held), total: facts.mirrors.get(job) ?? 0 };
    const leaves = brake.total - ofJob.length;
    const isOn = facts.on.has(job) && held.length > 0;
    if ((isOn || isTooMuch(brake, leaves, facts)) && !isConfirmed(brake, facts)) brakes.push(brake);
  }
  const braked = new Set(brakes.map(({ job }) => job));
  return { withdrawals: found.filter((item) => !braked.has(item.jobName) || !isHeld(item)), brakes };
}

/** Jobs of which so much goes, or whose brake is on, that it matters how many mirrors they have. Pure. */
export function suspects(
  found: readonly Withdrawal[],
  { settings, on }: Pick<BrakeFacts, 'settings' | 'on'>,
): string[] {
  const held = Map.groupBy(found.filter(isHeld), ({ jobName }) => jobName);
  const least = Math.min(settings.minimum + 1, LEAST_OF_ALL);
  return [...held].filter(([job, { length }]) => length >= least || on.has(job)).map(([job]) => job);
}

function isHeld({ reason }: Withdrawal): boolean {
  return HELD.has(reason);
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
