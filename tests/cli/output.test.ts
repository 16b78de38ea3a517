import assert from 'node:assert/strict';
import { cleaned } from '../../src/cli/output.ts';
import { EXIT } from '../../src/errors.ts';
import { EXTERNAL_ENV } from '../config/helper.ts';
import { run, workingDirectory } from './program.ts';

/** CSI as one character (C1), a real escape sequence, an operating system command, and a change of the reading direction. */
const HOSTILE = '\u009b31m\u001b[2J\u001b]0;x\u0007\u202egnp.\u2066\u2028\u0085\u007f';

// deno-lint-ignore no-control-regex
const CONTROLLING = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]|\p{Bidi_Control}/u;

Deno.test('errors and reports: no control character but line breaks and tabs reaches a terminal, whoever sent it', async () => {
  using cwd = workingDirectory('');
  const env = { ...EXTERNAL_ENV, DB_HOSTNAME: '127.0.0.1', DB_PORT: '1', DB_WAIT_SECONDS: '0' };
  const places: readonly (readonly [args: readonly string[], env: Readonly<Record<string, string>>])[] = [
    [['sync', '--config', `${HOSTILE}.yaml`], {}],
    [['sync', `--${HOSTILE}`], {}],
    [['sync', '--job', HOSTILE], {}],
    [['unshare', '--yes', '--user', HOSTILE], {}],
    [[HOSTILE], {}],
    [['completion', HOSTILE], {}],
    [['sync'], { DB_HOSTNAME: HOSTILE }],
    [['sync'], { LOG_FORMAT: HOSTILE }],
    [['sync'], { DB_PASSWORD_FILE: HOSTILE }],
    [['undo', HOSTILE], {}],
  ];
  for (const [index, [args, more]] of places.entries()) {
    for (const format of index % 4 === 0 ? [{}, { LOG_FORMAT: 'json' }] : [{}]) {
      const { code, stdout, stderr } = await run(args, { cwd: cwd.path, env: { ...env, ...format, ...more } });
      const what = `${JSON.stringify(args)} ${JSON.stringify(more)}: ${JSON.stringify(stderr)}`;
      assert.notEqual(code, EXIT.internal, what);
      assert.doesNotMatch(stdout + stderr, CONTROLLING, what);
    }
  }
});

Deno.test('what is escaped stays the same text in JSON', () => {
  const value = { name: HOSTILE, lines: 'a\n\tb' };
  const line = cleaned(`${JSON.stringify(value)}\n`);
  assert.deepEqual(JSON.parse(line), value);
  assert.doesNotMatch(line, CONTROLLING);
  assert.equal(cleaned('Zoë 🎉 עברית\n\tb'), 'Zoë 🎉 עברית\n\tb', 'letters of all directions stay');
});
