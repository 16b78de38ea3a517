import type { DatabaseConfig } from '../../src/config/config.ts';
import { connect, type Connection, disconnect } from '../../src/postgres/connect.ts';
import { lossOf } from '../../src/postgres/sockets.ts';
import { tellCounts } from '../share/idle.ts';

/**
 * Pools with which the program has worked in databases that are going to be used again, by their database. To plan all statements once more on a
 * new connection takes longer than a cycle.
 */
const left = new Map<string, { readonly key: string; readonly sql: Connection }[]>();

/** Lets pools to this database be kept when they are left. */
export function keepPoolsOf(name: string): void {
  if (!left.has(name)) left.set(name, []);
}

/** Ends all that were left, and keeps no more. */
export async function endPools(name: string): Promise<void> {
  const pools = left.get(name) ?? [];
  left.delete(name);
  for (const { sql } of pools) await disconnect(sql);
}

/** As the program connects; see `connect`. */
export async function takePool(config: DatabaseConfig): Promise<Connection> {
  const pools = left.get(config.name) ?? [];
  const at = pools.findIndex(({ key, sql }) => key === keyOf(config) && !lossOf(sql).aborted);
  const [found] = at < 0 ? [] : pools.splice(at, 1);
  return found?.sql ?? await connect(config);
}

/** Leaves a pool that is whole to whoever takes one for the same database next, or ends it. */
export async function leavePool(config: DatabaseConfig, sql: Connection): Promise<void> {
  const pools = left.get(config.name);
  if (pools === undefined || lossOf(sql).aborted) return await disconnect(sql);
  await tellCounts(sql);
  pools.push({ key: keyOf(config), sql });
}

/** All that a session depends on. */
function keyOf({ hostname, port, username, password, name, maxConnections }: DatabaseConfig): string {
  return [hostname, port, username, password.reveal(), name, maxConnections].join('\n');
}
