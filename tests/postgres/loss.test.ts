import assert from 'node:assert/strict';
import { connect, type Connection, disconnect } from '../../src/postgres/connect.ts';
import { faultOf } from '../../src/postgres/faults.ts';
import { tryInstanceLock } from '../../src/postgres/lock.ts';
import { lossOf } from '../../src/postgres/sockets.ts';
import { inTransaction } from '../../src/postgres/transaction.ts';
import { Proxy } from '../crash/proxy.ts';
import { until } from '../crash/process.ts';
import { openEmpty, type TestDatabase } from '../harness/database.ts';

/** A database with a table `note`, and a pool of the program's own kind. */
async function withPool(
  max: number,
  use: (sql: Connection, db: TestDatabase) => Promise<void>,
): Promise<void> {
  const db = await openEmpty();
  try {
    await db.sql`CREATE TABLE note (text text)`;
    const sql = await connect({ ...db.config, maxConnections: max });
    try {
      await use(sql, db);
    } finally {
      const began = performance.now();
      await disconnect(sql);
      assert.ok(performance.now() - began < 3_000, 'a pool closes at once, lost or not');
    }
  } finally {
    await db.close();
  }
}

const isLost = (error: unknown) => faultOf(error) === 'lost';

async function terminate({ sql }: TestDatabase, pid: number | undefined): Promise<void> {
  await sql`SELECT pg_terminate_backend(${pid ?? 0})`;
  const isThere = async () => (await sql`SELECT FROM pg_stat_activity WHERE pid = ${pid ?? 0}`).length > 0;
  await until('the session has ended', async () => !await isThere());
}

for (const max of [1, 4]) {
  Deno.test(
    `a transaction whose connection is lost runs no further statement, on any other (pool of ${max})`,
    {},
    async () => {
      await withPool(max, async (sql, db) => {
        const lock = await tryInstanceLock(sql);
        assert.ok(lock);
        let later: unknown;
        const work = inTransaction(sql, lock, async (tx) => {
          await tx`INSERT INTO note VALUES ('before')`;
          const [row] = await tx<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
          await terminate(db, row?.pid);
          try {
            await tx`INSERT INTO note VALUES ('after')`;
          } catch (error) {
            later = error;
          }
        });
        await assert.rejects(work, isLost);
        assert.ok(lossOf(sql).aborted);
        for (let attempt = 0; attempt < 3; attempt++) {
          await assert.rejects(sql`INSERT INTO note VALUES ('elsewhere')`.execute(), isLost, 'and is never wedged');
        }
        await until('the statement after the loss has failed', () => later !== undefined);
        assert.ok(isLost(later), 'the statement after the loss was refused');
        await lock.release();
        assert.deepEqual([...await db.sql`SELECT text FROM note`], []);
      });
    },
  );
}

Deno.test('after a statement that was about to be sent when the connection was lost, others fail at once', async () => {
  await withPool(1, async (sql, db) => {
    const [row] = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    const sending = new Promise<unknown>((resolve) =>
      lossOf(sql).addEventListener('abort', () => void sql`SELECT 1`.execute().catch(resolve))
    );
    await terminate(db, row?.pid);
    assert.ok(isLost(await sending));
    for (let attempt = 0; attempt < 3; attempt++) {
      // CONNECT_TIMEOUT is a loss, too, but ten seconds later.
      await assert.rejects(sql`SELECT 1`.execute(), { code: 'CONNECTION_LOST' });
    }
  });
});

Deno.test(
  'when the session that holds the lock is lost, a transaction of another session is not committed',
  {},
  async () => {
    await withPool(4, async (sql, db) => {
      const lock = await tryInstanceLock(sql);
      assert.ok(lock);
      const work = inTransaction(sql, lock, async (tx) => {
        await tx`INSERT INTO note VALUES ('mine')`;
        await terminate(db, lock.pid);
        // Between the end of the session and this, the second lock keeps others away (lock.ts).
        await until('the loss is noticed', () => lossOf(sql).aborted);
      });
      await assert.rejects(work, isLost);
      await assert.rejects(inTransaction(sql, lock, (tx) => tx`INSERT INTO note VALUES ('mine')`), isLost);
      assert.deepEqual([...await db.sql`SELECT text FROM note`], []);
    });
  },
);

Deno.test(
  'a pool that is idle learns of a loss by itself; another one can be opened when the server is back',
  {},
  async () => {
    const db = await openEmpty();
    await using proxy = new Proxy(db.config);
    try {
      const sql = await connect(proxy.config);
      const loss = new Promise((resolve) => lossOf(sql).addEventListener('abort', resolve));
      await proxy.down();
      await loss;
      await disconnect(sql);
      await assert.rejects(
        connect(proxy.config),
        (error) => isLost(error) && /No PostgreSQL answers/.test(String(error)),
      );
      proxy.up();
      const again = await connect(proxy.config);
      assert.equal((await again`SELECT 1`).length, 1);
      await disconnect(again);
      assert.equal(lossOf(again).aborted, false, 'closing on purpose is no loss');
    } finally {
      await db.close();
    }
  },
);

Deno.test('a server that breaks the connection before it says a word is no endless loop', async () => {
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  let accepted = 0;
  const accepting = (async () => {
    for await (const conn of listener) {
      accepted++;
      conn.close();
    }
  })();
  const db = await openEmpty();
  const { port } = listener.addr as Deno.NetAddr;
  await assert.rejects(connect({ ...db.config, hostname: '127.0.0.1', port }), isLost);
  listener.close();
  await accepting;
  await db.close();
  assert.ok(accepted <= 2, `${accepted} attempts`);
});
