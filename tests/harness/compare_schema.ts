import type { SchemaDescription, TableSchema } from '../../src/demo/schema/schema.ts';

/** What the JSON becomes where `vector` is a domain: no dimension in the type, a check instead, no hnsw index. */
export function withStandIn(schema: SchemaDescription): Record<string, TableSchema> {
  return Object.fromEntries(
    Object.entries(schema.tables).map(([name, table]) => [name, {
      ...table,
      columns: table.columns.map((column) => ({ ...column, type: column.type.replace('vector(512)', 'vector') })),
      checks: [
        ...table.checks,
        ...table.columns.filter((column) => column.type === 'vector(512)').map((column) => ({
          name: `${name}_${column.name}_check`,
          definition: `CHECK ((cardinality((${column.name})::real[]) = 512))`,
        })),
      ],
      indexes: table.indexes.filter((index) => !index.definition.includes(' USING hnsw ')),
    }]),
  );
}

/** Ordered by name and without the fields that mean "no": what the JSON leaves out, the catalog answers with null. */
export function comparable(table: TableSchema | undefined): unknown {
  const sorted = (items: readonly { name: string }[] = []) =>
    items.toSorted((a, b) => a.name < b.name ? -1 : 1).map(withoutNo);
  return {
    columns: table?.columns.map((
      { name, type, notNull, default: value },
    ) => [name, type, notNull ?? false, value ?? null]),
    primaryKey: table?.primaryKey,
    ...Object.fromEntries(
      (['uniques', 'foreignKeys', 'checks', 'indexes', 'triggers'] as const).map((
        part,
      ) => [part, sorted(table?.[part])]),
    ),
  };
}

/** Nor the parentheses of expressions: minor releases of PostgreSQL print different numbers of them. */
function withoutNo(item: object): unknown {
  const fields = Object.entries(item).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(
    fields.map(([name, value]) => [name, name === 'definition' ? value.replaceAll(/[()]/g, '') : value]),
  );
}
