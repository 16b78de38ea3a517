import { UserError } from '../errors.ts';
import type {
  EngineMessage,
  EngineQuestion,
  EngineTask,
  PermissionsCheck,
  Resolution,
  ResolveRequest,
  SetupStart,
  SetupTask,
  WriterAnswer,
  WriterTask,
} from './messages.ts';
import type { Refusal } from './own_files.ts';
import type { ConfigurationEdit, EditAnswer, Supervision } from './supervision.ts';

/**
 * The workers that the supervisor starts: one finds out what a command may touch, one runs it with just that, and one is the wizard for somebody
 * at a browser, while there is no configuration. The writer puts files of the configuration into place, after somebody has edited them there.
 */
export type WorkerRole = 'resolver' | 'engine' | 'setup' | 'writer';

const supervisor = globalThis as unknown as Worker;

/** Which worker this module was loaded in; undefined in the main thread. */
export function workerRole(): WorkerRole | undefined {
  return 'WorkerGlobalScope' in globalThis ? globalThis.name as WorkerRole : undefined;
}

/** Answers one request. Deno prints what `resolve` throws. */
export function startResolver(resolve: (request: ResolveRequest) => Promise<Resolution>): void {
  onNextMessage(async (request: ResolveRequest) => {
    await replaceEnvironment({});
    supervisor.postMessage(await resolve(request));
  });
}

/** Runs one command and tells the supervisor its exit code. Deno prints what `run` throws. */
export function startEngine(
  run: (task: EngineTask, supervision: Supervision) => Promise<number>,
): void {
  onNextMessage(async (task: EngineTask) => {
    await replaceEnvironment(task.env);
    tell({ exitCode: await run(task, { needsNewPermissions, startSetup, edit }) });
  });
}

/**
 * Runs the wizard and tells the supervisor when it has ended. Deno prints what `run` throws.
 *
 * @param run its signal is aborted when the supervisor wants it to end
 */
export function startSetupWorker(run: (task: SetupTask, signal: AbortSignal) => Promise<void>): void {
  onNextMessage(async (task: SetupTask) => {
    await replaceEnvironment(task.env);
    const stop = new AbortController();
    onNextMessage(() => stop.abort());
    await run(task, stop.signal);
    supervisor.postMessage('ended');
  });
}

/** Packages ask for variables of all kinds: instead of being refused they see that there are none but these. */
async function replaceEnvironment(env: Readonly<Record<string, string>>): Promise<void> {
  const { default: process } = await import('node:process');
  process.env = { ...env };
}

/** Writes once. Deno prints what `write` throws. */
export function startWriter(write: (task: WriterTask) => Promise<WriterAnswer>): void {
  onNextMessage(async (task: WriterTask) => {
    await replaceEnvironment({});
    supervisor.postMessage(await write(task));
  });
}

async function needsNewPermissions(): Promise<boolean> {
  const check = await ask<PermissionsCheck>('configuration may have changed');
  throwRefusal(check.refusal);
  return check.needsNewPermissions;
}

async function startSetup(): Promise<MessagePort | undefined> {
  const { port, refusal } = await ask<SetupStart>('start setup');
  throwRefusal(refusal);
  return port;
}

async function edit(change: ConfigurationEdit): Promise<EditAnswer> {
  return await ask<EditAnswer>({ edit: change });
}

/** The answer to the question before. */
let before: Promise<unknown> = Promise.resolve();

/** One question after the other, as an answer does not say what it answers. */
async function ask<T>(question: EngineQuestion): Promise<T> {
  const answer = before.then(() => {
    const coming = new Promise<T>(onNextMessage);
    tell(question);
    return coming;
  });
  before = answer;
  return await answer;
}

function throwRefusal(refusal: Refusal | undefined): void {
  if (refusal !== undefined) throw new UserError(refusal.message, refusal);
}

function tell(message: EngineMessage): void {
  supervisor.postMessage(message);
}

function onNextMessage<T>(listener: (message: T) => void): void {
  supervisor.addEventListener('message', ({ data }: MessageEvent<T>) => listener(data), { once: true });
}
