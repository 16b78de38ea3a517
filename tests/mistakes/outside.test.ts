import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { stringify } from 'yaml';
import { EXIT } from '../../src/errors.ts';
import { run, type Variables, variablesOf, type YamlJob, yamlJob } from '../cli/program.ts';
import { World } from '../share/world.ts';
import { assertAnswered } from './answered.ts';
import type { Mistake } from './mistake.ts';

/** A mistake that only Immich, its database or the disk can tell. */
interface Outside extends Mistake {
  /** Changes the jobs. */
  readonly job?: (job: YamlJob, world: World) => YamlJob;
  /** Makes what is wrong; returns variables. */
  readonly prepare?: (world: World, cwd: string) => Promise<Variables>;
}

const PASSWORD = 'of-this-test-only';

/** A role that may do everything that Immich's own may, with a setting of its own. */
async function role(world: World, name: string, ...settings: readonly string[]): Promise<Variables> {
  const { sql } = world;
  const full = `${name}_${world.config.database.name}`.slice(0, 60);
  await sql.unsafe(`CREATE ROLE ${full} LOGIN SUPERUSER PASSWORD '${PASSWORD}'`);
  for (const setting of settings) await sql.unsafe(`ALTER ROLE ${full} ${setting}`);
  return { DB_USERNAME: full, DB_PASSWORD: PASSWORD };
}

async function dropRoles({ sql, config }: World): Promise<void> {
  const roles = await sql<{ name: string }[]>`
    SELECT rolname AS name FROM pg_roles WHERE rolname LIKE ${`%\\_${config.database.name}%`}`;
  for (const { name } of roles) await sql.unsafe(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
}

/** Each answers every request of one of the tests. */
const ANSWERS: Readonly<Record<string, () => Response>> = {
  '/wrong-key': () => Response.json({ message: 'Invalid API key' }, { status: 401 }),
  '/html': () => new Response('<!doctype html><title>Router</title>'),
  '/moved': () => new Response(null, { status: 301, headers: { location: 'https://photos.example.org/api' } }),
  '/limited': () => Response.json({ message: 'Missing required permission: user.read' }, { status: 403 }),
  '/other': () => Response.json({ hello: 'world' }),
};

const ONLY_ONE = (job: YamlJob) => ({ ...job, name: 'one' });

function immich(path: string, ...says: readonly RegExp[]): Outside {
  return {
    what: `Immich's address answers like ${path.slice(1)}`,
    args: ['write', '--all'],
    env: { IMMICH_API_KEY: 'a-key-of-this-test', WRITE_SOURCE: 'api', ANSWERS: path },
    says,
  };
}

const MISTAKES: readonly Outside[] = [
  {
    what: 'nobody listens at the port',
    env: { DB_PORT: '1' },
    says: [/No PostgreSQL answers at .*:1 \(ECONNREFUSED\)/, /Check DB_HOSTNAME and DB_PORT/],
  },
  {
    what: 'there is no such host',
    env: { DB_HOSTNAME: 'immich-postgres.invalid' },
    says: [/No PostgreSQL answers at immich-postgres\.invalid/, /shares its network/],
  },
  {
    what: 'a wrong password',
    prepare: async (world) => ({ ...await role(world, 'wrong'), DB_PASSWORD: 'another' }),
    says: [/refused the user/, /DB_USERNAME and DB_PASSWORD/],
  },
  { what: 'a user that nobody knows', env: { DB_USERNAME: 'immich_user' }, says: [/refused the user "immich_user"/] },
  {
    what: 'a database that is not there',
    env: { DB_DATABASE_NAME: 'immitch' },
    says: [/has no database "immitch"/, /usually "immich"/],
  },
  {
    what: 'a database that is not Immich’s',
    env: { DB_DATABASE_NAME: 'postgres' },
    says: [/The database "postgres" is not an Immich database/, /Set DB_DATABASE_NAME/],
  },
  { what: 'TLS that the server lacks', env: { DB_SSL_MODE: 'require' }, says: [/has no TLS/, /DB_SSL_MODE=disable/] },
  {
    what: 'a user who may not do anything',
    prepare: (world) => role(world, 'weak', 'NOSUPERUSER'),
    says: [/may not do this: permission denied/, /names the rights that are missing/],
  },
  {
    what: 'a database that can only be read',
    prepare: (world) => role(world, 'reader', 'SET default_transaction_read_only = on'),
    says: [/only lets us read: cannot execute .* in a read-only transaction/, /primary server if this is a standby/],
    code: EXIT.refused,
  },
  {
    what: 'a user whose search_path lacks public is no mistake',
    args: ['sync', '--dry-run'],
    prepare: (world) => role(world, 'lost', `SET search_path = ''`),
    says: [/nothing was changed/],
    code: EXIT.ok,
  },
  {
    what: 'a full disk of PostgreSQL',
    prepare: async ({ sql }) => {
      await sql.unsafe(`
        CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
        END $$;
        CREATE TRIGGER a_full_disk BEFORE INSERT ON asset FOR EACH ROW EXECUTE FUNCTION full_disk()`);
      return {};
    },
    says: [/The disk of PostgreSQL is full: could not extend file/, /Make room on the disk of Immich's database/],
    code: EXIT.refused,
  },
  {
    what: 'a job that is not there',
    args: ['sync', '--job', 'nobody'],
    says: [/There is no share "nobody"/, /Configured are: "one"/],
  },
  {
    what: 'a user that is not there',
    job: (job) => ({ ...job, target_user_id: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' }),
    says: [/target_user_id: there is no user aaaaaaaa/, /Administration > Users/],
  },
  {
    what: 'a library that is not there',
    job: (job) => ({ ...job, target_library_id: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' }),
    says: [/target_library_id: there is no external library/, /create one for the target user/],
  },
  {
    what: 'the library of somebody else',
    job: (job, { library }) => ({ ...job, target_library_id: library.libraries.carolShared.id }),
    says: [/target_library_id: the library .* belongs to user/],
  },
  {
    what: 'a target that lies in no import path',
    job: (job) => ({ ...job, target_path_prefix: '/external_library/elsewhere/.alice/' }),
    says: [
      /lies in none of the import paths of the library/,
      /give the library the import path "\/external_library\/elsewhere"/,
    ],
  },
  {
    what: 'a path of this machine as source_path_prefix',
    job: (job, { directory }) => ({ ...job, source_path_prefix: `${directory}/external/alice/family/` }),
    says: [/source_path_prefix: ".*" is a path of this machine; in Immich it is "\/external_library\/alice\/family\/"/],
  },
  {
    what: 'a path of this machine as target_path_prefix',
    job: (job, { directory }) => ({ ...job, target_path_prefix: `${directory}/external/bob_shared/.alice/` }),
    says: [
      /target_path_prefix: ".*" is a path of this machine; in Immich it is "\/external_library\/bob_shared\/\.alice\/"/,
    ],
  },
  {
    what: 'a prefix with other letters',
    job: (job) => ({ ...job, source_path_prefix: '/external_library/Alice/family/' }),
    says: [
      /has no photo below "\/external_library\/Alice\/family\/", but below "\/external_library\/alice\/family\/"/,
      /copy it/,
    ],
  },
  {
    what: 'a prefix with composed accents where Immich has decomposed ones',
    prepare: async ({ sql, library }) => {
      await sql`
        UPDATE asset
        SET "originalPath" = replace("originalPath", '/alice/family/', ${'/alice/Zoe\u0308/'})
        WHERE "ownerId" = ${library.users.alice.id}`;
      return {};
    },
    job: (job) => ({ ...job, source_path_prefix: '/external_library/alice/Zoë/' }),
    says: [/but below "\/external_library\/alice\/Zoe\\u0308\/", which looks the same/, /in double quotes/],
  },
  {
    what: 'a directory that is not here',
    env: { UPLOAD_LOCATION: '/nowhere/library' },
    says: [
      /The directory "\/nowhere\/library", which is "\/data" in Immich, is not here/,
      /Mount it, or set UPLOAD_LOCATION/,
    ],
  },
  {
    what: 'an empty directory where the disk is not mounted',
    prepare: (_, cwd) => {
      mkdirSync(`${cwd}/empty`);
      return Promise.resolve({ UPLOAD_LOCATION: `${cwd}/empty` });
    },
    says: [/which is to be Immich's own "\/data", is empty/, /the directory that holds "upload" and "thumbs"/],
  },
  {
    what: 'an empty directory of external libraries',
    prepare: (_, cwd) => {
      mkdirSync(`${cwd}/empty`);
      return Promise.resolve({ EXTERNAL_LIBRARY_DIR: `${cwd}/empty` });
    },
    says: [/none of \d+ sampled files of the source is here/, /\/empty, which is empty/],
  },
  {
    what: 'a state directory that is a file',
    args: ['write', '--all'],
    env: { WRITE_SOURCE: 'database', WRITE_STATE_DIR: 'config.yaml' },
    says: [/The history .* cannot be written/, /Set WRITE_STATE_DIR to a directory/],
  },
  {
    what: 'a log in a directory that is not there',
    args: ['write', '--all'],
    env: { WRITE_SOURCE: 'database', IMMICH_LOG_FILE: 'nowhere/log.txt' },
    says: [/The log file .* cannot be written/, /Set IMMICH_LOG_FILE/],
  },
  {
    what: 'an ExifTool that is not there',
    args: ['write', '--all'],
    env: { WRITE_SOURCE: 'database', EXIFTOOL_PATH: '/nowhere/exiftool' },
    says: [/ExifTool/, /EXIFTOOL_PATH/],
  },
  immich('/wrong-key', /does not accept the API key/, /Create a key in Immich/),
  immich('/html', /does not answer like Immich/, /address at which you open Immich in a browser/),
  immich('/moved', /answers with a redirection to https:\/\/photos\.example\.org/, /where Immich itself answers/),
  immich('/limited', /lacks the permission user\.read/, /edit the key and allow/),
  immich('/other', /does not know|in a way that this program does not know|does not answer like Immich/),
];

for (const mistake of MISTAKES) {
  Deno.test(`outside: ${mistake.what}`, async () => {
    await using world = await World.open('v3.1.0', { ownTables: false });
    const [first] = world.config.jobs.map(yamlJob).map(ONLY_ONE);
    const cwd = await Deno.makeTempDir({ prefix: 'immich-sidecar-mistake-' });
    await using server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, ({ url }) => {
      const [path = ''] = Object.keys(ANSWERS).filter((one) => new URL(url).pathname.startsWith(one));
      return ANSWERS[path]?.() ?? Response.json({ message: 'Not found' }, { status: 404 });
    });
    try {
      const job = mistake.job?.(first ?? assert.fail(), world) ?? first;
      await Deno.writeTextFile(`${cwd}/config.yaml`, stringify({ jobs: [job] }));
      const prepared = await mistake.prepare?.(world, cwd);
      const { ANSWERS: path = '', ...own } = mistake.env ?? {};
      const IMMICH_API_URL = `http://127.0.0.1:${server.addr.port}${path}`;
      const env = { ...variablesOf(world), IMMICH_API_URL, ...prepared, ...own };
      assertAnswered(mistake, await run(mistake.args ?? ['sync'], { env, cwd }));
    } finally {
      await dropRoles(world);
      await Deno.remove(cwd, { recursive: true });
    }
  });
}
