import assert from 'node:assert/strict';
import type { Config } from '../../src/config/config.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { UserError } from '../../src/errors.ts';
import { publicSnapshot } from '../../src/service/public_snapshot.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import type { ServiceState } from '../../src/service/state.ts';
import { lockHolders, sessions, until, waiting } from '../crash/process.ts';
import { Proxy } from '../crash/proxy.ts';
import { World } from '../share/world.ts';
import { RunningService } from './running_service.ts';

Deno.test('the database goes away and comes back, again and again: the service goes on where it was', async () => {
  await using world = await World.open('v3.1.0');
  await using proxy = new Proxy(world.config.database);
  await proxy.down();
  await using service = new RunningService({ ...world.config, database: proxy.config });
  await until('a failure', () => service.state.failuresInARow > 1);
  assert.match(messages(service.state), /No PostgreSQL answers/);
  proxy.up();
  await service.cycles();
  assert.deepEqual(service.state.problems, []);
  assert.deepEqual(await world.verify(verifyMirrors), []);
  for (let outage = 0; outage < 3; outage++) {
    await proxy.down();
    const { alice } = world.library.users;
    await world.sql`UPDATE person SET name = ${`renamed ${outage}`} WHERE "ownerId" = ${alice.id} AND name <> ''`;
    await until('it has noticed', () => service.state.phase === 'connecting');
    proxy.up();
    await service.cycles(2);
    assert.deepEqual(await world.verify(verifyMirrors), []);
  }
  assert.equal((await lockHolders(world.sql)).length, 1);
});

Deno.test('a service is told to stop: it does not wait for the next cycle, and nothing of it is left in the database', async () => {
  await using world = await World.open('v3.1.0');
  const service = new RunningService(world.config, 3_600);
  await service.cycles();
  await service.stop();
  assert.equal(service.state.phase, 'stopped');
  await until('its sessions have ended', async () => (await sessions(world.sql)) === 0);
});

Deno.test('told to stop in a batch that does not end, it cuts the connection', async () => {
  await using world = await World.open('v3.1.0');
  const service = new RunningService(world.config);
  await service.cycles();
  await world.sql.begin(async (tx) => {
    // A lock that the service has to wait for, with each of its tries for five seconds.
    await tx`LOCK TABLE immich_sidecar.withdrawn, immich_sidecar.asset_map IN ACCESS EXCLUSIVE MODE`;
    await until('a session waits', async () => (await waiting(tx)) > 0);
    await service.stop();
  });
  await until('its sessions have ended', async () => (await sessions(world.sql)) === 0);
  assert.deepEqual(await world.verify(verifyMirrors), []);
});

Deno.test('while another instance works it stands by, and looks again within an interval', async () => {
  await using world = await World.open('v3.1.0');
  await using first = new RunningService(world.config);
  await first.cycles();
  const interval = 3_600;
  await using second = new RunningService(world.config, interval);
  await until('it stands by', () => second.state.phase === 'standby');
  const nextRunAt = Date.parse(second.state.nextRunAt ?? '');
  assert.ok(nextRunAt > Date.now() && nextRunAt <= Date.now() + interval * 1_000);
  await first.stop();
  await until('the lock is free', async () => (await lockHolders(world.sql)).length === 0);
  second.scheduler.wake();
  await second.cycles();
});

Deno.test('a configuration that is right is taken over, one that is wrong is told and not used', async () => {
  await using world = await World.open('v3.1.0');
  const [external, upload] = world.config.jobs;
  assert.ok(external && upload);
  await using service = new RunningService({ ...world.config, jobs: [external] });
  await service.cycles();
  assert.equal(await jobs(world), 1);

  service.nextConfig = () => {
    throw new UserError('DB_PORT is wrong', { problemCode: 'configuration', remedy: 'Repair it.' });
  };
  await service.scheduler.reload();
  await service.cycles();
  assert.match(messages(service.state), /DB_PORT is wrong/);

  service.nextConfig = () => ({ ...world.config, syncIntervalSeconds: 0.1 });
  await service.scheduler.reload();
  await service.cycles();
  assert.deepEqual(service.state.problems, []);
  assert.equal(await jobs(world), 2);
});

Deno.test(
  'what fails for a reason that the user can repair is tried again, with growing pauses, until they have',
  async () => {
    await using world = await World.open('v3.1.0');
    await using service = new RunningService(world.config);
    await service.cycles();
    // With one of them there, its job would go on, and the other be left out.
    const paths = [`${world.directory}/external`, `${world.directory}/media`];
    for (const path of paths) Deno.renameSync(path, `${path}.away`);
    await service.scheduler.reload();
    await until('a failure', () => service.state.failuresInARow > 1);
    assert.match(messages(service.state), /is not here/);
    assert.match(service.state.cycles.at(-1)?.error?.remedy ?? '', /Mount it/);
    for (const path of paths) Deno.renameSync(`${path}.away`, path);
    await service.cycles();
    assert.deepEqual(service.state.problems, []);
    assert.deepEqual(await world.verify(verifyMirrors), []);
  },
);

Deno.test('users by their e-mail or name: the service shares, and shows their names, without e-mails, to everybody', async () => {
  await using world = await World.open('v3.1.0');
  const { alice, bob } = world.library.users;
  const [external, upload] = world.config.jobs;
  assert.ok(external && upload);
  const config: Config = {
    ...world.config,
    jobs: [
      { ...external, sourceUserId: alice.email.toUpperCase(), targetUserId: bob.email },
      { ...upload, sourceUserId: alice.name, targetUserId: bob.name },
    ],
  };
  await using service = new RunningService(config);
  await service.cycles();
  assert.equal(await jobs(world), 2);
  const seen = publicSnapshot(snapshotOf(service.state, config, 'test'));
  assert.deepEqual(seen.jobs.map(({ from, to }) => [from, to]), [['Alice', 'Bob'], ['Alice', 'Bob']]);
  assert.doesNotMatch(JSON.stringify(seen), /@/);
});

/** Jobs that have mirrors. */
async function jobs(world: World): Promise<number> {
  const rows = await world.sql`SELECT DISTINCT job_name FROM immich_sidecar.asset_map`;
  return rows.length;
}

function messages({ problems }: ServiceState): string {
  return problems.map(({ what }) => what).join();
}
