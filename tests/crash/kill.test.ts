import assert from 'node:assert/strict';
import { generateBulk } from '../harness/bulk_library/bulk.ts';
import { Random, SEED } from '../harness/drawing.ts';
import { EXTERNAL_ROOT, MEDIA_LOCATION } from '../../src/demo/roots.ts';
import { EXIT } from '../../src/errors.ts';
import { LIMITS } from '../../src/share/cycle/limits.ts';
import { variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { digestTables } from '../share/snapshot.ts';
import { World } from '../share/world.ts';
import { changeSource, lockHalf, unlock } from './deeds.ts';
import { Ground } from './ground.ts';
import { lockHolders, RunningProgram, until } from './process.ts';

/** How often the program is killed; 500 before a release. */
const KILLS = Number(Deno.env.get('KILLS') ?? 8);

/** Photos besides the small library: what takes a fraction of a second to copy, and two batches. */
const BULK = LIMITS.batch + 100;

/** Before the program may finish and everything is looked at. */
const MOST_KILLS_IN_A_ROW = 8;

const FIRST_LENGTH_MS = 1_000;

Deno.test({
  name: `killed ${KILLS} times with SIGKILL, the program always gets everything right in the end (SEED=${SEED})`,
  fn: async () => {
    await using world = await openLargeWorld();
    const ground = new Ground(world);
    const tables = await immichTables(world);
    const killer = new Killer(world, new Random(SEED));
    for (let round = 1; killer.kills < KILLS; round++) {
      await killer.run('sync', 'first copy');
      await ground.assertRight('first copy');
      await killer.run('unshare', 'withdrawn');
      ground.assertRestored('withdrawn');
      assert.deepEqual(await immichTables(world), tables, 'the rows of Immich');

      await killer.run('sync', 'first copy');
      await changeSource(world, ground, round);
      await killer.run('sync', 'change');
      await ground.assertRight('change');
      await lockHalf(world);
      await killer.run('sync', 'withdrawal');
      await ground.assertRight('withdrawal');
      await unlock(world);
      await killer.run('sync', 'coming back');
      await ground.assertRight('coming back');
      await killer.run('unshare', 'withdrawn');
      ground.assertRestored('the end of a round');
      Object.assign(tables, await immichTables(world)); // what was changed stays so
    }
    assert.ok(killer.kills >= KILLS);
  },
});

async function openLargeWorld(): Promise<World> {
  const world = await World.open('v3.1.0', { ownTables: false });
  await generateBulk(world.sql, {
    assets: BULK,
    facesPerAsset: 1,
    people: 20,
    first: 1,
    mediaLocation: MEDIA_LOCATION,
    localMedia: `${world.directory}/media`,
    externalRoot: EXTERNAL_ROOT,
    localExternal: `${world.directory}/external`,
  });
  await world.sql`ANALYZE`;
  return world;
}

/** Digests of Immich's tables; the audit tables remember what was deleted, as they do in Immich. */
async function immichTables(world: World): Promise<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(await digestTables(world.sql))
      .filter(([table]) => table.startsWith('public.') && !table.endsWith('_audit')),
  );
}

/** Runs the program again and again, and kills it, until it is allowed to finish. */
class Killer {
  kills = 0;
  /** How long a run takes from the moment it has the lock, in milliseconds, as learnt from the last that finished. */
  readonly #lengths = new Map<string, number>();

  constructor(readonly world: World, readonly random: Random) {}

  /** Runs a command until it has finished, and kills it a few times on the way. `what` it has to do says how long it takes. */
  async run(command: 'sync' | 'unshare', what: string): Promise<void> {
    using cwd = workingDirectory(this.world.config.jobs.map((job) => yamlJob({ ...job, albumId: undefined })));
    const env = { ...variablesOf(this.world), LOG_LEVEL: 'WARNING' };
    const args = command === 'unshare' ? ['unshare', '--yes'] : ['sync'];
    const start = () => RunningProgram.start(args, { cwd: cwd.path, env });
    const inARow = 1 + Math.floor(this.random.below(MOST_KILLS_IN_A_ROW));
    for (let killed = 0; killed < inARow && this.kills < KILLS; killed++) {
      if (await this.#finishes(what, start(), this.random.below(this.#lengths.get(what) ?? FIRST_LENGTH_MS))) return;
      this.kills++;
    }
    await this.#finishes(what, start());
  }

  /** Kills a program so long after it has begun its work. Returns whether it was done by then. */
  async #finishes(what: string, program: RunningProgram, killedAfterMs = Infinity): Promise<boolean> {
    let hasEnded = false;
    const end = program.ended().finally(() => hasEnded = true);
    await until('the lock is taken', async () => hasEnded || (await lockHolders(this.world.sql)).length > 0);
    const lockedAt = performance.now();
    if (killedAfterMs < Infinity) {
      await Promise.race([end, new Promise((resolve) => setTimeout(resolve, killedAfterMs))]);
      program.signal('SIGKILL');
    }
    const { code, stdout, stderr } = await end;
    if (code === 137) return false;
    assert.equal(code, EXIT.ok, `${what}: ${stdout}${stderr}`);
    this.#lengths.set(what, performance.now() - lockedAt);
    return true;
  }
}
