import type { ForeignKeySchema, TableSchema } from '../../src/demo/schema/schema.ts';
import type { Connection } from '../../src/postgres/connect.ts';

interface Row {
  readonly table: string;
}
interface KeyRow extends Row, ForeignKeySchema {
  readonly kind: string;
  readonly definition: string;
}

/**
 * The tables of a live database in the form of `immich-v*.json`, read from pg_catalog the way those files were.
 * Optional fields are present as `undefined`; compare without them.
 */
export async function readTables(sql: Connection): Promise<Record<string, TableSchema>> {
  const columns = await readColumns(sql);
  const keys = await readConstraints(sql);
  const indexes = await readIndexes(sql);
  const triggers = await readTriggers(sql);
  const of = <T extends Row>(rows: readonly T[], table: string) =>
    rows.filter((row) => row.table === table).map(({ table: _, ...rest }) => rest);
  const tables = [...new Set(columns.map((column) => column.table))].sort();
  return Object.fromEntries(tables.map((table) => {
    const own = of(keys, table);
    const ofKind = (kind: string) => own.filter((key) => key.kind === kind);
    const named = (kind: string) => ofKind(kind).map(({ name, columns }) => ({ name, columns }));
    return [table, {
      columns: of(columns, table),
      primaryKey: named('p')[0] ?? { name: '', columns: [] },
      uniques: named('u'),
      foreignKeys: ofKind('f').map(({ kind: _, definition: __, ...key }) => key),
      checks: ofKind('c').map(({ name, definition }) => ({ name, definition })),
      indexes: of(indexes, table),
      triggers: of(triggers, table),
    }];
  }));
}

function readColumns(sql: Connection) {
  return sql<({ table: string; name: string; type: string; notNull: boolean; default: string })[]>`
    SELECT relname AS table, attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS "notNull",
      pg_get_expr(adbin, adrelid) AS default
    FROM pg_attribute
      JOIN pg_class ON pg_class.oid = attrelid
      LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    ORDER BY relname, attnum`;
}

function readConstraints(sql: Connection) {
  return sql<KeyRow[]>`
    SELECT pg_class.relname AS table, contype AS kind, conname AS name, pg_get_constraintdef(pg_constraint.oid) AS definition,
      ${columnNames(sql, 'conrelid', 'conkey')} AS columns,
      target.relname AS "refTable",
      ${columnNames(sql, 'confrelid', 'confkey')} AS "refColumns",
      ${action(sql, 'confdeltype')} AS "onDelete",
      ${action(sql, 'confupdtype')} AS "onUpdate"
    FROM pg_constraint
      JOIN pg_class ON pg_class.oid = conrelid
      LEFT JOIN pg_class AS target ON target.oid = confrelid
    WHERE connamespace = 'public'::regnamespace
    ORDER BY conname COLLATE "C"`;
}

function columnNames(sql: Connection, relation: string, numbers: string) {
  return sql`
    (
      SELECT array_agg(attname::text ORDER BY position)
      FROM unnest(${sql(numbers)}) WITH ORDINALITY AS key(number, position)
        JOIN pg_attribute ON attrelid = ${sql(relation)} AND attnum = number
    )`;
}

function action(sql: Connection, column: string) {
  return sql`
    CASE ${sql(column)} WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'a' THEN 'NO ACTION' END`;
}

function readIndexes(sql: Connection) {
  return sql<{ table: string; name: string; definition: string }[]>`
    SELECT owner.relname AS table, pg_class.relname AS name, pg_get_indexdef(indexrelid) AS definition
    FROM pg_index
      JOIN pg_class ON pg_class.oid = indexrelid
      JOIN pg_class AS owner ON owner.oid = indrelid
    WHERE owner.relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
    ORDER BY pg_class.relname COLLATE "C"`;
}

/** Bits of pg_trigger.tgtype: 1 row, 2 before, 4 insert, 8 delete, 16 update (postgres/src/include/catalog/pg_trigger.h). */
async function readTriggers(sql: Connection) {
  const rows = await sql<
    { table: string; name: string; type: number; function: string; old: string; new: string; definition: string }[]
  >`
    SELECT relname AS table, tgname AS name, tgtype AS type, proname AS function, tgoldtable AS old, tgnewtable AS new,
      pg_get_triggerdef(pg_trigger.oid) AS definition
    FROM pg_trigger
      JOIN pg_class ON pg_class.oid = tgrelid
      JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE NOT tgisinternal
    ORDER BY tgname COLLATE "C"`;
  return rows.map((row) => ({
    table: row.table,
    name: row.name,
    timing: row.type & 2 ? 'BEFORE' : 'AFTER',
    events: [
      ...(row.type & 4 ? ['INSERT'] : []),
      ...(row.type & 8 ? ['DELETE'] : []),
      ...(row.type & 16 ? ['UPDATE'] : []),
    ],
    level: row.type & 1 ? 'ROW' : 'STATEMENT',
    when: / WHEN \(\((.*)\)\) EXECUTE /.exec(row.definition)?.[1],
    function: row.function,
    oldTransitionTable: row.old ?? undefined,
    newTransitionTable: row.new ?? undefined,
  }));
}
