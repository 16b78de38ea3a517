import { isPresent } from '../../immich/presence.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Problem } from '../../problems/problem.ts';
import type { Tools, View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { unguessed } from '../mirrors/pages.ts';
import { handOverAll, isReleased } from '../people/hand_over.ts';
import { removeOrphans } from '../phases/orphans.ts';
import { undoUnfinished } from '../phases/unfinished.ts';
import { removeMirrors } from '../mirrors/remove.ts';
import {
  assertKnown,
  assertLinksAreHere,
  countBelongings,
  isOfJob,
  readShares,
  type UnshareChoice,
} from './unshare.ts';
import type { Withdrawal } from '../mirrors/withdrawal.ts';

/** Whose mirrors are looked at, and how exactly they must match. */
export interface DedupChoice extends UnshareChoice {
  /** The same capture time, to the second, instead of the same day. */
  readonly matchTime: boolean;
}

/** A mirror of a picture that the target's owner has, too, or the motion part of such a one. */
export interface Duplicate extends Withdrawal {
  /** Its file's name, as Immich shows it. */
  readonly fileName: string;
  /** Their own; of a motion part that of its still. */
  readonly ownAssetId: string;
  readonly ownFileName: string;
  /** The day on which it was taken, where it was taken. */
  readonly takenOn: string;
  readonly isMotionPart: boolean;
}

/** What is removed. A dry run prints it; apply consumes it. */
export interface DedupPlan {
  readonly duplicates: readonly Duplicate[];
  readonly counts: {
    /** Motion parts included. */
    readonly mirrors: number;
    /** People who are on nothing else that the users have. */
    readonly people: number;
    readonly links: number;
  };
}

export interface DedupResult {
  readonly mirrors: number;
  readonly people: number;
  readonly links: number;
  /** Mirrors that stay as their files could not be removed. */
  readonly problems: readonly Problem[];
}

/** Finds duplicates. Reads only. Throws UserError for a job or user that nothing is known of. */
export async function planDedup(
  sql: Sql,
  { jobs, schema }: Pick<View, 'jobs' | 'schema'>,
  choice: DedupChoice,
): Promise<DedupPlan> {
  const known = await readShares(sql);
  assertKnown(known, jobs, choice);
  const targets = [...new Set(known.map(({ targetUserId }) => targetUserId))]
    .filter((id) => choice.targetUserId === undefined || id === choice.targetUserId);
  const stills = await findDuplicates(sql, jobs, choice, targets);
  const duplicates = withMotionParts(stills, await findMotionParts(sql, stills));
  const ids = duplicates.map(({ mirrorAssetId }) => mirrorAssetId);
  const { people, links } = await countBelongings(sql, schema, ids, targets);
  return { duplicates, counts: { mirrors: ids.length, people, links } };
}

/**
 * Removes duplicates and remembers their sources as skipped, so that no cycle mirrors them again: files before rows, batch by
 * batch, so that a run that was killed is simply started again. Then the people whom nobody sees any more.
 *
 * Throws UserError, before anything is removed, when a directory of links is not here.
 */
export async function applyDedup(
  tools: Tools,
  plan: DedupPlan,
  onProgress: (mirrors: number) => void,
): Promise<DedupResult> {
  const { database: { sql }, schema } = tools;
  await assertLinksAreHere(tools, { mirrors: plan.duplicates });
  const problems: Problem[] = [];
  const onProblem = (problem: Problem) => void problems.push(problem);
  // What stays now is tried, and told, again at the end.
  await undoUnfinished(tools, () => {});
  const before = await countLinks(sql);
  const { withdrawn, ...removal } = await removeMirrors(tools, plan.duplicates, onProgress);
  problems.push(...removal.problems);
  let people = 0;
  for (const targetUserId of new Set(withdrawn.map((mirror) => mirror.targetUserId))) {
    people += await removeOrphans(tools, targetUserId, onProblem);
    await handOverAll(tools, targetUserId, (tx) => isReleased(tx, schema), onProblem);
  }
  await undoUnfinished(tools, onProblem);
  return { mirrors: withdrawn.length, people, links: before - await countLinks(sql), problems };
}

/**
 * One pass over the photos of the targets, mirrors and own ones together, grouped by what makes them alike. Not a join: PostgreSQL,
 * which cannot know how many photos have the same name, might compare each with each.
 *
 * Alike are two of the same type (a photo is none of its video) with the same name without extension, and
 * - the same day, where they were taken, or
 * - with matchTime the same instant, or, where one of them has no time zone, the same time on the clock.
 * Without a capture time nothing is a duplicate. Own photos in the libraries that we fill do not count, nor do hidden and locked
 * ones: nobody is told what is in a locked folder.
 */
async function findDuplicates(
  sql: Sql,
  jobs: readonly Job[],
  choice: DedupChoice,
  targetUserIds: readonly string[],
): Promise<Duplicate[]> {
  const alike = (time: Fragment) => sql`PARTITION BY owner_id, type, stem, ${time}`;
  const own = choice.matchTime
    ? sql`
      CASE
        WHEN instant IS NULL THEN min(id) FILTER (WHERE is_own) OVER (${alike(sql`wall_clock`)})
        ELSE coalesce(
          min(id) FILTER (WHERE is_own) OVER (${alike(sql`instant`)}),
          min(id) FILTER (WHERE is_own AND instant IS NULL) OVER (${alike(sql`wall_clock`)})
        )
      END`
    : sql`min(id) FILTER (WHERE is_own) OVER (${alike(sql`wall_clock::date`)})`;
  return await sql<Duplicate[]>`
    WITH photo AS MATERIALIZED (
      SELECT
        p.id::text AS id, -- there is no min() of a uuid
        p."ownerId" AS owner_id,
        p.type,
        lower(normalize(regexp_replace(p."originalFileName", '(.)\\.[^.]+$', '\\1'))) AS stem,
        date_trunc('second', p."localDateTime" AT TIME ZONE 'UTC') AS wall_clock,
        CASE WHEN e."timeZone" <> '' THEN date_trunc('second', e."dateTimeOriginal") END AS instant,
        mapped.mirror_asset_id IS NULL AS is_own
      FROM asset p
      JOIN asset_exif e ON e."assetId" = p.id AND e."dateTimeOriginal" IS NOT NULL
      LEFT JOIN immich_sidecar.asset_map mapped ON mapped.mirror_asset_id = p.id
      WHERE p."ownerId" = ANY (${targetUserIds as string[]}::uuid[])
        AND ${isPresent(sql, 'p')}
        AND p.visibility::text <> ALL ('{hidden,locked}')
        AND (
          mapped.mirror_asset_id IS NOT NULL
          OR p."libraryId" IS NULL
          OR p."libraryId" <> ALL (${jobs.map((job) => job.targetLibraryId)}::uuid[])
        )
    ),
    matched AS MATERIALIZED (
      SELECT id::uuid AS id, is_own, wall_clock, ${own} AS own_id
      FROM photo
    )
    SELECT
      m.mirror_asset_id AS "mirrorAssetId",
      m.source_asset_id AS "sourceAssetId",
      m.target_user_id AS "targetUserId",
      m.job_name AS "jobName",
      'duplicate' AS reason,
      mirror."originalFileName" AS "fileName",
      own.id AS "ownAssetId",
      own."originalFileName" AS "ownFileName",
      matched.wall_clock::date::text AS "takenOn",
      false AS "isMotionPart"
    FROM matched
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = matched.id
    JOIN asset mirror ON mirror.id = matched.id
    JOIN asset own ON own.id = matched.own_id::uuid
    LEFT JOIN asset a ON a.id = m.source_asset_id
    WHERE NOT matched.is_own
      AND ${unguessed(sql, choice.job === undefined ? sql`true` : isOfJob(sql, jobs, choice.job))}
      AND (
        SELECT w.source_asset_id -- somebody has said that it is to be shared nevertheless
        FROM immich_sidecar_decisions.wanted w
        WHERE w.source_asset_id = m.source_asset_id AND w.target_user_id = m.target_user_id
      ) IS NULL
    ORDER BY matched.wall_clock, mirror."originalPath", m.mirror_asset_id`;
}

/**
 * Puts the motion part of each still right before it: a run that is killed in between has left the still, by which the next one
 * finds both.
 */
function withMotionParts(stills: readonly Duplicate[], parts: ReadonlyMap<string, MotionPart>): Duplicate[] {
  return stills.flatMap((still) => {
    const part = parts.get(still.mirrorAssetId);
    return part === undefined ? [still] : [{ ...still, ...part, isMotionPart: true }, still];
  });
}

type MotionPart = Pick<Duplicate, 'mirrorAssetId' | 'sourceAssetId' | 'fileName' | 'jobName'>;

/** The mirrored motion parts of these stills, by the mirror of the still; not one that another mirrored still needs. */
async function findMotionParts(sql: Sql, stills: readonly Duplicate[]): Promise<ReadonlyMap<string, MotionPart>> {
  const rows = await sql<(MotionPart & { readonly stillId: string })[]>`
    WITH leaving AS MATERIALIZED (
      SELECT unnest(${stills.map(({ mirrorAssetId }) => mirrorAssetId)}::uuid[]) AS id
    )
    SELECT DISTINCT ON (motion.mirror_asset_id)
      leaving.id AS "stillId",
      motion.mirror_asset_id AS "mirrorAssetId",
      motion.source_asset_id AS "sourceAssetId",
      motion.job_name AS "jobName",
      mirror."originalFileName" AS "fileName"
    FROM leaving
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = leaving.id
    JOIN asset still ON still.id = m.source_asset_id
    JOIN immich_sidecar.asset_map motion
      ON motion.source_asset_id = still."livePhotoVideoId" AND motion.target_user_id = m.target_user_id
    JOIN asset mirror ON mirror.id = motion.mirror_asset_id AND mirror.visibility = 'hidden'
    WHERE NOT EXISTS (
      SELECT 1
      FROM asset other
      JOIN immich_sidecar.asset_map other_map
        ON other_map.source_asset_id = other.id AND other_map.target_user_id = m.target_user_id
      LEFT JOIN leaving too ON too.id = other_map.mirror_asset_id
      WHERE other."livePhotoVideoId" = still."livePhotoVideoId"
        AND too.id IS NULL
    )
    ORDER BY motion.mirror_asset_id, leaving.id DESC`;
  return new Map(rows.map(({ stillId, ...part }) => [stillId, part]));
}

async function countLinks(sql: Sql): Promise<number> {
  const [row] = await sql<{ links: number }[]>`SELECT count(*)::int AS links FROM immich_sidecar.link`;
  return row?.links ?? 0;
}
