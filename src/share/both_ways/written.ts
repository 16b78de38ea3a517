import type { Sql } from '../../postgres/connect.ts';
import type { FieldValues } from './write.ts';

/** Which of what was written into originals is meant. Conditions add up. */
export interface WrittenChoice {
  /** As PostgreSQL reads it: a moment, or a day. */
  readonly since?: string | undefined;
  readonly job?: string | undefined;
}

/** A change of a recipient that was written into an original. */
export interface WrittenChange {
  readonly id: string;
  readonly writtenAt: Date;
  readonly job: string;
  readonly sourceAssetId: string;
  readonly sourceUserId: string;
  /** null when the photo is gone, or its owner has locked it: then nothing is said of it but that it was written. */
  readonly fileName: string | null;
  readonly field: string;
  /** Of a change of a face: that of the original. */
  readonly faceId: string | null;
  readonly before: FieldValues | null;
  readonly after: FieldValues | null;
  /** Through its API, so that the sidecar says it, too. */
  readonly isByImmich: boolean;
  readonly undoneAt: Date | null;
}

/** What was written into originals, the newest last. Reads only. */
export async function readWritten(sql: Sql, { since, job }: WrittenChoice): Promise<WrittenChange[]> {
  // Of people there are only those who are on shared photos.
  const isShown = sql`(w.before ? 'person' OR (a.id IS NOT NULL AND a.visibility <> 'locked'))`;
  return await sql<WrittenChange[]>`
    SELECT
      w.id,
      w.written_at AS "writtenAt",
      w.job_name AS job,
      w.source_asset_id AS "sourceAssetId",
      w.source_user_id AS "sourceUserId",
      CASE WHEN ${isShown} THEN a."originalFileName" END AS "fileName",
      w.field,
      w.after->'face'->>'id' AS "faceId",
      CASE WHEN ${isShown} THEN w.before END AS before,
      CASE WHEN ${isShown} THEN w.after END AS after,
      w.is_by_immich AS "isByImmich",
      w.undone_at AS "undoneAt"
    FROM immich_sidecar_both_ways.written w
    LEFT JOIN asset a ON a.id = w.source_asset_id
    WHERE ${since === undefined ? sql`true` : sql`w.written_at >= ${since}::timestamptz`}
      AND ${job === undefined ? sql`true` : sql`w.job_name = ${job}`}
    ORDER BY w.written_at, w.id`;
}

/** How many changes were written into originals and not undone since. Reads only. */
export async function countWritten(sql: Sql): Promise<number> {
  const [row] = await sql<{ changes: number }[]>`
    SELECT count(*)::int AS changes
    FROM immich_sidecar_both_ways.written
    WHERE undone_at IS NULL`;
  return row?.changes ?? 0;
}
