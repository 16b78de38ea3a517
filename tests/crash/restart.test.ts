import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { EXIT } from '../../src/errors.ts';
import { variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { binariesForOneServer } from '../harness/binaries.ts';
import { startServer, type TestServer, THROWAWAY_SETTINGS } from '../harness/server.ts';
import { World } from '../share/world.ts';
import { changeSource, lockHalf, unlock } from './deeds.ts';
import { Ground } from './ground.ts';
import { RunningProgram, until } from './process.ts';

/** `SOAK_MINUTES=10`: restarts for so long, one a minute. */
const SOAK_MINUTES = Number(Deno.env.get('SOAK_MINUTES') ?? 0);
const RESTARTS = SOAK_MINUTES === 0 ? 4 : SOAK_MINUTES;

/** How much later than the last restart: from the middle of a cycle to the pause between two. */
const DELAYS_MS = SOAK_MINUTES === 0 ? [300, 900, 1_500, 2_500] : [60_000];

/**
 * Memory that may be in use more at the end than after the first changes: what the garbage collector has not looked at. A preview that is
 * decoded for a cover is tens of megabytes; over many restarts it stays at some 260 MB.
 */
const MEMORY_TOLERANCE_KB = 150_000;

Deno.test({
  name: `a database that is restarted ${RESTARTS} times while photos change ends with an exact mirror`,
  fn: async () => {
    await using binaries = await binariesForOneServer();
    const server = await startServer(binaries.bin, { ...THROWAWAY_SETTINGS, fsync: 'on' });
    try {
      await soak(server);
    } finally {
      await server.stop();
    }
  },
});

async function soak(server: TestServer): Promise<void> {
  await using world = await World.open('v3.1.0', { database: { server: server.url } });
  const ground = new Ground(world);
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const env = { ...variablesOf(world), SYNC_INTERVAL_SECONDS: '5', HTTP_PORT: '0', LOG_LEVEL: 'WARNING' };
  const program = RunningProgram.start(['serve'], { cwd: cwd.path, env });
  await until('the first copy is done', async () => await newsOf(world, 0));
  let used: { kb: number; files: number } | undefined;
  for (let round = 1; round <= RESTARTS; round++) {
    await (round % 2 === 0 ? unlock(world) : lockHalf(world));
    await changeSource(world, ground, round);
    await new Promise((resolve) => setTimeout(resolve, DELAYS_MS[round % DELAYS_MS.length]));
    await server.restart(round % 2 === 0 ? 'fast' : 'immediate');
    // Both kinds of restart have been seen by then: what they make the program load is no leak.
    if (round >= 2) used ??= program.uses();
  }
  await unlock(world);
  await changeSource(world, ground, RESTARTS + 1);
  await until('the last change has been shared', async () => await newsOf(world, RESTARTS + 1));
  await until('the cycle has ended', async () => (await world.verify(verifyMirrors)).length === 0);
  const now = program.uses();
  program.signal('SIGTERM');
  const { code, stderr } = await program.ended();
  assert.equal(code, EXIT.ok, stderr);
  assert.doesNotMatch(stderr, /internal error/);
  assert.match(stderr, /Trying again/);
  await ground.assertRight('after the restarts');
  if (used === undefined || now === undefined) return; // not on this system
  assert.ok(now.kb < used.kb + MEMORY_TOLERANCE_KB, `memory: ${used.kb} kB, then ${now.kb} kB`);
  assert.ok(now.files <= used.files + 4, `open files: ${used.files}, then ${now.files}`);
}

/** Whether Bob's people are called what they are called in this round; 0: whether he has any. */
async function newsOf(world: World, round: number): Promise<boolean> {
  const names = await world.namesOf('bob').catch(() => []);
  return round === 0 ? names.length > 0 : names.some((name) => name === `round ${round}`);
}
