import { findPostgres } from './harness/binaries.ts';
import { servePGlite } from '../src/demo/pglite.ts';
import { directoryInMemory, startServer, THROWAWAY_SETTINGS } from './harness/server.ts';
import { parseSummary, type Summary } from './harness/summary.ts';

/**
 * `deno task test [arguments and files for deno test] [--pglite]`
 *
 * Runs all tests against one PostgreSQL server started for this run, or against PGlite where none is installed or
 * `--pglite` is given. The last line is always `N passed, N failed`; the exit code is that of `deno test`.
 */
async function main(args: readonly string[]): Promise<number> {
  const database = await prepareDatabase(args.includes('--pglite'));
  const { stop, interrupted } = interruptible(database.stop);
  try {
    const forwarded = args.filter((arg) => arg !== '--pglite');
    const { code, output } = await runTests(forwarded, database.environment, interrupted);
    const summary = parseSummary(output, code);
    await stop();
    print(`\ndatabase: ${database.description}\n${summaryLine(summary)}\n`);
    return code;
  } finally {
    await stop();
  }
}

interface PreparedDatabase {
  readonly description: string;
  readonly environment: Record<string, string>;
  stop(): Promise<void>;
}

async function prepareDatabase(onlyPGlite: boolean): Promise<PreparedDatabase> {
  const bin = onlyPGlite ? undefined : await findPostgres();
  if (!bin) return await preparePGlite();
  const server = await startServer(bin, THROWAWAY_SETTINGS, await directoryInMemory());
  const libraries = await Deno.realPath(await Deno.makeTempDir({ prefix: 'immich-libraries-' }));
  return {
    description: `${server.version}, started for this run`,
    environment: { TEST_POSTGRES_URL: server.url, TEST_LIBRARY_CACHE: libraries },
    stop: async () => {
      await server.stop();
      await Deno.remove(libraries, { recursive: true }).catch(() => {});
    },
  };
}

/** PGlite runs inside the tests; what they share is a directory of prepared data directories. */
async function preparePGlite(): Promise<PreparedDatabase> {
  const cache = await Deno.makeTempDir({ prefix: 'immich-pglite-' });
  const { database, close } = await servePGlite();
  const { rows } = await database.query<{ version: string }>('SELECT version()');
  await close();
  const [, postgresVersion, pgliteVersion] = /^(PostgreSQL \S+) \((PGlite \S+)\)/.exec(rows[0]?.version ?? '') ?? [];
  return {
    description: `${pgliteVersion} (${postgresVersion}) with pgvector`,
    environment: { TEST_POSTGRES_URL: '', TEST_PGLITE_CACHE: cache },
    stop: () => Deno.remove(cache, { recursive: true }).catch(() => {}),
  };
}

/** Ctrl-C ends the tests, then the database, then this process; `stop` is for the normal end. */
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

/** Three files at a time, as some wait for what they have started. Each PGlite takes some 200 MB. */
async function runTests(
  args: readonly string[],
  environment: Record<string, string>,
  interrupted: AbortSignal,
): Promise<{ code: number; output: string }> {
  const colour = Deno.stdout.isTerminal() && !Deno.noColor ? { FORCE_COLOR: '1' } : {};
  const process = new Deno.Command(Deno.execPath(), {
    // Types are checked by `deno task check`.
    args: ['test', '--allow-all', '--no-check', '--parallel', ...args],
    cwd: new URL('..', import.meta.url),
    env: { DENO_JOBS: '3', ...colour, ...environment },
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
