import { getLogger } from '@logtape/logtape';
import { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { EXIT } from '../errors.ts';
import { connect, explainDatabaseError } from '../postgres/connect.ts';
import { dryRun, share } from '../share/share.ts';
import { VERSION } from '../version.ts';
import { configureLogging, earlyFormat } from './logging.ts';
import { type Environment, print, printJson, redactor } from './output.ts';
import { terminalProgress } from './progress.ts';
import { reportError } from './report_error.ts';
import { describeCycle, describeStep, describeSteps } from './share_report.ts';

const logger = getLogger(['immich-sidecar', 'config']);

interface SyncOptions {
  readonly job?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

/** `immich-sidecar sync`: one share cycle. */
export function syncCommand(env: Environment, onExit: (code: number) => void): Command {
  return new Command('sync')
    .description('Mirror what the configured jobs select: one cycle, then exit')
    .option('--job <name>', 'run only this job')
    .option('--dry-run', 'print what would be done and change nothing')
    .option('--json', 'print the result as JSON; the last line of stdout is one object')
    .option('--config <file>', 'jobs and settings (default: CONFIG_FILE, or config.yaml if it is there)')
    .action(async (options: SyncOptions) => onExit(await sync(options, env)));
}

async function sync(options: SyncOptions, env: Environment): Promise<number> {
  let isDebug = false;
  let format = earlyFormat(env);
  try {
    const config = loadConfig({
      env,
      cwd: Deno.cwd(),
      ...(options.config === undefined ? {} : { configFile: options.config }),
    });
    redactor.add(config.database.password);
    redactor.add(config.immich.apiKey);
    isDebug = config.log.level === 'debug';
    format = config.log.format;
    await configureLogging(config.log);
    for (const note of config.notes) logger.warn('{note}', { note });
    const sql = await connect(config.database);
    try {
      if (options.dryRun) {
        const steps = describeSteps();
        await dryRun(sql, config, {
          jobName: options.job,
          sink: (step) => {
            const text = describeStep(step, steps);
            if (options.json) printJson(step);
            else print(text);
          },
        });
        if (options.json) printJson({ dryRun: true, ...steps.totals() });
        else print(steps.summary());
        return EXIT.ok;
      }
      const progress = terminalProgress(config.log.format === 'text');
      const report = await share(sql, config, { jobName: options.job, version: VERSION, progress });
      if (options.json) printJson(report);
      else print(describeCycle(report));
      return report.complete ? EXIT.ok : EXIT.partial;
    } catch (error) {
      throw explainDatabaseError(error, config.database);
    } finally {
      await sql.end({ timeout: 5 });
    }
  } catch (error) {
    return reportError(error, { isDebug, format });
  }
}
