import { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/config.ts';
import { countFindings, examine } from '../doctor/examine.ts';
import { reportOf } from '../doctor/report.ts';
import { EXIT } from '../errors.ts';
import { isInContainer } from '../setup/container.ts';
import { doctorPage } from './doctor_page.ts';
import { configureLogging, earlyFormat } from './logging.ts';
import { type Environment, print, printColoured, printError, printJson, redactor } from './output.ts';
import { terminalProgress } from './progress.ts';
import { reportError } from './report_error.ts';
import { stillAtWork } from './still_at_work.ts';

interface DoctorOptions {
  readonly thorough?: boolean;
  readonly json?: boolean;
  readonly report?: boolean;
  readonly config?: string;
}

/** `immich-sidecar doctor`: one page of findings. */
export function doctorCommand(env: Environment, onExit: (code: number) => void): Command {
  return new Command('doctor')
    .description('Look whether everything is as it must be: settings, database, files, API key. Changes nothing')
    .option('--thorough', 'look at the files of every shared photo instead of a sample')
    .option('--json', 'print the findings as one JSON object')
    .option('--report', 'print what a bug report needs as JSON, without names, addresses, paths and secrets')
    .option('--config <file>', 'shares and settings (default: CONFIG_FILE, or config.yaml if it is there)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DoctorOptions) => onExit(await doctor(options, env)));
}

const EXAMPLES = `
Examples:
  immich-sidecar doctor               before the first sync, and when something
                                      is odd
  immich-sidecar doctor --thorough    are all files of all shared photos there?
  immich-sidecar doctor --json        for a monitor
  immich-sidecar doctor --report      for a bug report

It makes and removes a test link, and changes nothing else. docs/doctor.md says
what each finding means. Exit codes: 0 all is well, 3 warnings, 4 failures.`;

async function doctor(options: DoctorOptions, env: Environment): Promise<number> {
  const format = earlyFormat(env);
  try {
    // What goes wrong here is a finding; a log beside the page would say it twice.
    await configureLogging({ level: 'error', format });
    let config: Config | undefined;
    const isForPeople = format === 'text' && !options.json && !options.report;
    const look = () =>
      examine({
        load: () => {
          config = loadConfig({ env, cwd: Deno.cwd(), needJobs: false, configFile: options.config });
          redactor.addAll(config);
          return config;
        },
        env,
        isThorough: options.thorough === true,
        progress: terminalProgress(isForPeople),
      });
    const isSaid = isForPeople && options.thorough !== true && Deno.stderr.isTerminal();
    const findings = isSaid ? await stillAtWork(() => 'Still looking …\n', look, printError) : await look();
    const counts = countFindings(findings);
    if (options.report) {
      print(`${JSON.stringify(reportOf(findings, config, { isInContainer: isInContainer(env) }), undefined, 2)}\n`);
      return EXIT.ok;
    }
    if (options.json) printJson({ findings, ...counts });
    else printColoured(doctorPage(findings, terminalOf(env)));
    if (counts.fail > 0) return EXIT.refused;
    return counts.warn > 0 ? EXIT.partial : EXIT.ok;
  } catch (error) {
    return reportError(error, { format });
  }
}

/** Narrower than this nothing can be read any more; wider than this a sentence is hard to. */
const [NARROWEST, WIDEST] = [40, 80];

function terminalOf(env: Environment): { readonly width: number; readonly isColoured: boolean } {
  if (!Deno.stdout.isTerminal()) return { width: WIDEST, isColoured: false };
  const { columns } = Deno.consoleSize();
  return {
    width: Math.max(NARROWEST, Math.min(WIDEST, columns)),
    isColoured: !env['NO_COLOR'] && env['TERM'] !== 'dumb',
  };
}
