import type { Catalog } from '../catalog.ts';
import { ASSET_TABLES } from './assets.ts';
import type { Copied, TableDeclaration, User, Watched } from './declaration.ts';
import { OTHER_TABLES } from './others.ts';
import { PEOPLE_TABLES } from './people.ts';

const DECLARED = Object.freeze({ ...ASSET_TABLES, ...PEOPLE_TABLES, ...OTHER_TABLES });

/** A table of Immich that is declared. No statement names another. */
export type ImmichTable = keyof typeof DECLARED;

/** Everything that is known of Immich's tables. */
export const TABLES: Readonly<Record<ImmichTable, TableDeclaration>> = DECLARED;

/** The names, in the order of the declarations. */
export const TABLE_NAMES: readonly ImmichTable[] = Object.freeze(Object.keys(DECLARED) as ImmichTable[]);

type Where<Part extends 'copied' | 'watched', Shape> = {
  [Table in ImmichTable]: (typeof DECLARED)[Table][Part] extends Shape ? Table : never;
}[ImmichTable];

/** Tables that are copied by statements of their own. */
export type TableCopiedByStatement = Where<'copied', { readonly how: 'statement' }>;

/** Tables that are watched by statements of their own. */
export type TableWatchedByStatement = Where<'watched', { readonly by: 'statement' }>;

/** Tables of which any change makes the next cycle a full one. */
export type FoundationTable = Where<'watched', { readonly by: 'foundation' }>;

/** The tables that are copied in a way, with the particulars of it. */
export function tablesCopied<How extends Copied['how']>(how: How): [ImmichTable, Extract<Copied, { how: How }>][] {
  return TABLE_NAMES.flatMap((name) => {
    const { copied } = TABLES[name];
    return copied.how === how ? [[name, copied as Extract<Copied, { how: How }>]] : [];
  });
}

/** The tables that are watched in a way, with the particulars of it. */
export function tablesWatched<By extends Watched['by']>(by: By): [ImmichTable, Extract<Watched, { by: By }>][] {
  return TABLE_NAMES.flatMap((name) => {
    const { watched } = TABLES[name];
    return watched.by === by ? [[name, watched as Extract<Watched, { by: By }>]] : [];
  });
}

/** Tables that are read only if PostgreSQL has counted writes to them. */
export const COUNTED_TABLES: readonly ImmichTable[] = Object.freeze(TABLE_NAMES.filter((name) => {
  const { watched } = TABLES[name];
  return watched.by === 'count' || watched.by === 'comparison' || (watched.by === 'update-id' && !watched.isIndexed) ||
    (watched.by === 'statement' && watched.isCounted);
}));

/** The tables that a part of the program cannot work without, with the columns that it names. */
export function tablesNeeded(user: User): [ImmichTable, readonly string[]][] {
  return TABLE_NAMES.flatMap((name) => {
    const columns = TABLES[name].needed[user];
    return columns === undefined ? [] : [[name, columns]];
  });
}

/**
 * The column with which a table refers to another, as this release calls it. Throws Error when there is none, which requirements.ts
 * must have found.
 */
export function keyOf(catalog: Catalog, table: ImmichTable, referenced: ImmichTable): string {
  return keyIn((name, column) => catalog.get(name)?.columns.has(column) === true, table, referenced);
}

/** The same, of a database that has these columns. */
export function keyIn(
  has: (table: ImmichTable, column: string) => boolean,
  table: ImmichTable,
  referenced: ImmichTable,
): string {
  const names = TABLES[table].keys?.[referenced] ?? [];
  const found = names.find((name) => has(table, name));
  if (found === undefined) throw new Error(`no column of ${table} refers to ${referenced}`);
  return found;
}
