import { RefusedError } from '../errors.ts';
import type { Sql } from '../postgres/connect.ts';
import { type Catalog, readCatalog } from './catalog.ts';
import { planColumns, unknownChildTables } from './copied_columns.ts';
import { type PeopleModel, peopleModelOf } from './people.ts';
import { missingFrom } from './requirements.ts';
import { type ImmichTable, keyOf, type TableCopiedByStatement, tablesCopied } from './tables/tables.ts';

/** A table that is copied row by row with its asset, and the columns that are. */
export interface CopiedTable {
  readonly name: ImmichTable;
  readonly columns: readonly string[];
}

/** The live database of Immich, as far as sharing is concerned: what to copy, and the names that differ by release. */
export interface ImmichSchema {
  readonly catalog: Catalog;
  readonly people: PeopleModel;
  /** Columns copied as they are, besides those that the statements fill in themselves. */
  readonly columns: Readonly<Record<TableCopiedByStatement, readonly string[]>>;
  readonly copiedTables: readonly CopiedTable[];
  readonly albumAsset: { readonly albumKey: string; readonly assetKey: string };
  /** What is left alone because no rule knows it, as sentences for people. */
  readonly notes: readonly string[];
  has(table: ImmichTable, column?: string): boolean;
}

/**
 * Reads the catalog and decides what is copied. Reads only.
 *
 * Throws RefusedError (exit 4) naming everything that sharing needs and this database lacks.
 */
export async function readImmichSchema(sql: Sql): Promise<ImmichSchema> {
  return planSchema(await readCatalog(sql));
}

/** The same from a catalog in hand. Pure. */
export function planSchema(catalog: Catalog): ImmichSchema {
  const missing = missingFrom(catalog, 'sharing');
  const blocking: string[] = [];
  const notes: string[] = [];
  const columnsOf = (name: ImmichTable, filled: readonly string[]): readonly string[] => {
    const table = catalog.get(name);
    if (table === undefined) return [];
    const plan = planColumns(table, new Set(filled));
    blocking.push(...plan.blocking.map((column) => `column ${name}.${column} refers to a table that no rule knows`));
    notes.push(
      ...plan.leftAlone.map((column) =>
        `Column ${name}.${column} is a reference that no rule knows; it keeps its default.`
      ),
    );
    return plan.copied;
  };
  const columns = Object.fromEntries(
    tablesCopied('statement').map(([name, { filled }]) => [name, columnsOf(name, filled)]),
  ) as ImmichSchema['columns'];
  const copiedTables = tablesCopied('rows')
    .filter(([name]) => catalog.has(name))
    .map(([name, { except = [] }]) => ({ name, columns: columnsOf(name, ['assetId', ...except]) }));
  const problems = [...missing, ...blocking];
  if (problems.length > 0) {
    throw new RefusedError(`This Immich database is not one that sharing can work on: ${problems.join('; ')}.`, {
      problemCode: 'database-schema',
      remedy: 'Nothing was changed. Update immich-sidecar, or report these names together with the version of Immich.',
    });
  }
  notes.push(
    ...unknownChildTables(catalog).map((table) =>
      `Table ${table} refers to assets, but no rule knows it; it is not copied.`
    ),
  );
  return Object.freeze({
    catalog,
    people: peopleModelOf(catalog),
    columns,
    copiedTables,
    albumAsset: {
      albumKey: keyOf(catalog, 'album_asset', 'album'),
      assetKey: keyOf(catalog, 'album_asset', 'asset'),
    },
    notes,
    has: hasOf(catalog),
  });
}

/** Whether a catalog has a table, or a column of it. */
export function hasOf(catalog: Catalog): ImmichSchema['has'] {
  return (table, column) =>
    column === undefined ? catalog.has(table) : catalog.get(table)?.columns.has(column) === true;
}
