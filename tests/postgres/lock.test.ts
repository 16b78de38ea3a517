import assert from 'node:assert/strict';
import postgres from 'postgres';
import { connect, type Connection, disconnect } from '../../src/postgres/connect.ts';
import { faultOf } from '../../src/postgres/faults.ts';
import {
  assertInstanceLock,
  BusyError,
  type HeldLock,
  tryInstanceLock,
  withInstanceLock,
} from '../../src/postgres/lock.ts';
import { until, waiting } from '../crash/process.ts';
import { openEmpty } from '../harness/database.ts';

Deno.test('the lock has one holder, and goes to the next when it is released or its holder is gone', {}, async () => {
  const db = await openEmpty();
  try {
    const [one, two] = [await connect(db.config), await connect(db.config)];
    const first = await tryInstanceLock(one);
    assert.ok(first);
    assert.equal(await tryInstanceLock(two), undefined);
    await assert.rejects(withInstanceLock(two, () => Promise.resolve()), BusyError);
    await first.release();
    const second = await tryInstanceLock(two);
    assert.ok(second, 'after a release');
    assert.equal(await tryInstanceLock(one), undefined);
    await disconnect(two, { isHurried: true });
    let third: HeldLock | undefined;
    await until('the holder is gone', async () => (third = await tryInstanceLock(one)) !== undefined);
    await third?.release();
    await disconnect(one);
  } finally {
    await db.close();
  }
});

Deno.test(
  'who takes the lock over waits for the last transaction of the one before, which may commit or not but not later',
  {},
  async () => {
    const db = await openEmpty();
    // Unlike the program's own, these connections do not know of each other, as after a break in the network.
    const open = (): Connection => postgres(db.sql.options as never);
    const [holder, worker] = [open(), open()];
    const next = await connect(db.config);
    try {
      const lock = await tryInstanceLock(holder);
      assert.ok(lock);
      let isOver = false;
      const began = Promise.withResolvers<void>();
      const mayEnd = Promise.withResolvers<void>();
      const transaction = worker.begin(async (tx) => {
        await assertInstanceLock(tx, lock);
        began.resolve();
        await mayEnd.promise;
        isOver = true;
      });
      await began.promise;
      await db.sql`SELECT pg_terminate_backend(${lock.pid})`;
      const isThere = async () => (await db.sql`SELECT FROM pg_stat_activity WHERE pid = ${lock.pid}`).length > 0;
      await until('the session that held the lock is gone', async () => !await isThere());
      const takingOver = tryInstanceLock(next).then((taken) => ({ taken, wasOver: isOver }));
      await until('the next one waits', async () => (await waiting(db.sql)) > 0);
      await assert.rejects(
        worker.begin((tx) => assertInstanceLock(tx, lock)),
        (error) => faultOf(error) === 'lost',
        'no further transaction of the one before',
      );
      mayEnd.resolve();
      await transaction;
      const { taken, wasOver } = await takingOver;
      assert.ok(taken);
      assert.ok(wasOver);
      await taken.release();
    } finally {
      await Promise.all([holder, worker, next].map((sql) => sql.end({ timeout: 0 })));
      await db.close();
    }
  },
);
