import { LOCKS } from '../../immich/sidecar.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { commaSeparated } from '../copy/columns.ts';
import { isWithin } from '../cycle/scope.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { type FieldGroup, fieldGroups } from '../mirrors/fields.ts';
import { saysOtherwise } from './write.ts';

/** A source in which Immich has put something back that belongs to what we have written there by SQL. */
export interface Reverted {
  /** Of the row of immich_sidecar_both_ways.written. */
  readonly id: string;
  readonly field: string;
}

/** What Immich locks of a group is not all of it: the place of a date in the timeline, and the names of a place, are read from the file at each extraction. */
const PARTLY_LOCKED = ['date', 'position'] as const;

/**
 * Sources of a job whose date or position is still locked as we have written it, and of which an extraction has read the rest from the file again: until Immich writes the sidecar, they belong together.
 * What Immich itself has written is in the sidecar, and needs none of that. Reads only.
 */
export function findReverted({ sql, scope, limits }: View, schema: ImmichSchema, job: Job): AsyncGenerator<Reverted[]> {
  const groups = partlyLocked(schema);
  const find = (after?: Reverted) =>
    sql<Reverted[]>`
      WITH last AS MATERIALIZED (
        SELECT DISTINCT ON (w.source_asset_id, w.field) w.*
        FROM immich_sidecar_both_ways.written w
        WHERE w.source_user_id = ${job.sourceUserId}
          AND w.field = ANY (${groups.map(({ name }) => name)})
          AND ${isWithin(sql, scope, sql`w.source_asset_id`)}
        ORDER BY w.source_asset_id, w.field, w.written_at DESC
      )
      SELECT last.id, last.field
      FROM last
      JOIN asset a ON a.id = last.source_asset_id
      JOIN asset_exif e ON e."assetId" = a.id
      CROSS JOIN LATERAL jsonb_populate_record(NULL::asset, last.after->'asset') AS asset_given
      CROSS JOIN LATERAL jsonb_populate_record(NULL::asset_exif, last.after->'asset_exif') AS exif_given
      WHERE last.undone_at IS NULL
        AND NOT last.is_by_immich
        AND last.job_name = ${job.name}
        AND a.visibility <> 'locked'
        AND (${groups.reduce((any, group) => sql`${any} OR ${isReverted(sql, group)}`, sql`false`)})
        AND ${after === undefined ? sql`true` : sql`last.id > ${after.id}`}
      ORDER BY last.id
      LIMIT ${limits.search}`;
  return groups.length === 0 ? (async function* () {})() : searchPages(find, limits.search);
}

/** Puts the rest to what is locked. */
export async function writeReverted(tx: Sql, schema: ImmichSchema, reverted: readonly Reverted[]): Promise<void> {
  for (const group of partlyLocked(schema)) {
    const ids = reverted.filter(({ field }) => field === group.name).map(({ id }) => id);
    if (ids.length === 0) continue;
    for (
      const [table, key, columns] of [['asset', 'id', group.asset], ['asset_exif', 'assetId', group.exif]] as const
    ) {
      if (columns.length === 0) continue;
      await tx`
        UPDATE ${tx(table)} source
        SET ${commaSeparated(tx, columns.map((column) => tx`${tx(column)} = given.${tx(column)}`))}
        FROM immich_sidecar_both_ways.written w
        CROSS JOIN LATERAL jsonb_populate_record(NULL::${tx(table)}, w.after->${table}::text) AS given
        WHERE w.id = ANY (${ids}::uuid[])
          AND source.${tx(key)} = w.source_asset_id
          AND ${saysOtherwise(tx, columns)}`;
    }
  }
}

function partlyLocked(schema: ImmichSchema): FieldGroup[] {
  return schema.has('asset_exif', 'lockedProperties')
    ? fieldGroups(schema).filter(({ name }) => (PARTLY_LOCKED as readonly string[]).includes(name))
    : [];
}

/** Whether what is locked of a group is as it was written, and the rest is not. */
function isReverted(sql: Sql, { name, asset, exif }: FieldGroup): Fragment {
  const locks = LOCKS[name as typeof PARTLY_LOCKED[number]];
  const row = (columns: readonly { readonly alias: string; readonly column: string }[]) =>
    sql`ROW(${commaSeparated(sql, columns.map(({ alias, column }) => sql`${sql(alias)}.${sql(column)}`))})::text`;
  const inExif = (alias: string, columns: readonly string[]) => columns.map((column) => ({ alias, column }));
  const free = exif.filter((column) => !locks.includes(column));
  return sql`(
    last.field = ${name}
    AND e."lockedProperties"::text[] @> ${locks as string[]}::text[]
    AND ${row(inExif('e', locks))} = ${row(inExif('exif_given', locks))}
    AND ${row([...inExif('a', asset), ...inExif('e', free)])}
      <> ${row([...inExif('asset_given', asset), ...inExif('exif_given', free)])}
  )`;
}
