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

/** One that has shared everything and holds the lock as `holder`, and one that stands by. */
async function startTwo(world: World, cwd: string) {
  const first = serve(world, cwd);
  await until('the first has the lock', async () => (await lockHolders(world.sql)).length > 0);
  const [holder] = await lockHolders(world.sql);
  const second = serve(world, cwd);
  await second.says(/standing by/);
  await until('everything is shared', async () => await isShared(world));
  return { first, second, holder };
}

Deno.test(
  'two instances: one works, one stands by and takes over when the other is killed',
  async () => {
    await using world = await World.open('v3.1.0', { ownTables: false });
    const ground = new Ground(world);
    using cwd = workingDirectory(world.config.jobs.map(yamlJob));
    const { first, second, holder } = await startTwo(world, cwd.path);
    assert.deepEqual(await lockHolders(world.sql), [holder], 'the second stands by');
    await ground.assertRight('shared by the first');

    const { alice } = world.library.users;
    await world.sql`UPDATE person SET name = 'Renamed' WHERE "ownerId" = ${alice.id} AND name <> ''`;
    first.signal('SIGKILL');
    await until('the second has the lock', async () => {
      const holders = await lockHolders(world.sql);
      return holders.length > 0 && holders[0] !== holder;
    });
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
    await using world = await World.open('v3.1.0', { ownTables: false });
    const ground = new Ground(world);
    using cwd = workingDirectory(world.config.jobs.map(yamlJob));
    const { first, second, holder } = await startTwo(world, cwd.path);
    assert.ok(second.signal('SIGKILL'));
    assert.equal((await second.ended()).code, 137);

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
  await using world = await World.open('v3.1.0', { ownTables: false });
  const [external] = world.config.jobs;
  assert.ok(external);
  using cwd = workingDirectory([yamlJob(external)]);
  using both = workingDirectory(world.config.jobs.map(yamlJob));
  const program = serve(world, cwd.path);
  await until('the first job is done', async () => (await mirrors(world)) > 0);
  Deno.copyFileSync(`${both.path}/config.yaml`, `${cwd.path}/config.yaml`);
  program.signal('SIGHUP');
  await until('both jobs are done', async () => (await jobs(world)) === 2 && await isShared(world));
  Deno.writeTextFileSync(`${cwd.path}/config.yaml`, 'jobs: 7');
  program.signal('SIGHUP');
  await program.says(/was read again and is not used/);
  program.signal('SIGINT');
  const { code, stderr } = await program.ended();
  assert.equal(code, EXIT.interrupted, stderr);
  assert.deepEqual(await world.verify(verifyMirrors), []);
});

/** Whether the first cycle is over and right. */
async function isShared(world: World): Promise<boolean> {
  return (await mirrors(world)) > 0 && (await world.verify(verifyMirrors)).length === 0;
}

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
