import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { plain } from '../config/quote.ts';
import { count } from '../config/words.ts';
import { EXIT, UserError } from '../errors.ts';
import { discardUndo } from '../writeback/discard.ts';
import { undo, type UndoOptions, type UndoOutcome, type UndoReport } from '../writeback/undo.ts';
import { consentOf } from './ask.ts';
import { type Environment, print, printJson } from './output.ts';
import { stopOnSignals } from './signals.ts';
import { withConfiguration } from './with_configuration.ts';

interface UndoFlags {
  readonly run?: number;
  readonly discard?: boolean;
  readonly olderThan?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

/** `immich-sidecar undo`: undoes what write-back has written. */
export function undoCommand(env: Environment, onExit: (code: number) => void): Command {
  return new Command('undo')
    .description('Undo what was written, byte for byte')
    .argument('[paths...]', 'files or directories: everything that was ever written there')
    .option('--run <id>', 'this run; without a run and paths, the last one', parseRun)
    .option('--discard', 'forget how to undo what was written long ago; the files stay as they are (with --older-than)')
    .option('--older-than <days>', 'with --discard: what runs have written that began before so many days', parseDays)
    .option('--dry-run', 'print what would be undone and change nothing')
    .option('--yes', 'do not ask')
    .option(
      '--config <file>',
      'settings: INI, .env, JSON or YAML (default: CONFIG_FILE, config.yaml or immich-sync.conf)',
    )
    .option('--json', 'print the result as JSON; the last line of stdout is one object')
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], flags: UndoFlags) => onExit(await run(paths, flags, env)));
}

const EXAMPLES = `
Examples:
  immich-sidecar undo --dry-run                  show what the last run wrote
  immich-sidecar undo --run 12 --yes             undo run 12, without asking
  immich-sidecar undo --discard --older-than 90  give back the room that undo of older runs takes
  immich-sidecar undo /mnt/photos/2023/a.jpg     everything that was written into this photo and its sidecar`;

async function run(paths: readonly string[], flags: UndoFlags, env: Environment): Promise<number> {
  if (paths.length > 0 && flags.run !== undefined) {
    throw new UserError('Paths and --run were given together.', {
      problemCode: 'usage',
      remedy: 'Give one of the two.',
    });
  }
  if (flags.discard === true || flags.olderThan !== undefined) return await discard(paths, flags, env);
  return await withConfiguration(env, { ...flags, needJobs: false, logsWrites: true }, async (config) => {
    using stop = stopOnSignals();
    const report = await undo(config, {
      scope: { runId: flags.run, paths: paths.map((path) => resolve(path)) },
      isDryRun: flags.dryRun === true,
      signal: stop.signal,
      confirm: (changes, what) =>
        consentOf(flags).isGiven(`This undoes ${what}: ${count(changes, 'file')}.\n`, 'Undo it?'),
      onChange: flags.json ? (change, outcome, reason) => printJson({ path: change.plan.path, outcome, reason }) : tell,
    });
    if (report === undefined) return EXIT.ok;
    if (flags.json) printJson(report);
    else print(describe(report));
    if (report.interrupted) return EXIT.interrupted;
    return report.complete ? EXIT.ok : EXIT.partial;
  });
}

async function discard(paths: readonly string[], flags: UndoFlags, env: Environment): Promise<number> {
  const { olderThan, isDryRun } = { olderThan: flags.olderThan, isDryRun: flags.dryRun === true };
  if (flags.discard !== true || olderThan === undefined || paths.length > 0 || flags.run !== undefined) {
    throw new UserError('--discard and --older-than belong together, without paths and --run.', {
      problemCode: 'usage',
      remedy: 'Write --discard --older-than 90 to forget how to undo what was written more than 90 days ago.',
    });
  }
  return await withConfiguration(env, { ...flags, needJobs: false, logsWrites: true }, (config) => {
    const what = (changes: number) =>
      `${count(changes, 'change')} of runs that began more than ${count(olderThan, 'day')} ago`;
    const changes = discardUndo(config, {
      olderThanDays: olderThan,
      isDryRun,
      confirm: (changes) => consentOf(flags).isGiven(`${what(changes)} can then not be undone.\n`, 'Discard it?'),
    });
    if (changes === undefined) return Promise.resolve(EXIT.ok);
    if (flags.json) printJson({ dryRun: isDryRun, discarded: changes });
    else print(`${isDryRun ? 'would discard' : 'discarded'} ${what(changes)}\n`);
    return Promise.resolve(EXIT.ok);
  });
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!Number.isSafeInteger(days) || days < 0) throw new InvalidArgumentError('Write a number of days.');
  return days;
}

function parseRun(text: string): number {
  const run = Number(text);
  if (!Number.isSafeInteger(run) || run < 1) throw new InvalidArgumentError('Write the number of a run.');
  return run;
}

const SIGNS: Readonly<Record<UndoOutcome, string>> = Object.freeze({
  'undone': '<',
  'undone-in-part': '~',
  'would-undo': '<',
  'changed-since': '!',
  'failed': '!',
});

const tell: UndoOptions['onChange'] = ({ plan }, outcome, reason) => {
  const what = plan.kind === 'media'
    ? count(plan.changes.length, 'tag')
    : plan.isNew
    ? 'the sidecar goes'
    : 'the sidecar as it was';
  print(`${SIGNS[outcome]} ${plain(JSON.stringify(plan.path))}: ${reason ?? what}\n`);
};

function describe({ what, outcomes, dryRun, changes, interrupted }: UndoReport): string {
  if (dryRun) return `would undo ${count(changes, 'file')} of ${what}; nothing was changed\n`;
  const left = [
    ...(outcomes['undone-in-part'] > 0
      ? [`${count(outcomes['undone-in-part'], 'file')} in part, as the rest was changed since`]
      : []),
    ...(outcomes['changed-since'] > 0
      ? [`${count(outcomes['changed-since'], 'was', 'were')} changed since and left alone`]
      : []),
    ...(outcomes.failed > 0 ? [`${outcomes.failed} failed`] : []),
    ...(interrupted ? ['interrupted'] : []),
  ];
  return [`undid ${count(outcomes.undone, 'file')} of ${what}`, ...left].join('; ') + '\n';
}
