import assert from 'node:assert/strict';
import fc from '../harness/drawing.ts';
import { parse } from 'yaml';
import { dotEnvValues } from '../../src/config/dot_env.ts';
import type { SettingName } from '../../src/config/settings.ts';
import { isExcluded } from '../../src/immich/scan/exclusions.ts';
import { updateEnv } from '../../src/setup/env_text.ts';
import { directoryName, objectionTo, proposeTargets } from '../../src/setup/targets.ts';
import { wrap } from '../../src/setup/terminal.ts';
import { updateYaml } from '../../src/setup/yaml_text.ts';

const changes = (values: Readonly<Partial<Record<SettingName, string>>>) =>
  new Map(Object.entries(values)) as ReadonlyMap<SettingName, string>;

Deno.test('.env: what is there stays in its place, what is new comes last, what has moved is a comment', () => {
  const old = '# mine\nDB_PORT=1\nOTHER="x y" # theirs\nDB_PORT=2\nexport SOURCE_USER_ID=a\n';
  const text = updateEnv(old, changes({ DB_PORT: '5432', DB_HOSTNAME: 'database' }), ['SOURCE_USER_ID']);
  assert.equal(
    text,
    '# mine\nOTHER="x y" # theirs\nDB_PORT=5432\n# (moved by setup) export SOURCE_USER_ID=a\n\n' +
      "# The host of Immich's PostgreSQL server, or the directory of its socket, such\n# as /run/postgresql.\nDB_HOSTNAME=database\n",
  );
  assert.equal(updateEnv(text, changes({}), []), text);
});

Deno.test('.env: every password that it can hold is read back as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((text) => text.trim() !== '' && !/[\r\n\0]/.test(text)),
      (password) => {
        let text;
        try {
          text = updateEnv(undefined, changes({ DB_PASSWORD: password, DB_PORT: '1' }), []);
        } catch (error) {
          assert.match(String(error), /cannot hold/);
          assert.ok(/['\\]/.test(password) && password.includes('$'));
          return;
        }
        assert.equal(dotEnvValues(text)['DB_PASSWORD'], password);
        assert.equal(dotEnvValues(text)['DB_PORT'], '1');
      },
    ),
  );
  // Compose reads the file, too, and would put variables in.
  assert.match(updateEnv(undefined, changes({ DB_PASSWORD: 'a$b' }), []), /^DB_PASSWORD='a\$b'$/m);
});

Deno.test("config.yaml: comments, order and keys that setup does not know stay, also under the predecessor's name", () => {
  const old = `# our family
log_level: debug   # for now
sync_jobs:
  # the first
  - name: one # keep
    source_user_id: a
    album_id: x
    require: {clip: ignored}
    mystery: 1
`;
  const text = updateYaml(old, [
    { replaces: 'one', comment: '', fields: { name: 'uno', source_user_id: 'b', album_id: undefined } },
    { replaces: undefined, comment: 'photos of A, for B', fields: { name: 'two', source_user_id: 'c' } },
  ], new Map());
  assert.equal(
    text,
    `# our family
log_level: debug # for now
sync_jobs:
  # the first
  - name: uno # keep
    source_user_id: b
    require: {clip: ignored}
    mystery: 1

  # photos of A, for B
  - name: two
    source_user_id: c
`,
  );
});

Deno.test('config.yaml: a new one explains itself and takes over what another file said', () => {
  const settings = new Map([['TZ', { key: 'TZ', place: '', value: 'UTC' }]]);
  for (const old of [undefined, '', '\n']) {
    const text = updateYaml(old, [{ replaces: undefined, comment: 'x', fields: { name: 'one' } }], settings);
    assert.match(text, /^# The shares of immich-sidecar/);
    assert.deepEqual(parse(text), { jobs: [{ name: 'one' }], tz: 'UTC' });
    assert.deepEqual(text.split('\n').filter((line) => line.length > 80), []);
  }
});

Deno.test('exclusion patterns: as Immich turns them into SQL', () => {
  const photo = '/external_library/bob_shared/.alice/2023/a.jpg';
  for (
    const [pattern, expected] of [
      ['**/._*', true], // a new library has it: the underscore stands for any character
      ['**/*', true],
      ['**/.alice/**', true],
      ['**/2?23/**', true],
      ['**/@eaDir/**', false],
      ['**/#recycle/**', false],
      ['**/.stfolder/**', false],
      ['**/*.png', false],
      ['bob_shared/**', false],
    ] as const
  ) assert.equal(isExcluded(pattern, photo), expected, pattern);
});

const user = (name: string, email: string) => ({ id: crypto.randomUUID(), name, email, isAdmin: false });

Deno.test('target directories: hidden, beside the originals first, never in what is shared or where a job is', () => {
  const [alice, bob, other] = [user('Zoë Müller', 'zoe@example.com'), user('Bob', 'b1@x.org'), user('bob', 'b2@x.org')];
  const directories = {
    mediaLocation: '/data',
    mounts: [{ immich: '/data', local: '/m' }, { immich: '/photos', local: '/p' }],
  };
  const propose = (sourcePath: string | undefined, jobs: Parameters<typeof proposeTargets>[3] = []) =>
    proposeTargets({ source: alice, target: bob, sourcePath }, directories, [alice, bob, other], jobs);
  assert.deepEqual(propose('/photos/zoe/'), [
    '/photos/b1_shared/.zoe-muller/',
    '/data/shared/b1/.zoe-muller/',
    '/photos/shared_with_b1/.zoe-muller/',
  ]);
  assert.deepEqual(propose(undefined)[0], '/data/shared/b1/.zoe-muller/');
  assert.deepEqual(propose('/photos/'), ['/data/shared/b1/.zoe-muller/'], 'not inside of what is shared');
  for (const path of propose('/photos/zoe/')) {
    const asked = { sourcePath: '/photos/zoe/', ...directories, jobs: [], placement: 'hardlink' as const };
    assert.equal(objectionTo(path, asked), undefined);
  }
  assert.equal(directoryName(user('李', 'li@x.org'), []), 'li');
});

Deno.test('lines are broken between words, and what follows is indented', () => {
  assert.equal(wrap('one two three', 7), 'one two\nthree');
  assert.equal(wrap('+ one two three', 8), '+ one\n  two\n  three');
  assert.equal(wrap('/a/very/long/path', 5), '/a/very/long/path');
});
