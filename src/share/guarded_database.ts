import { keepMigrationsOut } from '../immich/migrations.ts';
import type { Connection, Sql } from '../postgres/connect.ts';
import type { InstanceLock } from '../postgres/lock.ts';
import { retryTransient } from '../postgres/retry.ts';
import { lossOf } from '../postgres/sockets.ts';
import { inTransaction } from '../postgres/transaction.ts';
import type { Limits } from './cycle/limits.ts';
import type { Database } from './cycle/tools.ts';

/** Under what the transactions of one instance run. */
interface Guards {
  readonly sql: Connection;
  readonly lock: InstanceLock;
  readonly limits: Limits;
  /** Immich's, when its tables were looked at. */
  readonly migrations: string;
  /** Ends what goes on between two transactions. */
  readonly signal: AbortSignal | undefined;
  /** Done ahead of each transaction. */
  readonly before: () => Promise<void>;
}

/** What phases write with: each transaction keeps Immich's migrations and other instances out, and is tried again when Immich was in its way. */
export function guardedDatabase({ sql, lock, limits, migrations, signal: mayGoOn, before }: Guards): Database {
  const signal = mayGoOn === undefined ? lossOf(sql) : AbortSignal.any([mayGoOn, lossOf(sql)]);
  const transaction: Database['transaction'] = (work, isolation) =>
    retryTransient(async () => {
      signal.throwIfAborted();
      await before();
      const guard = (tx: Sql) => keepMigrationsOut(tx, migrations);
      return await inTransaction(sql, lock, work, { guard, isolation });
    });
  return { sql, transaction, signal, batchSize: limits.batch };
}
