import { setTimeout } from 'node:timers/promises';
import { getLogger } from '@logtape/logtape';
import { ConfigError, defaultConfig, loadConfig, type LoadOptions, readServiceAnyway } from '../config/load.ts';
import { EXIT, messageOf, UserError } from '../errors.ts';
import type { Supervision } from '../sandbox/supervision.ts';
import { startHttp } from '../service/http/start.ts';
import { CODE_MINUTES } from '../service/setup/code.ts';
import { SetupDoor } from '../service/setup/door.ts';
import { snapshotOf } from '../service/snapshot.ts';
import { ServiceState } from '../service/state.ts';
import { VERSION } from '../version.ts';
import { withdrawLockedWithout } from './locked_anyway.ts';
import { configureLogging, earlyFormat } from './logging.ts';
import { hearSignals } from './signals.ts';

const logger = getLogger(['immich-sidecar', 'service']);

const LOOK_MS = 5_000;

const LOCKED_MS = 60_000;

interface Waiting {
  readonly load: LoadOptions;
  /** Prints what is wrong, and returns the exit code that it would end with. */
  readonly report: (error: unknown) => number;
  readonly supervision: Supervision;
  /** How often the files are looked at, in milliseconds. */
  readonly lookMs?: number;
  /** How often photos that were locked meanwhile are looked for, in milliseconds. */
  readonly lockedMs?: number;
}

/**
 * What `serve` does while its configuration is wrong, or there is none: it answers HTTP, says what is wrong there and in the log, and waits until
 * it is right. What is locked meanwhile is withdrawn, if the database is known. Ending instead would have Docker start it again and again, and nobody could look.
 *
 * Returns the exit code to end with; undefined when the configuration is right and this process may do what it names.
 */
export async function untilConfigured(
  problem: ConfigError,
  { load, report, supervision, lookMs = LOOK_MS, lockedMs = LOCKED_MS }: Waiting,
): Promise<number | undefined> {
  await withdrawLockedWithout(load);
  let lookedAtMs = performance.now();
  const exitCode = report(problem);
  const service = readServiceAnyway(load);
  if (service.http.port === 0) return exitCode;
  await configureLogging({ level: 'info', format: earlyFormat(load.env) });
  const state = new ServiceState();
  state.misconfigured(problem);
  const refuse = () => Promise.resolve('The configuration is not right yet.');
  const config = { ...defaultConfig(), service };
  let { isBeginning } = problem;
  const end = new AbortController();
  let code: number | undefined;
  let look = new AbortController();
  const setup = new SetupDoor({
    start: supervision.startSetup,
    tell: (secret) =>
      logger.info('set it up in a browser: the code is {secret}, for {minutes} minutes', {
        secret,
        minutes: CODE_MINUTES,
      }),
    onSeen: () => look.abort(),
    isBeginning: () => isBeginning,
  });
  await using http = await startHttp({
    snapshot: () => snapshotOf(state, config, VERSION),
    onChange: (listener) => state.onChange(listener),
    setup,
    actions: {
      run: refuse,
      dryRun: refuse,
      write: refuse,
      pause: refuse,
      resume: refuse,
      lastWrite: refuse,
      undoWrite: refuse,
      pair: refuse,
      notify: refuse,
      confirm: refuse,
      confirmCorrections: refuse,
      decisions: refuse,
      resolve: refuse,
      review: refuse,
    },
  }, service);
  logger.info('dashboard: {url}; it shows what is wrong, and goes on by itself when that is corrected', {
    url: http?.url,
  });
  using _ = hearSignals({
    SIGTERM: () => end.abort(code = EXIT.ok),
    SIGINT: () => end.abort(code = EXIT.interrupted),
    SIGHUP: () => look.abort(),
  });
  let said = problem.message;
  while (true) {
    await setTimeout(lookMs, undefined, { signal: AbortSignal.any([end.signal, look.signal]) }).catch(() => {});
    if (end.signal.aborted) return code;
    const isAskedFor = look.signal.aborted;
    if (isAskedFor) look = new AbortController();
    if (performance.now() - lookedAtMs > lockedMs) {
      await withdrawLockedWithout(load);
      lookedAtMs = performance.now();
    }
    // Somebody who sets up is to see how it ended.
    if (setup.isBusy && !isAskedFor) continue;
    try {
      loadConfig(load);
      const isRenewed = await supervision.needsNewPermissions();
      logger.info('the configuration is right now');
      return isRenewed ? EXIT.renewed : undefined;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (messageOf(error) === said) continue;
      said = messageOf(error);
      report(error);
      state.misconfigured(error);
      isBeginning = error instanceof ConfigError && error.isBeginning;
    }
  }
}
