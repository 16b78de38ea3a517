import { Command, Option } from 'commander';
import type { Config } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { EXIT } from '../errors.ts';
import type { Connection } from '../postgres/connect.ts';
import { BusyError } from '../postgres/lock.ts';
import { confirmBrakes, type RememberedBrake } from '../share/brake/remembered.ts';
import { StepTotals } from '../share/cycle/step_words.ts';
import type { CycleReport } from '../share/cycle/report.ts';
import { dryRun, share } from '../share/share.ts';
import { VERSION } from '../version.ts';
import { type Environment, print, printJson } from './output.ts';
import { terminalProgress } from './progress.ts';
import { describeCycle } from './share_report.ts';
import { withDatabase } from './with_configuration.ts';

interface SyncOptions {
  readonly job?: string;
  readonly confirmWithdrawals?: boolean;
  readonly dryRun?: boolean;
  readonly full?: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

/** `immich-sidecar sync`: one share cycle. */
export function syncCommand(env: Environment, onExit: (code: number) => void): Command {
  return new Command('sync')
    .description('Mirror what the configured jobs select: one cycle, then exit')
    .option('--job <name>', 'run only this job')
    .option('--full', 'look at every photo and file, not only at what has changed since the last run')
    .option('--dry-run', 'print what would be done and change nothing')
    .addOption(
      new Option('--confirm-withdrawals', 'remove what an earlier cycle has kept because it was too much at once')
        .conflicts('dryRun'),
    )
    .option('--json', 'print the result as JSON; the last line of stdout is one object')
    .option('--config <file>', 'jobs and settings (default: CONFIG_FILE, or config.yaml if it is there)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: SyncOptions) => {
      const said: Said = {};
      const work = (sql: Connection, config: Config) =>
        options.dryRun ? show(sql, config, options) : sync(sql, config, options, said);
      onExit(await withDatabase(env, options, work));
    });
}

/** What is not said twice when a cycle is begun again after its connection was lost: by then there may be other brakes. */
interface Said {
  confirmed?: readonly RememberedBrake[];
}

const EXAMPLES = `
Examples:
  immich-sidecar sync --dry-run               what would a cycle do?
  immich-sidecar sync --job "alice to bob"    one job only
  immich-sidecar sync --confirm-withdrawals --job "alice to bob"

A cycle that would remove all that a job shares, or a large part of it
(BRAKE_PERCENT, BRAKE_MINIMUM), keeps everything, says why, and ends with
exit code 4. --confirm-withdrawals says that it is right.`;

async function show(sql: Connection, config: Config, options: SyncOptions): Promise<number> {
  const steps = new StepTotals();
  await dryRun(sql, config, {
    jobName: options.job,
    sink: (step, lines) => {
      const text = steps.describe(step, lines);
      if (options.json) printJson(step);
      else print(text);
    },
  });
  if (options.json) printJson({ dryRun: true, ...steps.totals() });
  else print(steps.summary());
  return EXIT.ok;
}

async function sync(sql: Connection, config: Config, options: SyncOptions, said: Said): Promise<number> {
  const isKnown = options.job === undefined || config.jobs.some(({ name }) => name === options.job);
  if (options.confirmWithdrawals && isKnown && said.confirmed === undefined) {
    said.confirmed = await confirmBrakes(sql, options.job);
    if (!options.json) print(describeConfirmed(said.confirmed));
  }
  const { confirmed } = said;
  const progress = terminalProgress(config.log.format === 'text');
  try {
    const report = await share(sql, config, { jobName: options.job, isFull: options.full, version: VERSION, progress });
    if (options.json) printJson(confirmed === undefined ? report : { ...report, confirmed });
    else print(describeCycle(report));
    return exitCodeOf(report);
  } catch (error) {
    if (!(error instanceof BusyError) || confirmed === undefined || confirmed.length === 0) throw error;
    if (options.json) printJson({ confirmed, leftToAnotherInstance: true });
    else print('Another immich-sidecar is at work on this database. It removes them in its next cycle.\n');
    return EXIT.ok;
  }
}

function describeConfirmed(confirmed: readonly RememberedBrake[]): string {
  if (confirmed.length === 0) return 'No withdrawals are waiting to be confirmed.\n';
  return confirmed.map(({ job, mirrors, total }) =>
    `Confirmed: ${plain(JSON.stringify(job))} may lose ${mirrors} of its ${total} shared photos.\n`
  ).join('');
}

function exitCodeOf({ brakes, complete }: CycleReport): number {
  if (brakes.length > 0) return EXIT.refused;
  return complete ? EXIT.ok : EXIT.partial;
}
