import { setBackMs, timed } from '../../../immich/feed/clock.ts';
import {
  feedColumns,
  type FeedMark,
  firstFloors,
  firstUuidOf,
  hasMoved,
  nextFloors,
} from '../../../immich/feed/feed_mark.ts';
import { type ImmichTable } from '../../../immich/tables/tables.ts';
import type { Sql } from '../../../postgres/connect.ts';
import { asksFor, type FieldName } from '../../fields/fields.ts';
import { readChangedAssets, SCANNED_TABLES } from './changes.ts';
import { type EntrySums, readAssetsOfSums, readEntrySums } from './entries.ts';
import { isAnyWritten, NAMED_ALBUMS, NAMED_PEOPLE, NAMED_TAGS, type NamedThing, renamed } from './named_things.ts';
import type { ReadSchema } from './schema.ts';

/** With more changes than this a run over everything is the shorter way. */
const MOST_CHANGES = 20_000;

/** What has changed since the last look. */
export interface FoundChanges {
  /** Assets whose record may be another one; `all`: too many to name them. */
  readonly assetIds: 'all' | readonly string[];
  /** To be called when they were dealt with; until then the next look finds them again. */
  done(): void;
}

/** What was known at one moment. */
interface Known {
  readonly mark: FeedMark;
  readonly names: ReadonlyMap<NamedThing, ReadonlyMap<string, string>>;
  readonly entries: ReadonlyMap<ImmichTable, EntrySums>;
}

/**
 * What changes in Immich that is written into files, from the moment on at which it is opened. It needs the connection on which it was opened, and
 * nothing of ours in the database. A look where nothing has changed is a few statements that read ends of indexes.
 */
export class WriteFeed {
  readonly #sql: Sql;
  readonly #schema: ReadSchema;
  readonly #things: readonly NamedThing[];
  readonly #tables: readonly ('album_asset' | 'tag_asset')[];
  readonly #hasMirrors: boolean;
  /** Marks overlap, so that nothing is lost between them: what was dealt with already is left out. */
  #seen: ReadonlySet<string> = new Set();
  #known: Known;

  private constructor(
    sql: Sql,
    schema: ReadSchema,
    fields: readonly FieldName[],
    hasMirrors: boolean,
    mark: FeedMark,
  ) {
    const [hasAlbums, hasTags] = [asksFor(fields, 'albums'), asksFor(fields, 'tags')];
    this.#sql = sql;
    this.#schema = schema;
    this.#things = [NAMED_PEOPLE, ...(hasAlbums ? [NAMED_ALBUMS] : []), ...(hasTags ? [NAMED_TAGS] : [])];
    this.#tables = [...(hasAlbums ? ['album_asset' as const] : []), ...(hasTags ? ['tag_asset' as const] : [])];
    this.#hasMirrors = hasMirrors;
    this.#known = { mark, names: new Map(), entries: new Map() };
  }

  static async open(sql: Sql, schema: ReadSchema, fields: readonly FieldName[]): Promise<WriteFeed> {
    const [map] = await sql<{ found: boolean }[]>`
      SELECT to_regclass('immich_sidecar.asset_map') IS NOT NULL AS found`;
    const feed = new WriteFeed(sql, schema, fields, map?.found === true, await readFeedMark(sql, []));
    const mark = await readFeedMark(sql, feed.#counted);
    feed.#known = await feed.#read(mark, () => true, []);
    return feed;
  }

  async look(): Promise<FoundChanges> {
    const [sql, schema, before] = [this.#sql, this.#schema, this.#known];
    const now = await readFeedMark(sql, this.#counted);
    const rows = await readChangedAssets(sql, schema.catalog, {
      ...{ since: before.mark, now, limit: MOST_CHANGES + 1, hasMirrors: this.#hasMirrors },
    });
    const known = await this.#read(
      now,
      (table) => hasMoved(table, before.mark, now),
      await this.#written(before.mark, now),
    );
    const ids = new Set(rows.filter((row) => !this.#seen.has(keyOfChange(row))).map(({ assetId }) => assetId));
    for (const thing of this.#things) {
      const changed = renamed(before.names.get(thing) ?? new Map(), known.names.get(thing) ?? new Map());
      if (changed.length === 0) continue;
      for (const id of await thing.assetsOf(sql, schema, changed, MOST_CHANGES + 1)) ids.add(id);
    }
    for (const table of this.#tables) {
      const [sumsBefore, sums] = [before.entries.get(table), known.entries.get(table)];
      if (sums === undefined || sums === sumsBefore) continue;
      for (const id of await readAssetsOfSums(sql, sumsBefore ?? new Map(), sums, MOST_CHANGES + 1)) ids.add(id);
    }
    return {
      assetIds: rows.length > MOST_CHANGES || ids.size > MOST_CHANGES ? 'all' : [...ids],
      done: () => {
        const mark = { ...known.mark, floorsMs: nextFloors(SCANNED_TABLES, before.mark, known.mark) };
        this.#known = { ...known, mark };
        this.#seen = new Set(rows.map(keyOfChange));
      },
    };
  }

  get #counted(): readonly ImmichTable[] {
    return [...SCANNED_TABLES, ...this.#things.flatMap(({ tables }) => tables), ...this.#tables];
  }

  /** Things of which a row has a newer `updateId`. */
  async #written(since: FeedMark, now: FeedMark): Promise<readonly NamedThing[]> {
    const from = this.#sql`${firstUuidOf(since.floorMs - setBackMs(since, now))}::uuid`;
    const found = await Promise.all(this.#things.map(({ tables }) => isAnyWritten(this.#sql, tables, from)));
    return this.#things.filter((_, index) => found[index]);
  }

  /** What is known now; of tables that nobody has written to, what was known. */
  async #read(
    mark: FeedMark,
    isWrittenTo: (table: ImmichTable) => boolean,
    written: readonly NamedThing[],
  ): Promise<Known> {
    const names = new Map(this.#known.names);
    for (const thing of this.#things) {
      if (!thing.tables.some(isWrittenTo) && !written.includes(thing)) continue;
      names.set(thing, await thing.names(this.#sql, this.#schema));
    }
    const entries = new Map(this.#known.entries);
    for (const table of this.#tables) {
      if (isWrittenTo(table)) entries.set(table, await readEntrySums(this.#sql, this.#schema, table));
    }
    return { mark, names, entries };
  }
}

async function readFeedMark(sql: Sql, tables: readonly ImmichTable[]): Promise<FeedMark> {
  const row = await timed(async () => {
    const [row] = await sql<Pick<FeedMark, 'atMs' | 'floorMs' | 'activity' | 'isCounting'>[]>`
      SELECT ${feedColumns(sql, tables)}`;
    if (row === undefined) throw new Error('a query without FROM returned no row');
    return { ...row, activity: row.activity ?? {} };
  });
  return { ...row, floorsMs: firstFloors(SCANNED_TABLES, row.floorMs) };
}

function keyOfChange({ assetId, stamp }: { readonly assetId: string; readonly stamp: string }): string {
  return `${assetId} ${stamp}`;
}
