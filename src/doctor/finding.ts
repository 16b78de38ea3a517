import { messageOf, sentenceOf, UserError } from '../errors.ts';

/** How well something is. `skipped`: it could not be looked at, or there is nothing to look at; the message says why. */
export type Status = 'ok' | 'warn' | 'fail' | 'skipped';

/** What a check is about, in the order of the page. */
export const CHECK_GROUPS = Object.freeze(
  ['program', 'database', 'immich', 'api', 'jobs', 'files', 'mirrors', 'write'] as const,
);

export type Group = typeof CHECK_GROUPS[number];

/** What a check says: one or more of these. */
export interface Verdict {
  readonly status: Status;
  /** One sentence. */
  readonly message: string;
  readonly remedy?: string;
  /** Statements that the remedy speaks of, without semicolons. */
  readonly sql?: readonly string[];
}

/** A verdict and where it comes from. `check` is stable, for scripts. */
export interface Finding extends Verdict {
  readonly check: string;
  readonly group: Group;
}

export function ok(message: string): Verdict {
  return { status: 'ok', message };
}

export function warn(message: string, remedy: string, sql?: readonly string[]): Verdict {
  return { status: 'warn', message, remedy, ...sql === undefined ? {} : { sql } };
}

export function fail(message: string, remedy: string, sql?: readonly string[]): Verdict {
  return { status: 'fail', message, remedy, ...sql === undefined ? {} : { sql } };
}

export function skipped(message: string): Verdict {
  return { status: 'skipped', message };
}

/** There is nothing to look at, or what it takes is missing, of which another check tells. */
export class NotLookedAt extends Error {
  override name = 'NotLookedAt';
}

/** What something that was thrown means for the check that it ended. */
export function verdictOf(error: unknown): Verdict {
  if (error instanceof NotLookedAt) return skipped(error.message);
  if (error instanceof UserError) return fail(sentenceOf(error), error.remedy);
  return fail(
    `This could not be looked at: ${sentenceOf(messageOf(error))}`,
    'Please report this message together with the version of Immich.',
  );
}
