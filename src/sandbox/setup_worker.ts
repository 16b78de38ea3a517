import type { SetupTask } from './messages.ts';
import { startWorker } from './start_worker.ts';

/**
 * As setup on a terminal has: nobody knows yet where Immich and its files are. The wizard starts no program, and it takes answers from somebody
 * who knew the code in the log, and nothing else.
 */
const SETUP_PERMISSIONS: Deno.PermissionOptionsObject = {
  net: true,
  read: true,
  write: true,
  env: true,
  sys: ['uid', 'gid', 'statfs'],
  run: false,
  ffi: false,
  import: false,
};

/** What it has made is undone when it is told to end; that takes a few requests to Immich. */
const GRACE_MS = 8_000;

/** The wizard in a worker of its own: at most one at a time. */
export class SetupWorker {
  readonly #task: Omit<SetupTask, 'port'>;
  #end: (() => Promise<void>) | undefined;

  constructor(task: Omit<SetupTask, 'port'>) {
    this.#task = task;
  }

  /** Ends the one before, and starts a new one. Returns what leads to it. Throws UserError. */
  async start(): Promise<MessagePort> {
    await this.end();
    const worker = startWorker('setup', SETUP_PERMISSIONS);
    const { port1, port2 } = new MessageChannel();
    const hasEnded = new Promise<void>((resolve) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => {
        event.preventDefault();
        resolve();
      };
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = () => new Promise<void>((resolve) => timer = setTimeout(resolve, GRACE_MS));
    this.#end = async () => {
      worker.postMessage('end');
      await Promise.race([hasEnded, late()]);
      clearTimeout(timer);
      worker.terminate();
    };
    worker.postMessage({ ...this.#task, port: port2 } satisfies SetupTask, [port2]);
    return port1;
  }

  async end(): Promise<void> {
    const end = this.#end;
    this.#end = undefined;
    await end?.();
  }
}
