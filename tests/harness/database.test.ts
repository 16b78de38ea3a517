import assert from 'node:assert/strict';
import { connect } from '../../src/postgres/connect.ts';
import { openImmich, RELEASES, withImmich } from './database.ts';
import { RowWriter } from './rows.ts';
import { anyServer, serverOf } from './server_databases.ts';

Deno.test('databases opened at the same time are separate', async () => {
  const [one, two] = await Promise.all([openImmich('v3.1.0'), openImmich('v3.1.0')]);
  try {
    await (await RowWriter.for(one)).insertUser('alice');
    assert.equal((await one.sql`SELECT FROM "user"`).length, 1);
    assert.equal((await two.sql`SELECT FROM "user"`).length, 0);
  } finally {
    await one.close();
    await two.close();
  }
});

Deno.test('options change the rows that describe the instance', async () => {
  const systemConfig = { machineLearning: { enabled: false } };
  const { sql, close } = await openImmich('v2.0.0', { mediaLocation: '/photos', systemConfig });
  try {
    assert.deepEqual([...await sql`SELECT value FROM system_metadata ORDER BY key`], [
      { value: { location: '/photos' } },
      { value: systemConfig },
    ]);
  } finally {
    await close();
  }
});

Deno.test('the program connects while the connection of the test idles, and both see the same rows', async () => {
  await withImmich('v3.1.0', async (database) => {
    await (await RowWriter.for(database)).insertUser('alice');
    const program = await connect(database.superuser);
    await program.begin('ISOLATION LEVEL REPEATABLE READ', async (tx) => {
      assert.equal((await tx`SELECT FROM "user"`).length, 1);
      await tx`UPDATE "user" SET name = 'Alice'`;
    });
    await program.end();
    assert.deepEqual([...await database.sql`SELECT name FROM "user"`], [{ name: 'Alice' }]);
  });
});

Deno.test('closing drops the database under connections that were left open', async () => {
  const { config, close } = await openImmich('v3.1.0');
  const forgotten = await connect(config);
  await close();
  await assert.rejects(forgotten`SELECT 1`.execute());
  await assert.rejects(connect(config), /has no database/);
  await forgotten.end({ timeout: 1 });
});

Deno.test('each server of the run has the databases of a release, and of some that are of no release', () => {
  const servers = (Deno.env.get('TEST_POSTGRES_URL') ?? '').split(' ');
  assert.deepEqual(new Set(RELEASES.map(serverOf)), new Set(servers));
  assert.deepEqual(new Set(servers.map(anyServer)), new Set(servers));
});
