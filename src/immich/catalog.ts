import type { Sql } from '../postgres/connect.ts';

/** What another column refers to. */
export interface Reference {
  readonly table: string;
  readonly column: string;
}

export interface Column {
  readonly name: string;
  /** As PostgreSQL prints it, ready to be used in a cast. */
  readonly type: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  /** Computed by PostgreSQL (generated or identity): never written. */
  readonly isGenerated: boolean;
  readonly references: Reference | undefined;
}

export interface Trigger {
  readonly function: string;
  readonly timing: 'BEFORE' | 'AFTER';
  readonly events: readonly ('INSERT' | 'UPDATE' | 'DELETE')[];
}

export interface Table {
  readonly name: string;
  readonly columns: ReadonlyMap<string, Column>;
  /** Column sets of the primary key and of every unique constraint and index, each sorted by name. */
  readonly uniques: readonly (readonly string[])[];
  /** Enabled triggers only: a disabled one does nothing for us. */
  readonly triggers: readonly Trigger[];
}

/** The live schema of Immich, as PostgreSQL's own catalog tells it. */
export type Catalog = ReadonlyMap<string, Table>;

interface ColumnRow {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly not_null: boolean;
  readonly has_default: boolean;
  readonly is_generated: boolean;
  readonly references_table: string | null;
  readonly references_column: string | null;
}

/** Reads the tables of the schema `public`, where every release of Immich keeps its own. Three queries, no locks. */
export async function readCatalog(sql: Sql): Promise<Catalog> {
  const columns = await readColumns(sql);
  const uniques = await readUniques(sql);
  const triggers = await readTriggers(sql);
  const tables = new Map<string, Map<string, Column>>();
  for (const row of columns) {
    const table = tables.get(row.table) ?? new Map<string, Column>();
    tables.set(row.table, table);
    table.set(row.column, {
      name: row.column,
      type: row.type,
      notNull: row.not_null,
      hasDefault: row.has_default,
      isGenerated: row.is_generated,
      references: row.references_table === null || row.references_column === null
        ? undefined
        : { table: row.references_table, column: row.references_column },
    });
  }
  return new Map(
    [...tables].map(([name, tableColumns]) => [name, {
      name,
      columns: tableColumns,
      uniques: uniques.filter((row) => row.table === name).map((row) => row.columns),
      triggers: triggers.filter((row) => row.table === name),
    }]),
  );
}

async function readColumns(sql: Sql): Promise<ColumnRow[]> {
  return await sql<ColumnRow[]>`
    SELECT
      t.relname AS "table",
      a.attname AS "column",
      format_type(a.atttypid, a.atttypmod) AS type,
      a.attnotnull AS not_null,
      a.atthasdef AS has_default,
      (a.attgenerated <> '' OR a.attidentity <> '') AS is_generated,
      referenced.relname AS references_table,
      referenced_column.attname AS references_column
    FROM pg_attribute a
    JOIN pg_class t ON t.oid = a.attrelid AND t.relkind IN ('r', 'p')
    JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
    LEFT JOIN LATERAL (
      SELECT fk.confrelid, fk.confkey[array_position(fk.conkey, a.attnum)] AS attnum
      FROM pg_constraint fk
      WHERE fk.conrelid = t.oid
        AND fk.contype = 'f'
        AND a.attnum = ANY (fk.conkey)
      ORDER BY array_length(fk.conkey, 1)
      LIMIT 1
    ) fk ON true
    LEFT JOIN pg_class referenced ON referenced.oid = fk.confrelid
    LEFT JOIN pg_attribute referenced_column
      ON referenced_column.attrelid = fk.confrelid AND referenced_column.attnum = fk.attnum
    WHERE a.attnum > 0
      AND NOT a.attisdropped
    ORDER BY t.relname, a.attnum`;
}

async function readUniques(sql: Sql): Promise<{ table: string; columns: string[] }[]> {
  return await sql<{ table: string; columns: string[] }[]>`
    SELECT
      t.relname AS "table",
      array_agg(a.attname::text ORDER BY a.attname) AS columns
    FROM pg_index i
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
    WHERE i.indisunique
      AND i.indisvalid
    GROUP BY t.relname, i.indexrelid`;
}

/** Bits of `pg_trigger.tgtype`, from PostgreSQL's catalog/pg_trigger.h. */
async function readTriggers(sql: Sql): Promise<(Trigger & { table: string })[]> {
  return await sql<(Trigger & { table: string })[]>`
    SELECT
      t.relname AS "table",
      p.proname AS function,
      CASE WHEN tg.tgtype & 2 <> 0 THEN 'BEFORE' ELSE 'AFTER' END AS timing,
      array_remove(ARRAY[
        CASE WHEN tg.tgtype & 4 <> 0 THEN 'INSERT' END,
        CASE WHEN tg.tgtype & 8 <> 0 THEN 'DELETE' END,
        CASE WHEN tg.tgtype & 16 <> 0 THEN 'UPDATE' END
      ], NULL) AS events
    FROM pg_trigger tg
    JOIN pg_class t ON t.oid = tg.tgrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
    JOIN pg_proc p ON p.oid = tg.tgfoid
    WHERE NOT tg.tgisinternal
      AND tg.tgenabled <> 'D'`;
}
