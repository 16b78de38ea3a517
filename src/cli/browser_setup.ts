import { explainSystemError, messageOf, UserError } from '../errors.ts';
import type { SetupEnd } from '../service/setup/messages.ts';
import { isNothingToDo } from '../setup/describe.ts';
import { Cancelled, WentBack } from '../setup/prompter.ts';
import { RemotePrompter } from '../setup/remote.ts';
import { type PreparedSetup, prepareSetup } from '../setup/setup.ts';
import { earlyFormat } from './logging.ts';
import { type Environment, redactor } from './output.ts';
import { reportError } from './report_error.ts';
import { applyIfWanted, describeTakenUp, NOTHING_CHANGED, NOTHING_TO_DO, STOPPED, waysOf } from './setup_result.ts';

/** Somebody at a browser who wants to set up. */
export interface BrowserSetup {
  readonly env: Environment;
  /** The file of `--config`. */
  readonly configFile: string | undefined;
  /** Leads to the pages that they answer on. */
  readonly port: MessagePort;
}

/**
 * The wizard for somebody at a browser: `setup` with pages instead of a terminal. Never throws; how it ended is told through the port.
 *
 * @param signal aborted when it is to end: what was made is undone
 */
export async function setUpFor({ env, configFile, port }: BrowserSetup, signal: AbortSignal): Promise<void> {
  const prompter = new RemotePrompter(port, signal);
  prompter.end(await ask({ env, configFile }, prompter, signal));
}

async function ask(
  { env, configFile }: Omit<BrowserSetup, 'port'>,
  prompter: RemotePrompter,
  signal: AbortSignal,
): Promise<SetupEnd> {
  try {
    let prepared = await prepareSetup({
      env,
      cwd: Deno.cwd(),
      home: env['HOME'] ?? '/',
      configFile,
      given: new Map(),
      prompter,
      onSecret: (secret) => redactor.add(secret),
      offersToken: true,
    });
    while (true) {
      try {
        return await carryOut(prepared, prompter, signal, env);
      } catch (error) {
        if (!(error instanceof WentBack)) throw error;
        prepared = await prepared.again();
      }
    }
  } catch (thrown) {
    if (thrown instanceof Cancelled) return { kind: 'stopped', lines: [STOPPED] };
    const error = explainSystemError(thrown);
    // What nobody foresaw belongs into the log, with its trace.
    if (!(error instanceof UserError)) reportError(error, { format: earlyFormat(env) });
    const lines = error instanceof UserError ? [error.message, error.remedy] : [messageOf(error), 'The log says more.'];
    return { kind: 'failed', lines };
  }
}

async function carryOut(
  prepared: PreparedSetup,
  prompter: RemotePrompter,
  signal: AbortSignal,
  env: Environment,
): Promise<SetupEnd> {
  const { plan, files, warnings } = prepared;
  if (isNothingToDo(plan, files)) return { kind: 'nothing', lines: [NOTHING_TO_DO] };
  for (const warning of warnings) prompter.say(warning, 'warning');
  if (plan.jobs.length > 0 || plan.sharedAlbums !== undefined) {
    prompter.say("Sharing begins as soon as this is done. Back up Immich's database before you say yes.", 'warning');
  }
  const result = await applyIfWanted(prepared, prompter, signal);
  if (result === undefined) return { kind: 'stopped', lines: [NOTHING_CHANGED] };
  return { kind: 'done', lines: describeTakenUp(result, prepared, waysOf(prepared, env)) };
}
