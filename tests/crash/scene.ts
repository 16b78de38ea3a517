import { describeProblem } from '../../src/problems/problem.ts';
import assert from 'node:assert/strict';
import type { Config, DatabaseConfig } from '../../src/config/config.ts';
import { jobsOf } from '../../src/demo/jobs.ts';
import { connect, type Connection, disconnect } from '../../src/postgres/connect.ts';
import type { CycleReport } from '../../src/share/cycle/report.ts';
import { share } from '../../src/share/share.ts';
import type { Release } from '../harness/database.ts';
import { World } from '../share/world.ts';
import { changeSource, lockHalf, unlock } from './deeds.ts';
import { Ground } from './ground.ts';
import { sessions, until } from './process.ts';

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

/** What there is for a cycle to do. */
export const DEEDS = ['first copy', 'change', 'withdrawal'] as const;
export type Deed = typeof DEEDS[number];

/** A small library, and the three things that happen to it over and over. */
export class Scene implements AsyncDisposable {
  #round = 0;
  /** Of the last cycle, if that has completed and went straight to the database: to plan all statements once more takes longer than most cycles. */
  #kept: Connection | undefined;

  private constructor(readonly world: World, readonly ground: Ground, readonly isDiskBad: boolean) {}

  static async open(release: Release, { isDiskBad = false } = {}): Promise<Scene> {
    const world = await World.open(release);
    // Albums belong to the target: a cover that was chosen stays when everything is withdrawn.
    world.setJobs(world.config.jobs.map((job) => ({ ...job, albumId: undefined })));
    return new Scene(world, new Ground(world), isDiskBad);
  }

  /** Lets something happen, from which the next cycle has work. Before a change or a withdrawal everything is shared. */
  async prepare(deed: Deed): Promise<void> {
    const { world, ground } = this;
    if (deed === 'first copy') return await this.#takeBack();
    if (deed === 'change') return await changeSource(world, ground, ++this.#round);
    await unlock(world);
    await this.cycle();
    await lockHalf(world);
  }

  /** One cycle; `database` is another way to the same one. Ends when nothing of it is left, whatever happened. */
  async cycle(
    database: DatabaseConfig = this.world.config.database,
    jobs = this.world.config.jobs,
  ): Promise<CycleReport> {
    const config: Config = { ...this.world.config, database, jobs, brake: { percent: 100, minimum: 1_000_000 } };
    const isStraight = database === this.world.config.database;
    if (!isStraight) await this.#disconnect();
    const sql = this.#kept ?? await this.#connect(database);
    this.#kept = undefined;
    let isDone = false;
    try {
      const report = await share(sql, config, { version: 'test', progress: SILENT, isFull: true });
      isDone = true;
      return report;
    } finally {
      if (isDone && isStraight) this.#kept = sql;
      else await disconnect(sql);
    }
  }

  /** When nobody is at work: one that was cut off may yet get the lock that it was asking for, or be in a transaction, until the server notices. */
  async #connect(database: DatabaseConfig): Promise<Connection> {
    await until('nobody is at work', async () => (await sessions(this.world.sql)) === 0);
    return await connect(database);
  }

  async #disconnect(): Promise<void> {
    if (this.#kept !== undefined) await disconnect(this.#kept);
    this.#kept = undefined;
  }

  /** A cycle in which nothing happens to anything completes, and leaves everything right. */
  async assertCompletes(where: string): Promise<void> {
    const { complete, jobs } = await this.cycle();
    assert.ok(complete, `${where}: ${jobs.flatMap(({ problems }) => problems.map(describeProblem))}`);
    await this.ground.assertRight(where);
  }

  async #takeBack(): Promise<void> {
    const jobs = jobsOf(this.world.library, 'carol')
      .map((job) => ({ ...job, sourcePathPrefix: '/external_library/alice/none/' }));
    await this.cycle(undefined, jobs);
    this.ground.assertRestored('withdrawn', { sparesDirectories: this.isDiskBad });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disconnect();
    await this.world.close();
  }
}
