import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { disagreements } from '../harness/disagreements.ts';
import { World } from '../share/world.ts';
import { run, variablesOf, workingDirectory, yamlJob } from './program.ts';

/** `run` refuses "1 photos" of whatever a test runs; here everything is one. */
Deno.test('one photo, one person, one file: every command speaks of one', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const [job] = world.config.jobs;
  assert.ok(job);
  using cwd = workingDirectory([{ ...yamlJob(job), min_rating: 4 }]);
  const options = {
    cwd: cwd.path,
    env: { ...variablesOf(world), WRITE_SOURCE: 'database', WRITE_TO: 'sidecar', WRITE_SETTLE_SECONDS: '0' },
  };
  const say = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(args, options);
    assert.equal(code, EXIT.ok, stdout + stderr);
    return stdout;
  };
  const plan = await say('sync', '--dry-run');
  for (
    const line of [/^ {2}\+ 1 photo to share$/m, /^ {2}! 1 photo to leave out$/m, /^would do: .*1 photo to share/m]
  ) {
    assert.match(plan, line);
  }
  await say('sync', '--dry-run', '--list');
  await say('sync');
  assert.match(await say('sync', '--full', '--json'), /"created": ?0/);
  await say('status');
  await say('explain', '--job', job.name);
  assert.match(await say('unshare', '--dry-run', '--job', job.name), /1 photo or video \(/);
  await say('write', '--people', '--dry-run');
  await say('write', '--people');
  await say('undo', '--dry-run');
  await say('undo', '--yes');
  await say('dedup', '--dry-run');
  assert.match(await say('unshare', '--yes', '--job', job.name), /1 photo or video, \d+ p/);
});

Deno.test('what is refused, and what is not', () => {
  for (
    const wrong of ['1 photos', 'in 1 albums.', '(1 shared photos)', '+ 1 people new', 'of 1 files']
  ) {
    assert.equal(disagreements(wrong).length, 1, wrong);
  }
  for (
    const right of ['1 photo', '21 photos', '1,001 files', '2.1 photos', '0 people', '1 person', '2026-12-1 files']
  ) {
    assert.deepEqual(disagreements(right), [], right);
  }
});
