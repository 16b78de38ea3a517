import assert from 'node:assert/strict';
import { availableVector, installImmichSchema } from '../../src/demo/schema/install.ts';
import type { SchemaDescription } from '../../src/demo/schema/schema.ts';
import type { Connection } from '../../src/postgres/connect.ts';
import { openEmpty, RELEASES, type TestDatabase, withImmich } from '../harness/database.ts';
import { comparable, withStandIn } from '../harness/compare_schema.ts';
import { openPGlite } from '../harness/pglite.ts';
import { readTables } from '../harness/read_schema.ts';
import { loadSchema } from '../harness/releases.ts';
import { RowWriter } from '../harness/rows.ts';

for (const release of RELEASES) {
  Deno.test(`${release}: an installed schema reads back as the JSON it came from`, async () => {
    const schema = await loadSchema(release);
    await withEmpty(({ sql }) => assertReadsBack(sql, schema));
  });
}

Deno.test('with pgvector an installed schema reads back with its vectors and their indexes', async () => {
  await using database = await openPGlite();
  assert.equal(await availableVector(database.sql), 'pgvector');
  await assertReadsBack(database.sql, await loadSchema('v3.1.0'));
});

Deno.test('an installed schema is recognisable as a running instance of its release', async () => {
  await withEmpty(async ({ sql }) => {
    const vector = await availableVector(sql);
    const schema = await loadSchema('v3.1.0');
    const systemConfig = { machineLearning: { enabled: false } };
    await installImmichSchema(sql, schema, { vector, vectorIndexes: false, mediaLocation: '/photos', systemConfig });

    assert.deepEqual([...await sql`SELECT version FROM version_history`], [{ version: '3.1.0' }]);
    assert.deepEqual([...await sql`SELECT key, value FROM system_metadata ORDER BY key`], [
      { key: 'MediaLocation', value: { location: '/photos' } },
      { key: 'system-config', value: systemConfig },
    ]);
    const migrations = await sql<{ name: string }[]>`SELECT name FROM kysely_migrations ORDER BY name`;
    assert.deepEqual(migrations.map(({ name }) => name), schema.migrations);
  });
});

Deno.test('an array of 512 floats is stored as an embedding and comes back; another length is refused', async () => {
  await withImmich('v3.1.0', async (database) => {
    const rows = await RowWriter.for(database);
    const asset = await rows.insert('asset', { ownerId: await rows.insertUser('alice') });
    const insert = (embedding: number[]) =>
      database.sql`
        INSERT INTO smart_search ("assetId", embedding)
        VALUES (${String(asset['id'])}, ${embedding}::real[]::vector)`;

    await assert.rejects(insert([1, 2]));
    const embedding = Array.from({ length: 512 }, (_, at) => at / 512);
    await insert(embedding);
    const [row] = await database.sql<{ embedding: number[] }[]>`
      SELECT embedding::real[]::double precision[] AS embedding
      FROM smart_search`;
    assert.deepEqual(row?.embedding, embedding);
  });
});

Deno.test('helper functions do what Immich describes', async () => {
  await withImmich('v3.1.0', async ({ sql }) => {
    const instant = '2026-03-01T12:00:00.123Z';
    const [row] = await sql`
      SELECT immich_uuid_v7(${instant}::timestamptz)::text AS uuid,
        f_unaccent('Étoilé') AS plain,
        f_concat_ws('-', ARRAY['a', NULL, 'b']) AS joined,
        ll_to_earth_public(48.85, 2.35)::text = ll_to_earth(48.85, 2.35)::text AS same`;
    assert.match(row?.['uuid'], /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(parseInt(row?.['uuid'].replace('-', '').slice(0, 12), 16), Date.parse(instant));
    assert.deepEqual([row?.['plain'], row?.['joined'], row?.['same']], ['Etoile', 'a-b', true]);
  });
});

async function assertReadsBack(sql: Connection, schema: SchemaDescription): Promise<void> {
  const vector = await availableVector(sql);
  await installImmichSchema(sql, schema, { vector, vectorIndexes: true, mediaLocation: '/data' });
  const live = await readTables(sql);
  const expected = vector === 'pgvector' ? schema.tables : withStandIn(schema);
  assert.deepEqual(Object.keys(live), Object.keys(expected));
  for (const [table, definition] of Object.entries(expected)) {
    assert.deepEqual(comparable(live[table]), comparable(definition), table);
  }
}

async function withEmpty(use: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await openEmpty();
  try {
    await use(database);
  } finally {
    await database.close();
  }
}
