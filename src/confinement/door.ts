import { EXIT, UserError } from '../errors.ts';
import type { Answer, Order, Question, Renewal, Report } from './messages.ts';

/** What names the directory for temporary files, on all systems. */
const TEMPORARY = ['TMPDIR', 'TMP', 'TEMP'];

/** What the planner may do: look at files, as nobody knows yet which they are. */
const PLANNER: Deno.PermissionOptionsObject = {
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
 * Runs a command in a worker of its own, the engine, which may do what the configuration names and nothing else. What that is, another
 * worker finds out. Neither of the two, nor what they import, runs in the part of the program that has all permissions: that only
 * starts them. Returns the exit code.
 *
 * Throws UserError when Deno was not started with what that takes.
 */
export async function runConfined(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const question: Question = { args, env, cwd: Deno.cwd(), temporary: undefined };
  let answer = await ask(question);
  const askAgain = () => ask({ ...question, temporary: answer.temporary });
  while (true) {
    using _ = answer.permissions.write.includes(answer.temporary) ? makeTemporary(answer.temporary) : undefined;
    const exitCode = await runEngine({ args, env: answer.env }, answer, askAgain);
    if (exitCode !== EXIT.renewed) return exitCode;
    answer = await askAgain();
  }
}

/** The directory for temporary files, until it is disposed of. Where there can be none, whoever needs it says so. */
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

async function ask(question: Question): Promise<Answer> {
  const planner = startWorker('planner', PLANNER);
  try {
    return await new Promise((resolve, reject) => {
      planner.onmessage = ({ data }) => resolve(data);
      planner.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      planner.postMessage(question);
    });
  } finally {
    planner.terminate();
  }
}

/** Returns the exit code. What nobody has caught in there, Deno has printed. */
async function runEngine(order: Order, now: Answer, askAgain: () => Promise<Answer>): Promise<number> {
  const engine = startWorker('engine', now.permissions);
  try {
    return await new Promise((resolve) => {
      engine.onmessage = async ({ data }: MessageEvent<Report>) => {
        if (typeof data === 'object') return resolve(data.exitCode);
        const { isRight, permissions } = await askAgain();
        // A configuration with a mistake in it changes nothing: the engine reads it too, and says so.
        const isConfinedRightly = !isRight || JSON.stringify(permissions) === JSON.stringify(now.permissions);
        // Between two engines nobody else hears it, and it would end the program.
        if (!isConfinedRightly) Deno.addSignalListener('SIGHUP', ignore);
        engine.postMessage({ isConfinedRightly } satisfies Renewal);
      };
      engine.onerror = (event) => {
        event.preventDefault();
        resolve(EXIT.internal);
      };
      engine.postMessage(order);
    });
  } finally {
    engine.terminate();
  }
}

function ignore(): void {}

/** A worker with the main module, which sees by its name what it is. */
function startWorker(name: 'planner' | 'engine', permissions: Deno.PermissionOptionsObject): Worker {
  try {
    return new Worker(Deno.mainModule, { type: 'module', name, deno: { permissions } });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable || error instanceof TypeError)) throw error;
    throw new UserError('Deno was started with less than the configuration needs.', {
      remedy: 'Start it with deno task, or with the flags in the first line of immich-sidecar.js.',
      cause: error,
    });
  }
}
