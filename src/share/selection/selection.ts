import { isExtractedMotion } from '../../immich/motion.ts';
import { isMissed, isPresent } from '../../immich/presence.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { isChosen } from './criteria.ts';
import { isPartOfLocked } from './locked.ts';

/**
 * Whether a job selects the row `a` of `asset` by itself. Trashed, offline and locked assets are never selected, nor are motion parts of
 * locked ones, nor is a mirror: sharing back and forth, or around a circle, makes no mirror of a mirror.
 */
export function isSelected(sql: Sql, job: Job): Fragment {
  const mayBePart = job.visibilities.includes('hidden');
  return sql`(
    ${isSelectedAnew(sql, job)}
    AND ${isOriginal(sql)}
    ${mayBePart ? sql`AND NOT ${isPartOfLocked(sql, sql`${job.targetUserId}::uuid`)}` : sql``}
  )`;
}

/** The same as long as there are no mirrors, and no tables of ours that would tell them. */
function isSelectedAnew(sql: Sql, job: Job): Fragment {
  return sql`(${isSources(sql, job, 'a', isPresent)} AND ${isInScope(sql, job, 'a')})`;
}

/** The one or the other. `hasMap`: whether our own tables are there, in whatever version. */
export function isSelectedNow(sql: Sql, job: Job, hasMap: boolean): Fragment {
  return hasMap ? isSelected(sql, job) : isSelectedAnew(sql, job);
}

/**
 * Whether the row `a` of `asset` is the hidden motion part of a live photo whose still a job selects and has mirrored: it
 * travels with its still, wherever it lies, and is never selected for itself.
 */
export function isMotionOfMirror(sql: Sql, job: Job): Fragment {
  return isMotionOf(sql, job, isPresent, []);
}

/** What keeps a mirror besides what is selected. */
export interface Stay {
  /** How long a photo may be offline, in hours. */
  readonly graceHours: number;
  /** Mirrors of stills that count as gone. */
  readonly gone?: readonly string[];
}

/**
 * Whether the row `a` of `asset` justifies the mirror that it has: a job selects it, or would if Immich had not missed its file for some
 * hours. Nothing new is made of such a photo, and nothing that it has follows.
 */
export function mayStay(sql: Sql, job: Job, { graceHours, gone = [] }: Stay): Fragment {
  const isThere = staysThere({ graceHours });
  return sql`(
    (${isSources(sql, job, 'a', isThere)} AND ${isInScope(sql, job, 'a')} AND ${isOriginal(sql)})
    OR ${isMotionOf(sql, job, isThere, gone)}
  )`;
}

/** Whether it is there, or missed for some hours only. */
export function staysThere({ graceHours }: Pick<Stay, 'graceHours'>): IsThere {
  return (sql, alias) => sql`(${isPresent(sql, alias)} OR ${isInGrace(sql, alias, graceHours)})`;
}

/** Whether Immich has missed the file of the row `alias` of `asset` for less than this. Trashed or deleted ones have no grace. */
export function isInGrace(sql: Sql, alias: string, graceHours: number): Fragment {
  return sql`(${isMissed(sql, alias)} AND ${graceEnds(sql, alias, graceHours)} > now())`;
}

/** When a photo that is offline has been so for too long; null for one that is not. Immich notes when it missed the file. */
export function graceEnds(sql: Sql, alias: string, graceHours: number): Fragment {
  return sql`(${sql(alias)}."deletedAt" + make_interval(hours => ${graceHours}))`;
}

/** Whether the row `alias` of `asset` is there, in one sense or the other. */
export type IsThere = (sql: Sql, alias: string) => Fragment;

function isMotionOf(sql: Sql, job: Job, isThere: IsThere, gone: readonly string[]): Fragment {
  return sql`(
    ${isSources(sql, job, 'a', isThere)}
    AND a.visibility = 'hidden'
    AND EXISTS (
      SELECT 1
      FROM asset still
      JOIN immich_sidecar.asset_map still_map
        ON still_map.source_asset_id = still.id AND still_map.target_user_id = ${job.targetUserId}
      WHERE still."livePhotoVideoId" = a.id
        ${gone.length === 0 ? sql`` : sql`AND still_map.mirror_asset_id <> ALL (${gone as string[]}::uuid[])`}
        AND ${isSources(sql, job, 'still', isThere)}
        AND ${isInScope(sql, job, 'still')}
    )
    AND ${isOriginal(sql)}
  )`;
}

/**
 * Whether the target's library has the very video that the source `a` is, as Immich would find it: motion photos with equal videos
 * share one, and so do their mirrors.
 */
export function hasTwin(sql: Sql, job: Job): Fragment {
  return sql`(
    ${isExtractedMotion(sql, 'a')}
    AND (
      SELECT min(twin.id::text)
      FROM asset twin
      WHERE twin."ownerId" = ${job.targetUserId}
        AND twin."libraryId" = ${job.targetLibraryId}
        AND twin.checksum = a.checksum
    ) IS NOT NULL
  )`;
}

/** Whether a job means the row `a` of `asset`, by itself or with its still. */
export function isMeant(sql: Sql, job: Job): Fragment {
  return sql`(${isSelected(sql, job)} OR ${isMotionOfMirror(sql, job)})`;
}

/** The source's own, and there. */
function isSources(sql: Sql, job: Job, alias: 'a' | 'still', isThere: IsThere): Fragment {
  return sql`(
    ${sql(alias)}."ownerId" = ${job.sourceUserId}
    AND ${isThere(sql, alias)}
  )`;
}

/** `starts_with` and not LIKE, so that `_` and `%` in a prefix mean themselves. */
function isInScope(sql: Sql, job: Job, alias: 'a' | 'still'): Fragment {
  const asset = sql(alias);
  const prefix = job.sourcePathPrefix === undefined
    ? sql`true`
    : sql`starts_with(${asset}."originalPath", ${job.sourcePathPrefix})`;
  const edited = job.skipsEdited ? sql`AND NOT ${asset}."isEdited"` : sql``;
  return sql`(
    ${isOfLibraries(sql, job.kind, alias)}
    AND ${prefix}
    ${edited}
    AND ${asset}.visibility::text = ANY (${job.visibilities as string[]}::text[])
    AND ${isChosen(sql, job.selection, alias)}
  )`;
}

/** Whether the row `alias` of `asset` is where jobs of a kind look: in an external library, or uploaded. */
export function isOfLibraries(sql: Sql, kind: Job['kind'], alias: string): Fragment {
  const asset = sql(alias);
  switch (kind) {
    case 'external':
      return sql`${asset}."libraryId" IS NOT NULL`;
    case 'upload':
      return sql`${asset}."libraryId" IS NULL`;
    case 'any':
      return sql`true`;
  }
}

/**
 * Not a mirror. Here and wherever a long condition looks into our tables, a scalar subquery stands in for NOT EXISTS:
 * PostgreSQL cannot turn it into an anti join, which it plans as a nested sequential scan when it takes the rest of the
 * condition for selective (measured: 3.0 s instead of 0.03 s for 4,000 assets), and looks it up by index instead.
 */
export function isOriginal(sql: Sql): Fragment {
  return sql`
    (SELECT own.mirror_asset_id FROM immich_sidecar.asset_map own WHERE own.mirror_asset_id = a.id) IS NULL`;
}
