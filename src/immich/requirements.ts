import type { Catalog, Trigger } from './catalog.ts';
import type { TableDeclaration, User } from './tables/declaration.ts';
import { FEATURES } from './tables/features.ts';
import { type ImmichTable, TABLE_NAMES, TABLES, tablesNeeded } from './tables/tables.ts';

interface RequiredTrigger extends Pick<Trigger, 'function' | 'timing'> {
  readonly table: string;
  readonly event: Trigger['events'][number];
  /** Why sharing would go wrong without it. */
  readonly because: string;
}

/** Without a place in a table that is watched. */
const OTHER_TRIGGERS: readonly RequiredTrigger[] = Object.freeze([
  {
    table: 'asset_edit',
    function: 'asset_edit_insert',
    timing: 'AFTER',
    event: 'INSERT',
    because: 'edited photos would not be marked as edited',
  },
  {
    table: 'asset_edit',
    function: 'asset_edit_delete',
    timing: 'AFTER',
    event: 'DELETE',
    because: 'photos whose edits were undone would stay marked as edited',
  },
]);

/** Unique keys that keep a mirror from being made twice. Columns sorted by name. */
const UNIQUES: Readonly<Record<string, readonly string[]>> = Object.freeze({
  asset: ['checksum', 'libraryId', 'ownerId'],
});

/**
 * Names everything that a part of the program needs and `catalog` lacks, as sentences. Empty when all is well. Pure.
 *
 * @param more columns of `asset_exif` that it names besides those that are declared
 */
export function missingFrom(catalog: Catalog, user: User, more: readonly string[] = []): string[] {
  const missing = [
    ...missingTables(catalog, user),
    ...missingFeatures(catalog, user),
    ...more.filter((column) => !catalog.get('asset_exif')?.columns.has(column))
      .map((column) => lacks('asset_exif', column)),
  ];
  if (user === 'sharing') missing.push(...missingTriggers(catalog), ...missingUniques(catalog));
  return [...new Set(missing)];
}

function missingTables(catalog: Catalog, user: User): string[] {
  return tablesNeeded(user).flatMap(([name, needed]) => {
    const columns = catalog.get(name)?.columns;
    const { from, keys = {} } = TABLES[name];
    if (columns === undefined) {
      return from === undefined || isUsedByTrigger(catalog, name) ? [`table ${name} is missing`] : [];
    }
    const gone = needed.filter((column) => !columns.has(column)).map((column) => lacks(name, column));
    const lost = Object.values(keys).filter((names) => !names.some((column) => columns.has(column)));
    return [...gone, ...lost.map(([newest, ...former]) => lacks(name, newest, former))];
  });
}

/** Whether a trigger of Immich works with it when rows of another table are deleted, which fails when it is gone. */
function isUsedByTrigger(catalog: Catalog, name: ImmichTable): boolean {
  const { watched, usedByTrigger }: TableDeclaration = TABLES[name];
  const user = usedByTrigger ?? (watched.by === 'audit' ? watched : undefined);
  return user !== undefined &&
    catalog.get(user.of)?.triggers.some((trigger) => trigger.function === user.function) === true;
}

/** What came with one release is there as a whole, or not at all. */
function missingFeatures(catalog: Catalog, user: User): string[] {
  return FEATURES.filter(({ users }) => users.includes(user)).flatMap(({ tables, isReplaced }) => {
    const parts = Object.entries(tables).flatMap(([table, columns]) => columns.map((column) => ({ table, column })));
    const isThere = ({ table, column }: typeof parts[number]) => catalog.get(table)?.columns.has(column) === true;
    const isWanted = isReplaced === undefined ? parts.some(isThere) : !isReplaced(catalog);
    if (!isWanted) return [];
    return parts.filter((part) => !isThere(part)).map(({ table, column }) =>
      catalog.has(table) ? lacks(table, column) : `table ${table} is missing`
    );
  });
}

function lacks(table: string, column: string, former: readonly string[] = []): string {
  const names = former.map((name) => `${table}.${name}`).join(' or ');
  return `column ${table}.${column}${names === '' ? '' : ` (earlier ${names})`} is missing`;
}

/**
 * The triggers that a database must have, by what the tables are watched by. They are recognised by what they do, not by name: databases from
 * before 1.133 carry other names.
 */
export function requiredTriggers(catalog: Catalog): RequiredTrigger[] {
  const watching = TABLE_NAMES.filter((name) => catalog.has(name)).flatMap((name): RequiredTrigger[] => {
    const { watched } = TABLES[name];
    const isByDeletions = watched.by === 'audit' || watched.by === 'statement';
    if (isByDeletions && watched.of !== undefined && watched.function !== undefined) {
      const because = watched.of === 'asset'
        ? 'phones would never hear of a removed photo'
        : 'what was deleted could not be noticed';
      return [{ table: watched.of, function: watched.function, timing: 'AFTER', event: 'DELETE', because }];
    }
    const isStamped = watched.by === 'statement' || (watched.by === 'update-id' && watched.hasTrigger);
    // In 2.5 the rows of an edit are replaced and carry no time.
    if (!isStamped || !catalog.get(name)?.columns.has('updateId')) return [];
    return [{
      table: name,
      function: 'updated_at',
      timing: 'BEFORE',
      event: 'UPDATE',
      because: 'changes could not be noticed',
    }];
  });
  return [...watching, ...OTHER_TRIGGERS].filter(({ table }) => catalog.has(table));
}

function missingTriggers(catalog: Catalog): string[] {
  return requiredTriggers(catalog)
    .filter((required) =>
      !catalog.get(required.table)?.triggers.some((trigger) =>
        trigger.function === required.function && trigger.timing === required.timing &&
        trigger.events.includes(required.event)
      )
    )
    .map(({ table, function: name, timing, event, because }) =>
      `the ${timing} ${event} trigger on ${table} that calls ${name}() is missing or disabled (without it ${because})`
    );
}

function missingUniques(catalog: Catalog): string[] {
  return Object.entries(UNIQUES)
    .filter(([table, columns]) => !catalog.get(table)?.uniques.some((unique) => unique.join() === columns.join()))
    .map(([table, columns]) => `the unique index on ${table}(${columns.join(', ')}) is missing`);
}
