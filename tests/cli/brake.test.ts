import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { withInstanceLock } from '../../src/postgres/lock.ts';
import { World } from '../share/world.ts';
import { everything } from './everything.ts';
import { run, variablesOf, workingDirectory, yamlJob } from './program.ts';

/** Alice's library is not where Immich looked for it. */
async function unmount(world: World): Promise<void> {
  await world.sql`
    UPDATE asset SET "isOffline" = true, "deletedAt" = now() - interval '25 hours'
    WHERE "ownerId" = ${world.library.users.alice.id} AND "libraryId" IS NOT NULL`;
}

async function mirrors(world: World): Promise<number> {
  const [row] = await world.sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM immich_sidecar.asset_map WHERE job_name = 'family to bob'`;
  return row?.count ?? 0;
}

Deno.test('the brake: exit code 4, a message for people, the numbers for machines, until it is confirmed', async (t) => {
  await using world = await World.open('v3.1.0');
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const options = { cwd: cwd.path, env: variablesOf(world) };
  assert.equal((await run(['sync'], options)).code, EXIT.ok);
  const family = await mirrors(world);
  await unmount(world);

  await t.step('a dry run shows it and changes nothing', async () => {
    const before = await everything(world);
    const summary = await run(['sync', '--dry-run'], options);
    assert.match(summary.stdout, new RegExp(`: "family to bob": ${family} of ${family} shared photos`));
    const text = await run(['sync', '--dry-run', '--list'], options);
    assert.equal(text.code, EXIT.ok, text.stderr);
    assert.match(text.stdout, new RegExp(`^! "family to bob": ${family} of ${family} shared photos`, 'm'));
    assert.match(text.stdout, new RegExp(`${family} shared photos held back`));
    assert.doesNotMatch(text.stdout, /^- /m);
    const json = await run(['sync', '--dry-run', '--json'], options);
    const steps = json.stdout.trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(steps[0].plan.brakes[0].mirrors, family);
    assert.deepEqual(steps.flatMap(({ phase, plan }) => phase === 'withdrawals' ? plan.withdrawals ?? [] : []), []);
    assert.deepEqual(await everything(world), before);
  });

  await t.step('a cycle keeps everything and says why', async () => {
    const text = await run(['sync'], options);
    assert.equal(text.code, EXIT.refused);
    assert.match(text.stdout, /is a disk not mounted/);
    assert.match(text.stdout, /immich-sidecar sync --confirm-withdrawals --job "family to bob"/);
    assert.match(text.stdout, /paused, as too much would be removed at once; everything else is done in [\d.]+ s\n$/);
    assert.match(text.stderr, /family to bob: \d+ of \d+ shared photos should be removed/);
    const json = await run(['sync', '--json'], options);
    assert.equal(json.code, EXIT.refused);
    const report = JSON.parse(json.stdout);
    assert.equal(report.brakes[0].mirrors, family);
    assert.ok(report.jobs[0].braked['source-offline'] > 0);
    assert.equal(json.stderr, '', 'it was said once');
    assert.equal(await mirrors(world), family);
  });

  await t.step('confirming needs the right job and no dry run', async () => {
    assert.equal((await run(['sync', '--confirm-withdrawals', '--job', 'famly'], options)).code, EXIT.usage);
    assert.equal((await run(['sync', '--confirm-withdrawals', '--dry-run'], options)).code, EXIT.usage);
    const other = await run(['sync', '--confirm-withdrawals', '--job', 'uploads to bob'], options);
    assert.match(other.stdout, /^No removals are waiting to be confirmed\.$/m);
    assert.equal(await mirrors(world), family);
  });

  await t.step('confirmed, it is done', async () => {
    const text = await run(['sync', '--confirm-withdrawals', '--job', 'family to bob'], options);
    assert.equal(text.code, EXIT.ok, text.stdout + text.stderr);
    assert.match(
      text.stdout,
      new RegExp(`^Confirmed: "family to bob" may lose ${family} of ${family} shared photos`),
    );
    assert.equal(await mirrors(world), 0);
    assert.equal((await run(['sync'], options)).code, EXIT.ok);
  });
});

Deno.test({
  name: 'while another instance works, the confirmation is left to it',
  fn: async () => {
    await using world = await World.open('v3.1.0');
    using cwd = workingDirectory(world.config.jobs.map(yamlJob));
    const options = { cwd: cwd.path, env: variablesOf(world) };
    await world.share();
    await unmount(world);
    await world.share();
    await withInstanceLock(world.sql, async () => {
      assert.equal((await run(['sync'], options)).code, EXIT.refused);
      const { code, stdout } = await run(['sync', '--confirm-withdrawals'], options);
      assert.equal(code, EXIT.ok);
      assert.match(stdout, /^Confirmed: "family to bob"/);
      assert.match(stdout, /It does that in its next sync\.\n$/);
      const json = await run(['sync', '--confirm-withdrawals', '--json'], options);
      assert.equal(JSON.parse(json.stdout).leftToAnotherInstance, true);
    });
    assert.deepEqual((await world.share()).brakes, []);
    assert.equal(await mirrors(world), 0);
  },
});

Deno.test('BRAKE_PERCENT and BRAKE_MINIMUM say how much is too much', async () => {
  await using world = await World.open('v3.1.0');
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  await world.share();
  const trash = (keys: readonly string[]) =>
    world.sql`
      UPDATE asset SET "deletedAt" = now(), status = 'trashed'
      WHERE id = ANY (${keys.map((key) => world.id(key))}::uuid[])`;
  await trash(['family/wedding', 'family/portrait']);
  assert.equal((await run(['sync'], { cwd: cwd.path, env: variablesOf(world) })).code, EXIT.ok);
  assert.equal(await world.mirrorOf('family/wedding'), undefined);
  await trash(['family/picnic', 'family/harbour']);
  const strict = { ...variablesOf(world), BRAKE_PERCENT: '0', BRAKE_MINIMUM: '1' };
  assert.equal((await run(['sync'], { cwd: cwd.path, env: strict })).code, EXIT.refused);
  assert.ok(await world.mirrorOf('family/picnic'));
});
