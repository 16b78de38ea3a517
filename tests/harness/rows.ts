import type { ColumnSchema, SchemaDescription } from '../../src/demo/schema/schema.ts';
import type { ImmichDatabase } from './database.ts';
import { loadSchema } from './releases.ts';

export type Values = Readonly<Record<string, unknown>>;

/**
 * Inserts rows in which a test states only what it is about: every other column that must have a value gets some
 * value of its type. Values that are undefined or whose column the release does not have are left out, so one test serves all releases.
 */
export class RowWriter {
  readonly #database: ImmichDatabase;
  readonly #schema: SchemaDescription;

  private constructor(database: ImmichDatabase, schema: SchemaDescription) {
    this.#database = database;
    this.#schema = schema;
  }

  static async for(database: ImmichDatabase): Promise<RowWriter> {
    return new RowWriter(database, await loadSchema(database.release));
  }

  has(table: string, column?: string): boolean {
    const columns = this.#schema.tables[table]?.columns;
    return column === undefined ? columns !== undefined : columns?.some(({ name }) => name === column) ?? false;
  }

  /** The row as stored. Throws Error for a table that the release does not have. */
  async insert(table: string, values: Values): Promise<Record<string, unknown>> {
    const columns = this.#schema.tables[table]?.columns;
    if (!columns) throw new Error(`${this.#schema.release} has no table ${table}.`);
    const isGiven = ({ name }: ColumnSchema) => values[name] !== undefined;
    const given = columns.filter(isGiven).map(({ name }) => [name, values[name]]);
    const needed = columns
      .filter((column) => column.notNull && column.default === undefined && !isGiven(column))
      .map((column) => [column.name, this.#anyValue(column)]);
    const all = [...given, ...needed];
    const { sql } = this.#database;
    const content = all.length > 0 ? sql(Object.fromEntries(all)) : sql`DEFAULT VALUES`;
    const [row] = await sql`
      INSERT INTO ${sql(table)} ${content}
      RETURNING *`;
    return row ?? {};
  }

  /** A user, and since v3.2 the cluster group that each user must have. Returns the id. */
  async insertUser(name: string): Promise<string> {
    const cluster = this.has('cluster_group') ? await this.insert('cluster_group', {}) : {};
    const user = await this.insert('user', { name, email: `${name}@example.com`, clusterGroupId: cluster['id'] });
    return String(user['id']);
  }

  #anyValue(column: ColumnSchema): unknown {
    const firstLabel = this.#schema.enums[column.type]?.[0];
    if (firstLabel !== undefined) return firstLabel;
    switch (column.type) {
      case 'uuid':
        return crypto.randomUUID();
      case 'bytea':
        return crypto.getRandomValues(new Uint8Array(20));
      case 'timestamp with time zone':
        return new Date();
      case 'boolean':
        return false;
      case 'jsonb':
        return {};
      case 'text':
      case 'character varying':
        return crypto.randomUUID();
    }
    if (column.type.endsWith('[]')) return [];
    if (/^(smallint|integer|bigint|real|double precision)$/.test(column.type)) return 0;
    throw new Error(`No value of type ${column.type} for ${column.name}; give one.`);
  }
}
