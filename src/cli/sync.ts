import { Command, Option } from 'commander';
import type { Config } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { bytes, count, list, plural } from '../config/words.ts';
import { EXIT, InterruptedError } from '../errors.ts';
import type { Connection } from '../postgres/connect.ts';
import { BusyError } from '../postgres/lock.ts';
import { confirmCorrections, type WaitingJob, waitingOf } from '../share/both_ways/waiting.ts';
import { confirmBrakes, type RememberedBrake } from '../share/brake/remembered.ts';
import type { PlanSink } from '../share/cycle/dry_run.ts';
import { StepTotals } from '../share/cycle/step_words.ts';
import { PlanSummary } from '../share/cycle/plan_summary.ts';
import { type Progress, together } from '../share/cycle/progress.ts';
import type { CycleReport } from '../share/cycle/report.ts';
import { dryRun } from '../share/plan_only.ts';
import { share } from '../share/share.ts';
import { readSaved, sumOfSaved } from '../share/standing/saved.ts';
import { VERSION } from '../version.ts';
import { type Environment, print, printJson } from './output.ts';
import { shownProgress } from './progress.ts';
import { stopOnSignals } from './signals.ts';
import { stillAtWork } from './still_at_work.ts';
import { describeCycle } from './share_report.ts';
import { withDatabase } from './with_configuration.ts';

interface SyncOptions {
  readonly job?: string;
  readonly confirmWithdrawals?: boolean;
  readonly confirmCorrections?: boolean;
  readonly dryRun?: boolean;
  readonly full?: boolean;
  readonly list?: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

/** `immich-sidecar sync`: one share cycle. */
export function syncCommand(env: Environment, onExit: (code: number) => void): Command {
  return new Command('sync')
    .description('Share what is configured: one sync, then exit')
    .option('--job <name>', 'run only this share')
    .option('--full', 'look at every photo and file, not only at what has changed since the last run')
    .option('--dry-run', 'print what would be done, by share and folder, and change nothing')
    .option('--list', 'with --dry-run: print each photo')
    .addOption(
      new Option('--confirm-withdrawals', 'remove what an earlier sync has kept because it was too much at once')
        .conflicts('dryRun'),
    )
    .addOption(
      new Option('--confirm-corrections', 'write into originals what recipients have changed and waits (both_ways)')
        .conflicts('dryRun'),
    )
    .option('--json', 'print the result as JSON; the last line of stdout is one object')
    .option('--config <file>', 'shares and settings (default: CONFIG_FILE, or config.yaml if it is there)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: SyncOptions) => {
      const said: Said = {};
      const work = (sql: Connection, config: Config) =>
        options.dryRun ? show(sql, config, options) : sync(sql, config, options, said);
      onExit(await withDatabase(env, { ...options, withdrawsLocked: !options.dryRun }, work));
    });
}

/** What is not said twice when a cycle is begun again after its connection was lost: by then there may be other brakes. */
interface Said {
  confirmed?: readonly RememberedBrake[];
  corrections?: readonly WaitingJob[];
}

const EXAMPLES = `
Examples:
  immich-sidecar sync --dry-run               what would a sync do?
  immich-sidecar sync --dry-run --list        the same, photo by photo
  immich-sidecar sync --job "alice to bob"    one share only
  immich-sidecar sync --confirm-withdrawals --job "alice to bob"

A sync that would remove all that a share has, or a large part of it
(BRAKE_PERCENT, BRAKE_MINIMUM), keeps everything, says why, and ends with
exit code 4. --confirm-withdrawals says that it is right.
--confirm-corrections does for what recipients have changed, with both_ways.

What failed is tried again after a pause that becomes longer (see status), or
when it changes; a sync at a terminal tries all of it at once.`;

async function show(sql: Connection, config: Config, options: SyncOptions): Promise<number> {
  const [steps, summary] = [new StepTotals(), new PlanSummary()];
  let found = 0;
  const sink: PlanSink = (step, lines) => {
    const text = steps.describe(step, lines);
    found += lines.length;
    if (options.json) printJson(step);
    else if (options.list) print(text);
    else summary.add(step, lines);
  };
  const planned = await stillAtWork(
    () => `still looking: ${found.toLocaleString('en')} things to do so far`,
    () => dryRun(sql, config, { jobName: options.job, sink }),
  );
  if (options.json) printJson({ dryRun: true, ...steps.totals() });
  else {
    const shown = options.list ? '' : summary.describe(planned);
    print(`${shown}${shown === '' ? '' : '\n'}${steps.summary()}`);
    if (steps.hasChanges && !options.list) print('--list shows each of them.\n');
  }
  return EXIT.ok;
}

async function sync(sql: Connection, config: Config, options: SyncOptions, said: Said): Promise<number> {
  const isKnown = options.job === undefined || config.sharedAlbums !== undefined ||
    config.jobs.some(({ name }) => name === options.job);
  if (options.confirmWithdrawals && isKnown && said.confirmed === undefined) {
    said.confirmed = await confirmBrakes(sql, options.job);
    if (!options.json) print(describeConfirmed(said.confirmed));
  }
  if (options.confirmCorrections && isKnown && said.corrections === undefined) {
    said.corrections = await confirmCorrections(sql, options.job);
    if (!options.json) print(describeCorrections(said.corrections));
  }
  const isConfirmed = (said.confirmed?.length ?? 0) + (said.corrections?.length ?? 0) > 0;
  const done = { photos: 0, embeddings: 0 };
  const progress = together(shownProgress(config.log.format), countingProgress(done));
  using stop = stopOnSignals();
  try {
    const report = await share(sql, config, {
      jobName: options.job,
      isFull: options.full,
      // Somebody is at it, who may have put right what failed; a timer runs this again and again.
      retriesAll: Deno.stdin.isTerminal(),
      version: VERSION,
      progress,
      signal: stop.signal,
    });
    if (options.json) printJson({ ...report, ...said });
    else {
      print(describeCycle(report));
      if (report.jobs.some(({ created }) => created > 0)) print(describeSaved(sumOfSaved(await readSaved(sql))));
    }
    return exitCodeOf(report);
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) throw new InterruptedError(describeDone(done));
    if (!(error instanceof BusyError) || !isConfirmed) throw error;
    if (options.json) printJson({ ...said, leftToAnotherInstance: true });
    else print('Another immich-sidecar is at work on this database. It does that in its next sync.\n');
    return EXIT.ok;
  }
}

function describeSaved(saved: number): string {
  return saved === 0 ? '' : `${bytes(saved)} in all are not stored twice\n`;
}

/** Adds up what has been gone through, whatever the job. */
function countingProgress(done: { photos: number; embeddings: number }): Progress {
  let now: keyof typeof done | undefined;
  return {
    isShown: false,
    start: (_job, _total, unit) => now = unit === 'people' ? undefined : unit,
    advance: (count) => {
      if (now !== undefined) done[now] += count;
    },
    stop: () => now = undefined,
  };
}

function describeDone({ photos, embeddings }: { readonly photos: number; readonly embeddings: number }): string {
  if (photos + embeddings === 0) return 'Nothing had been copied yet.';
  const parts = [
    ...photos > 0 ? [count(photos, 'photo')] : [],
    ...embeddings > 0 ? [count(embeddings, 'embedding')] : [],
  ];
  return `${list(parts)} ${
    plural(photos + embeddings, 'was', 'were')
  } dealt with and will not be done again; the next run goes on from there.`;
}

function describeConfirmed(confirmed: readonly RememberedBrake[]): string {
  if (confirmed.length === 0) return 'No removals are waiting to be confirmed.\n';
  return confirmed.map(({ job, mirrors, total }) =>
    `Confirmed: ${plain(JSON.stringify(job))} may lose ${mirrors.toLocaleString('en')} of ${
      count(total, 'shared photo')
    }.\n`
  ).join('');
}

function describeCorrections(confirmed: readonly WaitingJob[]): string {
  if (confirmed.length === 0) return 'Nothing waits to be written into originals.\n';
  return confirmed.map(waitingOf).map(({ name, what }) =>
    `Confirmed: ${what} of ${plain(JSON.stringify(name))} may be changed.\n`
  ).join('');
}

function exitCodeOf({ brakes, complete }: CycleReport): number {
  if (brakes.length > 0) return EXIT.refused;
  return complete ? EXIT.ok : EXIT.partial;
}
