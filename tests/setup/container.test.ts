import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { dotEnvValues } from '../../src/config/dot_env.ts';
import { EXIT } from '../../src/errors.ts';
import { obstaclesIn } from '../../src/setup/container.ts';
import { Ground } from './ground.ts';

const SHARE = [
  '--share',
  'external',
  '--from',
  'Alice',
  '--to',
  'bob@example.com',
  '--path',
  '/external_library/alice/family',
];

/** Immich's official file: a database that only its own network reaches, and no port for it. */
function hideDatabase(ground: Ground, more = ''): void {
  const file = `${ground.installation}/docker-compose.yml`;
  const text = Deno.readTextFileSync(file);
  Deno.writeTextFileSync(
    file,
    `${text}  database:\n    container_name: immich_postgres\n    image: x/postgres\n${more}`,
  );
  const env = Deno.readTextFileSync(`${ground.installation}/.env`).replace(/^DB_(HOSTNAME|PORT)=.*\n/gm, '');
  Deno.writeTextFileSync(`${ground.installation}/.env`, env);
}

Deno.test('setup on the host: what the container needs is written as the container sees it, and its commands end it', async () => {
  await using ground = await Ground.open();
  hideDatabase(ground);
  const uploads = `${ground.world.directory}/media/upload`;
  Deno.mkdirSync(uploads, { recursive: true });
  const isRoot = Deno.uid() === 0;
  if (isRoot) Deno.chownSync(uploads, 1026, 100);
  const { code, stdout, stderr } = await ground.setup(['--yes', ...ground.flags, ...SHARE]);
  assert.equal(code, EXIT.ok, stderr);
  const env = dotEnvValues(ground.read('.env'));
  assert.equal(env['IMMICH_API_URL'], 'http://immich_server:2283');
  assert.deepEqual([env['DB_HOSTNAME'], env['DB_PORT']], ['database', '5432']);
  assert.deepEqual([env['SIDECAR_CONFIG'], env['IMMICH_NETWORK']], ['.', 'immich_default']);
  assert.match(stdout, /^Immich's database can only be reached in Immich's network, so a container/m);
  assert.match(stdout, /^ {2}docker compose run --rm immich-sidecar sync --dry-run$/m);
  assert.match(stdout, /^ {2}docker compose up --detach$/m);
  if (isRoot) {
    assert.deepEqual([env['PUID'], env['PGID']], ['1026', '100']);
    for (const file of ['.env', 'config.yaml']) {
      const { uid, gid, mode } = Deno.statSync(`${ground.cwd}/${file}`);
      assert.deepEqual([uid, gid, (mode ?? 0) & 0o777], [1026, 100, 0o600], `${file} is for the container to read`);
    }
  }
  const again = await ground.setup(['--yes', ...ground.flags, ...SHARE]);
  assert.deepEqual([again.code, again.stdout], [
    EXIT.ok,
    'Everything is as it should be; there is nothing to change.\n',
  ]);
});

Deno.test('setup in the container: Immich is where its network has it, its directories where they are mounted', async () => {
  await using ground = await Ground.open();
  const { world, immich } = ground;
  // The container's root, played by a directory: /data is the mount of the uploads, Immich's name leads to its API.
  const port = new URL(immich.url).port;
  const compose = Deno.readTextFileSync(`${ground.installation}/docker-compose.yml`)
    .replace('container_name: immich_server', `container_name: localhost\n    environment: {IMMICH_PORT: ${port}}`)
    .replaceAll('/external_library', world.local('/external_library'));
  Deno.writeTextFileSync(`${ground.installation}/docker-compose.yml`, compose);
  const [alice] = await world.sql<{ id: string; paths: string[] }[]>`
    SELECT id, "importPaths" AS paths FROM library WHERE "ownerId" = ${world.library.users.alice.id}`;
  const environment = {
    ...ground.environment,
    IMMICH_SIDECAR_CONTAINER: '1',
    UPLOAD_LOCATION: world.local('/data'),
    EXTERNAL_LIBRARY_DIR: world.local('/external_library'),
  };
  const flags = ['--compose', '../immich-app', '--api-key-file', '../admin.key'];
  const { code, stdout, stderr } = await ground.setup(['--yes', ...flags, ...SHARE], { env: environment });
  assert.equal(code, EXIT.ok, stderr);
  assert.ok(alice !== undefined);
  const env = dotEnvValues(ground.read('.env'));
  assert.equal(env['IMMICH_API_URL'], `http://localhost:${port}`);
  assert.deepEqual([env['PUID'], env['SIDECAR_CONFIG']], [undefined, undefined], 'Compose has them already');
  assert.match(stdout, /^ {2}docker compose -f immich-sidecar\.yaml run --rm immich-sidecar sync$/m);
  assert.match(stdout, /^ {2}docker compose -f immich-sidecar\.yaml up --detach$/m);
  assert.equal(parse(ground.read('config.yaml')).jobs.length, 1);
  const sync = await ground.run(['sync', '--json'], { env: environment });
  assert.equal(sync.code, EXIT.ok, sync.stderr);
  assert.ok(JSON.parse(sync.stdout).jobs[0].created > 0);

  // Who is a partner as well is told at once.
  await world.sql`
    INSERT INTO partner ("sharedById", "sharedWithId", "inTimeline")
    VALUES (${world.library.users.alice.id}, ${world.library.users.bob.id}, true)`;
  const twice = await ground.setup(['--yes', '--dry-run', '--json', ...flags, ...SHARE], { env: environment });
  assert.match(
    JSON.parse(twice.stdout).warnings.join(),
    /as a partner, shown in the timeline: each shared photo will be there twice/,
  );

  // And one that was started without the uploads.
  const bare = { ...ground.environment, IMMICH_SIDECAR_CONTAINER: '1' };
  Deno.removeSync(`${ground.cwd}/.env`);
  const refused = await ground.setup(['--yes', ...flags, ...SHARE], { env: bare });
  assert.equal(refused.code, EXIT.usage);
  assert.match(refused.stderr, /Immich's \/data is not mounted into this container\./);
  assert.match(refused.stderr, /below "volumes:" .*- DIRECTORY:\/data/);
});

Deno.test('who sets up for a container that is somebody else is told how it gets to read the files', () => {
  const container = {
    immichUrl: 'http://immich_server:2283',
    network: 'immich_default',
    owner: { uid: 1026, gid: 100 },
  };
  assert.deepEqual(obstaclesIn(container, ['/x/.env'], 1026), []);
  assert.deepEqual(obstaclesIn(container, ['/x/.env'], 0), []);
  assert.deepEqual(obstaclesIn({ ...container, owner: { uid: 0, gid: 0 } }, ['/x/.env'], 1000), []);
  assert.match(
    obstaclesIn(container, ['/x/.env', '/x/config.yaml'], 1000).join(),
    /sudo chown 1026:100 \/x\/\.env \/x\/config\.yaml/,
  );
  assert.match(obstaclesIn({ ...container, network: undefined }, [], 0).join(), /set IMMICH_NETWORK/);
});
