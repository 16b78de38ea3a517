import assert from 'node:assert/strict';
import postgres from 'postgres';
import { EXIT } from '../../src/errors.ts';
import { connect, disconnect } from '../../src/postgres/connect.ts';
import { tryInstanceLock } from '../../src/postgres/lock.ts';
import { PoolerError } from '../../src/postgres/pooler.ts';
import { openEmpty } from '../harness/database.ts';
import { findPgBouncer, type PoolMode, startPgBouncer } from '../harness/pgbouncer.ts';

const PGBOUNCER = await findPgBouncer();

/** What somebody has to let pgbouncer ignore before this program can connect at all. */
const OURS = [
  'lock_timeout',
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'jit',
  'extra_float_digits',
];

for (const mode of ['transaction', 'session'] satisfies PoolMode[]) {
  Deno.test({
    name: `behind a pgbouncer that pools by ${mode} the instance lock is refused with the remedy`,
    ignore: PGBOUNCER === undefined,
    fn: async () => {
      const db = await openEmpty();
      try {
        await using pooler = await startPgBouncer(PGBOUNCER ?? '', db.config, mode, OURS);
        for (const maxConnections of [1, 4]) {
          const sql = await connect({ ...pooler.config, maxConnections });
          try {
            await assert.rejects(tryInstanceLock(sql), (error) => {
              assert.ok(error instanceof PoolerError);
              assert.equal(error.exitCode, EXIT.refused);
              assert.match(error.remedy, /DB_HOSTNAME and DB_PORT/);
              return true;
            });
          } finally {
            await disconnect(sql);
          }
        }
        const [left] = await db.sql`
          SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
          WHERE l.locktype = 'advisory' AND d.datname = current_database()`;
        assert.equal(left, undefined, 'no lock stays behind in a session of the pool');
      } finally {
        await db.close();
      }
    },
  });
}

Deno.test({
  name: 'a pgbouncer that refuses our settings is named as what it is',
  ignore: PGBOUNCER === undefined,
  fn: async () => {
    const db = await openEmpty();
    try {
      await using pooler = await startPgBouncer(PGBOUNCER ?? '', db.config, 'transaction', []);
      await assert.rejects(connect(pooler.config), PoolerError);
    } finally {
      await db.close();
    }
  },
});

Deno.test({
  name: 'behind a pgbouncer that pools by transaction two instances could hold the lock at once',
  ignore: PGBOUNCER === undefined,
  fn: async () => {
    const db = await openEmpty();
    try {
      await using pooler = await startPgBouncer(PGBOUNCER ?? '', db.config, 'transaction', OURS);
      const { hostname: host, port, name: database } = pooler.config;
      const clients = [0, 1].map(() => postgres({ host, port, database, max: 1, prepare: false, fetch_types: false }));
      try {
        const taken: unknown[] = [];
        for (const sql of clients) taken.push((await sql`SELECT pg_try_advisory_lock(1, 1) AS taken`)[0]?.['taken']);
        assert.deepEqual(taken, [true, true]);
      } finally {
        for (const sql of clients) await sql.end();
      }
    } finally {
      await db.close();
    }
  },
});
