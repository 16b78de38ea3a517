import { EXIT, UserError } from '../errors.ts';
import { printError } from './output.ts';

/**
 * Prints what went wrong and returns the exit code: the user's errors as a message and a remedy, ours with a trace.
 */
export function reportError(error: unknown, options: { readonly isDebug?: boolean } = {}): number {
  if (error instanceof UserError) {
    printError(`error: ${error.message}\n  -> ${error.remedy}\n`);
    if (options.isDebug && error.cause !== undefined) printError(`cause: ${traceOf(error.cause)}\n`);
    return error.exitCode;
  }
  printError(
    `internal error: ${traceOf(error)}\n` +
      '  -> Nothing is lost: the next run finds and finishes or undoes what this one had begun.\n' +
      '     Please report this message together with the version of Immich.\n',
  );
  return EXIT.internal;
}

function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\ncaused by: ${traceOf(error.cause)}`;
}
