import type { ProblemCode } from './problems/codes.ts';

/** What a process tells its caller with its exit code. The whole program uses this one table. */
export const EXIT = Object.freeze({
  ok: 0,
  /** Ours: a bug or something nobody foresaw; printed with a trace. */
  internal: 1,
  /** The user's: configuration or usage; one message, no trace. */
  usage: 2,
  /** Finished, but some assets failed. */
  partial: 3,
  /** Refused, and nothing was written: schema or lock. Or stopped by the brake, and nothing was withdrawn. */
  refused: 4,
  interrupted: 130,
  /** By SIGTERM. */
  terminated: 143,
  /** Of no process: an engine has ended so that another one, which may do what the configuration names now, takes its place. */
  renewed: -1,
});

export interface UserErrorOptions {
  readonly problemCode: ProblemCode;
  readonly remedy: string;
  /** EXIT.usage when left out. */
  readonly exitCode?: number;
  readonly cause?: unknown;
}

/**
 * An error that the user can do something about: what happened, and the remedy. Printed without a trace.
 *
 * `cause` keeps the original error for the log at debug level.
 */
export class UserError extends Error {
  override name = 'UserError';
  /** What kind of error it is, for machines. Not `code`, which is the system's word for its own errors and PostgreSQL's for SQLSTATEs. */
  readonly problemCode: ProblemCode;
  readonly remedy: string;
  readonly exitCode: number;

  constructor(message: string, options: UserErrorOptions) {
    super(message, { cause: options.cause });
    this.problemCode = options.problemCode;
    this.remedy = options.remedy;
    this.exitCode = options.exitCode ?? EXIT.usage;
  }
}

/** Somebody has pressed Ctrl-C, or the system ends the program. Nothing is wrong. */
export class InterruptedError extends UserError {
  override name = 'InterruptedError';

  constructor() {
    super('Interrupted.', {
      problemCode: 'interrupted',
      remedy: 'What was begun is finished or undone by the next run.',
      exitCode: EXIT.interrupted,
    });
  }
}

/** The program declines to work on this database or at this time (exit 4); it has changed nothing. */
export class RefusedError extends UserError {
  override name = 'RefusedError';

  constructor(message: string, options: Omit<UserErrorOptions, 'exitCode'>) {
    super(message, { ...options, exitCode: EXIT.refused });
  }
}

/**
 * What Deno has refused, as an error that the user can do something about; anything else as it is. The process has permissions for what
 * the configuration names, so whatever is refused has no name in it.
 */
export function explainRefusal(error: unknown): unknown {
  if (!(error instanceof Deno.errors.NotCapable)) return error;
  const [, what = error.message] = /^Requires (.+?),/.exec(error.message) ?? [];
  return new UserError(`The configuration does not name what this needs: ${what}.`, {
    problemCode: 'not-named',
    remedy:
      'Directories are named by UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR, PATH_MAP, IMMICH_PHOTO_DIR and WRITE_STATE_DIR, ' +
      'addresses by DB_HOSTNAME, DB_PORT and IMMICH_API_URL. If that is named, start the program again.',
    cause: error,
  });
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same with a full stop, so that another sentence can follow. */
export function sentenceOf(error: unknown): string {
  return messageOf(error).replace(/[^.!?]$/, '$&.');
}
