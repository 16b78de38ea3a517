import { EXIT, explainSystemError, messageOf, UserError } from '../errors.ts';
import type { ProblemCode } from '../problems/codes.ts';
import { printError } from './output.ts';

export interface ReportOptions {
  /** Whether a user's error is shown with what caused it. */
  readonly isDebug?: boolean;
  /** As the log: text for people, or one JSON object on a line. */
  readonly format?: 'text' | 'json';
}

/**
 * Prints what went wrong and returns the exit code: the user's errors as a message and a remedy, ours with a trace.
 */
export function reportError(thrown: unknown, options: ReportOptions = {}): number {
  const error = explainSystemError(thrown);
  const exitCode = error instanceof UserError ? error.exitCode : EXIT.internal;
  const write = options.format === 'json' ? writeJson : writeText;
  if (error instanceof UserError) {
    const cause = options.isDebug && error.cause !== undefined ? traceOf(error.cause) : undefined;
    write({ kind: 'error', code: error.problemCode, message: error.message, remedy: error.remedy, cause, exitCode });
  } else {
    write({
      kind: 'internal error',
      code: 'internal',
      message: messageOf(error),
      remedy: 'Nothing is lost: the next run finds and finishes or undoes what this one had begun. ' +
        'Please report this message together with the version of Immich.',
      cause: traceOf(error),
      exitCode,
    });
  }
  return exitCode;
}

interface Report {
  readonly kind: 'error' | 'internal error';
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
  readonly cause: string | undefined;
  readonly exitCode: number;
}

function writeText({ kind, message, remedy, cause }: Report): void {
  const causeLine = cause === undefined ? '' : `cause: ${cause}\n`;
  printError(`${kind}: ${message}\n  -> ${remedy}\n${causeLine}`);
}

/** The same keys as a line of the log. */
function writeJson({ kind, message, ...properties }: Report): void {
  const record = {
    '@timestamp': new Date().toISOString(),
    level: kind === 'error' ? 'ERROR' : 'FATAL',
    message,
    logger: 'immich-sidecar',
    properties,
  };
  printError(`${JSON.stringify(record)}\n`);
}

function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\ncaused by: ${traceOf(error.cause)}`;
}
