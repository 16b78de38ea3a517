import { closeSync, constants, openSync } from 'node:fs';
import { getRotatingFileSink } from '@logtape/file';
import {
  configure,
  getTextFormatter,
  jsonLinesFormatter,
  type LogLevel,
  type Sink,
  type TextFormatter,
} from '@logtape/logtape';
import type { Config } from '../config/config.ts';
import { messageOf, UserError } from '../errors.ts';
import { cleaned, type Environment, printError } from './output.ts';
import { aboveProgress } from './progress.ts';

const LEVELS: Readonly<Record<Config['log']['level'], LogLevel>> = Object.freeze({
  debug: 'debug',
  info: 'info',
  warning: 'warning',
  error: 'error',
});

/**
 * Sends log records to stderr, and to a file if one is given: readable lines, or JSON lines for machines. Throws UserError
 * when the file cannot be written.
 */
export async function configureLogging(log: Config['log'], file?: string): Promise<void> {
  const format = log.format === 'json' ? jsonLinesFormatter : getTextFormatter({
    timestamp: 'time',
    level: 'full',
    value: formatValue,
    format: ({ timestamp, level, message }) => `${timestamp} ${level.padEnd(7)} ${message}`,
  });
  const stderr: Sink = (record) => {
    aboveProgress(() => printError(format(record)));
  };
  const sinks: Record<string, Sink> = { stderr };
  if (file !== undefined) sinks['file'] = fileSink(file, format);
  await configure({
    reset: true,
    sinks,
    loggers: [
      {
        category: ['immich-sidecar'],
        lowestLevel: LEVELS[log.level],
        sinks: Object.keys(sinks),
      },
      { category: ['logtape', 'meta'], lowestLevel: 'error', sinks: ['stderr'] },
    ],
  });
}

/** The file and two older ones together stay below 32 MiB. */
const LOG_FILE_BYTES = 10 * 1024 * 1024;
const LOG_FILES = 2;

const RECORDS_BETWEEN_LOOKS = 100;

/** A pipe that nobody reads is no place for a log, and is not waited for. */
const TO_APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK;

/** It tells the names of people, places and photos. */
function keepPrivate(path: string): void {
  closeSync(openSync(path, TO_APPEND, 0o600));
  // Not ours to change where somebody else owns it.
  if (Deno.statSync(path).isFile && Deno.build.os !== 'windows') {
    try {
      Deno.chmodSync(path, 0o600);
    } catch (error) {
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
  }
}

function fileSink(path: string, format: TextFormatter): Sink {
  try {
    keepPrivate(path);
    const sink = getRotatingFileSink(path, {
      formatter: (record) => cleaned(format(record)),
      maxSize: LOG_FILE_BYTES,
      maxFiles: LOG_FILES,
      // Written at once: a log that lacks its end is of no use after a crash.
      bufferSize: 0,
    });
    let unseen = 0;
    return (record) => {
      sink(record);
      // It begins a new file now and then, with the mode that files usually have.
      if (++unseen % RECORDS_BETWEEN_LOOKS === 0) keepPrivate(path);
    };
  } catch (error) {
    throw new UserError(`The log file ${path} cannot be written: ${messageOf(error)}.`, {
      problemCode: 'not-writable',
      remedy: 'Set IMMICH_LOG_FILE to a file in a directory that this program may write to.',
      cause: error,
    });
  }
}

/**
 * The format as the process environment has it, for what is said before the configuration has been read, or when it
 * cannot be. The names are those of the settings.
 */
export function earlyFormat(env: Environment): Config['log']['format'] {
  const format = env['LOG_FORMAT'] || env['IMMICH_LOG_FORMAT'];
  if (format) return format.trim().toLowerCase() === 'json' ? 'json' : 'text';
  return env['IMMICH_STRUCTURED_LOGS']?.trim().toLowerCase() === 'true' ? 'json' : 'text';
}

/** Strings as they are: a message quotes what needs quoting itself. */
function formatValue(value: unknown): string {
  return typeof value === 'string' ? value : Deno.inspect(value);
}
