import { EXIT, UserError } from '../errors.ts';
import { configFileOf } from './commands.ts';
import type {
  EngineMessage,
  EngineTask,
  PermissionsCheck,
  Resolution,
  ResolveRequest,
  SetupStart,
} from './messages.ts';
import { judgeEdit, writeEdit } from './edits.ts';
import type { ConfigurationEdit, EditAnswer, EditedFile } from './supervision.ts';
import { SetupWorker } from './setup_worker.ts';
import { askWorker, startWorker } from './start_worker.ts';

/** The variables that name the directory for temporary files, on all systems. */
const TEMPORARY = ['TMPDIR', 'TMP', 'TEMP'];

/** The resolver may read files, as it has to find out which ones the configuration names, and nothing else. */
const RESOLVER_PERMISSIONS: Deno.PermissionOptionsObject = {
  read: true,
  env: TEMPORARY,
  net: false,
  write: false,
  run: false,
  sys: false,
  ffi: false,
  import: false,
};

/**
 * Runs a command in a worker, the engine, which may do what the configuration names and nothing else. Another worker, the resolver, finds
 * out what that is. Neither of the two, nor what they import, runs in the main thread, which has all permissions and only starts them.
 * Returns the exit code.
 *
 * Workers, because a compiled executable cannot start itself again with fewer permissions.
 *
 * Throws UserError when Deno was not started with what that takes, or when the engine could change what it may do.
 */
export async function runSandboxed(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const request: ResolveRequest = { args, env, cwd: Deno.cwd(), temporary: undefined };
  let resolution = await resolveInWorker(request);
  const resolveAgain: Resolve = (proposed) =>
    resolveInWorker({ ...request, temporary: resolution.temporary, proposed });
  while (true) {
    const { permissions, temporary, refusal } = resolution;
    if (refusal !== undefined) throw new UserError(refusal.message, refusal);
    using _ = permissions.write.includes(temporary) ? makeTemporary(temporary) : undefined;
    const exitCode = await runEngine({ args, env: resolution.env }, resolution, resolveAgain, env);
    if (exitCode !== EXIT.renewed) return exitCode;
    resolution = await resolveAgain();
  }
}

/** Looks at the configuration anew, or at what it would be with these files. */
type Resolve = (proposed?: readonly EditedFile[]) => Promise<Resolution>;

/** The directory for temporary files, until it is disposed of. If it cannot be made, the engine reports that when it needs it. */
function makeTemporary(directory: string): Disposable | undefined {
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
  } catch {
    return undefined;
  }
  // Where Deno's makeTempDir makes them, also in workers, and ExifTool.
  for (const name of TEMPORARY) Deno.env.set(name, directory);
  return { [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };
}

async function resolveInWorker(request: ResolveRequest): Promise<Resolution> {
  return await askWorker<Resolution>('resolver', RESOLVER_PERMISSIONS, request);
}

/** Returns the exit code. Deno has printed what nobody caught in there. */
async function runEngine(
  task: EngineTask,
  current: Resolution,
  resolveAgain: Resolve,
  wholeEnvironment: Readonly<Record<string, string>>,
): Promise<number> {
  const engine = startWorker('engine', current.permissions);
  const setup = new SetupWorker({ env: wholeEnvironment, configFile: configFileOf(task.args) });
  const check = async () => {
    const { isValid, refusal, permissions } = await resolveAgain();
    // An invalid configuration changes nothing: the engine reads it too, and reports it.
    const needsNewPermissions = isValid && refusal === undefined &&
      JSON.stringify(permissions) !== JSON.stringify(current.permissions);
    // Between two engines nobody else listens for it, and it would end the program.
    if (needsNewPermissions) Deno.addSignalListener('SIGHUP', ignore);
    engine.postMessage({ needsNewPermissions, refusal } satisfies PermissionsCheck);
  };
  const startSetup = async () => {
    // What the engine says of it does not count.
    const isAllowed = task.args[0] === 'serve' && !current.isValid && !(await resolveAgain()).isValid;
    try {
      const port = isAllowed ? await setup.start() : undefined;
      engine.postMessage({ port, refusal: undefined } satisfies SetupStart, port === undefined ? [] : [port]);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const { problemCode, message, remedy } = error;
      engine.postMessage({ port: undefined, refusal: { problemCode, message, remedy } } satisfies SetupStart);
    }
  };
  const edit = async (change: ConfigurationEdit) => {
    const fresh = await resolveAgain();
    const judged = judgeEdit(change, {
      now: fresh.isValid ? { ...fresh, permissions: current.permissions } : current,
      then: await resolveAgain(change.files),
    });
    engine.postMessage(judged.kind === 'fine' && !change.isTry ? await writeJudged(change, judged.widens) : judged);
  };
  try {
    return await new Promise((resolve, reject) => {
      engine.onmessage = ({ data }: MessageEvent<EngineMessage>) => {
        if (typeof data === 'object' && 'exitCode' in data) return resolve(data.exitCode);
        (data === 'start setup' ? startSetup() : typeof data === 'object' ? edit(data.edit) : check()).catch(reject);
      };
      engine.onerror = (event) => {
        event.preventDefault();
        resolve(EXIT.internal);
      };
      engine.postMessage(task);
    });
  } finally {
    engine.terminate();
    await setup.end();
  }
}

/** What widens the sandbox lies beside the files until somebody at the console puts it into place. */
async function writeJudged({ files }: ConfigurationEdit, widens: readonly string[]): Promise<EditAnswer> {
  const isStaged = widens.length > 0;
  const answer = await writeEdit({ files, isStaged });
  if ('refusal' in answer) return { kind: 'refused', ...answer.refusal };
  return { kind: 'written', kept: answer.kept, staged: isStaged ? files.map(({ path }) => path) : [] };
}

function ignore(): void {}
