import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { type Everything, everything } from '../cli/everything.ts';
import {
  databaseVariables,
  type Run,
  run,
  runAlone,
  type Variables,
  variablesOf,
  workingDirectory,
  type YamlJob,
  yamlJob,
} from '../cli/program.ts';
import { openEmpty } from '../harness/database.ts';
import { World } from './world.ts';

/** Something wrong with the input, and what the one message must contain. */
interface Case {
  readonly what: string;
  readonly says: readonly (string | RegExp)[];
  readonly code?: number;
  readonly args?: readonly string[];
  /** Changes of the first job, by key. */
  readonly job?: YamlJob;
  readonly yaml?: string | readonly YamlJob[];
  readonly env?: Variables;
  /** It takes a process of its own, in its sandbox, which may be started by something else. */
  readonly wrapper?: readonly string[];
  /** Why the case cannot be tried here. */
  readonly obstacle?: string | undefined;
  /** Makes the world wrong before and right afterwards. */
  prepare?(): Promise<() => unknown>;
}

const NOBODY = '00000000-0000-4000-8000-000000000000';
const onlyAsRoot = await canMount() ? undefined : 'mounting needs root and its own mount namespace';

Deno.test('bad input gets one clear message and its exit code, and nothing is written', async (t) => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const [job] = world.config.jobs.map(yamlJob);
  assert.ok(job);
  const untouched = await everything(world);
  for (const one of casesOf(world, job)) {
    await t.step({
      name: one.obstacle === undefined ? one.what : `${one.what} (skipped: ${one.obstacle})`,
      ignore: one.obstacle !== undefined,
      fn: async () => {
        const restore = await one.prepare?.();
        const before = restore === undefined ? untouched : await everything(world);
        using cwd = workingDirectory(one.yaml ?? [{ ...job, ...one.job }]);
        const env = { ...variablesOf(world), ...one.env };
        const options = { cwd: cwd.path, env };
        const { args = ['sync'], wrapper } = one;
        const result = wrapper === undefined ? await run(args, options) : await runAlone(args, { ...options, wrapper });
        assertOneMessage(result, one);
        assertSame(await everything(world), before);
        await restore?.();
      },
    });
  }
  const [row] = await world.sql<{ ours: boolean }[]>`SELECT to_regnamespace('immich_sidecar') IS NOT NULL AS ours`;
  assert.equal(row?.ours, false, 'not even an empty schema is left');
});

function casesOf(world: World, job: YamlJob): readonly Case[] {
  const { users, libraries } = world.library;
  const { alice, bob } = users;
  const media = `${world.directory}/media`;
  const elsewhere = `${world.directory}/elsewhere`;
  return [
    {
      what: 'no database',
      env: { DB_PORT: String(closedPort()) },
      says: [/No PostgreSQL answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/, 'DB_HOSTNAME', 'DB_PORT'],
    },
    {
      what: 'an unknown host',
      env: { DB_HOSTNAME: 'no-such-host.invalid' },
      says: [/answers at no-such-host\.invalid:\d+/],
    },
    {
      what: 'a wrong password',
      env: { DB_PASSWORD: 'not the password' },
      says: ['refused the user "sidecar"', 'DB_PASSWORD'],
    },
    {
      what: 'a database that does not exist',
      env: { DB_DATABASE_NAME: 'no_such_database' },
      says: ['has no database "no_such_database"', 'DB_DATABASE_NAME'],
    },
    {
      what: 'a database user who may not read',
      env: { DB_USERNAME: 'stranger', DB_PASSWORD: 'a-stranger' },
      says: ['"stranger" may not do this: permission denied', 'immich-sidecar doctor names the rights'],
      prepare: async () => {
        await world.sql`CREATE ROLE stranger LOGIN PASSWORD 'a-stranger'`;
        return () => world.sql`DROP ROLE stranger`;
      },
    },
    {
      what: 'an unknown source',
      job: { source_user_id: NOBODY },
      says: [`source_user_id: there is no user ${NOBODY}`],
    },
    {
      what: 'an unknown target',
      job: { target_user_id: NOBODY },
      says: [`target_user_id: there is no user ${NOBODY}`],
    },
    {
      what: 'an unknown library',
      job: { target_library_id: NOBODY },
      says: [`no external library ${NOBODY}`, 'create one'],
    },
    {
      what: 'a library of somebody else',
      job: { target_library_id: libraries.carolShared.id },
      says: [libraries.carolShared.id, `belongs to user ${users.carol.id}, not to the target user`],
    },
    {
      what: 'everything wrong at once',
      job: { source_user_id: NOBODY, target_library_id: NOBODY, target_path_prefix: `/data/upload/${bob.id}/.alice/` },
      says: ['source_user_id: there is no user', 'no external library', 'own folder "upload"'],
    },
    {
      what: 'source = target',
      job: { target_user_id: alice.id },
      says: ['jobs[0].target_user_id', /config\.yaml:\d+:\d+/, 'the same'],
    },
    { what: 'a malformed UUID', job: { album_id: '1234' }, says: ['jobs[0].album_id', '"1234" is not a UUID'] },
    { what: 'malformed YAML', yaml: 'jobs:\n\t- name: x', says: ['config.yaml:2:1', 'cannot be understood'] },
    { what: 'no jobs', yaml: '', says: ['nothing is configured to be shared', 'Run setup'] },
    {
      what: 'two jobs with one name',
      yaml: [job, { ...job, source_path_prefix: '/external_library/alice/other/' }],
      says: ['jobs[1].name', 'is already the name of the share at config.yaml:'],
    },
    { what: 'an unknown key', job: { album: bob.id }, says: ['jobs[0].album', 'album_id'] },
    { what: 'an unknown --job', args: ['sync', '--job', 'famly'], says: ['no share "famly"', '"family to bob"'] },
    {
      what: 'an unknown option',
      args: ['sync', '--dryrun'],
      says: ["unknown option '--dryrun'", '--dry-run', '--help'],
    },
    { what: 'an unknown command', args: ['snc'], says: ["unknown command 'snc'", 'sync', '--help'] },
    { what: 'a stray argument', args: ['sync', 'family'], says: ['too many arguments', '--help'] },
    { what: 'a missing --config', args: ['sync', '--config', 'x.yaml'], says: ['--config', 'x.yaml'] },
    {
      what: 'a missing upload directory',
      env: { UPLOAD_LOCATION: '/nowhere/media' },
      says: ['"/nowhere/media"', '"/data"', 'UPLOAD_LOCATION'],
    },
    {
      what: 'a missing directory of external libraries',
      env: { EXTERNAL_LIBRARY_DIR: `${world.directory}/nowhere` },
      says: ['nowhere"', '"/external_library"', 'EXTERNAL_LIBRARY_DIR'],
    },
    {
      what: 'another directory than the one with the originals',
      env: { EXTERNAL_LIBRARY_DIR: media },
      says: ['none of', 'sampled files of the source is here', 'EXTERNAL_LIBRARY_DIR'],
    },
    {
      what: 'a prefix outside every configured directory',
      job: { target_path_prefix: '/elsewhere/.alice/' },
      says: ['"/elsewhere/.alice/" lies in none of the import paths', '/external_library/bob_shared'],
    },
    {
      what: 'a prefix outside every import path',
      job: { target_path_prefix: '/external_library/bob/.alice/' },
      says: ['"/external_library/bob/.alice/" lies in none of the import paths', '/external_library/bob_shared'],
    },
    {
      what: "a prefix in Immich's own upload folder",
      job: { target_path_prefix: `/data/upload/${bob.id}/.alice/` },
      says: ['own folder "upload"', '/data/shared/'],
    },
    {
      what: 'a prefix that is a symbolic link, with hard links',
      prepare: () => {
        const link = `${world.directory}/external/bob_shared/.alice`;
        Deno.symlinkSync(`${world.directory}/external/alice/family`, link);
        return Promise.resolve(() => Deno.removeSync(link));
      },
      says: ['bob_shared/.alice"', 'symbolic link', 'placement: symlink'],
    },
    {
      what: 'hard links across file systems',
      obstacle: onlyAsRoot,
      wrapper: inMemory(elsewhere),
      prepare: async () => {
        await Deno.mkdir(elsewhere);
        return () => Deno.remove(elsewhere);
      },
      env: { PATH_MAP: `/external_library/bob_shared=${elsewhere}` },
      says: [
        `${world.directory}/external/alice/family`,
        `"${elsewhere}"`,
        'different file systems',
        'placement: copy',
      ],
    },
    {
      what: 'a directory that Deno closes to everybody',
      obstacle: Deno.build.os === 'linux' ? undefined : 'there is no /dev/shm',
      wrapper: [],
      env: { PATH_MAP: '/external_library/bob_shared=/dev/shm' },
      says: ['"/dev/shm"', '/external_library/bob_shared', 'Deno', 'below /dev'],
    },
    {
      what: 'a directory of external libraries that is mounted read-only',
      obstacle: onlyAsRoot,
      wrapper: readOnly(`${world.directory}/external`),
      says: ['bob_shared"', 'read-only', 'read-write'],
    },
    {
      what: 'an upload directory that is mounted read-only',
      obstacle: onlyAsRoot,
      wrapper: readOnly(media),
      says: [`${media}/thumbs`, 'read-only', 'read-write'],
    },
    {
      what: 'a column that sharing needs is gone',
      code: EXIT.refused,
      prepare: async () => {
        await world.sql`ALTER TABLE asset RENAME COLUMN visibility TO visibility_`;
        return () => world.sql`ALTER TABLE asset RENAME COLUMN visibility_ TO visibility`;
      },
      says: ['asset.visibility'],
    },
    {
      what: 'a trigger that sharing needs is disabled',
      code: EXIT.refused,
      prepare: async () => {
        await world.sql`ALTER TABLE asset DISABLE TRIGGER asset_delete_audit`;
        return () => world.sql`ALTER TABLE asset ENABLE TRIGGER asset_delete_audit`;
      },
      says: ['asset_delete_audit', 'missing or disabled'],
    },
    {
      what: 'another instance is at work',
      code: EXIT.refused,
      prepare: async () => {
        const session = await world.sql.reserve();
        await session`SELECT pg_advisory_lock(${0x696d7369}, 1)`;
        return async () => {
          await session`SELECT pg_advisory_unlock(${0x696d7369}, 1)`;
          session.release();
        };
      },
      says: ['Another immich-sidecar is at work', 'Wait'],
    },
    {
      what: 'a newer immich-sidecar has been here',
      code: EXIT.refused,
      prepare: async () => {
        await world.sql.unsafe(`
          SET ROLE sidecar;
          CREATE SCHEMA immich_sidecar;
          CREATE TABLE immich_sidecar.migration (version integer PRIMARY KEY, name text, applied_at timestamptz);
          INSERT INTO immich_sidecar.migration VALUES (1, 'initial', now()), (99, 'from the future', now());
          RESET ROLE`);
        return () => world.sql`DROP SCHEMA immich_sidecar CASCADE`;
      },
      says: ['version 99', 'newer immich-sidecar'],
    },
  ];
}

Deno.test('a database that is not an Immich database is told as such', async () => {
  const database = await openEmpty();
  try {
    await database.sql`CREATE TABLE "user" (id integer)`;
    using cwd = workingDirectory([{
      ...['source_user_id', 'target_library_id'].reduce((all, key) => ({ ...all, [key]: NOBODY }), {}),
      name: 'x',
      target_user_id: NOBODY.replaceAll('0', '1'),
      target_path_prefix: '/external_library/x/',
    }]);
    const result = await run(['sync'], { cwd: cwd.path, env: databaseVariables(database.config) });
    assertOneMessage(result, { what: '', says: [/is not an Immich database/, 'DB_DATABASE_NAME'] });
  } finally {
    await database.close();
  }
});

Deno.test('a prefix without its trailing slash is the same prefix', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const outputs: string[] = [];
  for (const end of ['', '/']) {
    using cwd = workingDirectory(world.config.jobs.map((job) => ({
      ...yamlJob(job),
      source_path_prefix: job.sourcePathPrefix?.replace(/\/$/, end),
      target_path_prefix: job.targetPathPrefix.replace(/\/$/, end),
    })));
    const { code, stdout, stderr } = await run(['sync', '--dry-run'], { cwd: cwd.path, env: variablesOf(world) });
    assert.equal(code, EXIT.ok, stderr);
    outputs.push(stdout.replaceAll(/ -> .*/g, ''));
  }
  assert.equal(outputs[0], outputs[1]);
  assert.match(outputs[0] ?? '', /photos to share/);
});

/** One message with its remedy on stderr, no trace of a program, nothing on stdout, and the exit code. */
function assertOneMessage({ code, stdout, stderr }: Run, { says, code: expected = EXIT.usage }: Case): void {
  assert.equal(code, expected, stderr);
  for (const part of says) {
    if (typeof part === 'string') assert.ok(stderr.includes(part), `${JSON.stringify(part)} is not in: ${stderr}`);
    else assert.match(stderr, part);
  }
  assert.equal(stdout, '');
  assert.equal(stderr.match(/^(internal )?error: /gm)?.length, 1, stderr);
  assert.match(stderr, /^error: /);
  assert.match(stderr, /^( {2}-> \S.*|\(see --help for all options\))\n$/m, 'a remedy');
  assert.doesNotMatch(stderr, /^\s+at |node:|file:\/\/|\bundefined\b|\[object/m);
}

function assertSame(after: Everything, before: Everything): void {
  assert.deepEqual(after.rows, before.rows);
  assert.equal(after.objects, before.objects);
  assert.deepEqual(after.files, before.files);
}

/** A command that runs another one where `directory` cannot be written to. */
function readOnly(directory: string): readonly string[] {
  const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, directory];
}

/** A command that runs another one where `directory` is a file system of its own. */
function inMemory(directory: string): readonly string[] {
  return ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"', directory];
}

async function canMount(): Promise<boolean> {
  const directory = await Deno.makeTempDir();
  try {
    const [command = '', ...args] = [...readOnly(directory), 'true'];
    return (await new Deno.Command(command, { args, stdout: 'null', stderr: 'null' }).output()).success;
  } catch {
    return false;
  } finally {
    await Deno.remove(directory);
  }
}

function closedPort(): number {
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
