import { FIELD_NAMES, FIELDS } from '../../../src/writeback/fields/fields.ts';
import assert from 'node:assert/strict';
import { EXIT } from '../../../src/errors.ts';
import type { WriteReport } from '../../../src/writeback/run/report.ts';
import { run, type RunOptions, variablesOf, workingDirectory } from '../../cli/program.ts';
import { RunningProgram, until } from '../../crash/process.ts';
import { Random, SEED } from '../../harness/drawing.ts';
import { World } from '../../share/world.ts';
import { configOf, fingerprints, libraryFiles, plan, stateOf, sumOf, tagsOf, undoAll, write } from './helper.ts';

function optionsOf(world: World, cwd: string): RunOptions {
  return {
    cwd,
    env: {
      ...variablesOf(world),
      WRITE_SOURCE: 'database',
      WRITE_STATE_DIR: stateOf(world),
      WRITE_WORKERS: '2',
      TMPDIR: cwd, // a program that is killed leaves its directory in there
    },
  };
}

const EVERYTHING = ['write', ...FIELD_NAMES.map((name) => `--${FIELDS[name].flag}`), '--to', 'both', '--json'];

Deno.test('a run that is told to stop finishes what it has begun; --resume goes on and adds up', async () => {
  await using world = await World.open('v3.1.0');
  const config = configOf(world, { workers: 2 });
  const whole = (await plan(config)).report;
  const stop = new AbortController();
  let begun = 0;
  const first = await write(config, {
    signal: stop.signal,
    onPlan: () => {
      if (++begun === 9) stop.abort();
    },
  });
  assert.deepEqual([first.interrupted, first.complete], [true, false]);
  assert.equal(sumOf(first), first.assets);
  assert.ok(first.outcomes.written > 0 && first.outcomes.written < whole.outcomes['would-write']);
  assert.deepEqual(temporaryFiles(world), []);

  await assert.rejects(write(config, { isResume: true, fields: ['gps'] }), { message: /had other options/ });
  const second = await write(config, { isResume: true });
  assert.equal(second.run, first.run);
  assert.equal(second.resumed, first.outcomes.written + first.outcomes['already-right']);
  assert.deepEqual([second.complete, second.assets], [true, whole.assets]);
  assert.deepEqual(second.outcomes, {
    ...whole.outcomes,
    written: whole.outcomes['would-write'],
    'would-write': 0,
  });
  const third = await write(config, { isResume: true });
  assert.deepEqual([third.resumed, third.outcomes.written], [0, 0], 'there is nothing to go on with any more');
  assert.notEqual(third.run, first.run);
});

Deno.test('--clear-checkpoint begins anew, and so does a run without --resume', async () => {
  await using world = await World.open('v3.1.0');
  const config = configOf(world, { workers: 2 });
  const interrupt = async () => {
    const stop = new AbortController();
    let begun = 0;
    const onPlan = () => {
      if (++begun === 3) stop.abort();
    };
    return await write(config, { signal: stop.signal, onPlan });
  };
  const first = await interrupt();
  const cleared = await write(config, { isResume: true, clearCheckpoint: true, fields: ['gps'] });
  assert.notEqual(cleared.run, first.run);
  assert.equal(cleared.resumed, 0);
  const second = await interrupt();
  const plain = await write(config);
  assert.notEqual(plain.run, second.run);
  assert.deepEqual([plain.resumed, plain.complete], [0, true]);
});

/** As a terminal does it: every process of the group hears it. */
async function pressCtrlC(pid: number): Promise<void> {
  await new Deno.Command('kill', { args: ['-INT', '--', `-${pid}`] }).output();
}

for (const signal of ['SIGTERM', 'Ctrl-C'] as const) {
  Deno.test(`${signal} ends the program in order, with exit code 130, and nothing half done`, async () => {
    await using world = await World.open('v3.1.0');
    using cwd = workingDirectory('{}');
    const program = RunningProgram.start(EVERYTHING, { ...optionsOf(world, cwd.path), wrapper: ['setsid'] });
    await untilWriting(world, program);
    if (signal === 'SIGTERM') program.signal('SIGTERM');
    else await pressCtrlC(program.pid);
    const { code, stdout } = await program.ended();
    assert.equal(code, EXIT.interrupted);
    const report: WriteReport = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    assert.equal(report.interrupted, true);
    assert.deepEqual(report.troubles, []);
    assert.equal(sumOf(report), report.assets);
    assert.deepEqual(temporaryFiles(world), []);
    const resumed = await run([...EVERYTHING, '--resume'], optionsOf(world, cwd.path));
    assert.equal(resumed.code, EXIT.ok, resumed.stderr);
    assert.equal(JSON.parse(resumed.stdout).resumed > 0, true);
  });
}

Deno.test('kill -9 at any moment: files stay whole, nothing is left lying around, and it can all be undone', async () => {
  await using world = await World.open('v3.1.0');
  using cwd = workingDirectory('{}');
  const paths = libraryFiles(world);
  const original = await tagsOf(paths);
  const hashes = imageHashes(original);
  const random = new Random(SEED);
  let kills = 0;
  let report: WriteReport | undefined;
  while (report === undefined) {
    const program = RunningProgram.start(EVERYTHING, optionsOf(world, cwd.path));
    await untilWriting(world, program);
    await pause(kills < 2 ? 0 : 20 + random.below(250));
    const exifTools = childrenOf(program.pid);
    program.signal('SIGKILL');
    const { code, stdout } = await program.ended();
    await until('every ExifTool has ended with its program', () => !exifTools.some(isRunning));
    if (code === EXIT.ok) report = JSON.parse(stdout);
    else kills++;
    assert.deepEqual(imageHashes(await tagsOf(paths)), hashes, `after ${kills} kills every picture is whole`);
    if (kills >= 6) {
      const last = await run(EVERYTHING, optionsOf(world, cwd.path));
      assert.equal(last.code, EXIT.ok, last.stderr);
      report = JSON.parse(last.stdout);
    }
  }
  assert.ok(kills >= 2);
  assert.deepEqual(temporaryFiles(world), []);
  const config = configOf(world, { destination: 'both' });
  const written = fingerprints(libraryFiles(world));
  assert.equal((await write(config)).outcomes.written, 0);
  assert.deepEqual(fingerprints(libraryFiles(world)), written);
  const undone = await undoAll(config, { scope: { paths: [world.directory] } });
  assert.equal(undone?.complete, true);
  assert.deepEqual(libraryFiles(world), paths);
  assert.deepEqual(await tagsOf(paths), original);
});

/** Waits until the library has a file in the making, or one more than before, or until there is nothing left to write. */
async function untilWriting(world: World, program: RunningProgram): Promise<void> {
  const before = libraryFiles(world).length;
  const isWriting = () => temporaryFiles(world).length > 0 || libraryFiles(world).length !== before;
  await until('it writes', () => program.hasEnded || isWriting());
}

/** Only Linux tells. */
function childrenOf(pid: number): number[] {
  if (Deno.build.os !== 'linux') return [];
  const pids = [...Deno.readDirSync('/proc')].map(({ name }) => Number(name)).filter(Number.isInteger);
  return pids.filter((one) => new RegExp(`^PPid:\\t${pid}$`, 'm').test(statusOf(one)));
}

function isRunning(pid: number): boolean {
  return /^State:\t[^Z]/m.test(statusOf(pid));
}

function statusOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/status`);
  } catch {
    return '';
  }
}

function temporaryFiles(world: World): string[] {
  return libraryFiles(world).filter((path) => path.includes('/.immich-sidecar-'));
}

function imageHashes(tags: Awaited<ReturnType<typeof tagsOf>>): Map<string, unknown> {
  return new Map([...tags].map(([path, found]) => [path, found['File:ImageDataHash']]));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
