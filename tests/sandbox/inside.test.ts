import assert from 'node:assert/strict';
import manifest from '../../deno.json' with { type: 'json' };
import { packagedFlags } from '../../packaging/flags.ts';
import { EXTERNAL_ENV } from '../config/helper.ts';
import { EXIT } from '../../src/errors.ts';
import { type Run, runAlone as startProgram, type Variables, workingDirectory } from '../cli/program.ts';
import { canRun } from '../packaging/repository.ts';
import { flagsOf } from './flags.ts';
import type { Deeds, Outcome } from './prober.ts';

const LOCK = new URL('../../deno.lock', import.meta.url);
const PROBER = new URL('./prober.ts', import.meta.url).pathname;
const MANIFEST = new URL('../../deno.json', import.meta.url).pathname;
/** Deno's cache, which it would look for in HOME. */
const DENO_DIR = JSON.parse(new TextDecoder().decode(
  new Deno.Command(Deno.execPath(), { args: ['info', '--json'] }).outputSync().stdout,
)).denoDir as string;

const HAS_PERL = await canRun('perl', ['-v']);

/** Runs the prober in place of the program, with the flags that a task of deno.json has. */
async function start(
  task: 'sync' | 'serve' | 'write' | 'status',
  argument: string,
  cwd: string,
  env: Variables,
): Promise<Run> {
  return await startProgram([task, argument], {
    cwd,
    env: { NO_COLOR: '1', ...env },
    flags: flagsOf(task),
    main: PROBER,
  });
}

/** Directories that are configured, one that is not, two ports that somebody listens at, and one that is for HTTP. */
class Ground implements AsyncDisposable {
  readonly #cwd = workingDirectory('');
  readonly cwd = Deno.realPathSync(this.#cwd.path);
  readonly directory = Deno.realPathSync(Deno.makeTempDirSync({ prefix: 'immich-sandbox-' }));
  /** What was asked for at each of the two ports. */
  readonly requests: readonly [string[], string[]] = [[], []];
  readonly #listeners = this.requests.map((urls) =>
    Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, ({ url }) => {
      urls.push(url);
      return new Response('x');
    })
  );
  readonly ports = this.#listeners.map(({ addr }) => addr.port) as [number, number];
  readonly httpPort = freePort();

  constructor() {
    for (const name of ['upload', 'external', 'elsewhere', 'tmp']) {
      Deno.mkdirSync(`${this.directory}/${name}`);
      Deno.writeTextFileSync(`${this.directory}/${name}/file.json`, '{}');
    }
    // Packages of this scope come from a registry that we see the requests of.
    Deno.writeTextFileSync(`${this.directory}/.npmrc`, `@elsewhere:registry=${this.#urlOf(1)}\n`);
  }

  env(): Variables {
    return {
      DB_HOSTNAME: '127.0.0.1',
      DB_PORT: String(this.ports[0]),
      DB_PASSWORD: 'swordfish-and-more',
      IMMICH_API_URL: `http://127.0.0.1:${this.ports[0]}`,
      UPLOAD_LOCATION: `${this.directory}/upload`,
      EXTERNAL_LIBRARY_DIR: `${this.directory}/external`,
      HTTP_PORT: String(this.httpPort),
      TMPDIR: `${this.directory}/tmp`,
      HOME: this.directory,
      DENO_DIR,
    };
  }

  deeds(): Deeds {
    const [upload, external, elsewhere] = ['upload', 'external', 'elsewhere'].map((name) =>
      `${this.directory}/${name}`
    );
    return {
      files: ['/etc/passwd', '/proc/self/environ', `${upload}/file.json`, `${elsewhere}/file.json`],
      directories: ['/', `${external}`, `${elsewhere}`],
      targets: [`${upload}/new`, `${external}/new`, `${elsewhere}/new`, `${this.cwd}/new`, `${this.directory}/tmp/new`],
      links: [
        [`${upload}/file.json`, `${external}/linked`],
        [`${elsewhere}/file.json`, `${external}/linked-from-elsewhere`],
        [`${external}/file.json`, `${elsewhere}/linked`],
      ],
      ports: [...this.ports],
      ownPorts: [this.httpPort, freePort()],
      hosts: ['localhost'],
      programs: ['/bin/sh', 'sh', 'env', Deno.execPath(), 'perl'],
      variables: ['DB_PASSWORD', 'PATH', 'HOME'],
      packages: ['npm:@elsewhere/secret@1', 'npm:@elsewhere/secret', 'jsr:@std/assert@1', `${this.#urlOf(1)}code.js`],
      imports: [`file://${elsewhere}/file.json`, `${this.#urlOf(1)}file.json`],
    };
  }

  #urlOf(listener: 0 | 1): string {
    return `http://127.0.0.1:${this.ports[listener]}/`;
  }

  /** What was done in the end. */
  async probe(task: 'sync' | 'serve' | 'write' | 'status', env: Variables = {}): Promise<Outcome> {
    const { code, stdout, stderr } = await start(task, JSON.stringify(this.deeds()), this.cwd, {
      ...this.env(),
      ...env,
    });
    assert.equal(code, EXIT.ok, stderr);
    return JSON.parse(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) await listener.shutdown();
    Deno.removeSync(this.directory, { recursive: true });
    this.#cwd[Symbol.dispose]();
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  return listener.addr.port;
}

/** What is done of all that is tried; the rest was refused by Deno, and not for another reason. */
function done(outcome: Outcome): string[] {
  const refusals = ['NotCapable', 'undefined'];
  const others = Object.entries(outcome).filter(([, how]) => how !== 'done' && !refusals.includes(how));
  assert.deepEqual(others, []);
  return Object.entries(outcome).flatMap(([what, how]) => how === 'done' ? [what] : []);
}

/** What sync needs, and every other command on the configured directories. */
function ofSharing({ directory, ports: [database] }: Ground): string[] {
  const [upload, external] = [`${directory}/upload`, `${directory}/external`];
  const file = `${upload}/file.json`;
  return [
    ...['read', 'read asynchronously', 'read with Node', 'look at'].map((how) => `${how} ${file}`),
    `list ${external}`,
    ...[upload, external].flatMap((path) => [`write ${path}/new`, `remove ${path}/new`]),
    `link ${file} ${external}/linked`,
    `rename ${file} ${external}/linked`,
    `connect ${database}`,
    `fetch ${database}`,
  ];
}

const LOCAL = ['process.env DB_PASSWORD'];

Deno.test('inside sync: the database, Immich and the configured directories, and nothing else at all', async () => {
  await using ground = new Ground();
  const outcome = await ground.probe('sync');
  assert.deepEqual(done(outcome).sort(), [...ofSharing(ground), ...LOCAL].sort());
  for (
    const what of ['read /etc/passwd', `connect ${ground.ports[1]}`, 'run /bin/sh', 'variable HOME', 'all variables']
  ) {
    assert.equal(outcome[what], 'NotCapable', what);
  }
});

Deno.test('inside sync: no package is downloaded, nor asked for, and deno.lock stays as it is', async () => {
  await using ground = new Ground();
  const before = Deno.readTextFileSync(LOCK);
  const outcome = await ground.probe('sync');
  for (const name of ground.deeds().packages) assert.equal(outcome[`import ${name}`], 'NotCapable', name);
  assert.deepEqual(ground.requests[1], [], 'the name of a package can tell a secret, too');
  assert.equal(Deno.readTextFileSync(LOCK), before);
});

Deno.test('inside the packaged program: no package, no module from elsewhere, and all else as from the source', async () => {
  await using ground = new Ground();
  const bundled = `${ground.directory}/elsewhere/prober.js`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ['bundle', '--quiet', '--config', MANIFEST, '--platform', 'deno', '-o', bundled, PROBER],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const flags = ['--no-config', '--no-lock', ...packagedFlags(manifest)];
  const { code, stdout, ...run } = await startProgram(['sync', JSON.stringify(ground.deeds())], {
    cwd: ground.cwd,
    env: { NO_COLOR: '1', ...ground.env() },
    flags,
    main: bundled,
  });
  assert.equal(code, EXIT.ok, run.stderr);
  assert.deepEqual(done(JSON.parse(stdout)).sort(), [...ofSharing(ground), ...LOCAL].sort());
  assert.deepEqual(ground.requests[1], []);
});

Deno.test('inside serve: its HTTP address besides', async () => {
  await using ground = new Ground();
  const expected = [...ofSharing(ground), ...LOCAL, `listen ${ground.httpPort}`];
  assert.deepEqual(done(await ground.probe('serve', EXTERNAL_ENV)).sort(), expected.sort());
});

Deno.test('inside write: Perl besides, but no shell', { ignore: !HAS_PERL }, async () => {
  await using ground = new Ground();
  const outcome = await ground.probe('write');
  assert.deepEqual(done(outcome).sort(), [...ofSharing(ground), ...LOCAL, 'run perl'].sort());
  assert.deepEqual(
    [...Deno.readDirSync(`${ground.directory}/tmp`)].map(({ name }) => name),
    ['file.json'],
    'nothing stays',
  );
});

Deno.test('inside serve with a schedule for write-back: Perl too', { ignore: !HAS_PERL }, async () => {
  await using ground = new Ground();
  const outcome = await ground.probe('serve', { WRITE_SCHEDULE: '0 3 * * *' });
  const expected = [...ofSharing(ground), ...LOCAL, `listen ${ground.httpPort}`, 'run perl'];
  assert.deepEqual(done(outcome).sort(), expected.sort());
});

Deno.test('inside status: files can be read and not changed', async () => {
  await using ground = new Ground();
  const changing = /^(write|remove|link|rename) /;
  const outcome = await ground.probe('status');
  assert.deepEqual(
    done(outcome).sort(),
    [...ofSharing(ground), ...LOCAL].filter((what) => !changing.test(what)).sort(),
  );
});

Deno.test('inside an engine with a wrong configuration: nothing but that, and the variables to find the mistake', async () => {
  await using ground = new Ground();
  assert.deepEqual(done(await ground.probe('sync', { DB_PORT: '54x32' })).sort(), [
    'process.env DB_PASSWORD',
    'process.env HOME',
    'process.env PATH',
  ]);
});

Deno.test('what nobody catches inside ends the program with 1 and a trace, and leaves nothing behind', async () => {
  await using ground = new Ground();
  const { code, stderr } = await start('write', 'fail', ground.cwd, ground.env());
  assert.equal(code, EXIT.internal);
  assert.match(stderr, /nobody catches this[^]*prober\.ts/);
  assert.deepEqual([...Deno.readDirSync(`${ground.directory}/tmp`)].map(({ name }) => name), ['file.json']);
});

Deno.test('Deno that was started with less than the configuration needs is told so', async () => {
  await using ground = new Ground();
  const flags = ['--no-prompt', '--allow-read', '--allow-env', '--allow-net=127.0.0.1:1'];
  const { code, stderr } = await startProgram(['sync'], { cwd: ground.cwd, env: ground.env(), flags });
  assert.equal(code, EXIT.usage);
  assert.match(stderr, /^error: Deno was started with less[^]*-> Start it with deno task/);
});
