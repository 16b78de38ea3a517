import { type Binaries, findBinaries, type Origins } from './harness/binaries.ts';
import { directoryInMemory, PRODUCTION_SETTINGS, startServer, THROWAWAY_SETTINGS } from './harness/server.ts';
import { parseSummary, type Summary } from './harness/summary.ts';

/**
 * `deno task test [arguments and files for deno test]`
 *
 * Runs all tests against PostgreSQL servers that are started for this run: the one that is installed and the one that npm has, each
 * with the databases of every other release, or the latter alone where none is installed. `TEST_POSTGRES=installed` or `embedded` takes one
 * of them. They are quick and forgetful; with `TEST_SETTINGS=production` they are not.
 *
 * The last line is always `N passed, N failed`; the exit code is that of `deno test`.
 */
async function main(args: readonly string[]): Promise<number> {
  const database = await startServers();
  const { stop, interrupted } = interruptible(database.stop);
  try {
    const { code, output } = await runTests(args, database.environment, interrupted);
    const summary = parseSummary(output, code);
    await stop();
    print(`\ndatabase: ${database.description}\n${summaryLine(summary)}\n`);
    return code;
  } finally {
    await stop();
  }
}

interface Servers {
  readonly description: string;
  readonly environment: Record<string, string>;
  stop(): Promise<void>;
}

async function startServers(): Promise<Servers> {
  await using started = new AsyncDisposableStack();
  const settings = choose('TEST_SETTINGS', { production: PRODUCTION_SETTINGS, '': THROWAWAY_SETTINGS });
  const origins = choose<Origins>('TEST_POSTGRES', { installed: 'installed', embedded: 'embedded', '': 'both' });
  const parent = await directoryInMemory();
  const start = async ({ bin, origin }: Binaries) => {
    const server = await startServer(bin, settings, parent);
    started.defer(server.stop);
    return { bin, url: server.url, description: `${server.version} (${origin})` };
  };
  const binaries = await findBinaries(origins);
  for (const one of binaries) started.use(one);
  const servers = await Promise.all(binaries.map(start));
  const libraries = await Deno.realPath(await Deno.makeTempDir({ prefix: 'immich-libraries-' }));
  started.defer(() => Deno.remove(libraries, { recursive: true }).catch(() => {}));
  const running = started.move();
  return {
    description: servers.map(({ description }) => description).join(' and ') +
      `, started for this run${settings === PRODUCTION_SETTINGS ? ' with the settings of production' : ''}`,
    environment: {
      TEST_POSTGRES_URL: servers.map(({ url }) => url).join(' '),
      TEST_POSTGRES_BIN: servers.at(-1)?.bin ?? '',
      TEST_LIBRARY_CACHE: libraries,
    },
    stop: () => running.disposeAsync(),
  };
}

/** What the value of an environment variable stands for; an empty one is none. Throws Error for one that stands for nothing. */
function choose<T>(variable: string, choices: Readonly<Record<string, T>>): T {
  const value = Deno.env.get(variable) ?? '';
  const chosen = choices[value];
  if (chosen !== undefined) return chosen;
  const known = Object.keys(choices).filter((choice) => choice !== '');
  throw new Error(`${variable} is ${known.join(' or ')}, or is not set; "${value}" is unknown.`);
}

/** Ctrl-C ends the tests, then the servers, then this process; `stop` is for the normal end. */
function interruptible(stop: () => Promise<void>): { stop: () => Promise<void>; interrupted: AbortSignal } {
  const controller = new AbortController();
  const onSignal = () => {
    controller.abort();
    stop().finally(() => Deno.exit(130));
  };
  const signals: Deno.Signal[] = Deno.build.os === 'windows' ? ['SIGINT'] : ['SIGINT', 'SIGTERM'];
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return {
    interrupted: controller.signal,
    stop: async () => {
      await stop();
      for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
    },
  };
}

/** One file more at a time than there are cores, as some wait for what they have started. */
async function runTests(
  args: readonly string[],
  environment: Record<string, string>,
  interrupted: AbortSignal,
): Promise<{ code: number; output: string }> {
  const colour = Deno.stdout.isTerminal() && !Deno.noColor ? { FORCE_COLOR: '1' } : {};
  const process = new Deno.Command(Deno.execPath(), {
    // Types are checked by `deno task check`.
    args: ['test', '--frozen', '--allow-all', '--no-check', '--parallel', ...args],
    cwd: new URL('..', import.meta.url),
    env: { DENO_JOBS: String(navigator.hardwareConcurrency + 1), ...colour, ...environment },
    stdin: 'null',
    stdout: 'piped',
    stderr: 'inherit',
    signal: interrupted,
  }).spawn();
  let output = '';
  const decoder = new TextDecoder();
  for await (const chunk of process.stdout) {
    await Deno.stdout.write(chunk);
    output = (output + decoder.decode(chunk, { stream: true })).slice(-4096);
  }
  return { code: (await process.status).code, output };
}

function summaryLine({ passed, failed, skipped }: Summary): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

Deno.exit(await main(Deno.args));
