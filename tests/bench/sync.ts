import manifest from '../../deno.json' with { type: 'json' };
import { median, round, variablesOf, withBenchLibrary } from './library.ts';

/** What `bench sync` prints. Each is a whole process, as `deno task sync` starts it, measured from outside. */
export interface SyncBench {
  readonly mirrored: number;
  readonly firstSeconds: number;
  /** Nothing has changed since. The median of five. */
  readonly againSeconds: number;
  /** The same with `--full`. The median of three. */
  readonly fullSeconds: number;
  /** The most that the first one had resident. */
  readonly rssMiB: number;
}

/** @param mirrored so many photos are shared by the first run */
export async function benchSync(mirrored: number): Promise<SyncBench> {
  return await withBenchLibrary(mirrored, {}, async (library) => {
    const variables = variablesOf(await library.clone('sync'), library);
    const sync = (...args: string[]) => run(library.directory, variables, args);
    const first = await sync();
    // What the first one wrote is news to the next, once.
    for (let cycle = 0; cycle < 2; cycle++) await sync();
    const again = [await sync(), await sync(), await sync(), await sync(), await sync()];
    const full = [await sync('--full'), await sync('--full'), await sync('--full')];
    return {
      mirrored,
      firstSeconds: round(first.seconds),
      againSeconds: round(median(again.map(({ seconds }) => seconds))),
      fullSeconds: round(median(full.map(({ seconds }) => seconds))),
      rssMiB: Math.round(first.rssMiB),
    };
  });
}

async function run(
  cwd: string,
  variables: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<{ seconds: number; rssMiB: number }> {
  const main = new URL('../../main.ts', import.meta.url).pathname;
  const words = manifest.tasks.sync.command.split(' ').slice(1).map((word) => word === 'main.ts' ? main : word);
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [...words, ...args],
    cwd,
    env: { ...variables, LOG_LEVEL: 'error' },
    stdout: 'null',
    stderr: 'inherit',
  }).spawn();
  let [kib, isOver] = [0, false];
  const ended = child.status.finally(() => isOver = true);
  while (!isOver) {
    kib = Math.max(kib, peakKib(child.pid));
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))]);
  }
  const seconds = (performance.now() - start) / 1_000;
  const { success, code } = await ended;
  if (!success) throw new Error(`sync ended with ${code}`);
  return { seconds, rssMiB: kib / 1024 };
}

function peakKib(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1] ?? 0);
  } catch {
    return 0; // it has just ended, or this is not Linux
  }
}
