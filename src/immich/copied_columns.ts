import type { Catalog, Table } from './catalog.ts';
import { TABLES } from './tables/tables.ts';

/** Values that Immich or PostgreSQL must make anew for each row; a copied `updateId` would hide the row from phones. */
export const GENERATED_BY_IMMICH: ReadonlySet<string> = new Set([
  'id',
  'updateId',
  'updatedAt',
  'createdAt',
  'createId',
]);

/** The columns of a table that are copied, and those that are left at their default because nobody knows what they mean. */
export interface ColumnPlan {
  readonly copied: readonly string[];
  /** Foreign keys that no rule mentions. */
  readonly leftAlone: readonly string[];
  /** Foreign keys that no rule mentions and that cannot be left out: copying is impossible. */
  readonly blocking: readonly string[];
}

/** Decides for each column of `table` what happens to it; `filled` are those that a statement fills in itself. */
export function planColumns(table: Table, filled: ReadonlySet<string>): ColumnPlan {
  const copied: string[] = [];
  const leftAlone: string[] = [];
  const blocking: string[] = [];
  for (const column of table.columns.values()) {
    if (column.isGenerated || filled.has(column.name) || GENERATED_BY_IMMICH.has(column.name)) continue;
    if (column.references === undefined) copied.push(column.name);
    else if (column.notNull && !column.hasDefault) blocking.push(column.name);
    else leftAlone.push(column.name);
  }
  return { copied, leftAlone, blocking };
}

const PARENTS: ReadonlySet<string> = new Set(['asset', 'asset_face', 'asset_file', 'asset_ocr']);

/** Tables that refer to an asset or a face and that are not declared: they came with a release nobody here has seen. */
export function unknownChildTables(catalog: Catalog): string[] {
  return [...catalog.values()]
    .filter((table) => !(table.name in TABLES))
    .filter((table) => [...table.columns.values()].some((column) => PARENTS.has(column.references?.table ?? '')))
    .map((table) => table.name)
    .sort();
}
