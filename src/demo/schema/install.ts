import type { Connection, Sql } from '../../postgres/connect.ts';
import { renderImmichSchema, type RenderOptions } from './render.ts';
import type { SchemaDescription } from './schema.ts';

export interface InstallOptions extends RenderOptions {
  /** Where Immich (not this program) sees its media; `/data` in its containers. */
  readonly mediaLocation: string;
  /** The administrator's settings that differ from Immich's defaults, e.g. `{ machineLearning: { enabled: false } }`. */
  readonly systemConfig?: Readonly<Record<string, unknown>>;
}

/** Whether this server can hold embeddings the way Immich does, or only in the stand-in type. */
export async function availableVector(sql: Sql): Promise<RenderOptions['vector']> {
  const found = await sql`SELECT FROM pg_available_extensions WHERE name = 'vector'`;
  return found.length > 0 ? 'pgvector' : 'stand-in';
}

/**
 * Creates a release's schema in an empty database, with the rows by which a running Immich is recognised: its version,
 * its media location and the migrations it has run (as a fresh 3.1.0 writes them). All in one transaction.
 */
export async function installImmichSchema(
  sql: Connection,
  schema: SchemaDescription,
  options: InstallOptions,
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx.unsafe(renderImmichSchema(schema, options).map((statement) => `${statement};\n`).join('')).simple();
    await insertInstanceRows(tx, schema, options);
  });
}

async function insertInstanceRows(sql: Sql, schema: SchemaDescription, options: InstallOptions): Promise<void> {
  const now = new Date().toISOString();
  const metadata: Record<string, unknown> = { MediaLocation: { location: options.mediaLocation } };
  if (options.systemConfig) metadata['system-config'] = options.systemConfig;
  await sql`
    INSERT INTO version_history (version)
    VALUES (${schema.release.replace(/^v/, '')})`;
  await sql`
    INSERT INTO system_metadata (key, value)
    SELECT key, value
    FROM jsonb_each(${JSON.stringify(metadata)}::text::jsonb)`;
  await sql`
    INSERT INTO kysely_migrations (name, timestamp)
    SELECT name, ${now}
    FROM unnest(${[...schema.migrations]}::text[]) AS name`;
}
