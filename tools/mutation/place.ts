import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBinaries } from '../../tests/harness/binaries.ts';
import { directoryInMemory, freeAddress, startServer, THROWAWAY_SETTINGS } from '../../tests/harness/server.ts';
import { type Plan, RESTART } from './plan.ts';
import { readEntries } from './trials.ts';
import { onServer } from '../../tests/harness/server_databases.ts';

const TEST = ['test', '--frozen', '--lock=harness.lock', '--allow-all', '--no-check'];

/** A process that has not come to its clock for so long is caught in a loop. */
const CAUGHT_SECONDS = 60;

/** How a test file ended. */
export interface TestRun {
  readonly outcome: 'passed' | 'failed' | 'late';
  readonly seconds: number;
  /** The first test that failed. */
  readonly test: string | undefined;
  /** What Deno printed. */
  readonly output: string;
}

/** A copy of a commit and a PostgreSQL server, both to be thrown away: nobody works in it, and one mutant at a time is in it. */
export class Place implements AsyncDisposable {
  readonly #closing = new AbortController();

  private constructor(
    readonly directory: string,
    readonly url: string,
    readonly temporary: string,
    readonly bin: string,
    private readonly confined: readonly string[],
    private readonly owned: AsyncDisposableStack,
  ) {}

  /** @param directory does not exist yet, or is one from before: it is made anew */
  static async open(repository: string, commit: string, directory: string): Promise<Place> {
    await using owned = new AsyncDisposableStack();
    await Deno.remove(directory, { recursive: true }).catch(() => {});
    await Deno.mkdir(directory, { recursive: true });
    owned.defer(() => Deno.remove(directory, { recursive: true }));
    const archive = `${directory}/commit.tar`;
    await run('git', ['-C', repository, 'archive', '--output', archive, commit]);
    await run('tar', ['-xf', archive, '-C', directory]);
    await Deno.remove(archive);
    // Below it is also what tests that were killed have left.
    const temporary = await Deno.makeTempDir({ dir: dirname(directory), prefix: 'temporary-' });
    owned.defer(() => Deno.remove(temporary, { recursive: true }));
    await Deno.mkdir(`${temporary}/libraries`);
    const [binaries] = await findBinaries('installed').catch(() => findBinaries('embedded'));
    if (binaries === undefined) throw new Error('There is no PostgreSQL to run tests on.');
    owned.use(binaries);
    const address = freeAddress();
    const server = await startServer(binaries.bin, THROWAWAY_SETTINGS, await directoryInMemory(), address);
    owned.defer(() => server.stop());
    const confined = await confine(dirname(directory));
    return new Place(directory, server.url, temporary, binaries.bin, confined, owned.move());
  }

  /**
   * Files of the program that have errors of types. The whole of it is looked at: what types there are (those of Node among them) depends on all
   * modules that are checked, so that a module by itself may have errors that it does not have as a part.
   */
  async filesWithErrors(): Promise<Set<string>> {
    const { code, output } = await this.#deno(
      ['check', '--quiet', '--frozen', '--lock=harness.lock', 'main.ts'],
      {},
      600,
    );
    const places = [...output.matchAll(/file:\/\/(\S+?):\d+:\d+/g)].map(([, path]) => path ?? '');
    if (code !== 0 && places.length === 0) throw new Error(output);
    return new Set(code === 0 ? [] : places.map((path) => path.replace(`${this.directory}/`, '')));
  }

  /**
   * Runs one test file until its first failure.
   *
   * @param limit seconds after which it and all that it has started are killed
   * @param only the name of one test
   */
  async test(file: string, limit: number, only?: string): Promise<TestRun> {
    const filter = only === undefined ? [] : ['--filter', only];
    const begun = Date.now();
    const { code, output } = await this.#deno([...TEST, '--fail-fast', ...filter, file], this.#environment(), limit);
    const seconds = (Date.now() - begun) / 1000;
    const isLate = code === 124 || code === 137;
    // What was killed has left its databases.
    if (code !== 0) await this.#dropDatabases();
    const test = / => (.+?) \.\.\. .*FAILED/.exec(output)?.[1] ?? /^(.+?) \.\.\. .*FAILED/m.exec(output)?.[1];
    return { outcome: code === 0 ? 'passed' : isLate ? 'late' : 'failed', seconds, test, output };
  }

  /**
   * Has the tests of a file try all mutants of a plan, however many processes that takes (see in_tests.ts).
   *
   * @param path of the plan
   */
  async tryAll(file: string, path: string, { heartbeat, log }: Plan): Promise<void> {
    const environment = { ...this.#environment(), MUTATION_PLAN: path, MUTATION_FILE: file };
    const preload = fileURLToPath(new URL('./in_tests.ts', import.meta.url));
    while (true) {
      const before = readEntries(log).length;
      await Deno.writeTextFile(heartbeat, '');
      const caught = new AbortController();
      const watch = setInterval(async () => {
        const { mtime } = await Deno.stat(heartbeat);
        if (Date.now() - Number(mtime) > CAUGHT_SECONDS * 1000) caught.abort();
      }, 5_000);
      const { code } = await this.#deno([...TEST, '--preload', preload, file], environment, 3600, caught.signal);
      clearInterval(watch);
      if (code !== 0) await this.#dropDatabases();
      const isRestart = code === RESTART || caught.signal.aborted || code >= 128;
      if (!isRestart || readEntries(log).length === before) return;
    }
  }

  #environment(): Record<string, string> {
    return {
      TEST_POSTGRES_URL: this.url,
      TEST_POSTGRES_BIN: this.bin,
      TEST_LIBRARY_CACHE: `${this.temporary}/libraries`,
      // Nobody reads the smallest history that fails.
      SHRINK_SECONDS: '0',
    };
  }

  /** `timeout` ends the whole group of processes; the clock is not Deno's, which a fault may keep from running. */
  async #deno(args: readonly string[], env: Record<string, string>, limit: number, signal?: AbortSignal) {
    const { code, stdout, stderr } = await new Deno.Command('timeout', {
      args: ['--kill-after=5', String(Math.ceil(limit)), ...this.confined, Deno.execPath(), ...args],
      cwd: this.directory,
      env: { NO_COLOR: '1', DENO_NO_PROMPT: '1', TMPDIR: this.temporary, ...env },
      stdin: 'null',
      stdout: 'piped',
      stderr: 'piped',
      signal: AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]),
    }).output();
    const text = new TextDecoder();
    return { code, output: text.decode(stdout) + text.decode(stderr) };
  }

  async #dropDatabases(): Promise<void> {
    await onServer(this.url, 'postgres', async (sql) => {
      const rows = await sql<{ name: string }[]>`SELECT datname AS name FROM pg_database WHERE datname LIKE 'test\\_%'`;
      for (const { name } of rows) await sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.owned.disposeAsync();
  }
}

/**
 * What a command has to begin with so that it can write into a directory and Deno's cache only: where the fault is in what keeps the program in its
 * directories, it would follow the tests' paths to `/etc/passwd`. Nothing where nobody may do that: there the permissions of an ordinary user must do.
 */
async function confine(directory: string): Promise<string[]> {
  const { success } = await new Deno.Command('unshare', { args: ['--mount', 'true'], stderr: 'null' }).output()
    .catch(() => ({ success: false }));
  if (!success) return [];
  const { denoDir } = JSON.parse(await run(Deno.execPath(), ['info', '--json']));
  const script = 'for one in "$1" "$2"; do mount --bind "$one" "$one" || exit 1; done; ' +
    'mount -o remount,bind,ro / && shift 2 && exec "$@"';
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', directory, denoDir];
}

/** What a command prints. Throws Error with its own words when it fails. */
export async function run(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], stdin: 'null' }).output();
  if (!success) throw new Error(`${command} ${args.join(' ')}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}
