import assert from 'node:assert/strict';
import { dotEnvValues, parseDotEnv } from '../../src/config/dot_env.ts';
import { updateEnv } from '../../src/setup/env_text.ts';
import { load, refused } from './helper.ts';

/** One line, and the value of V, from the documented rules of Docker Compose 2 ("env file syntax"). */
const FORMS: readonly (readonly [line: string, value: string | undefined])[] = [
  ['V=VAL', 'VAL'],
  ['V="VAL"', 'VAL'],
  ["V='VAL'", 'VAL'],
  ['V: VAL', 'VAL'],
  ['V = VAL  ', 'VAL'],
  ['  export V=VAL', 'VAL'],
  ['V=VAL\r', 'VAL'],
  ['V=', ''],
  ['V', undefined],
  ['# V=VAL', undefined],
  ['V=VAL # comment', 'VAL'],
  ['V=VAL# not a comment', 'VAL# not a comment'],
  ['V=pa#word', 'pa#word'],
  ['V=#word', '#word'],
  ['V="VAL # not a comment"', 'VAL # not a comment'],
  ['V="VAL" # comment', 'VAL'],
  ["V='VAL' # comment", 'VAL'],
  ['V=$OTHER', 'other'],
  ['V=${OTHER}-x', 'other-x'],
  ['V="$OTHER"', 'other'],
  ['V=${MISSING:-default}', 'default'],
  ['V=${EMPTY:-default}', 'default'],
  ['V=${EMPTY-default}', ''],
  ['V=${OTHER:+yes}', 'yes'],
  ['V=pa$$word', 'pa$word'],
  ['V="pa\\$word"', 'pa$word'],
  ["V='$OTHER'", '$OTHER'],
  ["V='${OTHER}'", '${OTHER}'],
  ["V='Let\\'s go!'", "Let's go!"],
  ['V="{\\"hello\\": \\"json\\"}"', '{"hello": "json"}'],
  ['V="some\\tvalue"', 'some\tvalue'],
  ["V='some\\tvalue'", 'some\\tvalue'],
  ['V=some\\tvalue', 'some\\tvalue'],
  ['V="a\\\\b"', 'a\\b'],
  ["V='first\nsecond'", 'first\nsecond'],
  ['V="first\nsecond"', 'first\nsecond'],
  ['V=a b c', 'a b c'],
  ['V=a="b"', 'a="b"'],
  ['V=`x`', '`x`'],
  ['V=first\nV=last', 'last'],
  ["V='A=B'", 'A=B'],
];

Deno.test('an .env is read as Docker Compose reads it', () => {
  for (const [line, value] of FORMS) {
    assert.equal(dotEnvValues(`OTHER=other\nEMPTY=\n${line}\nLAST=last`)['V'], value, line);
    assert.equal(dotEnvValues(`OTHER=other\nEMPTY=\n${line}\nLAST=last`)['LAST'], 'last', line);
  }
});

Deno.test('variables of the environment count more than those of the file', () => {
  assert.equal(dotEnvValues('A=file\nB=$A', { A: 'environment' })['B'], 'environment');
});

Deno.test('lines are counted over values of several lines', () => {
  const { entries } = parseDotEnv("A='1\n2\n3'\n\n# x\nB=4");
  assert.deepEqual(entries.map(({ name, line }) => [name, line]), [['A', 1], ['B', 6]]);
});

Deno.test('a line that Compose refuses is refused, and not shown', () => {
  const lines = [
    'DB_PASSWORD hunter2',
    "DB_PASSWORD='hunter2",
    'DB_PASSWORD="hunter2"x',
    '"hunter2"',
    '=hunter2',
    'a-b c=hunter2',
  ];
  for (const line of lines) {
    const { message, problems } = refused({ files: { '.env': `TZ=UTC\n${line}\n` } });
    assert.deepEqual(problems.map(({ place }) => place), ['.env line 2'], line);
    assert.doesNotMatch(message, /hunter2/, line);
  }
});

Deno.test('a password with a dollar sign that means a variable nobody has set is a mistake, and is not shown', () => {
  const { message, problems } = refused({ files: { '.env': 'DB_PASSWORD=hunter$secret\n' } });
  assert.deepEqual(problems.map(({ key, place }) => [key, place]), [['DB_PASSWORD', '.env line 1']]);
  assert.match(message, /single quotes/);
  assert.doesNotMatch(message, /hunter|secret/);
  assert.equal(load({ files: { '.env': "DB_PASSWORD='hunter$secret'" } }).database.password.reveal(), 'hunter$secret');
  assert.equal(load({ files: { '.env': 'OURS=$THEIRS\nTZ=UTC' } }).write.timeZone, 'UTC', 'others may do that');
});

Deno.test('what setup writes is read back, by this program and by the rules of Compose', () => {
  const values = [
    'pa#word',
    'pa word',
    'pa$word',
    'pa"word',
    "pa'word",
    'pa\\word',
    'pa\\',
    ' pa ',
    'pa`word',
    '#',
    '$',
    '\\n',
    'p=a:b',
    'é💥',
    '${x}',
  ];
  for (const value of values) {
    const text = updateEnv('TZ=UTC\n', new Map([['DB_PASSWORD', value]]), []);
    assert.equal(dotEnvValues(text)['DB_PASSWORD'], value, text);
    assert.equal(load({ files: { '.env': text } }).database.password.reveal(), value, text);
    // No form whose meaning depends on the version of Compose.
    assert.doesNotMatch(text, /DB_PASSWORD=(?:[^'].*)?\\\$|DB_PASSWORD=`/);
  }
  assert.throws(() => updateEnv('', new Map([['DB_PASSWORD', `a'$b`]]), []), /quotes in it that an \.env cannot hold/);
});
