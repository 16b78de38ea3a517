import { configure, getTextFormatter, jsonLinesFormatter, type LogLevel, type Sink } from '@logtape/logtape';
import type { Config } from '../config/config.ts';
import { type Environment, printError } from './output.ts';
import { aboveProgress } from './progress.ts';

const LEVELS: Readonly<Record<Config['log']['level'], LogLevel>> = Object.freeze({
  debug: 'debug',
  info: 'info',
  warning: 'warning',
  error: 'error',
});

/** Sends log records to stderr: readable lines, or JSON lines for machines. */
export async function configureLogging(log: Config['log']): Promise<void> {
  const format = log.format === 'json' ? jsonLinesFormatter : getTextFormatter({
    timestamp: 'time',
    level: 'full',
    value: formatValue,
    format: ({ timestamp, level, message }) => `${timestamp} ${level.padEnd(7)} ${message}`,
  });
  const stderr: Sink = (record) => {
    aboveProgress(() => printError(format(record)));
  };
  await configure({
    reset: true,
    sinks: { stderr },
    loggers: [
      { category: ['immich-sidecar'], lowestLevel: LEVELS[log.level], sinks: ['stderr'] },
      { category: ['logtape', 'meta'], lowestLevel: 'error', sinks: ['stderr'] },
    ],
  });
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
