import { UserError } from '../errors.ts';
import type { EngineMessage, EngineTask, PermissionsCheck, Resolution, ResolveRequest } from './messages.ts';

/** The workers that the supervisor starts: one finds out what a command may touch, the other runs it with just that. */
export type WorkerRole = 'resolver' | 'engine';

/**
 * Asks the supervisor whether the configuration now names something that this engine may not touch. Throws UserError when it cannot be used.
 */
export type NeedsNewPermissions = () => Promise<boolean>;

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
  run: (task: EngineTask, needsNewPermissions: NeedsNewPermissions) => Promise<number>,
): void {
  onNextMessage(async (task: EngineTask) => {
    await replaceEnvironment(task.env);
    tell({ exitCode: await run(task, needsNewPermissions) });
  });
}

/** Packages ask for variables of all kinds: instead of being refused they see that there are none but these. */
async function replaceEnvironment(env: Readonly<Record<string, string>>): Promise<void> {
  const { default: process } = await import('node:process');
  process.env = { ...env };
}

async function needsNewPermissions(): Promise<boolean> {
  const check = new Promise<PermissionsCheck>(onNextMessage);
  tell('configuration may have changed');
  const { needsNewPermissions, refusal } = await check;
  if (refusal !== undefined) throw new UserError(refusal.message, refusal);
  return needsNewPermissions;
}

function tell(message: EngineMessage): void {
  supervisor.postMessage(message);
}

function onNextMessage<T>(listener: (message: T) => void): void {
  supervisor.addEventListener('message', ({ data }: MessageEvent<T>) => listener(data), { once: true });
}
