import type { Sql } from 'postgres';
import type { Config } from '../../../src/config/config.ts';
import type { Connection } from '../../../src/postgres/connect.ts';
import type { CycleReport } from '../../../src/share/cycle/report.ts';
import type { Limits } from '../../../src/share/cycle/limits.ts';
import { type Sharing, withSharing } from '../../../src/share/share.ts';
import { leavePool, takePool } from '../../harness/program_pools.ts';
import { untilIdle } from '../idle.ts';

/**
 * The program between two starts: the first cycle looks at everything, the later ones at what has changed. It holds the
 * instance lock until it is stopped.
 */
export class Engine implements AsyncDisposable {
  private constructor(
    readonly sql: Connection,
    readonly sharing: Sharing,
    readonly end: () => Promise<void>,
  ) {}

  /**
   * @param kept a pool that somebody else ends; without one the engine has its own
   * @param nowMs the clock by which is tried again what failed
   */
  static async start(config: Config, kept?: Connection, limits?: Limits, nowMs?: () => number): Promise<Engine> {
    const sql = kept ?? await takePool(config.database);
    const close = async () => {
      if (kept === undefined) await leavePool(config.database, sql);
    };
    const begun = Promise.withResolvers<Sharing>();
    const ended = Promise.withResolvers<void>();
    const running = withSharing(
      sql,
      config,
      'test',
      async (sharing) => {
        begun.resolve(sharing);
        await ended.promise;
      },
      limits,
      nowMs,
    );
    running.catch(begun.reject);
    const end = async () => {
      ended.resolve();
      try {
        await running;
      } finally {
        await close();
      }
    };
    try {
      return new Engine(sql, await begun.promise, end);
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** One cycle: the first goes on where another engine has stopped, unless it is to be a full one. */
  async cycle({ isFull = false, retriesAll = false } = {}): Promise<CycleReport> {
    return await this.sharing.cycle({ progress: SILENT, isFull, retriesAll });
  }

  /** As untilIdle, after what the sessions of `pool` have written as well. */
  async untilIdle(pool: Sql): Promise<CycleReport> {
    return await untilIdle(() => this.cycle(), pool, this.sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };
