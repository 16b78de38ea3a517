import assert from 'node:assert/strict';
import fc from '../harness/drawing.ts';
import { parse } from 'yaml';
import { dotEnvValues } from '../../src/config/dot_env.ts';
import type { SettingName } from '../../src/config/settings.ts';
import { isExcluded } from '../../src/immich/scan/exclusions.ts';
import { updateEnv } from '../../src/setup/env_text.ts';
import { directoryName, objectionTo, proposeTargets } from '../../src/setup/targets.ts';
import { valuesIn } from '../../src/setup/questions/listed.ts';
import { fitting, wrap } from '../../src/setup/terminal.ts';
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

Deno.test('config.yaml: what is chosen is a list of names; ids have the name behind them, and what stands there already stays', () => {
  const old = `jobs:
  - name: one
    select:
      people: [Emil, "Grandma"] # the two
      people_match: all
      paths: [/data/x/]
      tags:
        - a # mine
        - b
`;
  const nothing = { albums: [], people: [], tags: [], favorites: false };
  const job = (select: Parameters<typeof updateYaml>[1][number]['select']) =>
    updateYaml(old, [{ replaces: 'one', comment: '', fields: { name: 'one' }, ...select && { select } }], new Map());
  const texts = (...names: string[]) => names.map((text) => ({ text }));
  assert.equal(
    job({ ...nothing, people: texts('Grandma', 'Emil'), tags: texts('a', 'b') }),
    old,
    'the same in another order',
  );
  assert.equal(
    job({
      ...nothing,
      albums: [{ text: '3f0c', comment: 'Tr"ip\n# x: 🏖️' }, { text: '2024' }],
      tags: texts('a', 'c: d'),
      favorites: true,
    }),
    `jobs:
  - name: one
    select:
      paths: [/data/x/]
      tags:
        - a # mine
        - "c: d"
      albums:
        - "3f0c" # "Tr\\"ip\\n# x: 🏖️"
        - "2024"
      favorites: true
`,
  );
});

Deno.test('config.yaml: names of any kind are read back as they were written', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }), (names) => {
      const select = { albums: names.map((text) => ({ text, comment: text })), people: [], tags: [], favorites: false };
      const text = updateYaml(
        undefined,
        [{ replaces: undefined, comment: 'x', fields: { name: 'one' }, select }],
        new Map(),
      );
      assert.deepEqual(parse(text).jobs[0].select.albums, names);
      assert.deepEqual(parse(text, { version: '1.1' }).jobs[0].select.albums, names, 'by readers of YAML 1.1, too');
    }),
  );
});

Deno.test('config.yaml: shared albums that are left out stay so, and so do further directories', () => {
  const old = `shared_albums:
  albums: {except: [Private]}
  directory: [/data/shared, /photos/shared] # two disks
`;
  const write = (albums: Parameters<typeof updateYaml>[3]) => updateYaml(old, [], new Map(), albums);
  assert.equal(write({ albums: 'all', directory: '/data/shared/' }), old);
  assert.deepEqual(parse(write({ albums: [{ text: 'Trip' }], directory: '/elsewhere/' })), {
    shared_albums: { albums: ['Trip'], directory: '/elsewhere/', except: ['Private'] },
  });
});

Deno.test('a line of a list is as wide as the terminal; the name is cut and not what it is', () => {
  assert.equal(fitting('Summer', '3 photos', 40), 'Summer (3 photos)');
  assert.equal(fitting('A very long name of an album', '3 photos', 24), 'A very long… (3 photos)');
  assert.equal(fitting('家族旅行家族旅行', '3', 12), '家族旅… (3)');
  assert.equal(fitting('👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧', undefined, 5), '👨‍👩‍👧👨‍👩‍👧…');
});

Deno.test('names on a command line: a comma may be a part of one, case and composition make no difference', () => {
  const options = ['Holiday, 2023', 'Holiday', 'trip', 'Trip', 'Zoë', 'a', 'A'].map((name, value) => ({
    value,
    label: name,
    words: [name, `id-${value}`],
  }));
  const read = (text: string) => valuesIn(text, options, 'album');
  assert.deepEqual(read('Holiday, 2023, Trip'), [0, 3]);
  assert.deepEqual(read(' holiday ,trip,, zoe\u0308, ID-5'), [1, 2, 4, 5]);
  assert.deepEqual(read('Trip, Trip'), [3, 3]);
  assert.throws(() => read('TRIP'), /2 can be meant by the album "TRIP"/);
  assert.throws(() => read('Nobody, Trip, 2023'), /No album is called "Nobody" or "2023"/);
  assert.deepEqual(read(' , '), []);
});
