import { count, list } from '../config/words.ts';
import { type Config, isSharing } from '../config/config.ts';
import { describeProblem, type Problem } from '../problems/problem.ts';
import { getLogger } from '@logtape/logtape';
import { Command } from 'commander';
import { ConfigError, loadConfig, type LoadOptions } from '../config/load.ts';
import { EXIT } from '../errors.ts';
import type { Supervision } from '../sandbox/supervision.ts';
import { actionsOf } from '../service/actions.ts';
import { startHttp } from '../service/http/start.ts';
import { ConfigurationDesk } from '../setup/edit/desk.ts';
import { startNotifying } from '../service/notify/start.ts';
import { Scheduler } from '../service/scheduler.ts';
import { snapshotOf } from '../service/snapshot.ts';
import { describeBrake } from '../share/brake/words.ts';
import type { CycleReport } from '../share/cycle/report.ts';
import { VERSION } from '../version.ts';
import { earlyFormat } from './logging.ts';
import type { Environment } from './output.ts';
import { shownProgress } from './progress.ts';
import { reportError } from './report_error.ts';
import { hearSignals } from './signals.ts';
import { untilConfigured } from './unconfigured.ts';
import { takeOver } from './with_configuration.ts';

const logger = getLogger(['immich-sidecar', 'service']);

/** From a saved change until it is taken up, in milliseconds. */
const SAVED_MS = 300;

interface ServeOptions {
  readonly config?: string;
}

/** `immich-sidecar serve`: share cycles for as long as the process lives. */
export function serveCommand(
  env: Environment,
  onExit: (code: number) => void,
  supervision: Supervision,
): Command {
  return new Command('serve')
    .description('Share what is configured, again and again, until stopped')
    .option('--config <file>', 'shares and settings (default: CONFIG_FILE, or config.yaml if it is there)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ServeOptions) => onExit(await serve(options, env, supervision)));
}

const EXAMPLES = `
Examples:
  immich-sidecar serve                             a sync every SYNC_INTERVAL_SECONDS
  WRITE_SCHEDULE="0 3 * * *" immich-sidecar serve  and write-back every night at three
  WRITE_SCHEDULE=on-change immich-sidecar serve    and write what changes in Immich
  HTTP_PORT=0 immich-sidecar serve                 without the dashboard

The dashboard is at http://127.0.0.1:8080/ unless HTTP_HOST and HTTP_PORT say
otherwise; /healthz, /readyz, /metrics and /api/status are for machines.
SIGHUP reads the configuration again (but for HTTP_TOKEN), SIGTERM and Ctrl-C
end within ten seconds.`;

async function serve(
  options: ServeOptions,
  env: Environment,
  supervision: Supervision,
): Promise<number> {
  const load: LoadOptions = { env, cwd: Deno.cwd(), configFile: options.config, needJobs: 'or a write schedule' };
  const readConfig = async () => {
    const config = loadConfig(load);
    await takeOver(config);
    return config;
  };
  const report = (error: unknown) => reportError(error, { format: earlyFormat(env) });
  const stop = new AbortController();
  let exitCode: number = EXIT.ok;
  let signals: Disposable | undefined;
  try {
    const config = await readConfig();
    const progress = shownProgress(config.log.format);
    const scheduler = new Scheduler({ config, version: VERSION, progress, readConfig, onCycle: logCycle });
    const end = (code: number, why = 'stopping') => {
      // A service that was told to make room for another one can still be told to stop for good; not the other way round.
      if (stop.signal.aborted && code === EXIT.renewed) return;
      exitCode = code;
      logger.info('{why}', { why });
      stop.abort(new Error('the service was told to stop'));
    };
    const readAgain = async () => {
      try {
        if (await supervision.needsNewPermissions()) {
          end(EXIT.renewed, 'the configuration names something new: starting again');
        } else await scheduler.reload();
      } catch (error) {
        scheduler.refuseReload(error);
      }
    };
    signals = hearSignals({
      SIGTERM: () => end(EXIT.ok),
      SIGINT: () => end(EXIT.interrupted),
      SIGHUP: () => void readAgain(),
    });
    await using http = await startHttp({
      snapshot: () => snapshotOf(scheduler.state, scheduler.config, VERSION),
      onChange: (listener) => scheduler.state.onChange(listener),
      actions: actionsOf(scheduler),
      settings: new ConfigurationDesk({
        place: { env, cwd: load.cwd, configFile: options.config },
        edit: supervision.edit,
        // The page is to arrive before a new engine takes this one's place.
        onSaved: () => void setTimeout(() => void readAgain(), SAVED_MS),
      }),
    }, config.service);
    await using _ = startNotifying(scheduler, VERSION);
    if (http !== undefined) logger.info('dashboard: {url}', { url: http.url });
    if (!isSharing(config)) {
      logger.info('immich-sidecar {version}: nothing is shared; write-back: {schedule} ({zone})', {
        version: VERSION,
        schedule: config.write.schedule,
        zone: config.write.scheduleZone,
      });
    } else {
      logger.info('immich-sidecar {version}: {what}, a sync every {seconds} s', {
        version: VERSION,
        what: whatIsShared(config),
        seconds: config.syncIntervalSeconds,
      });
    }
    await scheduler.run(stop.signal);
    return exitCode;
  } catch (error) {
    if (!(error instanceof ConfigError)) return report(error);
    try {
      return await untilConfigured(error, { load, report, supervision }) ??
        await serve(options, env, supervision);
    } catch (other) {
      return report(other);
    }
  } finally {
    signals?.[Symbol.dispose]();
  }
}

/** `2 jobs and shared albums` */
function whatIsShared({ jobs, sharedAlbums }: Config): string {
  return list([
    ...jobs.length > 0 ? [count(jobs.length, 'share')] : [],
    ...sharedAlbums === undefined ? [] : ['shared albums'],
  ]);
}

/** What a cycle changed, and what is wrong when that is news; an idle one says nothing unless asked. */
function logCycle(report: CycleReport): void {
  for (const { job, created, withdrawn, problems } of report.jobs) {
    const gone = Object.values(withdrawn).reduce((sum, count) => sum + count, 0);
    if (created + gone > 0) logger.info('{job}: {created} new, {gone} removed', { job, created, gone });
    logNews(`problems of ${job}`, describeNews(job, problems));
  }
  logNews('problems of no share', describeNews('all shares', report.problems));
  logNews('brakes', report.brakes.map(describeBrake).join('\n'));
  logger.debug('sync done in {seconds} s', { seconds: report.seconds });
}

function describeNews(job: string, problems: readonly Problem[]): string {
  const [first] = problems;
  return first === undefined ? '' : `${job}: ${problems.length} failed: ${describeProblem(first)}. ${first.remedy}`;
}

/** What was said last about something: the same is not said in every cycle. */
const said = new Map<string, string>();

function logNews(about: string, problem: string): void {
  if (said.get(about) === problem) return;
  said.set(about, problem);
  if (problem !== '') logger.warn('{problem}', { problem });
}
