import manifest from '../../deno.json' with { type: 'json' };
import { round, runChild, variablesOf, withBenchLibrary } from './library.ts';

/** What `bench serve` prints. Everything is measured from outside, of the program that `deno task serve` starts. */
export interface ServeBench {
  /** From the start of the program, whose database answers and has nothing new, to `/readyz` = 200. */
  readonly readySeconds: number;
  /** Resident memory, half a minute later. */
  readonly idleRssMiB: number;
  /** Of one core, in that half minute, with the default interval. */
  readonly idleCpuPercent: number;
  readonly descriptors: number;
  /** Of 1,000 requests sent in each of ten seconds, by turns to `/metrics` and `/healthz`. */
  readonly answeredPerSecond: number;
  /** 99 of 100 of these were answered within so many milliseconds. */
  readonly answerMs99: number;
  /** The median cycle without changes. */
  readonly cycleMs: number;
  /** The same while 200 connections send a byte a second. */
  readonly cycleMsBesideSlowConnections: number;
  readonly slowConnections: number;
}

const PORT = 18_080;
const URL_OF = `http://127.0.0.1:${PORT}`;
const IDLE_SECONDS = 30;
const LOAD_SECONDS = 10;
/** Six cycles of the shortest interval. */
const CYCLE_SECONDS = 32;
const SLOW_CONNECTIONS = 200;

/** @param mirrored so many photos are shared before */
export async function benchServe(mirrored: number): Promise<ServeBench> {
  return await withBenchLibrary(mirrored, {}, async (library) => {
    const database = await library.clone('serve');
    await runChild('./share_child.ts', database, library);
    const variables = variablesOf(database, library);

    await using idle = await Service.start(library.directory, variables);
    const cpuBefore = idle.cpuSeconds();
    await sleep(IDLE_SECONDS * 1_000);
    const idleCpuPercent = 100 * (idle.cpuSeconds() - cpuBefore) / IDLE_SECONDS;
    const { rssMiB, descriptors } = idle.uses();
    const load = await sendRequests();
    await idle.stop();

    await using busy = await Service.start(library.directory, { ...variables, SYNC_INTERVAL_SECONDS: '5' });
    const cycleMs = await medianCycle();
    const slow = await connectSlowly();
    const cycleMsBesideSlowConnections = await medianCycle();
    const slowConnections = slow.close();
    await busy.stop();
    return {
      readySeconds: round(idle.readySeconds),
      idleRssMiB: Math.round(rssMiB),
      idleCpuPercent: round(idleCpuPercent),
      descriptors,
      ...load,
      cycleMs,
      cycleMsBesideSlowConnections,
      slowConnections,
    };
  });
}

/** The program as `deno task serve` starts it. */
class Service implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readySeconds = NaN;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  static async start(cwd: string, variables: Record<string, string>): Promise<Service> {
    const main = new URL('../../main.ts', import.meta.url).pathname;
    const args = manifest.tasks.serve.command.split(' ').slice(1).map((word) => word === 'main.ts' ? main : word);
    const start = performance.now();
    const service = new Service(
      new Deno.Command(Deno.execPath(), {
        args,
        cwd,
        env: { ...variables, HTTP_PORT: String(PORT), LOG_LEVEL: 'error' },
        stdout: 'null',
        stderr: 'inherit',
      }).spawn(),
    );
    let hasEnded = false;
    service.#child.status.then(() => hasEnded = true);
    while (!await isReady()) {
      if (hasEnded) throw new Error('the service has ended instead of being ready');
      await sleep(5);
    }
    service.readySeconds = (performance.now() - start) / 1_000;
    return service;
  }

  /** Of all its threads, since it began. */
  cpuSeconds(): number {
    const fields = Deno.readTextFileSync(`/proc/${this.#child.pid}/stat`).replace(/^.*\) /, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  uses(): { rssMiB: number; descriptors: number } {
    const directory = `/proc/${this.#child.pid}`;
    const [, kb = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`${directory}/status`)) ?? [];
    return { rssMiB: Number(kb) / 1_024, descriptors: [...Deno.readDirSync(`${directory}/fd`)].length };
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop();
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
  }
}

async function isReady(): Promise<boolean> {
  try {
    const answer = await fetch(`${URL_OF}/readyz`);
    await answer.body?.cancel();
    return answer.status === 200;
  } catch {
    return false;
  }
}

async function sendRequests(): Promise<Pick<ServeBench, 'answeredPerSecond' | 'answerMs99'>> {
  const took: number[] = [];
  const send = async (path: string) => {
    const start = performance.now();
    const answer = await fetch(URL_OF + path);
    await answer.body?.cancel();
    if (answer.status === 200) took.push(performance.now() - start);
  };
  const sent: Promise<void>[] = [];
  const start = performance.now();
  for (let request = 0; request < LOAD_SECONDS * 1_000; request++) {
    const early = start + request - performance.now();
    if (early > 0) await sleep(early);
    sent.push(send(request % 2 === 0 ? '/metrics' : '/healthz').catch(() => {}));
  }
  await Promise.all(sent);
  const seconds = (performance.now() - start) / 1_000;
  took.sort((a, b) => a - b);
  return {
    answeredPerSecond: Math.round(took.length / seconds),
    answerMs99: Math.round(took[Math.floor(took.length * 0.99)] ?? NaN),
  };
}

async function medianCycle(): Promise<number> {
  const since = Date.now();
  await sleep(CYCLE_SECONDS * 1_000);
  const { cycles } = await (await fetch(`${URL_OF}/api/status`)).json();
  const seconds: number[] = cycles
    .filter(({ startedAt }: { startedAt: string }) => Date.parse(startedAt) >= since)
    .map((cycle: { seconds: number }) => cycle.seconds)
    .sort((a: number, b: number) => a - b);
  return Math.round((seconds[Math.floor(seconds.length / 2)] ?? NaN) * 1_000);
}

/** Connections that never come to the end of their request; a refused client connects again. */
async function connectSlowly(): Promise<{ close: () => number }> {
  const open = new Set<Deno.Conn>();
  let isOver = false;
  const drip = async (): Promise<void> => {
    const bytes = new TextEncoder();
    while (!isOver) {
      const connection = await Deno.connect({ hostname: '127.0.0.1', port: PORT });
      open.add(connection);
      try {
        await connection.write(bytes.encode('GET /metrics HTTP/1.1\r\nHost: slow\r\nX-Slow: '));
        while (!isOver) {
          await connection.write(bytes.encode('x'));
          await sleep(1_000);
        }
      } catch {
        // Refused.
      } finally {
        open.delete(connection);
        connection.close();
      }
    }
  };
  for (let count = 0; count < SLOW_CONNECTIONS; count++) drip().catch(() => {});
  await sleep(1_000);
  return {
    close: () => {
      isOver = true;
      return open.size;
    },
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
