import { type PendingFor, pendingFor } from '../../immich/readiness.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { isTrashed } from '../../immich/presence.ts';
import { commaSeparated } from '../copy/columns.ts';
import { triedAgainAt } from '../cycle/kept_retries.ts';
import type { Job } from '../jobs/job.ts';
import type { Criterion } from '../selection/criterion.ts';
import { isMotionOfMirror } from '../selection/selection.ts';

/** What is true of one photo for one job, as the engine sees it. */
export interface Facts {
  readonly assetId: string;
  readonly visibility: string;
  readonly isTrashed: boolean;
  readonly isOffline: boolean;
  readonly isUpload: boolean;
  readonly isBelowPrefix: boolean;
  readonly isEdited: boolean;
  /** It is itself what somebody else shares. */
  readonly isMirror: boolean;
  readonly isMotionOfMirror: boolean;
  /** Of the reasons, what is left out, and the ranges, in their order: whether each is true. */
  readonly anyOf: readonly boolean[];
  readonly noneOf: readonly boolean[];
  readonly allOf: readonly boolean[];
  readonly pending: PendingFor | null;
  readonly mirrorAssetId: string | null;
  /** The job to which the mirror belongs. */
  readonly mirrorJob: string | null;
  readonly sharedSince: Date | null;
  readonly mirrorPath: string | null;
  readonly mirrorFiles: readonly string[];
  readonly isMirrorTrashed: boolean;
  /** When the target's owner removed it. */
  readonly declinedAt: Date | null;
  /** Since when what they had done to it is remembered. */
  readonly rememberedSince: Date | null;
  readonly skipReason: string | null;
  readonly skipDetail: string | null;
  readonly skippedSince: Date | null;
  /** When is tried again what failed for it, or for its mirror. */
  readonly triedAgainAt: Date | null;
  readonly isBraked: boolean;
  /** The target's owner has deleted the library of the whole share. */
  readonly isStopped: boolean;
}

/** Reads the facts of some assets of the job's source, whether the job is stopped aside; one statement. Reads only. */
export async function readFactsOf(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
  assetIds: readonly string[],
): Promise<Omit<Facts, 'isStopped'>[]> {
  const { anyOf = [], noneOf, allOf } = job.selection;
  const isEdited = schema.has('asset', 'isEdited') ? sql`a."isEdited"` : sql`false`;
  return await sql<Omit<Facts, 'isStopped'>[]>`
    SELECT
      a.id AS "assetId",
      a.visibility::text AS visibility,
      ${isTrashed(sql, 'a')} AS "isTrashed",
      a."isOffline",
      a."libraryId" IS NULL AS "isUpload",
      starts_with(a."originalPath", ${job.sourcePathPrefix ?? ''}) AS "isBelowPrefix",
      ${isEdited} AS "isEdited",
      EXISTS (SELECT 1 FROM immich_sidecar.asset_map own WHERE own.mirror_asset_id = a.id) AS "isMirror",
      ${isMotionOfMirror(sql, job)} AS "isMotionOfMirror",
      ${truths(sql, anyOf)} AS "anyOf",
      ${truths(sql, noneOf)} AS "noneOf",
      ${truths(sql, allOf)} AS "allOf",
      (${pendingFor(sql, schema, job.features)}) AS pending,
      m.mirror_asset_id AS "mirrorAssetId",
      m.job_name AS "mirrorJob",
      m.created_at AS "sharedSince",
      mirror."originalPath" AS "mirrorPath",
      ARRAY(SELECT l.path FROM immich_sidecar.link l WHERE l.mirror_id = m.mirror_asset_id ORDER BY l.path) AS "mirrorFiles",
      coalesce(${isTrashed(sql, 'mirror')}, false) AS "isMirrorTrashed",
      w.withdrawn_at AS "declinedAt",
      r.withdrawn_at AS "rememberedSince",
      s.reason AS "skipReason",
      s.detail AS "skipDetail",
      s.since AS "skippedSince",
      ${triedAgainAt(sql, sql`a.id`, sql`m.mirror_asset_id`)} AS "triedAgainAt",
      EXISTS (
        SELECT 1 FROM immich_sidecar_decisions.brake b WHERE b.job_name = coalesce(m.job_name, ${job.name})
      ) AS "isBraked"
    FROM asset a
    LEFT JOIN immich_sidecar.asset_map m ON m.source_asset_id = a.id AND m.target_user_id = ${job.targetUserId}
    LEFT JOIN asset mirror ON mirror.id = m.mirror_asset_id
    LEFT JOIN immich_sidecar.withdrawn w ON w.source_asset_id = a.id AND w.target_user_id = ${job.targetUserId}
    LEFT JOIN immich_sidecar.skipped s ON s.source_asset_id = a.id AND s.target_user_id = ${job.targetUserId}
    LEFT JOIN immich_sidecar_remembered.photo r
      ON r.source_asset_id = a.id AND r.target_user_id = ${job.targetUserId}
    WHERE a.id = ANY (${assetIds as string[]}::uuid[])
      AND a."ownerId" = ${job.sourceUserId}
    ORDER BY a.id`;
}

function truths(sql: Sql, criteria: readonly Criterion[]): Fragment {
  if (criteria.length === 0) return sql`'{}'::boolean[]`;
  return sql`ARRAY[${commaSeparated(sql, criteria.map((criterion) => criterion.matches(sql, 'a')))}]::boolean[]`;
}
