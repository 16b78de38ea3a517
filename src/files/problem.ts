import { plain } from '../config/quote.ts';
import { type FileReason, wordsFor } from '../problems/codes.ts';
import { type Place, type Problem, problem } from '../problems/problem.ts';

const REASON_OF_CODE: Readonly<Record<string, FileReason>> = Object.freeze({
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  EXDEV: 'other-filesystem',
  EACCES: 'permission',
  EPERM: 'permission',
  EROFS: 'read-only',
  ENAMETOOLONG: 'name-too-long',
  ELOOP: 'missing',
  EISDIR: 'not-a-file',
  EEXIST: 'occupied',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EMLINK: 'too-many-links',
});

/** A file operation on one path that did not happen; nothing was changed. */
export class FileProblem extends Error {
  override name = 'FileProblem';

  constructor(readonly reason: FileReason, readonly path: string, cause?: unknown) {
    super(`${wordsFor(reason)}: ${plain(JSON.stringify(path))}`, { cause });
  }

  /** The message without the path. */
  get sentence(): string {
    return wordsFor(this.reason);
  }

  /** The same for a report. */
  toProblem(where: Place): Problem {
    return problem(this.reason, { ...where, path: this.path });
  }
}

/**
 * Wraps what the operating system said about `path`; a FileProblem passes through. What Deno refuses, no setting names: this process
 * has permissions for all that they do.
 */
export function asFileProblem(error: unknown, path: string): FileProblem {
  if (error instanceof FileProblem) return error;
  if (error instanceof Deno.errors.NotCapable) return new FileProblem('outside-roots', path, error);
  return new FileProblem(REASON_OF_CODE[codeOf(error)] ?? 'io', path, error);
}

/** The errno name of an operating system error, its number where that has no name here, or ''. Deno puts it into `code`, and for some only into the message. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return code;
  if (error instanceof Deno.errors.NotFound) return 'ENOENT';
  if (error instanceof Deno.errors.AlreadyExists) return 'EEXIST';
  if (error instanceof Deno.errors.NotADirectory) return 'ENOTDIR';
  if (error instanceof Deno.errors.FilesystemLoop) return 'ELOOP';
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) return 'EACCES';
  const osError = /os error (\d+)/.exec(error.message)?.[1];
  return osError === undefined ? '' : ERRNO[osError] ?? `errno ${osError}`;
}

/** Linux and macOS numbers where Deno gives no name. */
const ERRNO: Readonly<Record<string, string>> = Object.freeze({
  '18': 'EXDEV',
  '28': 'ENOSPC',
  '30': 'EROFS',
  '31': 'EMLINK',
  '36': 'ENAMETOOLONG',
  '63': 'ENAMETOOLONG',
  '122': 'EDQUOT',
});
