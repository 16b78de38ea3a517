import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { EXIT } from '../../src/errors.ts';
import { variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { Ground } from '../crash/ground.ts';
import { lockHolders, RunningProgram, until } from '../crash/process.ts';
import { World } from '../share/world.ts';

/** The shortest that can be configured. */
const INTERVAL_SECONDS = 5;

function serve(world: World, cwd: string): RunningProgram {
  const env = { ...variablesOf(world), SYNC_INTERVAL_SECONDS: String(INTERVAL_SECONDS), HTTP_PORT: '0' };
  return RunningProgram.start(['serve'], { cwd, env });
}

Deno.test(
  'two instances: one works, one stands by and takes over within an interval when the other is killed',
  {},
  async () => {
    await using world = await World.open('v3.1.0');
    const ground = new Ground(world);
    using cwd = workingDirectory(world.config.jobs.map(yamlJob));
    const first = serve(world, cwd.path);
    await until('the first has the lock', async () => (await lockHolders(world.sql)).length > 0);
    const [holder] = await lockHolders(world.sql);
    const second = serve(world, cwd.path);
    await until('everything is shared', async () => (await mirrors(world)) > 0);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.deepEqual(await lockHolders(world.sql), [holder], 'the second stands by');
    await ground.assertRight('shared by the first');

    const { alice } = world.library.users;
    await world.sql`UPDATE person SET name = 'Renamed' WHERE "ownerId" = ${alice.id} AND name <> ''`;
    first.signal('SIGKILL');
    const killedAt = performance.now();
    await until('the second has the lock', async () => {
      const holders = await lockHolders(world.sql);
      return holders.length > 0 && holders[0] !== holder;
    });
    const seconds = (performance.now() - killedAt) / 1_000;
    assert.ok(seconds <= INTERVAL_SECONDS + 2, `after ${seconds} s`);
    assert.equal((await first.ended()).code, 137);
    await until('the change is shared', async () => (await world.namesOf('bob')).includes('Renamed'));

    assert.ok(second.signal('SIGTERM'));
    const { code, stderr } = await second.ended();
    assert.equal(code, EXIT.ok, stderr);
    assert.equal(stderr.match(/standing by/g)?.length, 1, stderr);
    assert.match(stderr, /taking over/);
    assert.match(stderr, /stopping/);
    await until('the lock is free', async () => (await lockHolders(world.sql)).length === 0);
    await ground.assertRight('shared by the second');
  },
);

Deno.test(
  'two instances: the one that works goes on when the one that stands by is killed',
  async () => {
    await using world = await World.open('v3.1.0');
    const ground = new Ground(world);
    using cwd = workingDirectory(world.config.jobs.map(yamlJob));
    const first = serve(world, cwd.path);
    await until('the first has the lock', async () => (await lockHolders(world.sql)).length > 0);
    const [holder] = await lockHolders(world.sql);
    const second = serve(world, cwd.path);
    await until('everything is shared', async () => (await mirrors(world)) > 0);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.ok(second.signal('SIGKILL'));
    const { code, stderr } = await second.ended();
    assert.equal(code, 137);
    assert.match(stderr, /standing by/);

    const { alice } = world.library.users;
    await world.sql`UPDATE person SET name = 'Renamed' WHERE "ownerId" = ${alice.id} AND name <> ''`;
    await until('the change is shared', async () => (await world.namesOf('bob')).includes('Renamed'));
    assert.deepEqual(await lockHolders(world.sql), [holder]);
    assert.ok(first.signal('SIGTERM'));
    assert.equal((await first.ended()).code, EXIT.ok);
    await ground.assertRight('shared by the first');
  },
);

Deno.test('serve: SIGHUP reads the configuration again, SIGINT ends it with 130', async () => {
  await using world = await World.open('v3.1.0');
  const [external] = world.config.jobs;
  assert.ok(external);
  using cwd = workingDirectory([yamlJob(external)]);
  using both = workingDirectory(world.config.jobs.map(yamlJob));
  const program = serve(world, cwd.path);
  await until('the first job is done', async () => (await mirrors(world)) > 0);
  Deno.copyFileSync(`${both.path}/config.yaml`, `${cwd.path}/config.yaml`);
  program.signal('SIGHUP');
  await until('both jobs are done', async () => (await jobs(world)) === 2);
  Deno.writeTextFileSync(`${cwd.path}/config.yaml`, 'jobs: 7');
  program.signal('SIGHUP');
  await new Promise((resolve) => setTimeout(resolve, 300));
  program.signal('SIGINT');
  const { code, stderr } = await program.ended();
  assert.equal(code, EXIT.interrupted, stderr);
  assert.match(stderr, /was read again and is not used/);
  assert.deepEqual(await world.verify(verifyMirrors), []);
});

Deno.test('serve: a mistake in the configuration ends it at the start, and only there', async () => {
  using cwd = workingDirectory('jobs: 7');
  const { code, stderr } = await RunningProgram.start(['serve'], { cwd: cwd.path, env: {} }).ended();
  assert.equal(code, EXIT.usage);
  assert.match(stderr, /jobs/);
});

async function mirrors(world: World): Promise<number> {
  return (await mappings(world)).length;
}

async function jobs(world: World): Promise<number> {
  return new Set((await mappings(world)).map(({ job_name }) => job_name)).size;
}

/** None while the program has not made its tables. */
async function mappings(world: World): Promise<readonly { job_name: string }[]> {
  const [table] = await world.sql<{ found: boolean }[]>`
    SELECT to_regclass('immich_sidecar.asset_map') IS NOT NULL AS found`;
  return table?.found ? await world.sql<{ job_name: string }[]>`SELECT job_name FROM immich_sidecar.asset_map` : [];
}
