import { quoted, quotedList, type SchemaDescription } from './schema.ts';

/** How an audit row differs from "one row per deleted row, in `<table>_audit`". */
const EXCEPTIONS: Readonly<Record<string, { onlyIfParentLives?: string; alsoInto?: string }>> = Object.freeze({
  album_asset_delete_audit: { onlyIfParentLives: 'album' },
  memory_asset_delete_audit: { onlyIfParentLives: 'memory' },
  /** A removed member gets an album_audit row whatever removed it, so that the album leaves that person's phone. */
  album_user_delete_audit: { alsoInto: 'album_audit' },
});

/**
 * The body of a trigger function that records deletions, or undefined when `name` is none.
 *
 * Source and target tables and their columns are read off the schema, because Immich renamed many of them between
 * releases: an audit column is filled from the deleted row's column of the same name, of the old plural name
 * (`albumsId`, `memoriesId`), from its owner, or from its id.
 */
export function auditFunction(schema: SchemaDescription, name: string): string | undefined {
  const source = Object.keys(schema.tables)
    .find((table) => schema.tables[table]?.triggers.some((trigger) => trigger.function === name));
  if (!source || !name.endsWith('_audit')) return undefined;
  const exception = EXCEPTIONS[name] ?? {};
  const ownRows = insertDeleted(schema, source, `${source}_audit`, exception.onlyIfParentLives);
  if (!exception.alsoInto) return `BEGIN\n${ownRows}\n  RETURN NULL;\nEND`;
  return `BEGIN
${insertDeleted(schema, source, exception.alsoInto)}
  IF pg_trigger_depth() = 1 THEN
${ownRows}
  END IF;
  RETURN NULL;
END`;
}

function insertDeleted(schema: SchemaDescription, source: string, audit: string, livingParent?: string): string {
  const columns = columnNames(schema, audit).filter((column) => column !== 'id' && column !== 'deletedAt');
  const values = columns.map((column) => `gone.${quoted(sourceColumn(schema, source, column))}`);
  const filter = livingParent
    ? `\n  WHERE EXISTS (SELECT FROM ${quoted(livingParent)} AS parent WHERE parent.id = gone.${
      quoted(sourceColumn(schema, source, `${livingParent}Id`))
    })`
    : '';
  return `  INSERT INTO ${quoted(audit)} (${quotedList(columns)})
  SELECT ${values.join(', ')}
  FROM "old" AS gone${filter};`;
}

function sourceColumn(schema: SchemaDescription, source: string, auditColumn: string): string {
  const available = columnNames(schema, source);
  const plural = auditColumn.endsWith('yId') ? auditColumn.replace(/yId$/, 'iesId') : auditColumn.replace(/Id$/, 'sId');
  const candidates = [auditColumn, plural, ...(auditColumn === 'userId' ? ['ownerId'] : []), 'id'];
  const found = candidates.find((candidate) => available.includes(candidate));
  if (!found) throw new Error(`${schema.release}: nothing in ${source} fills the audit column ${auditColumn}.`);
  return found;
}

function columnNames(schema: SchemaDescription, table: string): readonly string[] {
  const found = schema.tables[table];
  if (!found) throw new Error(`${schema.release} has no table ${table}.`);
  return found.columns.map((column) => column.name);
}
