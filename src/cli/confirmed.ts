import type { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { UserError } from '../errors.ts';
import type { Connection } from '../postgres/connect.ts';
import type { UnshareChoice } from '../share/undo/unshare.ts';
import { type Consent, consentOf } from './ask.ts';
import { type Environment, table } from './output.ts';
import { isUuid } from './uuid.ts';
import { withDatabase } from './with_configuration.ts';

/** What can be said to every command that changes the database once somebody has said yes. */
export interface ConfirmedOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

/**
 * Gives such a command these options, and its work. The user is asked once, also when the work is begun again.
 *
 * @param check throws UserError for what was written wrongly, before anybody is asked or connected to
 */
export function confirmed<Options extends ConfirmedOptions>(
  command: Command,
  env: Environment,
  onExit: (code: number) => void,
  work: (sql: Connection, config: Config, options: Options, consent: Consent) => Promise<number>,
  check: (options: Options) => unknown = () => {},
): Command {
  return command
    .option('--yes', 'do not ask')
    .option('--json', 'print the result as one JSON object')
    .option('--config <file>', 'shares and settings (default: CONFIG_FILE, or config.yaml if it is there)')
    .action(async () => {
      const options = command.opts<Options>();
      check(options);
      const consent = consentOf(options);
      const run = (sql: Connection, config: Config) => work(sql, config, options, consent);
      onExit(await withDatabase(env, { ...options, needJobs: false }, run));
    });
}

/** Whose mirrors are meant, by `--job` and `--user`. Throws UserError for an id that is none. */
export function shareChoiceOf({ job, user }: { readonly job?: string; readonly user?: string }): UnshareChoice {
  if (user !== undefined && !isUuid(user)) {
    throw new UserError(`--user: ${JSON.stringify(user)} is not the id of a user.`, {
      problemCode: 'unknown-name',
      remedy: 'Copy it from Immich: Administration > Users, open the user; the id is the end of the address.',
    });
  }
  return { job, targetUserId: user?.toLowerCase() };
}

/** How many photos each job has, from the names of their jobs. In the order of the names: the photos may come in any. */
export function photosByJob(jobs: readonly string[]): string {
  const counts = [...Map.groupBy(jobs, (job) => job)].map(([job, all]) => [plain(job), String(all.length)]);
  const rows = counts.toSorted(([a = ''], [b = '']) => a < b ? -1 : 1);
  return table([['share', 'photos'], ...rows], new Set([1]));
}
