import assert from 'node:assert/strict';
import exifToolScript from 'exiftool-vendored.pl';
import { assetOf } from '../../src/demo/library_generator/result.ts';
import { EXIT, messageOf } from '../../src/errors.ts';
import { VERSION } from '../../src/version.ts';
import { isComplete, LIST_NAME, sha256 } from '../../src/writeback/exiftool/unpack.ts';
import { type Run, type Variables, variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { binariesForOneServer } from '../harness/binaries.ts';
import { directoryInMemory, startServer, THROWAWAY_SETTINGS } from '../harness/server.ts';
import { World } from '../share/world.ts';
import { fingerprints, libraryFiles } from '../writeback/run/helper.ts';

/**
 * Uses a packaged program as its user would, from outside: `deno run -A tests/packaging/smoke.ts COMMAND [ARGUMENT]...`
 *
 * On Windows only what needs no database and no files is tried.
 */
export interface Smoke {
  readonly name: string;
  run(program: Program, world: World): Promise<void>;
}

/** The program under test, with a home, a cache and a working directory that are empty at first. */
export class Program implements Disposable {
  readonly #command: readonly string[];
  readonly #home = Deno.realPathSync(Deno.makeTempDirSync({ prefix: 'immich-smoke-' }));

  constructor(command: readonly string[]) {
    this.#command = command;
  }

  /** Runs it with nothing in its environment but these, and what every user has. */
  async run(args: readonly string[], cwd: string, env: Variables = {}): Promise<Run> {
    return await this.#start(args, cwd, env).output;
  }

  /** The same, while `during` lasts; then it is told to stop. */
  async serve(cwd: string, env: Variables, during: () => Promise<void>): Promise<Run> {
    const { process, output } = this.#start(['serve'], cwd, env);
    const failure: unknown = await during().then(() => undefined, (error) => error);
    try {
      process.kill('SIGTERM');
    } catch {
      // it has ended already
    }
    const run = await output;
    if (failure !== undefined) throw new Error(`${messageOf(failure)}\n${run.stderr}`, { cause: failure });
    return run;
  }

  /** The directory that it has unpacked ExifTool to. */
  unpacked(): string {
    const cache = `${this.#home}/${Deno.build.os === 'darwin' ? 'Library/Caches' : '.cache'}/immich-sidecar`;
    const names = [...Deno.readDirSync(cache)].map(({ name }) => name).filter((name) => name !== 'lock');
    assert.match(names.join(' '), /^exiftool-[0-9a-f]{16}$/, 'one directory and nothing unfinished');
    return `${cache}/${names[0]}`;
  }

  #start(args: readonly string[], cwd: string, env: Variables): { process: Deno.ChildProcess; output: Promise<Run> } {
    const [program = '', ...rest] = [...this.#command, ...args];
    const process = new Deno.Command(program, {
      args: rest,
      cwd,
      clearEnv: true,
      env: { ...systemVariables(), HOME: this.#home, LOCALAPPDATA: this.#home, DENO_NO_UPDATE_CHECK: '1', ...env },
      stdin: 'null',
      stdout: 'piped',
      stderr: 'piped',
    }).spawn();
    const decoder = new TextDecoder();
    const output = process.output().then(({ code, stdout, stderr }) => ({
      code,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    }));
    return { process, output };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#home, { recursive: true });
  }
}

/** What needs neither a database nor files. */
export const ANYWHERE: readonly { readonly name: string; run(program: Program): Promise<void> }[] = [
  {
    name: '--version tells version and commit',
    async run(program) {
      using cwd = workingDirectory('');
      const { code, stdout, stderr } = await program.run(['--version'], cwd.path);
      assert.deepEqual([code, stderr], [EXIT.ok, '']);
      assert.equal(stdout.slice(0, VERSION.length), VERSION);
      assert.match(stdout.slice(VERSION.length), /^( \(commit [0-9a-f]{12}(, changed)?\))?\r?\n$/);
    },
  },
  {
    name: '--help',
    async run(program) {
      using cwd = workingDirectory('');
      const { code, stdout, stderr } = await program.run(['--help'], cwd.path);
      assert.deepEqual([code, stderr], [EXIT.ok, '']);
      for (const word of ['Usage: immich-sidecar', 'sync', 'write', 'serve', 'Examples', 'Exit codes']) {
        assert.ok(stdout.includes(word), word);
      }
    },
  },
  {
    name: 'a wrong configuration is explained, without a trace',
    async run(program) {
      using cwd = workingDirectory('jobs: []');
      const { code, stdout, stderr } = await program.run(['sync'], cwd.path, { DB_PORT: '54x32' });
      assert.deepEqual([code, stdout], [EXIT.usage, '']);
      assert.match(stderr, /DB_PORT \(environment\): "54x32" is not a whole number/);
      assert.doesNotMatch(stderr, /^ +at /m);
    },
  },
  {
    name: 'the demo says where it is',
    async run(program) {
      using cwd = workingDirectory('');
      const { code, stdout, stderr } = await program.run(['demo'], cwd.path);
      assert.deepEqual([code, stdout], [EXIT.usage, '']);
      assert.match(stderr, /not part of this download[^]*task demo/);
    },
  },
];

/** What is done with a small library in a real database. In this order: later ones build on earlier ones. */
export const WITH_DATABASE: readonly Smoke[] = [
  {
    name: 'sync --dry-run shows the plan and changes nothing',
    async run(program, world) {
      const before = fingerprints(libraryFiles(world));
      const { code, stdout, stderr } = await inWorld(program, world, ['sync', '--dry-run', '--json']);
      assert.equal(code, EXIT.ok, stderr);
      assert.equal(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '').dryRun, true);
      const [found] = await world.sql`SELECT to_regnamespace('immich_sidecar') IS NULL AS untouched`;
      assert.equal(found?.['untouched'], true);
      assert.deepEqual(fingerprints(libraryFiles(world)), before);
    },
  },
  {
    name: 'sync shares',
    async run(program, world) {
      const { code, stderr } = await inWorld(program, world, ['sync', '--json']);
      assert.equal(code, EXIT.ok, stderr);
      const [source] = await world.someMirrored();
      const [original] = await world.sql`SELECT "originalPath" AS path FROM asset WHERE id = ${source}`;
      const { ino } = await Deno.stat(world.local(original?.['path']));
      assert.equal((await Deno.stat(await world.localMirrorPath(source))).ino, ino);
    },
  },
  {
    name: 'write puts it into the files, with the ExifTool that it has unpacked',
    async run(program, world) {
      const { code, stdout, stderr } = await inWorld(program, world, ['write', '--caption', '--json']);
      assert.equal(code, EXIT.ok, stderr);
      assert.ok(JSON.parse(stdout).outcomes.written > 0);
      assert.deepEqual(await readCaption(assetOf(world.library, 'family/beach').localPath), 'At the beach');
      assert.ok(await isComplete(program.unpacked(), await digestOf(program.unpacked())));
    },
  },
  {
    name: 'an ExifTool that was damaged is unpacked again, and undoes what was written',
    async run(program, world) {
      const directory = program.unpacked();
      const digest = await digestOf(directory);
      await Deno.truncate(`${directory}/exiftool`, 1000);
      const path = assetOf(world.library, 'family/beach').localPath;
      const { code, stderr } = await inWorld(program, world, ['undo', path, '--yes']);
      assert.equal(code, EXIT.ok, stderr);
      assert.equal(await readCaption(path), undefined);
      assert.ok(await isComplete(program.unpacked(), digest));
    },
  },
  {
    name: 'serve is ready when its first cycle has found nothing to do, and ends well when it is told to',
    async run(program, world) {
      const before = await updates(world);
      const port = freePort();
      const env = { ...environmentOf(world), HTTP_PORT: String(port) };
      const { code, stderr } = await program.serve(await workingDirectoryOf(world), env, () => untilReady(port));
      assert.equal(code, EXIT.ok, stderr);
      assert.deepEqual(await updates(world), before);
    },
  },
];

/** Waits until it is ready: a cycle has run, and nothing is wrong. */
async function untilReady(port: number): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (let last = ''; Date.now() < deadline;) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
      last = `${answer.status} ${await answer.text()}`;
      if (answer.ok) return;
    } catch (error) {
      last = messageOf(error); // it does not listen yet
    }
    if (Date.now() + 200 > deadline) assert.fail(`not ready after 120 s: ${last}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  return listener.addr.port;
}

/** Every run with the same working directory, so that the ledger of one is there for the next. */
async function inWorld(program: Program, world: World, args: readonly string[]): Promise<Run> {
  return await program.run(args, await workingDirectoryOf(world), environmentOf(world));
}

async function workingDirectoryOf(world: World): Promise<string> {
  const cwd = `${world.directory}/cwd`;
  await Deno.mkdir(cwd, { recursive: true });
  await Deno.writeTextFile(`${cwd}/config.yaml`, JSON.stringify({ jobs: world.config.jobs.map(yamlJob) }));
  return cwd;
}

function environmentOf(world: World): Variables {
  return { ...variablesOf(world), WRITE_SOURCE: 'database', LOG_LEVEL: 'WARNING' };
}

/** What changes whenever a row of Immich's asset table does. */
async function updates(world: World): Promise<readonly unknown[]> {
  return [...await world.sql`SELECT id, "updateId" FROM asset ORDER BY id`];
}

async function digestOf(directory: string): Promise<string> {
  return sha256(await Deno.readFile(`${directory}/${LIST_NAME}`));
}

/** With an ExifTool that has nothing to do with the program under test. */
async function readCaption(path: string): Promise<unknown> {
  const args = [exifToolScript, '-j', '-XMP-dc:Description', path];
  const { stdout } = await new Deno.Command('perl', { args }).output();
  return JSON.parse(new TextDecoder().decode(stdout))[0].Description;
}

/** What a process needs on every system, and Perl and Deno on some. */
function systemVariables(): Variables {
  const names = ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR'];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** For as long as it is not disposed of: the server of TEST_POSTGRES_URL, else one that is started. */
async function serveDatabase(): Promise<AsyncDisposable> {
  const started = new AsyncDisposableStack();
  if (!Deno.env.get('TEST_POSTGRES_URL')) {
    const { bin } = started.use(await binariesForOneServer());
    const server = started.adopt(
      await startServer(bin, THROWAWAY_SETTINGS, await directoryInMemory()),
      ({ stop }) => stop(),
    );
    Deno.env.set('TEST_POSTGRES_URL', server.url);
  }
  return started;
}

/** Everything, one after the other; says what it does. Throws at the first that is not right. */
async function main(command: readonly string[]): Promise<void> {
  const say = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  using program = new Program(command);
  for (const { name, run } of ANYWHERE) {
    say(name);
    await run(program);
  }
  if (Deno.build.os === 'windows') return say('without a database: paths of Immich have no drive letters');
  await using _ = await serveDatabase();
  await using world = await World.open('v3.1.0', { ownTables: false });
  for (const { name, run } of WITH_DATABASE) {
    say(name);
    await run(program, world);
  }
  say('all is well');
}

/** It is run in other directories. */
async function absolute(argument: string): Promise<string> {
  try {
    return await Deno.realPath(argument);
  } catch {
    return argument; // the name of a program, or an option
  }
}

if (import.meta.main) {
  if (Deno.args.length === 0) throw new Error('usage: smoke.ts COMMAND [ARGUMENT]...');
  await main(await Promise.all(Deno.args.map(absolute)));
}
