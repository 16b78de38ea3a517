import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { EXIT } from '../../src/errors.ts';
import { PUBLISHED } from '../../src/published.ts';
import { noTerminal } from '../cli/pty.ts';
import { ofDeno, type Variables } from '../cli/program.ts';
import { until } from '../crash/process.ts';
import { testUnless } from '../files/scratch.ts';
import { freePort } from '../harness/server.ts';
import { canRun, DENO_VERSION, REPOSITORY, textOf } from '../packaging/repository.ts';
import { Ground } from '../setup/ground.ts';
import { KEYS } from '../setup/screen.ts';
import { Typist } from '../setup/typist.ts';
import { blocksOf, commandsOf } from './blocks.ts';

const { clear, down } = KEYS;

/** The blocks of README.md that take a newcomer from nothing to the first shared photo, and what is written back. */
const [BY_CONTAINER = '', BY_SOURCE = '', DEMO = '', TESTS = '', WRITE_BACK = ''] = blocksOf('README.md');

/** Programs of a test, before those of the machine. */
function programs(directory: string, scripts: Readonly<Record<string, string>>): string {
  const bin = `${directory}/bin`;
  Deno.mkdirSync(bin);
  for (const [name, text] of Object.entries(scripts)) {
    Deno.writeTextFileSync(`${bin}/${name}`, `#!/bin/sh\nset -e\n${text}\n`);
    Deno.chmodSync(`${bin}/${name}`, 0o755);
  }
  return bin;
}

/** Somebody who pastes blocks into a terminal, one line after the other. */
function paste(blocks: readonly string[], cwd: string, env: Variables): Typist {
  const script = blocks.flatMap(commandsOf).map((line) => `echo '$' ${JSON.stringify(line)}\n${line}`).join('\n');
  return Typist.run(['sh', '-ec', script], cwd, { ...ofDeno(), ...env });
}

async function statusOf(
  url: string,
): Promise<{ jobs?: { standing?: { mirrored: number }; savedBytes: number }[] } | undefined> {
  return await fetch(`${url}api/status`).then((answer) => answer.json(), () => undefined);
}

function mirrored(status: Awaited<ReturnType<typeof statusOf>>): number {
  return status?.jobs?.[0]?.standing?.mirrored ?? 0;
}

/** The services, names, mounts and ports of Immich's official docker-compose.yml: its database has none, and there is no external library. */
const OFFICIAL = {
  name: 'immich',
  services: {
    'immich-server': {
      container_name: 'immich_server',
      image: 'ghcr.io/immich-app/immich-server:${IMMICH_VERSION:-release}',
      volumes: ['${UPLOAD_LOCATION}:/data', '/etc/localtime:/etc/localtime:ro'],
      env_file: ['.env'],
      ports: ['2283:2283'],
      depends_on: ['redis', 'database'],
    },
    'immich-machine-learning': {
      container_name: 'immich_machine_learning',
      image: 'ghcr.io/immich-app/immich-machine-learning:${IMMICH_VERSION:-release}',
      volumes: ['model-cache:/cache'],
      env_file: ['.env'],
    },
    redis: { container_name: 'immich_redis', image: 'docker.io/valkey/valkey:9' },
    database: {
      container_name: 'immich_postgres',
      image: 'ghcr.io/immich-app/postgres:14-vectorchord0.4.3-pgvectors0.2.0',
      environment: {
        POSTGRES_PASSWORD: '${DB_PASSWORD}',
        POSTGRES_USER: '${DB_USERNAME}',
        POSTGRES_DB: '${DB_DATABASE_NAME}',
      },
      volumes: ['${DB_DATA_LOCATION}:/var/lib/postgresql/data'],
    },
  },
  volumes: { 'model-cache': null },
};

const noNamespaces = noTerminal ??
  (Deno.build.os !== 'linux' || Deno.uid() !== 0 || !await canRun('unshare', ['--mount', 'true'])
    ? 'mount namespaces need Linux and root'
    : undefined);

testUnless(
  noNamespaces,
  'README and docs/install_docker.md, run line by line beside an Immich: from nothing to shared photos in a container',
  async () => {
    const [first = '', second = ''] = blocksOf('docs/install_docker.md');
    const page = [...commandsOf(first), ...commandsOf(second)];
    for (const line of commandsOf(BY_CONTAINER)) assert.ok(page.includes(line), `${line} is on the page, too`);
    assert.ok(textOf('compose.yaml').includes(`image: ${PUBLISHED.image}:`));
    await using ground = await Ground.open();
    Deno.writeTextFileSync(`${ground.installation}/docker-compose.yml`, stringify(OFFICIAL));
    const port = freePort();
    const bin = programs(ground.world.directory, {
      docker:
        `exec '${Deno.execPath()}' run -A --no-check --quiet --config '${REPOSITORY}deno.json' '${REPOSITORY}tests/first_hour/docker_stand_in.ts' "$@"`,
      // The published file is the one of this repository.
      curl:
        `case "$*" in *" -o immich-sidecar.yaml https://raw.githubusercontent.com/"*/main/compose.yaml) cp '${REPOSITORY}compose.yaml' immich-sidecar.yaml ;; *) exit 6 ;; esac`,
    });
    const env = { PATH: `${bin}:${Deno.env.get('PATH')}`, SIDECAR_PORT: String(port) };
    const kept = `${ground.installation}/.docker`;
    try {
      await using typist = paste([first, second], ground.installation, env);
      await typist.answers("Directory of Immich's docker-compose.yml");
      await typist.answers('Address of Immich', clear, ground.immich.url);
      await typist.answers('API key of an administrator', ground.apiKey);
      await typist.answers('What shall be set up?', down);
      await typist.answers('Whose uploads are shared?', down);
      await typist.answers('Who shall see these photos', down);
      await typist.answers('Where shall the files for Bob lie?');
      await answersTheRest(typist);
      await typist.sees('immich-sidecar doctor');
      await typist.sees(' ok, ');
      await typist.sees('sync --dry-run');
      await typist.sees('would do: ');
      // The last line follows the log, until Ctrl-C.
      await typist.sees('logs --follow');
      await typist.sees('dashboard: ');
      const url = `http://127.0.0.1:${port}/`;
      await until('photos are shared', async () => mirrored(await statusOf(url)) > 0);
      await typist.types(KEYS.ctrlC);
      await typist.ends();
      assert.doesNotMatch(typist.text, /internal error|error:/);
      const [row] = await ground.world.sql<{ links: number }[]>`SELECT count(*)::int AS links FROM immich_sidecar.link`;
      assert.ok((row?.links ?? 0) > 0);
    } finally {
      await stopContainer(kept);
    }
  },
);

/** Takes what setup proposes, from the place of the files on. */
async function answersTheRest(typist: Typist): Promise<void> {
  await typist.answers('Put everything into an album of Bob, too?');
  await typist.answers('Name of this share');
  await typist.answers('What else?');
  await typist.answers('Keep the API key in .env?');
  await typist.answers('Do it?');
  await typist.sees('It is set up.');
}

/** Ends the service, which got a session of its own. */
async function stopContainer(kept: string): Promise<void> {
  const pid = Number(await Deno.readTextFile(`${kept}/pid`).catch(() => '0'));
  if (pid === 0) return;
  Deno.kill(pid, 'SIGTERM');
  await until('the container has ended', () => {
    try {
      Deno.kill(pid, 0 as unknown as Deno.Signal);
      return false;
    } catch {
      return true;
    }
  });
}

testUnless(
  noTerminal,
  'README, run line by line in a clone of the source: setup, doctor, sync, serve, and writing back',
  async () => {
    await using ground = await Ground.open();
    const clone = `${ground.world.directory}/clone`;
    await copyTracked(clone);
    const port = freePort();
    const bin = programs(ground.world.directory, {
      // As npm would start it, without asking npm.
      npx: `[ "$1 $2" = '-y deno@${DENO_VERSION}' ]; shift 2; exec '${Deno.execPath()}' "$@"`,
    });
    const env: Variables = {
      PATH: `${bin}:${Deno.env.get('PATH')}`,
      HTTP_PORT: String(port),
      WRITE_STATE_DIR: `${ground.world.directory}/state`,
      WRITE_SETTLE_SECONDS: '0', // the library was made a moment ago
    };
    await using typist = paste([BY_SOURCE], clone, env);
    await typist.answers("Directory of Immich's docker-compose.yml", clear, '../immich-app');
    await typist.answers('Address of Immich', clear, ground.immich.url);
    await typist.answers('API key of an administrator', ground.apiKey);
    await typist.answers('What shall be set up?');
    await typist.answers('Whose external library is shared?');
    await typist.answers('What does Alice share?');
    await typist.answers('Who shall see these photos', down);
    await typist.answers('Where shall the files for Bob lie?');
    await answersTheRest(typist);
    await typist.sees('task doctor');
    await typist.sees(' ok, ');
    await typist.sees('task sync --dry-run');
    await typist.sees('would do: ');
    await typist.sees('task sync');
    await typist.sees('are not stored twice');
    await typist.sees('task serve');
    await typist.sees('dashboard: ');
    const url = `http://127.0.0.1:${port}/`;
    await until('it is counted', async () => ((await statusOf(url))?.jobs?.[0]?.savedBytes ?? 0) > 0);
    const page = await (await fetch(url)).text();
    assert.match(page, /alice to bob/);
    assert.match(page, /[\d.]+ (?:bytes|[KMG]iB) not stored twice/);
    await typist.types(KEYS.ctrlC);
    assert.equal(await typist.ends(), EXIT.interrupted);
    assert.doesNotMatch(typist.text, /internal error|error:/);

    await using writing = paste([WRITE_BACK], clone, env);
    await writing.sees('task write --all --dry-run');
    // The key is the administrator's, whose photos these are: README says so.
    await writing.sees('photos of Admin');
    await writing.sees('nothing was changed');
    await writing.sees('task write --all');
    await writing.sees('sidecars written; run 1');
    assert.equal(await writing.ends(), EXIT.ok, writing.text);
  },
);

Deno.test('the rest of README: the demo and the tests are started as their own tests start them', () => {
  assert.deepEqual(commandsOf(DEMO), [`npx -y deno@${DENO_VERSION} task demo`]);
  assert.deepEqual(commandsOf(TESTS), [`npx -y deno@${DENO_VERSION} task test`]);
  assert.equal(blocksOf('README.md').length, 5, 'a new block is run here, too');
});

/** What a clone of this repository has, as it is now. */
async function copyTracked(to: string): Promise<void> {
  const list = await new Deno.Command('git', {
    args: ['-C', REPOSITORY, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
  }).output();
  const wanted = new TextDecoder().decode(list.stdout).split('\0').filter((path) =>
    /^(?:main\.ts|deno\.json|[a-z]+\.lock|src\/|packaging\/|tests\/lock\/)/.test(path)
  );
  assert.ok(wanted.length > 100);
  for (const path of wanted) {
    const target = `${to}/${path}`;
    Deno.mkdirSync(target.slice(0, target.lastIndexOf('/')), { recursive: true });
    Deno.copyFileSync(REPOSITORY + path, target);
  }
}
