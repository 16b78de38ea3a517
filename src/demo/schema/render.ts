import { renderFunctions } from './functions.ts';
import {
  type ColumnSchema,
  type ForeignKeySchema,
  quoted,
  quotedList,
  type SchemaDescription,
  type TableSchema,
  type TriggerSchema,
} from './schema.ts';

export interface RenderOptions {
  /**
   * `stand-in` makes `vector` a domain over `real[]` for servers without pgvector: columns of the same name that take
   * `some_real_array::vector`, but neither the text form `[1,2,3]` nor the distance operators.
   */
  readonly vector: 'pgvector' | 'stand-in';
  /** Whether to build the hnsw indexes; each costs milliseconds per inserted embedding. Never with the stand-in. */
  readonly vectorIndexes: boolean;
}

/**
 * The SQL statements that create a release's tables in an empty database, in order. Pure; needs PostgreSQL 14 or
 * newer with uuid-ossp, cube, earthdistance, pg_trgm and unaccent available, as Immich does.
 */
export function renderImmichSchema(schema: SchemaDescription, options: RenderOptions): string[] {
  const tables = Object.entries(schema.tables);
  return [
    ...renderExtensions(schema, options),
    ...Object.entries(schema.enums).map(renderEnum),
    ...renderFunctions(schema),
    ...tables.map(([name, table]) => renderTable(name, table, options)),
    ...tables.flatMap(([name, table]) => table.foreignKeys.map((key) => renderForeignKey(name, key))),
    ...tables.flatMap(([, table]) => renderIndexes(table, options)),
    ...tables.flatMap(([name, table]) => table.triggers.map((trigger) => renderTrigger(name, trigger))),
    ...(options.vector === 'stand-in' ? tables.flatMap(([name, table]) => renderVectorStorage(name, table)) : []),
  ];
}

/** earthdistance needs cube, so the order of the list (alphabetical) matters. */
function renderExtensions(schema: SchemaDescription, options: RenderOptions): string[] {
  return schema.extensions.map((name) =>
    name === 'vector' && options.vector === 'stand-in'
      ? 'CREATE DOMAIN vector AS real[]'
      : `CREATE EXTENSION IF NOT EXISTS ${quoted(name)}`
  );
}

function renderEnum([name, values]: [string, readonly string[]]): string {
  return `CREATE TYPE ${quoted(name)} AS ENUM (${values.map((value) => `'${value}'`).join(', ')})`;
}

function renderTable(name: string, table: TableSchema, options: RenderOptions): string {
  const parts = [
    ...table.columns.map((column) => renderColumn(column, options)),
    `CONSTRAINT ${quoted(table.primaryKey.name)} PRIMARY KEY (${quotedList(table.primaryKey.columns)})`,
    ...table.uniques.map((key) => `CONSTRAINT ${quoted(key.name)} UNIQUE (${quotedList(key.columns)})`),
    ...table.checks.map((check) => `CONSTRAINT ${quoted(check.name)} ${check.definition}`),
  ];
  return `CREATE TABLE ${quoted(name)} (\n  ${parts.join(',\n  ')}\n)`;
}

function renderColumn(column: ColumnSchema, options: RenderOptions): string {
  return [
    quoted(column.name),
    options.vector === 'stand-in' ? column.type.replace(/^vector\(\d+\)$/, 'vector') : column.type,
    ...(column.notNull ? ['NOT NULL'] : []),
    ...(column.default === undefined ? [] : [`DEFAULT ${column.default}`]),
    ...(options.vector === 'stand-in' ? renderDimensionCheck(column) : []),
  ].join(' ');
}

/** pgvector refuses a vector of another length than the column's; so does the stand-in. */
function renderDimensionCheck(column: ColumnSchema): string[] {
  const dimension = /^vector\((\d+)\)$/.exec(column.type)?.[1];
  return dimension ? [`CHECK (cardinality(${quoted(column.name)}) = ${dimension})`] : [];
}

/** pgvector's type is EXTERNAL (2 kB of floats do not compress); an array would be EXTENDED. */
function renderVectorStorage(name: string, table: TableSchema): string[] {
  return table.columns
    .filter((column) => column.type.startsWith('vector('))
    .map((column) => `ALTER TABLE ${quoted(name)} ALTER COLUMN ${quoted(column.name)} SET STORAGE EXTERNAL`);
}

/** After all tables: asset and stack, person and asset_face refer to each other. */
function renderForeignKey(table: string, key: ForeignKeySchema): string {
  return `ALTER TABLE ${quoted(table)}
  ADD CONSTRAINT ${quoted(key.name)} FOREIGN KEY (${quotedList(key.columns)})
  REFERENCES ${quoted(key.refTable)} (${quotedList(key.refColumns)})
  ON DELETE ${key.onDelete} ON UPDATE ${key.onUpdate}`;
}

function renderIndexes(table: TableSchema, options: RenderOptions): string[] {
  const withVectors = options.vector === 'pgvector' && options.vectorIndexes;
  return table.indexes
    .map((index) => index.definition)
    .filter((definition) => withVectors || !/ USING (hnsw|vchordrq) /.test(definition));
}

function renderTrigger(table: string, trigger: TriggerSchema): string {
  const transitions = [
    ...(trigger.oldTransitionTable ? [`OLD TABLE AS ${quoted(trigger.oldTransitionTable)}`] : []),
    ...(trigger.newTransitionTable ? [`NEW TABLE AS ${quoted(trigger.newTransitionTable)}`] : []),
  ];
  return [
    `CREATE TRIGGER ${quoted(trigger.name)} ${trigger.timing} ${trigger.events.join(' OR ')} ON ${quoted(table)}`,
    ...(transitions.length > 0 ? [`  REFERENCING ${transitions.join(' ')}`] : []),
    `  FOR EACH ${trigger.level}`,
    ...(trigger.when ? [`  WHEN (${trigger.when})`] : []),
    `  EXECUTE FUNCTION ${quoted(trigger.function)}()`,
  ].join('\n');
}
