import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { World } from '../share/world.ts';
import { type Run, run, type Variables, variablesOf, workingDirectory, yamlJob } from './program.ts';

/** As awkward as passwords get: what JSON, URLs, shells, SQL and regular expressions treat specially. */
const PASSWORD = `pass%41"w'o\\rd $& ${crypto.randomUUID()} ü/@:`;
const API_KEY = `key%41"'\\$&/@:${crypto.randomUUID()}`;

interface Case {
  readonly what: string;
  readonly code: number;
  readonly args?: readonly string[];
  readonly variables?: Variables;
  /** SQL before and after the run. */
  readonly spoil?: readonly [before: string, after: string];
}

const CASES: readonly Case[] = [
  { what: 'no database', code: EXIT.usage, variables: { DB_PORT: '1' } },
  { what: 'a wrong password', code: EXIT.usage, variables: { DB_USERNAME: 'postgres' } },
  { what: 'no such database', code: EXIT.usage, variables: { DB_DATABASE_NAME: 'no_such_database' } },
  {
    what: 'an address with a password instead of a host',
    code: EXIT.usage,
    variables: { DB_HOSTNAME: `postgres://x:${PASSWORD}@y` },
  },
  { what: 'bad settings', code: EXIT.usage, variables: { LOG_LEVEL: 'LOUD', SYNC_INTERVAL_SECONDS: 'x' } },
  {
    what: 'secrets that cannot be used',
    code: EXIT.usage,
    variables: { DB_PASSWORD_FILE: '/nowhere', IMMICH_API_KEY: `${API_KEY} ` },
  },
  { what: 'an unknown job', code: EXIT.usage, args: ['sync', '--job', 'x'] },
  { what: 'an unknown option', code: EXIT.usage, args: ['sync', '--x'] },
  { what: 'a missing mount', code: EXIT.usage, variables: { UPLOAD_LOCATION: '/nowhere' } },
  {
    what: 'a refused schema',
    code: EXIT.refused,
    spoil: [
      'ALTER TABLE asset DISABLE TRIGGER asset_delete_audit',
      'ALTER TABLE asset ENABLE TRIGGER asset_delete_audit',
    ],
  },
  {
    what: 'an error that nobody foresaw',
    code: EXIT.internal,
    spoil: [
      'ALTER TABLE asset ALTER "fileModifiedAt" TYPE text',
      'ALTER TABLE asset ALTER "fileModifiedAt" TYPE timestamptz USING "fileModifiedAt"::timestamptz',
    ],
  },
  { what: 'a dry run', code: EXIT.ok, args: ['sync', '--dry-run', '--json'] },
  { what: 'a cycle', code: EXIT.ok },
];

Deno.test('passwords and keys never appear, whatever goes wrong and however much is logged', async (t) => {
  await using world = await World.open('v3.1.0');
  await using user = await databaseUser(world);
  const secrets = { DB_PASSWORD: PASSWORD, IMMICH_API_KEY: API_KEY, LOG_LEVEL: 'DEBUG' };
  const env = { ...variablesOf(world), ...user.variables, ...secrets };
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  for (const { what, code, args = ['sync'], variables, spoil } of CASES) {
    await t.step(what, async () => {
      if (spoil !== undefined) await world.sql.unsafe(spoil[0]);
      for (const format of ['text', 'json']) {
        const result = await run(args, { cwd: cwd.path, env: { ...env, LOG_FORMAT: format, ...variables } });
        assert.equal(result.code, code, result.stderr);
        assertSecret(result);
      }
      if (spoil !== undefined) await world.sql.unsafe(spoil[1]);
    });
  }
});

/** Neither secret is in the output, in any spelling. */
function assertSecret({ stdout, stderr }: Run): void {
  const output = stdout + stderr;
  for (const secret of [PASSWORD, API_KEY]) {
    const spellings = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      encodeURI(secret),
      new TextEncoder().encode(secret).toBase64(),
      Deno.inspect(secret).slice(1, -1),
      /[0-9a-f-]{36}/.exec(secret)?.[0] ?? '',
    ];
    for (const spelling of spellings) assert.ok(!output.includes(spelling), `${spelling} is in ${output}`);
  }
}

/** A superuser with the awkward password. */
async function databaseUser(world: World): Promise<AsyncDisposable & { readonly variables: Variables }> {
  const name = `sidecar_${crypto.randomUUID().slice(0, 8)}`;
  await world.sql.unsafe(`CREATE ROLE ${name} LOGIN SUPERUSER PASSWORD '${PASSWORD.replaceAll("'", "''")}'`);
  return {
    variables: { DB_USERNAME: name },
    [Symbol.asyncDispose]: async () => {
      await world.sql.unsafe(`REASSIGN OWNED BY ${name} TO CURRENT_USER; DROP ROLE ${name}`);
    },
  };
}
