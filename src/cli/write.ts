import { Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../config/config.ts';
import { SIDECAR_NAMES } from '../config/destination.ts';
import { EXIT, UserError } from '../errors.ts';
import { FIELD_NAMES, type FieldName, FIELDS, USUAL_FIELDS } from '../writeback/fields/fields.ts';
import type { WriteReport } from '../writeback/run/report.ts';
import { writeBack } from '../writeback/write_back.ts';
import { type Environment, print, printError, printJson } from './output.ts';
import { shownProgress, terminalProgress } from './progress.ts';
import { PhotoReview, reviewTerminal } from './review.ts';
import { stopOnSignals } from './signals.ts';
import { withConfiguration } from './with_configuration.ts';
import { describePlan, describeRun } from './write_words.ts';
import { formatStats, type StatsFormat } from './write_stats.ts';

interface WriteFlags {
  readonly all?: boolean;
  readonly to?: string;
  readonly source?: string;
  readonly sidecarName?: string;
  readonly intoShared?: boolean;
  readonly regions?: string;
  readonly since?: Date;
  readonly onlyNew?: boolean;
  readonly resume?: boolean;
  readonly clearCheckpoint?: boolean;
  readonly clearAlbumCache?: boolean;
  readonly exportStats?: StatsFormat;
  readonly logLevel?: string;
  readonly config?: string;
  readonly dryRun?: boolean;
  readonly review?: boolean;
  readonly json?: boolean;
}

/** `immich-sidecar write`: one run of write-back. */
export function writeCommand(env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('write')
    .description('Write what Immich knows into the photos and videos, or into sidecars beside them: one run, then exit')
    .option(
      '--all',
      `everything that is usual: ${USUAL_FIELDS.map(flagOf).join(' ')}`,
    );
  for (const name of FIELD_NAMES) command.option(flagOf(name), FIELDS[name].help);
  return command
    .addOption(
      new Option(
        '--to <where>',
        'into the files, into sidecars, both, or tree:DIRECTORY for sidecars in a tree of their own (default: WRITE_TO)',
      ).choices(['embed', 'sidecar', 'both']).argParser((value) => value), // the setting says what is wrong with it
    )
    .addOption(
      new Option('--sidecar-name <name>', 'how new sidecars are called (default: WRITE_SIDECAR_NAME)').choices(
        SIDECAR_NAMES,
      ),
    )
    .addOption(
      new Option('--source <source>', "Immich's API or its database (default: WRITE_SOURCE)").choices([
        'api',
        'database',
      ]),
    )
    .option('--regions <ways>', 'faces in these ways: mwg, mp (Microsoft), or both (default: WRITE_REGIONS)')
    .option('--into-shared', 'albums and tags also into files that are shared with others (default: WRITE_INTO_SHARED)')
    .option('--since <date>', 'only what Immich changed since: 2026-07-01, or with a time', parseSince)
    .option('--only-new', 'skip files that have everything already; a run always does, so this changes nothing')
    .option('--dry-run', 'print what would be written and change nothing')
    .addOption(
      new Option('--review', 'ask about each photo, old and new side by side: yes, no, all of this kind, quit')
        .conflicts(['dryRun', 'json']),
    )
    .option('--resume', 'go on with the last run if it was interrupted')
    .option('--clear-checkpoint', 'forget where the last run was interrupted')
    .option('--clear-album-cache', 'ask Immich for the albums, however young the remembered ones are')
    .addOption(
      new Option('--export-stats <format>', 'write the statistics of the run to a file beside the history').choices([
        'json',
        'csv',
      ]),
    )
    .option('--log-level <level>', 'DEBUG, INFO, WARNING or ERROR (default: LOG_LEVEL)')
    .option(
      '--config <file>',
      'settings: INI, .env, JSON or YAML (default: CONFIG_FILE, config.yaml or immich-sync.conf)',
    )
    .option('--json', 'print the result as JSON; the last line of stdout is one object')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: WriteFlags) => onExit(await write(flags, env)));
}

const EXAMPLES = `
Examples:
  immich-sidecar write --all --dry-run           show every tag that would be written
  immich-sidecar write --all                     people, places, captions, times and ratings
  immich-sidecar write --all --albums --tags     and albums and tags
  immich-sidecar write --all --review            ask about each photo before it is written
  immich-sidecar write --people --to sidecar     names only, and only into sidecars
  immich-sidecar write --all --to tree:/mnt/xmp  sidecars in a directory of their own; the library is only read
  immich-sidecar undo                            take the last run back`;

async function write(flags: WriteFlags, env: Environment): Promise<number> {
  const fields = fieldsOf(flags);
  const variables = { ...env, ...asVariables(flags) };
  return await withConfiguration(variables, { ...flags, needJobs: false, logsWrites: true }, async (config) => {
    using stop = stopOnSignals();
    const isDryRun = flags.dryRun === true;
    const quit = new AbortController();
    const signal = AbortSignal.any([stop.signal, quit.signal]);
    const review = flags.review ? new PhotoReview(reviewTerminal(signal), () => quit.abort()) : undefined;
    const report = await writeBack(config, {
      fields,
      isDryRun,
      isResume: flags.resume === true,
      clearCheckpoint: flags.clearCheckpoint === true,
      clearAlbumCache: flags.clearAlbumCache === true,
      since: flags.since,
      signal,
      review: review && ((plans) => review.ask(plans)),
      progress: isDryRun || review !== undefined ? terminalProgress(false) : shownProgress(config.log.format),
      onPlan: (record, plan) => {
        if (!isDryRun) return;
        if (flags.json) printJson({ assetId: record.assetId, ...plan });
        else print(describePlan(plan));
      },
    });
    if (flags.json) printJson(report);
    else print(describeRun(report));
    if (flags.resume && report.resumed === 0) {
      printError('There was no interrupted run to go on with: this one began anew.\n');
    }
    if (flags.exportStats !== undefined) exportStats(report, flags.exportStats, config);
    if (report.interrupted) return EXIT.interrupted;
    return report.complete ? EXIT.ok : EXIT.partial;
  });
}

/** The fields that the flags choose, in the order of FIELD_NAMES. Throws UserError when there is none. */
function fieldsOf(flags: WriteFlags): FieldName[] {
  const chosen: Readonly<Record<string, unknown>> = { ...flags };
  const isChosen = (name: FieldName) => chosen[new Option(flagOf(name)).attributeName()] === true;
  const fields = FIELD_NAMES.filter((name) => isChosen(name) || (flags.all && USUAL_FIELDS.includes(name)));
  if (fields.length > 0) return fields;
  throw new UserError('Nothing was chosen to be written.', {
    problemCode: 'usage',
    remedy: `Give --all, or some of ${FIELD_NAMES.map(flagOf).join(' ')}.`,
  });
}

/** With its dashes. */
function flagOf(name: FieldName): string {
  return `--${FIELDS[name].flag}`;
}

/** Flags that stand for a setting count like the environment, and more than it. */
function asVariables({ to, sidecarName, source, intoShared, regions, logLevel }: WriteFlags): Environment {
  return {
    ...(to === undefined ? {} : { WRITE_TO: to }),
    ...(sidecarName === undefined ? {} : { WRITE_SIDECAR_NAME: sidecarName }),
    ...(source === undefined ? {} : { WRITE_SOURCE: source }),
    ...(intoShared === true ? { WRITE_INTO_SHARED: 'true' } : {}),
    ...(regions === undefined ? {} : { WRITE_REGIONS: regions }),
    ...(logLevel === undefined ? {} : { LOG_LEVEL: logLevel }),
  };
}

function parseSince(text: string): Date {
  const time = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text);
  if (Number.isNaN(time.getTime()) || !/^\d{4}-/.test(text)) {
    throw new InvalidArgumentError('Write a date such as 2026-07-01 or 2026-07-01T18:00:00+02:00.');
  }
  return time;
}

function exportStats(report: WriteReport, format: StatsFormat, config: Config): void {
  const name = report.run === undefined ? 'dry-run' : `run-${report.run}`;
  const path = `${config.write.stateDirectory}/${name}.${format}`;
  Deno.mkdirSync(config.write.stateDirectory, { recursive: true, mode: 0o700 });
  Deno.writeTextFileSync(path, formatStats(report, format), { mode: 0o600 });
  printError(`statistics: ${path}\n`);
}
