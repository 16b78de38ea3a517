/**
 * One release's database as data: what `immich-vX.Y.Z.json` holds. The files were read with pg_catalog from empty
 * databases that each release's own migrations had created (PostgreSQL 15, pgvector 0.8.6), then cut down to the
 * tables that sharing and write-back can touch, their children and their audit tables.
 */
export interface SchemaDescription {
  /** `v3.1.0` */
  readonly release: string;
  readonly extensions: readonly string[];
  /** Names only; the bodies are ours, in functions.ts. */
  readonly functions: readonly string[];
  /** Names in kysely_migrations, oldest first. */
  readonly migrations: readonly string[];
  readonly enums: Readonly<Record<string, readonly string[]>>;
  readonly tables: Readonly<Record<string, TableSchema>>;
}

export interface TableSchema {
  readonly columns: readonly ColumnSchema[];
  readonly primaryKey: KeySchema;
  readonly uniques: readonly KeySchema[];
  readonly foreignKeys: readonly ForeignKeySchema[];
  /** `definition` as pg_get_constraintdef prints it. */
  readonly checks: readonly DefinitionSchema[];
  /** Only those that back no constraint; `definition` as pg_get_indexdef prints it. */
  readonly indexes: readonly DefinitionSchema[];
  readonly triggers: readonly TriggerSchema[];
}

export interface ColumnSchema {
  readonly name: string;
  /** As format_type prints it. */
  readonly type: string;
  readonly notNull?: boolean | undefined;
  /** As pg_get_expr prints it. */
  readonly default?: string | undefined;
}

export interface KeySchema {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface ForeignKeySchema extends KeySchema {
  readonly refTable: string;
  readonly refColumns: readonly string[];
  readonly onDelete: string;
  readonly onUpdate: string;
}

export interface DefinitionSchema {
  readonly name: string;
  readonly definition: string;
}

export interface TriggerSchema {
  readonly name: string;
  readonly timing: string;
  readonly events: readonly string[];
  readonly level: string;
  /** As pg_get_triggerdef prints it inside of `WHEN (…)`. */
  readonly when?: string | undefined;
  readonly function: string;
  readonly oldTransitionTable?: string | undefined;
  readonly newTransitionTable?: string | undefined;
}

/** A name as SQL always understands it. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

export function quotedList(identifiers: readonly string[]): string {
  return identifiers.map(quoted).join(', ');
}
