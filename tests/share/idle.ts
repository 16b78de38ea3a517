import type { Sql } from 'postgres';
import type { CycleReport } from '../../src/share/cycle/report.ts';

/**
 * Cycles until one finds nothing, and the report of that one. Our own writes are news once, and PostgreSQL tells others up to ten seconds
 * late what a session has counted: what the sessions of these pools have counted is told before each cycle, so that no later one
 * finds anything either.
 */
export async function untilIdle(cycle: () => Promise<CycleReport>, ...pools: readonly Sql[]): Promise<CycleReport> {
  for (;;) {
    for (const pool of pools) await tellCounts(pool);
    const report = await cycle();
    if (report.scope === 'nothing') return report;
  }
}

/**
 * What the sessions of a pool that are not reserved have counted is told to all others: statements at once are spread over them. A
 * reserved one is a pool of one session.
 */
export async function tellCounts(pool: Sql, sessions = pool.options.max): Promise<void> {
  const all = (statement: () => Promise<unknown>) => Promise.all(Array.from({ length: sessions }, statement));
  await all(() => pool`SELECT pg_stat_force_next_flush()`);
  // It is done before the session answers again.
  await all(() => pool`SELECT 1`);
}
