import { findBinaries, type Origins } from './harness/binaries.ts';
import {
  directoryInMemory,
  freeAddress,
  PRODUCTION_SETTINGS,
  startServer,
  THROWAWAY_SETTINGS,
  urlOf,
} from './harness/server.ts';
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
  const servers = await startServers();
  const { stop, interrupted } = interruptible(servers.stop);
  try {
    const running = runTests(args, servers.environment, AbortSignal.any([interrupted, servers.failed]));
    const [{ code, output }, descriptions] = await Promise.all([running, servers.started]);
    const summary = parseSummary(output, code);
    await stop();
    print(`\ndatabase: ${descriptions.join(' and ')}\n${summaryLine(summary)}\n`);
    return code;
  } finally {
    await stop();
  }
}

interface Servers {
  readonly environment: Record<string, string>;
  /** What they are, when they are there: tests begin before. Throws what keeps one from starting. */
  readonly started: Promise<readonly string[]>;
  /** Aborted when one does not start. */
  readonly failed: AbortSignal;
  stop(): Promise<void>;
}

async function startServers(): Promise<Servers> {
  await using owned = new AsyncDisposableStack();
  const settings = choose('TEST_SETTINGS', { production: PRODUCTION_SETTINGS, '': THROWAWAY_SETTINGS });
  const origins = choose<Origins>('TEST_POSTGRES', { installed: 'installed', embedded: 'embedded', '': 'both' });
  const binaries = await findBinaries(origins);
  for (const one of binaries) owned.use(one);
  const libraries = await Deno.realPath(await Deno.makeTempDir({ prefix: 'immich-libraries-' }));
  owned.defer(() => Deno.remove(libraries, { recursive: true }).catch(() => {}));
  const parent = await directoryInMemory();
  const how = settings === PRODUCTION_SETTINGS ? ' with the settings of production' : '';
  const coming = binaries.map(({ bin, origin }) => {
    const address = freeAddress();
    const server = startServer(bin, settings, parent, address);
    owned.defer(() => server.then(({ stop }) => stop(), () => {}));
    return { url: urlOf(address), description: server.then(({ version }) => `${version} (${origin})${how}`) };
  });
  const failure = new AbortController();
  const started = Promise.all(coming.map(({ description }) => description));
  started.catch((error) => failure.abort(error));
  const all = owned.move();
  return {
    environment: {
      TEST_POSTGRES_URL: coming.map(({ url }) => url).join(' '),
      TEST_POSTGRES_BIN: binaries.at(-1)?.bin ?? '',
      TEST_LIBRARY_CACHE: libraries,
    },
    started,
    failed: failure.signal,
    stop: () => all.disposeAsync(),
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

/** These take longest: Deno begins with what is named, so that at the end nobody waits for one of them. */
const LONGEST: readonly string[] = [
  'tests/immich/dropped/dropped.test.ts',
  'tests/share/histories/shared_albums_v2_7_5.test.ts',
  'tests/share/histories/shared_albums_v3_1_0.test.ts',
  'tests/share/histories/shared_albums_v3_2_0.test.ts',
  'tests/share/histories/shared_albums_v3_3_0.test.ts',
  'tests/share/histories/updates.test.ts',
  'tests/share/histories/v2_7_5.test.ts',
  'tests/share/histories/v3_1_0.test.ts',
  'tests/share/histories/v3_2_0.test.ts',
  'tests/share/histories/v3_3_0.test.ts',
  'tests/crash/faults.test.ts',
  'tests/crash/kill.test.ts',
  'tests/crash/restart.test.ts',
  'tests/cli/json.test.ts',
  'tests/setup/exposure.test.ts',
  'tests/doctor/doctor.test.ts',
  'tests/setup/unattended.test.ts',
];

/** One file more at a time than there are cores, as some wait for what they have started; or `DENO_JOBS`. */
async function runTests(
  args: readonly string[],
  environment: Record<string, string>,
  interrupted: AbortSignal,
): Promise<{ code: number; output: string }> {
  const colour = Deno.stdout.isTerminal() && !Deno.noColor ? { FORCE_COLOR: '1' } : {};
  const jobs = Deno.env.get('DENO_JOBS') ?? String(navigator.hardwareConcurrency + 1);
  const process = new Deno.Command(Deno.execPath(), {
    // Types are checked by `deno task check`.
    args: [
      'test',
      '--frozen',
      '--lock=harness.lock',
      '--allow-all',
      '--no-check',
      '--parallel',
      ...args.length === 0 ? [...LONGEST, '.'] : args,
    ],
    cwd: new URL('..', import.meta.url),
    env: { DENO_JOBS: jobs, ...colour, ...environment },
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
