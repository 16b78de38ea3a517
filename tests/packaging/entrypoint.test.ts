import assert from 'node:assert/strict';
import { canRun, REPOSITORY } from './repository.ts';

const ENTRYPOINT = `${REPOSITORY}packaging/docker/entrypoint.sh`;
const HEALTH_CHECK = `${REPOSITORY}packaging/docker/healthcheck.pl`;

const IS_ROOT = Deno.build.os === 'linux' && Deno.uid() === 0;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function output(command: readonly string[], env: Readonly<Record<string, string>>): Promise<Outcome> {
  const [program = '', ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, { args, clearEnv: true, env }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs the entrypoint where `immich-sidecar` tells who it is and what it was given. */
async function enter(
  env: Readonly<Record<string, string>>,
  wrapper: readonly string[] = [],
): Promise<Outcome & { readonly owners: readonly string[] }> {
  const directory = await Deno.makeTempDir({ prefix: 'immich-entrypoint-' });
  try {
    await Deno.chmod(directory, 0o755);
    const program = `${directory}/immich-sidecar`;
    await Deno.writeTextFile(program, '#!/bin/sh\necho "$(id -u):$(id -g) $(id -G) $*"\nexit 3\n');
    await Deno.chmod(program, 0o755);
    await Deno.copyFile(ENTRYPOINT, `${directory}/entrypoint.sh`);
    await Deno.chmod(`${directory}/entrypoint.sh`, 0o755);
    const mounts = { CONFIG_DIRECTORY: `${directory}/config`, STATE_DIRECTORY: `${directory}/state` };
    for (const path of Object.values(mounts)) await Deno.mkdir(path);
    const outcome = await output([...wrapper, `${directory}/entrypoint.sh`, 'serve', 'two words'], {
      PATH: `${directory}:/usr/bin:/bin:/usr/sbin:/sbin`,
      ...mounts,
      ...env,
    });
    const owners = Object.values(mounts).map((path) => Deno.statSync(path)).map(({ uid, gid }) => `${uid}:${gid}`);
    return { ...outcome, owners };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const as = (uid: number, gid: number) => ['setpriv', '--reuid', `${uid}`, '--regid', `${gid}`, '--clear-groups'];

Deno.test({
  name: 'the entrypoint passes arguments and the exit code on, as whoever it was started as',
  ignore: Deno.build.os === 'windows',
  fn: async () => {
    const { code, stdout, stderr } = await enter({});
    assert.deepEqual([code, stderr], [3, '']);
    assert.match(stdout, new RegExp(`^${Deno.uid()}:${Deno.gid()} .*serve two words\\n$`));
  },
});

Deno.test({
  name: 'PUID and PGID: root becomes them and loses its groups; the same is fine; another user is told what to do',
  ignore: !IS_ROOT,
  fn: async () => {
    assert.deepEqual(await enter({ PUID: '1026', PGID: '100' }), {
      code: 3,
      stdout: '1026:100 100 serve two words\n',
      stderr: '',
      owners: ['1026:100', '1026:100'],
    });
    assert.equal((await enter({ PUID: '1026', PGID: '100' }, as(1026, 100))).code, 3);
    const refused = await enter({ PUID: '1026', PGID: '100' }, as(1000, 1000));
    assert.deepEqual([refused.code, refused.stdout], [2, '']);
    assert.match(refused.stderr, /runs as 1000:1000\. Start it with --user 1026:100/);
  },
});

Deno.test({
  name: 'PUID must be a number',
  ignore: Deno.build.os === 'windows',
  fn: async () => {
    const { code, stderr } = await enter({ PUID: 'alice' });
    assert.deepEqual([code, stderr], [
      2,
      `error: PUID and PGID are numbers, such as 1000; here they are "alice" and "${Deno.gid()}".\n`,
    ]);
  },
});

const HAS_HTTP_TINY = await canRun('perl', ['-MHTTP::Tiny', '-e', '1']);

Deno.test({
  name: 'the health check asks /healthz at HTTP_PORT, and says what it heard',
  ignore: !HAS_HTTP_TINY,
  fn: async () => {
    const asked: string[] = [];
    const statuses = [200, 503];
    await using server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, (request) => {
      asked.push(new URL(request.url).pathname);
      return new Response('', { status: statuses.shift() ?? 500 });
    });
    const check = (HTTP_PORT = String(server.addr.port)) =>
      output(['perl', HEALTH_CHECK], { PATH: Deno.env.get('PATH') ?? '', HTTP_PORT });
    const healthy = await check();
    const unhealthy = await check();
    assert.deepEqual([healthy.code, unhealthy.code, asked], [0, 1, ['/healthz', '/healthz']]);
    assert.match(unhealthy.stdout, /^503 /);
    assert.equal((await check('0')).code, 0, 'HTTP is turned off');
    await server.shutdown();
    assert.equal((await check()).code, 1);
  },
});
