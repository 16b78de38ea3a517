import type { TwoWayField } from '../../config/two_way_fields.ts';
import { LOCKS } from '../../immich/sidecar.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { newestVersion, schemaVersion } from '../../postgres/migrate.ts';
import { commaSeparated } from '../copy/columns.ts';
import { MIGRATIONS } from '../schema/migrations.ts';
import type { Tools } from '../cycle/tools.ts';
import { fieldGroups } from '../mirrors/fields.ts';
import { setSourceTags } from './tags.ts';
import { type SaidInExif, withLocks } from './write.ts';

/** Something that a target has changed and that was written into a source. */
export interface WrittenChange {
  readonly id: string;
  readonly sourceAssetId: string;
  readonly sourceUserId: string;
  readonly targetUserId: string;
  readonly job: string;
  readonly field: TwoWayField;
  /** What was there, and what is there since: columns of asset_exif. */
  readonly before: SaidInExif;
  readonly after: SaidInExif;
  readonly writtenAt: Date;
  readonly undoneAt: Date | null;
}

/** What was written into sources since a moment, the newest first, at most `limit`. Reads only; none where our own tables are not the newest. */
export async function readWrittenChanges(
  sql: Sql,
  { since, job, limit }: {
    readonly since?: Date | undefined;
    readonly job?: string | undefined;
    readonly limit: number;
  },
): Promise<WrittenChange[]> {
  if (await schemaVersion(sql, MIGRATIONS) < newestVersion(MIGRATIONS)) return [];
  return await sql<WrittenChange[]>`
    SELECT
      id, source_asset_id AS "sourceAssetId", source_user_id AS "sourceUserId", target_user_id AS "targetUserId",
      job_name AS job, field, before->'asset_exif' AS before, after->'asset_exif' AS after,
      written_at AS "writtenAt", undone_at AS "undoneAt"
    FROM immich_sidecar_both_ways.written
    WHERE ${since === undefined ? sql`true` : sql`written_at >= ${since}`}
      AND ${job === undefined ? sql`true` : sql`job_name = ${job}`}
    ORDER BY written_at DESC, id
    LIMIT ${limit}`;
}

/** What became of changes that were to be undone. */
export interface UndoneChanges {
  /** Fields of photos that have again what they had before. */
  readonly fields: number;
  /** Those that somebody has changed since: they stay. */
  readonly changedSince: number;
}

/**
 * Gives sources back what they had before anything was written into them since a moment. A field that says something else by now was changed by somebody, and stays. Mirrors follow with the next cycle. It is done by
 * SQL, and locked, so that Immich's next extraction does not read it from a sidecar again.
 */
export async function undoWrittenChanges(
  { database, schema }: Pick<Tools, 'database' | 'schema'>,
  { since, job }: { readonly since: Date; readonly job?: string | undefined },
): Promise<UndoneChanges> {
  return await database.transaction(async (tx) => {
    let [fields, changedSince] = [0, 0];
    for (const group of fieldGroups(schema)) {
      const locks = LOCKS[group.name as TwoWayField];
      if (locks === undefined) continue;
      // Of several changes of one field the source gets what was there before the first of them, if it has what the last one was.
      const found = await tx<{ source: string; oldest: string; isSame: boolean; ids: string[] }[]>`
        SELECT
          w.source_asset_id AS source,
          (array_agg(w.id ORDER BY w.written_at))[1] AS oldest,
          array_agg(w.id) AS ids,
          bool_and(${isAsNoted(tx, locks)}) FILTER (WHERE w.written_at = last.at) AS "isSame"
        FROM immich_sidecar_both_ways.written w
        JOIN (
          SELECT source_asset_id, max(written_at) AS at
          FROM immich_sidecar_both_ways.written
          WHERE field = ${group.name} AND undone_at IS NULL
          GROUP BY source_asset_id
        ) AS last ON last.source_asset_id = w.source_asset_id
        JOIN asset a ON a.id = w.source_asset_id
        JOIN asset_exif e ON e."assetId" = a.id
        CROSS JOIN LATERAL jsonb_populate_record(NULL::asset_exif, w.after->'asset_exif') AS given
        WHERE w.field = ${group.name}
          AND w.undone_at IS NULL
          AND w.written_at >= ${since}
          AND ${job === undefined ? tx`true` : tx`w.job_name = ${job}`}
        GROUP BY w.source_asset_id`;
      const same = found.filter(({ isSame }) => isSame);
      fields += same.length;
      changedSince += found.length - same.length;
      const oldest = same.map((one) => one.oldest);
      for (
        const [table, key, columns] of [['asset', 'id', group.asset], ['asset_exif', 'assetId', group.exif]] as const
      ) {
        if (columns.length === 0 || oldest.length === 0) continue;
        const given = columns.map((column) => tx`${tx(column)} = given.${tx(column)}`);
        await tx`
          UPDATE ${tx(table)} source
          SET ${
          commaSeparated(tx, [
            ...given,
            ...table === 'asset_exif' ? withLocks(tx, schema, group.name as TwoWayField) : [],
          ])
        }
          FROM immich_sidecar_both_ways.written w
          CROSS JOIN LATERAL jsonb_populate_record(NULL::${tx(table)}, w.before->${table}::text) AS given
          WHERE w.id = ANY (${oldest}::uuid[])
            AND source.${tx(key)} = w.source_asset_id`;
      }
      if (group.name === 'tags' && oldest.length > 0) await setSourceTags(tx, schema, oldest, 'before');
      await tx`
        UPDATE immich_sidecar_both_ways.written
        SET undone_at = now()
        WHERE id = ANY (${same.flatMap(({ ids }) => ids)}::uuid[])`;
    }
    return { fields, changedSince };
  });
}

/** Whether what Immich locks of a group still is in the row `e` as it was written, the row `given`. */
function isAsNoted(sql: Sql, locks: readonly string[]): Fragment {
  const row = (alias: string) =>
    sql`ROW(${commaSeparated(sql, locks.map((column) => sql`${sql(alias)}.${sql(column)}`))})::text`;
  return sql`${row('e')} = ${row('given')}`;
}
