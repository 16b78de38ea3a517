import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';

const MAIN = new URL('../../main.ts', import.meta.url).pathname;

/** Runs the demo as `deno task demo` does, with a temporary directory of its own to see what is left in it. */
async function runDemo(
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string; left: string[]; home: string }> {
  const home = Deno.realPathSync(Deno.makeTempDirSync({ prefix: 'demo-test-' }));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      'run',
      '--allow-net=127.0.0.1',
      '--allow-read',
      '--allow-write',
      '--allow-env',
      '--allow-sys',
      MAIN,
      'demo',
      ...args,
    ],
    env: { TMPDIR: home, NO_COLOR: '1' },
    stdin: 'null',
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const left = [...Deno.readDirSync(home)].map(({ name }) => name);
  return { code, stdout: decode(stdout), stderr: decode(stderr), left, home };
}

Deno.test('demo --json prints one object that says what was shared, checked and run twice, and leaves nothing', async () => {
  const { code, stdout, stderr, left, home } = await runDemo('--json');
  assert.equal(code, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.length, 1);
  const result = JSON.parse(lines[0] ?? '');
  assert.ok(result.share.assets >= 24);
  assert.ok(result.share.faces > 0 && result.share.people > 0);
  assert.ok(result.share.links >= 3 * result.share.assets - 10, 'an original and two generated files for most');
  assert.equal(result.verified, true);
  assert.deepEqual(result.findings, []);
  assert.deepEqual(result.secondRun, { changes: 0 });
  assert.ok(result.notShared.locked > 0 && result.notShared.private > 0 && result.notShared.pending > 0);
  assert.match(stderr, /share her family pictures/, 'its steps can be watched');
  assert.deepEqual(left, []);
  Deno.removeSync(home, { recursive: true });
});

Deno.test('demo --keep explains itself and leaves the files it names', async () => {
  const { code, stdout, stderr, left, home } = await runDemo('--keep');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Bob now has +from Alice/);
  assert.match(stdout, /Checked: every mirrored row equals its source/);
  const [source, mirror] = ['Alice', 'Bob'].map((name) =>
    new RegExp(`^  ${name} +(/.*)$`, 'm').exec(stdout)?.[1] ?? ''
  );
  assert.ok(source && mirror && existsSync(source) && existsSync(mirror));
  assert.equal(Deno.lstatSync(source).ino, Deno.lstatSync(mirror).ino);
  assert.equal(left.length, 1);
  Deno.removeSync(home, { recursive: true });
});
