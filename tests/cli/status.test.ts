import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { Ledger } from '../../src/writeback/ledger/ledger.ts';
import { World } from '../share/world.ts';
import { everything } from './everything.ts';
import { run, variablesOf, workingDirectory, yamlJob } from './program.ts';

Deno.test('status: before the first sync, after it, and after files were written; it changes nothing', async () => {
  await using world = await World.open('v3.1.0');
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const options = { cwd: cwd.path, env: { ...variablesOf(world), WRITE_SOURCE: 'database', LOG_LEVEL: 'WARNING' } };
  const untouched = await everything(world);
  const first = await run(['status'], options);
  assert.equal(first.code, EXIT.ok, first.stderr);
  assert.match(first.stdout, /^share +selected +shared +people +links +not stored twice\nfamily to bob +\d+ +0 /);
  assert.match(first.stdout, /No sync has changed anything yet\./);
  assert.match(first.stdout, /Nothing was written into files from here\./);
  assert.deepEqual(await everything(world), untouched);

  await world.share();
  assert.equal((await run(['write', '--people'], options)).code, EXIT.ok);
  const before = await everything(world);
  const { code, stdout, stderr } = await run(['status'], options);
  assert.deepEqual([code, stderr], [EXIT.ok, '']);
  assert.match(stdout, /^in all \d+ photos and videos, \d+ people, \d+ links, [\d.]+ [KM]iB$/m);
  assert.match(
    stdout,
    /\nfamily to bob\n(?: {2}1 waiting for .* by Immich\n){5} {2}1 left out: the receiving user has the same picture\n/,
  );
  assert.match(stdout, /^No immich-sidecar is at work: nothing follows until the next sync or serve\.$/m);
  assert.match(stdout, /^last syncs \(UTC\) +new .*\n\d{4}-\d\d-\d\d \d\d:\d\d +\d+ /m);
  assert.match(stdout, /^Written into files: run 1, [-\d]+ [:\d]+ UTC, finished$/m);
  assert.match(stdout, /^ +\d+ {2}written$/m);
  assert.deepEqual(stdout.split('\n').filter((line) => line.length > 80), []);
  assert.deepEqual(await everything(world), before);

  const json = JSON.parse((await run(['status', '--json'], options)).stdout);
  assert.deepEqual(Object.keys(json), ['version', 'service', 'share', 'writeBack']);
  assert.deepEqual(json.service, {
    isAtWork: false,
    syncIntervalSeconds: 60,
    reconcileHours: json.service.reconcileHours,
    pausedSince: null,
  });
  assert.deepEqual(Object.keys(json.share), [
    'isAtWork',
    'jobs',
    'totals',
    'brakes',
    'kept',
    'remembered',
    'conflicts',
    'merges',
    'waiting',
    'writtenToSource',
    'retries',
    'cycles',
  ]);
  assert.deepEqual(Object.keys(json.share.jobs[0]).toSorted(), [
    'bytes',
    'isConfigured',
    'job',
    'links',
    'mirrors',
    'people',
    'standing',
  ]);
  assert.ok(json.writeBack.files.written > 0);
  assert.equal(json.writeBack.lastRun.id, 1);

  Deno.writeTextFileSync(`${cwd.path}/.immich-sidecar/paused`, '2026-11-30T10:00:00.000Z\n');
  assert.match((await run(['status'], options)).stdout, /^Paused since 2026-11-30 10:00 UTC: the service shares/);
  Deno.removeSync(`${cwd.path}/.immich-sidecar/paused`);

  // A run that has the ledger is not disturbed.
  using _ledger = Ledger.open(`${cwd.path}/.immich-sidecar`);
  assert.match((await run(['status'], options)).stdout, /^Written into files: run 1, .*, in use$/m);
});

Deno.test('status without jobs needs no database', async () => {
  using cwd = workingDirectory('{}');
  const { code, stdout } = await run(['status'], { cwd: cwd.path, env: { DB_PORT: '1' } });
  assert.equal(code, EXIT.ok);
  assert.match(
    stdout,
    /^No shares are configured: nothing is shared\.\n\nNothing was written into files from here\.\n$/,
  );
});
