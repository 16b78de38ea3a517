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
  /**
   * Refused, and nothing was written: schema or lock. Or stopped by the brake, and nothing was withdrawn. Or the machine is in no state to go on
   * (a full disk, a port that is in use): the same command may succeed later, so a supervisor may try again.
   */
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

  /** `done`: what was done until then, as a sentence. */
  constructor(done?: string) {
    super(done === undefined ? 'Interrupted.' : `Interrupted. ${done}`, {
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

/** The machine is in no state for this, or not yet: nothing is wrong with the configuration, and the same may succeed later (exit 4). */
export class NotNowError extends UserError {
  override name = 'NotNowError';

  constructor(message: string, options: Omit<UserErrorOptions, 'exitCode'>) {
    super(message, { ...options, exitCode: EXIT.refused });
  }
}

/** What the system says when the machine is in no state to go on, by its codes: what that is, and what to do. */
const MACHINE: Readonly<Record<string, readonly [what: string, remedy: string]>> = Object.freeze({
  ENOSPC: ['The disk is full', 'Make room on it, or free inodes (df -h and df -i show both).'],
  EDQUOT: ['The quota of this user on the disk is used up', 'Make room, or raise the quota.'],
  EROFS: [
    'The disk is mounted read-only',
    'Mount it for writing; after an error of the disk Linux mounts it read-only.',
  ],
  EACCES: ['Permission denied', 'Let the user that immich-sidecar runs as use it (in a container: PUID and PGID).'],
  EPERM: [
    'The system does not allow it',
    'Let the user that immich-sidecar runs as do it (in a container: PUID and PGID).',
  ],
  EIO: ['The disk reported an error', 'Look at the system log (dmesg) and at the disk.'],
  ESTALE: ['The network share has gone stale', 'Mount it again.'],
  ENOTCONN: ['The network share is not connected', 'Mount it again.'],
  EMFILE: ['Too many files are open', 'Raise the limit on open files (ulimit -n; in Docker: ulimits).'],
  ENFILE: ['Too many files are open on this machine', 'Raise its limit (sysctl fs.file-max).'],
  ENOMEM: ['There is not enough memory', 'Give this machine or container more memory.'],
  EAGAIN: ['The system has no room for another process', 'Raise the limit on processes (in Docker: pids_limit).'],
  ENAMETOOLONG: ['A name is too long for the file system', 'Shorten the directory that is configured.'],
  ELOOP: ['Symbolic links lead in a circle', 'Look where the configured directory leads.'],
  ENOTDIR: ['A directory was expected, and a file is there', 'Look at the configured directories.'],
});

/**
 * What Deno or the system has refused, as an error that the user can do something about; anything else as it is. The process has permissions
 * for what the configuration names, so whatever Deno refuses has no name in it.
 */
export function explainSystemError(error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  if (error instanceof Deno.errors.NotCapable) {
    const [, what = error.message] = /^Requires (.+?),/.exec(error.message) ?? [];
    return new UserError(`The configuration does not name what this needs: ${what}.`, {
      problemCode: 'not-named',
      remedy:
        'Directories are named by UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR, PATH_MAP, IMMICH_PHOTO_DIR and WRITE_STATE_DIR, ' +
        'addresses by DB_HOSTNAME, DB_PORT and IMMICH_API_URL. If that is named, start the program again.',
      cause: error,
    });
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ERR_SQLITE_ERROR') {
    return new NotNowError(`The history cannot be used: ${error.message}.`, {
      problemCode: 'ledger-unwritable',
      remedy:
        'Look whether the disk of WRITE_STATE_DIR is full, read-only or damaged. Files that were being written are whole.',
      cause: error,
    });
  }
  const known = MACHINE[code];
  if (known === undefined) return error;
  return new NotNowError(`${known[0]}: ${error.message}.`, { problemCode: 'machine', remedy: known[1], cause: error });
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same with a full stop, so that another sentence can follow. */
export function sentenceOf(error: unknown): string {
  return messageOf(error).replace(/[^.!?]$/, '$&.');
}
