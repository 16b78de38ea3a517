import { renderImmichSchema } from '../../../src/demo/schema/render.ts';
import { type ColumnSchema, quoted, quotedList, type SchemaDescription } from '../../../src/demo/schema/schema.ts';
import type { RowMoves } from './rows.ts';

/** The statements that make one release's tables out of another's, apart from what happens to rows in between. */
export interface SchemaDifference {
  /** Gives columns their new names. */
  readonly rename: readonly string[];
  /** Lets go of what is not as it was: constraints, indexes and triggers. */
  readonly release: readonly string[];
  /** Enumerations, functions, tables and columns that came; columns still without their NOT NULL. */
  readonly add: readonly string[];
  /** Columns of another type, with the type and `USING` of each by `table.column`. */
  readonly change: readonly string[];
  /** NOT NULL and defaults of columns; then columns, tables and functions that went. */
  readonly settle: readonly string[];
  /** Constraints, indexes and triggers that came or are otherwise. */
  readonly constrain: readonly string[];
}

/**
 * Compares two releases as data.
 *
 * @param moves which columns only have another name, and how one of another type is filled from the old one
 * @param vector as the templates were rendered
 */
export function schemaDifference(
  older: SchemaDescription,
  to: SchemaDescription,
  { renames = {}, using = {} }: Pick<RowMoves, 'renames' | 'using'>,
  vector: 'pgvector' | 'stand-in',
): SchemaDifference {
  const options = { vector, vectorIndexes: false };
  const before = new Set(renderImmichSchema(older, options));
  const from = renamed(older, renames);
  const isNewTable = (statement: string) => {
    const name = /^CREATE TABLE "([^"]+)"/.exec(statement)?.[1];
    return name !== undefined && from.tables[name] === undefined;
  };
  const came = renderImmichSchema(to, options).filter((statement) => !before.has(statement));
  const of = (pattern: RegExp) => came.filter((statement) => pattern.test(statement));
  const parts = { release: [] as string[], add: [] as string[], change: [] as string[], settle: [] as string[] };
  const constrain: string[] = [];
  for (const [name, table] of Object.entries(to.tables)) {
    const old = from.tables[name];
    if (old === undefined) continue;
    const alter = `ALTER TABLE ${quoted(name)}`;
    const keys = [
      ...table.uniques.map((key) => ({ key, definition: `UNIQUE (${quotedList(key.columns)})` })),
      { key: table.primaryKey, definition: `PRIMARY KEY (${quotedList(table.primaryKey.columns)})` },
      ...table.checks.map((key) => ({ key, definition: key.definition })),
    ];
    const oldKeys = [...old.uniques, old.primaryKey, ...old.checks];
    for (const { key, definition } of keys) {
      if (!has(oldKeys, key)) constrain.push(`${alter} ADD CONSTRAINT ${quoted(key.name)} ${definition}`);
    }
    const gone = <T>(was: readonly T[], is: readonly T[]) => was.filter((item) => !has(is, item));
    parts.release.push(
      ...gone(old.triggers, table.triggers).map(({ name: trigger }) =>
        `DROP TRIGGER ${quoted(trigger)} ON ${quoted(name)}`
      ),
      ...gone(old.foreignKeys, table.foreignKeys).map((key) => `${alter} DROP CONSTRAINT ${quoted(key.name)}`),
      ...gone(oldKeys, keys.map(({ key }) => key)).map((key) => `${alter} DROP CONSTRAINT ${quoted(key.name)}`),
      // Indexes for vectors are not made (templates.ts).
      ...gone(old.indexes, table.indexes).map((index) => `DROP INDEX IF EXISTS ${quoted(index.name)}`),
    );
    for (const column of table.columns) compareColumn(name, old.columns.find((it) => it.name === column.name), column);
    parts.settle.push(
      ...old.columns.filter(({ name: column }) => !table.columns.some((it) => it.name === column))
        .map(({ name: column }) => `${alter} DROP COLUMN ${quoted(column)}`),
    );
  }

  function compareColumn(table: string, old: ColumnSchema | undefined, column: ColumnSchema) {
    const alter = `ALTER TABLE ${quoted(table)}`;
    const change = `${alter} ALTER COLUMN ${quoted(column.name)}`;
    const preset = column.default === undefined ? '' : ` DEFAULT ${column.default}`;
    if (old === undefined) {
      parts.add.push(`${alter} ADD COLUMN ${quoted(column.name)} ${column.type}${preset}`);
      if (column.notNull) parts.settle.push(`${change} SET NOT NULL`);
      return;
    }
    if (old.type !== column.type) {
      const value = using[`${table}.${column.name}`];
      if (value === undefined) throw new Error(`nothing says how ${table}.${column.name} becomes ${column.type}`);
      if (old.default !== undefined) parts.change.push(`${change} DROP DEFAULT`);
      parts.change.push(`${change} TYPE ${column.type} USING ${value}`);
    }
    if (old.default !== column.default || old.type !== column.type) {
      parts.settle.push(preset === '' ? `${change} DROP DEFAULT` : `${change} SET${preset}`);
    }
    if (old.notNull !== column.notNull) parts.settle.push(`${change} ${column.notNull ? 'SET' : 'DROP'} NOT NULL`);
  }

  const isGone = (names: readonly string[], name: string) => !names.includes(name);
  parts.settle.push(
    ...Object.keys(from.tables).filter((name) => isGone(Object.keys(to.tables), name))
      .map((name) => `DROP TABLE ${quoted(name)} CASCADE`),
    ...from.functions.filter((name) => isGone(to.functions, name)).map((name) =>
      `DROP FUNCTION ${quoted(name)} CASCADE`
    ),
  );
  return {
    rename: Object.entries(renames).map(([was, now]) => ({ was: was.split('.'), now })).flatMap(({ was, now }) => {
      const [table = '', column = ''] = was;
      const isThere = older.tables[table]?.columns.some(({ name }) => name === column);
      return isThere ? [`ALTER TABLE ${quoted(table)} RENAME COLUMN ${quoted(column)} TO ${quoted(now)}`] : [];
    }),
    release: parts.release.toSorted((a, b) => Number(b.includes('_fkey')) - Number(a.includes('_fkey'))),
    add: [
      ...of(/^CREATE TYPE /),
      ...of(/^CREATE FUNCTION /).map((statement) => statement.replace('CREATE', 'CREATE OR REPLACE')),
      ...came.filter(isNewTable),
      ...parts.add,
    ],
    change: parts.change,
    settle: parts.settle,
    constrain: [
      ...constrain,
      ...of(/^ALTER TABLE .* ADD CONSTRAINT /s),
      ...of(/^CREATE (UNIQUE )?INDEX /),
      ...of(/^CREATE TRIGGER /),
    ],
  };
}

function has<T>(items: readonly T[], item: T): boolean {
  const text = JSON.stringify(item);
  return items.some((other) => JSON.stringify(other) === text);
}

/** The same tables with columns of other names; keys, indexes and triggers that name them are made anew. */
function renamed(schema: SchemaDescription, renames: Readonly<Record<string, string>>): SchemaDescription {
  const tables = Object.entries(schema.tables).map(([name, table]) => [
    name,
    {
      ...table,
      columns: table.columns.map((column) => ({ ...column, name: renames[`${name}.${column.name}`] ?? column.name })),
    },
  ]);
  return { ...schema, tables: Object.fromEntries(tables) };
}
