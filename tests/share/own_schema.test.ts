import assert from 'node:assert/strict';
import { EXIT, RefusedError } from '../../src/errors.ts';
import { connect, type Sql } from '../../src/postgres/connect.ts';
import { migrate, schemasOf } from '../../src/postgres/migrate.ts';
import { MIGRATIONS } from '../../src/share/schema/migrations.ts';
import { openEmpty } from '../harness/database.ts';
import { World } from './world.ts';

const GOLDEN = new URL('../fixtures/immich_sidecar_schema.txt', import.meta.url);

/** Tables, columns, constraints and indexes of our schemas, one a line. */
async function dump(sql: Sql): Promise<string> {
  const rows = await sql<{ line: string }[]>`
    SELECT line
    FROM (
      SELECT 1 AS part, format('column %s.%s %s%s%s', t.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
        coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')) AS line
      FROM pg_attribute a
      JOIN pg_class t ON t.oid = a.attrelid AND t.relkind = 'r' AND starts_with(t.relnamespace::regnamespace::text, 'immich_sidecar')
      LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
      WHERE a.attnum > 0 AND NOT a.attisdropped
      UNION ALL
      SELECT 2, format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid))
      FROM pg_constraint
      WHERE starts_with(connamespace::regnamespace::text, 'immich_sidecar') AND contype <> 'n'
      UNION ALL
      SELECT 3, format('index %s', indexdef)
      FROM pg_indexes
      WHERE starts_with(schemaname, 'immich_sidecar')
    ) AS lines
    ORDER BY part, line`;
  return rows.map(({ line }) => `${line}\n`).join('');
}

Deno.test('the migrations make the schema of the golden file; UPDATE_GOLDEN=1 writes it', async () => {
  const db = await openEmpty();
  try {
    await db.sql.begin((tx) => migrate(tx, MIGRATIONS));
    const made = await dump(db.sql);
    if (Deno.env.get('UPDATE_GOLDEN') === '1') Deno.writeTextFileSync(GOLDEN, made);
    assert.equal(made, Deno.readTextFileSync(GOLDEN));
    const again = await db.sql.begin((tx) => migrate(tx, MIGRATIONS));
    assert.deepEqual(again, [], 'a second run has nothing to do');
  } finally {
    await db.close();
  }
});

Deno.test('the versions of the migrations are 1, 2, 3 …', () => {
  assert.deepEqual(MIGRATIONS.map(({ version }) => version), MIGRATIONS.map((_, index) => index + 1));
});

Deno.test('docs/safety_and_backups.md drops every schema of ours', () => {
  const text = Deno.readTextFileSync(new URL('../../docs/safety_and_backups.md', import.meta.url));
  assert.ok(text.includes(`DROP SCHEMA ${schemasOf(MIGRATIONS).join(', ')} CASCADE`));
});

Deno.test('a migration that fails leaves no trace of itself', async () => {
  const db = await openEmpty();
  try {
    const broken = [...MIGRATIONS, {
      version: MIGRATIONS.length + 1,
      name: 'broken',
      schema: 'immich_sidecar',
      sql: 'CREATE TABLE half (); SELECT 1 / 0',
    }];
    await assert.rejects(db.sql.begin((tx) => migrate(tx, broken)));
    const [row] = await db.sql<{ schema: string | null; half: string | null }[]>`
      SELECT to_regclass('immich_sidecar.migration')::text AS schema, to_regclass('half')::text AS half`;
    assert.deepEqual({ ...row }, { schema: null, half: null });
  } finally {
    await db.close();
  }
});

Deno.test('a schema of a newer program is refused with the remedy', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await world.share();
  await world.sql`INSERT INTO immich_sidecar.migration (version, name) VALUES (99, 'from the future')`;
  await assert.rejects(world.share(), (error) => {
    assert.ok(error instanceof RefusedError);
    assert.equal(error.exitCode, EXIT.refused);
    assert.match(error.message, /version 99/);
    assert.match(error.remedy, /install that version or a later one/);
    return true;
  });
});

Deno.test('nothing of ours refers to a table of Immich, or is referred to', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await world.share();
  const rows = await world.sql`
    SELECT conrelid::regclass
    FROM pg_constraint
    WHERE contype = 'f'
      AND (starts_with(connamespace::regnamespace::text, 'immich_sidecar') OR starts_with(confrelid::regclass::text, 'immich_sidecar'))`;
  assert.equal(rows.length, 0);
});

Deno.test('a failed connection names host and remedy, and not the password', async () => {
  const db = await openEmpty();
  const { config } = db;
  await db.close();
  await assert.rejects(connect({ ...config, hostname: '127.0.0.1', port: 1 }), (error) => {
    assert.match(String(error), /No PostgreSQL answers at 127\.0\.0\.1:1/);
    assert.ok(!String(error).includes(config.password.reveal()));
    return true;
  });
});
