import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { DemoResult } from '../../src/demo/demo.ts';
import { EXIT } from '../../src/errors.ts';
import { differencesFrom, examplesOfJson } from '../cli/json_examples.ts';

const MAIN = new URL('../../main.ts', import.meta.url).pathname;

/** The command line of `deno task demo`. */
function commandOf(args: readonly string[]): string[] {
  const permissions = ['net=127.0.0.1', 'read', 'write', 'env', 'sys', 'run=perl'].map((name) => `--allow-${name}`);
  return ['run', ...permissions, MAIN, 'demo', ...args];
}

/** Runs the demo as `deno task demo` does, with a temporary directory of its own to see what is left in it. */
async function runDemo(
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string; left: string[]; home: string }> {
  const home = Deno.realPathSync(Deno.makeTempDirSync({ prefix: 'demo-test-' }));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: commandOf(args),
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
  const [documented] = examplesOfJson().get('demo --json') ?? [];
  assert.ok(documented);
  assert.deepEqual(differencesFrom(documented, result), []);
  assert.ok(result.share.assets >= 24);
  assert.ok(result.share.faces > 0 && result.share.people > 0);
  assert.ok(result.share.links >= 3 * result.share.assets - 10, 'an original and two generated files for most');
  assert.equal(result.verified, true);
  assert.deepEqual(result.findings, []);
  assert.deepEqual(result.secondRun, { changes: 0 });
  assert.ok(result.notShared.locked > 0 && result.notShared.private > 0 && result.notShared.pending > 0);
  const { writeBack } = result;
  assert.ok(writeBack.mediaWritten > 20 && writeBack.sidecarsWritten > 0);
  assert.equal(Object.values<number>(writeBack.outcomes).reduce((sum, count) => sum + count, 0), writeBack.assets);
  assert.deepEqual(writeBack.secondRun, { written: 0 });
  const description = writeBack.example.changes.find(({ tag }: { tag: string }) => tag === 'XMP-dc:Description');
  assert.deepEqual(description, { tag: 'XMP-dc:Description', before: null, after: 'At the beach' });
  assert.match(stderr, /share her family pictures/, 'its steps can be watched');
  assert.deepEqual(left, []);
  Deno.removeSync(home, { recursive: true });
});

Deno.test('demo --keep explains itself and leaves the files it names', async () => {
  const { code, stdout, stderr, left, home } = await runDemo('--keep');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Bob now has +from Alice/);
  assert.match(stdout, /Checked: every shared row equals its source/);
  const wide = stdout.split('\n').filter((line) =>
    line.length > 80 && line.includes(' ') && !line.includes('immich-sidecar-demo-')
  );
  assert.deepEqual(wide, [], 'a terminal of 80 columns breaks no word');
  assert.match(
    stdout,
    /a second run wrote nothing\.\nOne photo, before -> after:\n.*beach\.jpg\n {4}\+ XMP-dc:Subject: "Dora/,
  );
  const [source, mirror] = ['Alice', 'Bob'].map((name) =>
    new RegExp(`^  ${name} +(/.*)$`, 'm').exec(stdout)?.[1] ?? ''
  );
  assert.ok(source && mirror && existsSync(source) && existsSync(mirror));
  assert.equal(Deno.lstatSync(source).ino, Deno.lstatSync(mirror).ino);
  assert.equal(left.length, 1);
  Deno.removeSync(home, { recursive: true });
});

for (const [signal, exitCode] of [['SIGINT', EXIT.interrupted], ['SIGTERM', EXIT.terminated]] as const) {
  Deno.test(`demo: ${signal} ends it with exit code ${exitCode} and leaves nothing`, async () => {
    const home = Deno.realPathSync(Deno.makeTempDirSync({ prefix: 'demo-test-' }));
    const child = new Deno.Command(Deno.execPath(), {
      args: commandOf(['--json']),
      env: { TMPDIR: home, NO_COLOR: '1' },
      stdin: 'null',
      stdout: 'piped',
      stderr: 'piped',
    }).spawn();
    const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    // The library is being written at that moment.
    for (let text = ''; !text.includes('generate a photo library');) text += (await reader.read()).value ?? '';
    child.kill(signal);
    const drain = async () => {
      while (!(await reader.read()).done);
    };
    const [{ code }, stdout] = await Promise.all([child.status, new Response(child.stdout).text(), drain()]);
    assert.equal(code, exitCode);
    assert.equal(stdout, '');
    assert.deepEqual([...Deno.readDirSync(home)], []);
    Deno.removeSync(home, { recursive: true });
  });
}

Deno.test('demo: a run that shared nothing, less or more than the library expects, or wrote nothing, is not verified', async () => {
  const asset = (expected: string) => ({ expected });
  const counts = [
    'faces',
    'people',
    'links',
    'albumEntries',
    'facesUpdated',
    'facesRemoved',
    'peopleUpdated',
    'peopleRemoved',
  ];
  const none = Object.fromEntries(counts.map((count) => [count, 0]));
  const report = (created: number) => ({ settled: 0, jobs: [{ ...none, created }] });
  const wrote = (files: number) => ({
    complete: true,
    scope: 'everything',
    outcomes: { written: files },
    mediaWritten: files,
    sidecarsWritten: 0,
  });
  const result = (created: number, changes: Partial<Record<string, unknown>> = {}) =>
    ({
      library: { assets: [asset('shared-external'), asset('shared-upload'), asset('private')] },
      first: report(created),
      second: report(0),
      findings: [],
      album: { name: 'Summer', photos: 3, shared: 3 },
      writeBack: { first: wrote(3), second: wrote(0) },
      ...changes,
    }) as unknown as DemoResult;
  const { isRight } = await import('../../src/cli/demo.ts');
  assert.equal(isRight(result(2)), true);
  assert.equal(isRight(result(2, { writeBack: undefined })), true, 'there is no Perl everywhere');
  for (const created of [0, 1, 3]) assert.equal(isRight(result(created)), false);
  assert.equal(isRight(result(0, { library: { assets: [] } })), false);
  assert.equal(isRight(result(2, { findings: [{}] })), false);
  assert.equal(isRight(result(2, { second: report(1) })), false);
  assert.equal(isRight(result(2, { writeBack: { first: wrote(0), second: wrote(0) } })), false);
  assert.equal(isRight(result(2, { writeBack: { first: wrote(3), second: wrote(1) } })), false);
});
