import type { Row, Tables } from './state.ts';

/** Any value will do: Immich or PostgreSQL makes it. */
export const ANYTHING = Symbol('anything');

/** Of a file that nobody had before. */
export const NEW_INODE = -1;

/** One of these values. */
export class OneOf {
  constructor(readonly values: ReadonlySet<unknown>) {}
}

/** A timestamp, however it is written. */
export class Moment {
  constructor(readonly ms: number) {}
}

/** Tables that hang on an asset and go with it. */
export const CHILDREN = [
  'asset_exif',
  'asset_file',
  'asset_job_status',
  'smart_search',
  'asset_ocr',
  'ocr_search',
  'asset_video',
  'asset_audio',
  'asset_keyframe',
  'asset_edit',
] as const;

/** Immich's tables in memory, to be changed as a cycle would change them. */
export class Records {
  readonly tables: Tables;

  constructor(tables: Tables) {
    this.tables = structuredClone(tables);
  }

  has(table: string): boolean {
    return table in this.tables;
  }

  all(table: string): Row[] {
    return this.tables[table] ?? [];
  }

  find(table: string, where: (row: Row) => boolean): Row | undefined {
    return this.all(table).find(where);
  }

  asset(id: unknown): Row | undefined {
    return id === null || id === undefined ? undefined : this.find('asset', (row) => row['id'] === id);
  }

  /** The rows that hang on an asset. */
  of(table: string, assetId: string): Row[] {
    return this.all(table).filter((row) => row['assetId'] === assetId);
  }

  add(table: string, row: Row): Row {
    this.tables[table] = [...this.all(table), row];
    return row;
  }

  remove(table: string, where: (row: Row) => boolean): void {
    if (this.has(table)) this.tables[table] = this.all(table).filter((row) => !where(row));
  }

  /** Sets columns; a row that really changes gets a new `updateId`. */
  change(row: Row, values: Row): void {
    const changed = Object.entries(values).filter(([column, value]) => !same(row[column], value));
    if (changed.length === 0) return;
    Object.assign(row, Object.fromEntries(changed));
    touch(row);
  }
}

/** Marks a row as written. */
export function touch(row: Row): void {
  for (const column of ['updatedAt', 'updateId']) if (column in row) row[column] = ANYTHING;
}

/** Whether two values of a column are equal. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
