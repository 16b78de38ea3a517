import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from '../harness/drawing.ts';
import { ConfigError, loadConfig } from '../../src/config/load.ts';
import { withDirectory, yamlJob } from './helper.ts';

/** Long enough that it does not occur in a message by chance; with what YAML, `.env` and terminals find special. */
const password = fc.string({
  unit: fc.constantFrom(...'abcXYZ0189', ...'!#$%&*@:;?~"\'\\{}[]|<>=,^`', ' ', '\t', '\n', 'é', '😀', '\u001b'),
  minLength: 12,
  maxLength: 40,
}).filter((text) => text.trim().length >= 12);

/** Everything that a program might print of a value, as one text. */
function outputsOf(value: unknown): string {
  const error = value instanceof Error ? [value.message, value.stack ?? '', String(value.cause)] : [];
  const outputs = [
    JSON.stringify(value),
    Deno.inspect(value, { depth: 20 }),
    inspect(value, { depth: 20, showHidden: true }),
  ];
  return [...outputs, String(value), ...error].join('\n');
}

/** The secret as it is, as JSON or a terminal shows it, and its longest words (a message may quote only a part). */
function assertHidden(secret: string, output: string): void {
  const parts = secret.split(/[\s:=,]+/).filter((part) => part.length >= 8);
  for (const text of [secret, JSON.stringify(secret).slice(1, -1), ...parts]) assert.ok(!output.includes(text), output);
}

function loadOrError(files: Record<string, string>, env: Record<string, string>): unknown {
  return withDirectory(files, (cwd) => {
    try {
      return loadConfig({ env, cwd, needJobs: false });
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error));
      return error;
    }
  });
}

/** Ways to hand over a secret, among them several in which the user made a mistake. */
const WAYS: Readonly<Record<string, (secret: string) => [files: Record<string, string>, env: Record<string, string>]>> =
  {
    'in the environment': (secret) => [{}, { DB_PASSWORD: secret, IMMICH_API_KEY: secret }],
    'beside other problems': (secret) => [
      { 'config.yaml': `jobs:\n${yamlJob({ source_user_id: 'x' })}` },
      { DB_PASSWORD: secret, IMMICH_API_KEY: secret, DB_PORT: 'x' },
    ],
    'in a file': (secret) => [{ secret }, { DB_PASSWORD_FILE: 'secret', IMMICH_API_KEY_FILE: 'secret' }],
    'in a file and directly': (secret) => [{ secret }, { DB_PASSWORD_FILE: 'secret', DB_PASSWORD: secret }],
    'in .env': (secret) => [{ '.env': `IMMICH_API_KEY="${secret}"\n` }, {}],
    'in .env without "="': (secret) => [{ '.env': `DB_PASSWORD ${secret}\nDB_PASSWORD: ${secret}\n` }, {}],
    'in YAML without quotes': (secret) => [{ 'config.yaml': `db_password: ${secret}\nlog_level: INFO\n` }, {}],
    'in YAML in double quotes': (secret) => [{ 'config.yaml': `db_password: "${secret}"\n` }, {}],
    'in YAML without a space': (secret) => [{ 'config.yaml': `log_level: INFO\ndb_password:${secret}\n` }, {}],
    'in YAML in braces': (secret) => [{ 'config.yaml': `{db_password:${secret}}` }, {}],
    'in YAML as a list': (secret) => [{ 'config.yaml': `db_password:\n  - ${secret}\n` }, {}],
    'under a misspelled name': (secret) => [{ 'config.yaml': `db_pasword: '${secret}'` }, { DB_PASSWROD: secret }],
    'in the address': (secret) => [{}, { IMMICH_API_URL: `http://me:${secret}@nas` }],
    'in the host name': (secret) => [{}, { DB_HOSTNAME: `postgres://me:${secret}@nas` }],
  };

Deno.test('a password with a backslash in the address is no path of it', () => {
  const error = loadOrError({}, { IMMICH_API_URL: 'http://me:\\hunter2hunter2@nas' });
  assert.ok(error instanceof ConfigError);
  assertHidden('hunter2hunter2', outputsOf(error));
});

for (const [way, give] of Object.entries(WAYS)) {
  Deno.test(`a password never appears in any output: ${way}`, () => {
    fc.assert(
      fc.property(password, (secret) => {
        const [files, env] = give(secret);
        assertHidden(secret, outputsOf(loadOrError(files, env)));
      }),
      { numRuns: 100 },
    );
  });
}
