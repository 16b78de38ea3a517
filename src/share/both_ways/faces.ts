import { isPresent } from '../../immich/presence.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import { keyOf } from '../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Scope } from '../cycle/scope.ts';
import { searchPages } from '../cycle/search_pages.ts';
import { type View, workable } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isLookedAt, unguessed } from '../mirrors/pages.ts';
import { faceSum } from '../people/face_keys.ts';
import { isSomebody, joinMappedPerson } from '../people/person_links.ts';
import { isMeant } from '../selection/selection.ts';
import { counterpartOf } from './counterparts.ts';
import type { ConflictReason } from './decide.ts';
import { drawnByBoth } from './drawn_by_both.ts';

/** A face on a mirror that its owner has given to somebody else, removed, or drawn. */
export interface FaceDifference {
  readonly kind: 'moved' | 'deleted' | 'added';
  readonly sourceAssetId: string;
  readonly mirrorAssetId: string;
  readonly mirrorFaceId: string;
  /** null: the source has none, as it was drawn on the mirror. Of one that both have drawn it is the source's, which is not mirrored yet. */
  readonly sourceFaceId: string | null;
  /** Whom the target has given it; of a removed one, whose it was. */
  readonly personId: string | null;
  /** Who that is with the source; null: nobody knows (counterparts.ts). */
  readonly counterpartId: string | null;
  /** The source has no such person yet. */
  readonly isMade: boolean;
  /** Both say the same, which is not noted yet. */
  readonly isSettled: boolean;
  /** Why it is left to a person, as far as this mirror tells; null: the source is as it was. */
  readonly because: ConflictReason | null;
  /** What the source says of it, and the target. */
  readonly sourceSum: string;
  readonly sum: string;
}

/** The same as it is shown to people. */
export interface NamedFaceDifference extends FaceDifference {
  readonly fileName: string;
  readonly sourcePersonId: string | null;
  readonly sourceName: string | null;
  readonly name: string | null;
  /** The source has it, and has not removed it. */
  readonly isAtSource: boolean;
}

/** Whether what targets of a job do with faces goes to the source as well. */
export function takesFacesBack({ bothWays }: Pick<Job, 'bothWays'>): boolean {
  return bothWays?.includes('people') === true;
}

/**
 * Whether the mirrored face `mirror` is not as we wrote it, by what its owner has done, and not Immich. Of the rows `fm`, or `written`, of face_map, `m` of asset_map and `f`, the face of the source.
 *
 * Immich's jobs never hide a face: that is a person's doing. They give faces to people only that machine learning has found, and that are nobody's. So a face of these that was somebody's has
 * lost that one before, as every other has, when an administrator started all over: then either the source's has moved as well, or the person was removed before the face was given away.
 */
export function isChangedByOwner(sql: Sql, schema: ImmichSchema, targetUserId: string, written = 'fm'): Fragment {
  const { personKey, faceKey } = schema.people;
  const goneId = sql(keyOf(schema.catalog, 'person_audit', 'person'));
  const [owner, fm] = [sql(faceKey), sql(written)];
  return sql`(
    CASE
      WHEN mirror."deletedAt" IS NOT NULL
        THEN f."deletedAt" IS NULL AND ${fm}.source_sum IS DISTINCT FROM ${faceSum(sql, schema, sql`false`)}
      WHEN mirror.${owner} IS NULL OR mirror.${owner} IS NOT DISTINCT FROM ${fm}.person_id THEN false
      WHEN mirror."sourceType" = 'machine-learning' AND (
        ${fm}.person_id IS NULL
        OR ${fm}.source_sum IS NOT NULL AND NOT coalesce(
          (
            SELECT before."createdAt" <= mirror."updatedAt"
            FROM person before
            WHERE before.${sql(personKey)} = ${fm}.person_id AND before."ownerId" = ${targetUserId}
          ),
          (
            SELECT max(gone."deletedAt") > mirror."updatedAt"
            FROM person_audit gone
            WHERE gone.${goneId} = ${fm}.person_id AND gone."ownerId" = ${targetUserId}
          ),
          true
        )
      ) THEN false
      ELSE ${isSomebody(sql, schema, sql`mirror.${owner}`, targetUserId)}
    END
  )`;
}

/** Whether a mirrored face stays as it is, as its owner has changed it and that goes to the source, or waits for a person. Of the rows of isChangedByOwner; false where `mirror` is none. */
export function isFaceHeld(
  view: Pick<View, 'sql' | 'schema' | 'jobs' | 'leftOut'>,
  job: Job,
  written?: string,
): Fragment {
  const { sql, schema } = view;
  const jobs = workable(view).filter((other) =>
    takesFacesBack(other) && other.sourceUserId === job.sourceUserId && other.targetUserId === job.targetUserId
  );
  if (jobs.length === 0) return sql`false`;
  const isMeantByAny = jobs.reduce((any, one) => sql`${any} OR ${isMeant(sql, one)}`, sql`false`);
  return sql`
    CASE
      WHEN ${isChangedByOwner(sql, schema, job.targetUserId, written)}
        THEN EXISTS (SELECT 1 FROM asset a WHERE a.id = m.source_asset_id AND (${isMeantByAny}))
      ELSE false
    END`;
}

/** What is to become of differences. */
export interface FaceDecisions<Difference extends FaceDifference = FaceDifference> {
  /** They go to the source. */
  readonly corrections: readonly Difference[];
  /** Both say the same: that is to be noted. */
  readonly settled: readonly Difference[];
  /** They are left to a person. */
  readonly conflicts: readonly (Difference & { readonly because: ConflictReason })[];
}

/** What becomes of what one target has done. `others`: what all others have done with faces of the same sources, who may contradict. Pure. */
export function decideFaces<Difference extends FaceDifference>(
  found: readonly Difference[],
  others: readonly FaceDifference[],
): FaceDecisions<Difference> {
  const isDisputed = (one: Difference) =>
    one.sourceFaceId !== null &&
    others.some((other) =>
      other.sourceFaceId === one.sourceFaceId && other.mirrorFaceId !== one.mirrorFaceId && !other.isSettled &&
      (other.kind !== one.kind || other.counterpartId !== one.counterpartId)
    );
  const open = found.filter(({ isSettled }) => !isSettled);
  const judged = open.map((one) => ({
    ...one,
    because: one.because ?? (isDisputed(one) ? 'recipients-differ' : null),
  }));
  return {
    settled: found.filter(({ isSettled }) => isSettled),
    corrections: open.filter((_, index) => judged[index]?.because === null),
    conflicts: judged.flatMap((one) => one.because === null ? [] : [{ ...one, because: one.because }]),
  };
}

/**
 * What the target of a job has done with faces, and what is to become of it, page by page. Nothing is stored of it. Reads only.
 */
export async function* findFaceDecisions(
  view: Pick<View, 'sql' | 'schema' | 'limits' | 'jobs' | 'leftOut' | 'scope'>,
  job: Job,
): AsyncGenerator<FaceDecisions<NamedFaceDifference>> {
  const { limits: { search }, scope } = view;
  const others = workable(view).filter((other) =>
    takesFacesBack(other) && other.sourceUserId === job.sourceUserId && other.targetUserId !== job.targetUserId
  );
  const pages = searchPages(
    (after?: FaceDifference) => readFaceDifferences(view, job, { scope, after, limit: search }),
    search,
  );
  for await (const found of pages) {
    const sources = [...new Set(found.map(({ sourceAssetId }) => sourceAssetId))];
    const theirs: FaceDifference[] = [];
    for (const other of others) theirs.push(...await readFaceDifferences(view, other, { scope: sources }));
    yield decideFaces(found, theirs);
  }
}

/** Which faces are meant. */
export interface FaceChoice {
  readonly scope: Scope;
  /** Of mirrors; undefined: all. */
  readonly mirrorFaceIds?: readonly string[];
  readonly after?: FaceDifference | undefined;
  readonly limit?: number;
}

/** What the target of a job has done with faces on mirrors that it means, and is not at the source yet. Nothing of a photo that either side has locked, or has in the trash. Reads only. */
export async function readFaceDifferences(
  { sql, schema }: Pick<View, 'sql' | 'schema'>,
  job: Job,
  { scope, mirrorFaceIds, after, limit }: FaceChoice,
): Promise<NamedFaceDifference[]> {
  const { personKey, faceKey } = schema.people;
  const owner = sql(faceKey);
  const isAsked = mirrorFaceIds === undefined ? sql`true` : sql`mirror.id = ANY (${mirrorFaceIds as string[]}::uuid[])`;
  const sum = faceSum(sql, schema);
  const nameOf = (person: Fragment, userId: string) =>
    sql`(SELECT known.name FROM person known WHERE known.${
      sql(personKey)
    } = ${person} AND known."ownerId" = ${userId})`;
  return await sql<NamedFaceDifference[]>`
    WITH found AS MATERIALIZED (
      SELECT m.mirror_asset_id, fm.source_face_id, mirror.id AS mirror_face_id
      FROM immich_sidecar.face_map fm
      JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = fm.mirror_asset_id
      JOIN asset_face f ON f.id = fm.source_face_id
      JOIN asset_face mirror ON mirror.id = fm.mirror_face_id
      WHERE ${isLookedAt(sql, job, scope)}
        AND ${isAsked}
        AND ${isChangedByOwner(sql, schema, job.targetUserId)}
      UNION ALL
      SELECT m.mirror_asset_id, NULL, mirror.id
      FROM immich_sidecar.asset_map m
      JOIN asset_face mirror
        ON mirror."assetId" = m.mirror_asset_id
        AND mirror."sourceType" = 'manual'
        AND mirror."deletedAt" IS NULL
      WHERE ${isLookedAt(sql, job, scope)}
        AND ${isAsked}
        AND NOT EXISTS (
          SELECT 1
          FROM immich_sidecar.face_map known
          WHERE known.mirror_asset_id = m.mirror_asset_id AND known.mirror_face_id = mirror.id
        )
        AND ${isSomebody(sql, schema, sql`mirror.${owner}`, job.targetUserId)}
    ),
    compared AS (
      SELECT
        CASE
          WHEN found.source_face_id IS NULL THEN 'added'
          WHEN mirror."deletedAt" IS NOT NULL THEN 'deleted'
          ELSE 'moved'
        END AS kind,
        m.source_asset_id AS "sourceAssetId",
        m.mirror_asset_id AS "mirrorAssetId",
        mirror.id AS "mirrorFaceId",
        coalesce(found.source_face_id, same.id) AS "sourceFaceId",
        mirror.${owner} AS "personId",
        counterpart.id AS "counterpartId",
        coalesce(counterpart.is_made, false) AS "isMade",
        same.id IS NOT NULL OR coalesce(
          mirror."deletedAt" IS NULL AND f."deletedAt" IS NULL AND counterpart.id = f.${owner}, false
        ) AS "isSettled",
        CASE
          WHEN found.source_face_id IS NULL THEN CASE WHEN ${isOldOrUndone(sql)} THEN 'base-unknown' END
          WHEN fm.source_sum IS NULL THEN 'base-unknown'
          WHEN fm.source_sum <> ${sum} THEN 'both-changed'
          WHEN mirror."deletedAt" IS NULL
            AND f."sourceType" = 'machine-learning'
            AND f."updateId" <> fm.source_update_id THEN 'both-changed'
        END AS because,
        coalesce(${sum}::text, '') AS "sourceSum",
        ${mirrorFaceSum(sql, schema)}::text AS sum,
        a."originalFileName" AS "fileName",
        f.${owner} AS "sourcePersonId",
        ${nameOf(sql`f.${owner}`, job.sourceUserId)} AS "sourceName",
        ${nameOf(sql`mirror.${owner}`, job.targetUserId)} AS name,
        coalesce(f."deletedAt" IS NULL AND f.id IS NOT NULL, false) AS "isAtSource",
        -- That the target has two people of that name is no news each time.
        fm.source_sum = ${sum}
          AND fm.source_update_id = f."updateId"
          AND CASE
            WHEN mapped.${sql(personKey)} IS NULL THEN known_person.origin_person_id IS NOT NULL
            ELSE coalesce(fm.person_id = mapped.${sql(personKey)}, false)
          END AS is_noted
      FROM found
      JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = found.mirror_asset_id
      JOIN asset a ON a.id = m.source_asset_id AND a.visibility <> 'locked'
      JOIN asset shown
        ON shown.id = m.mirror_asset_id
        AND shown."ownerId" = m.target_user_id
        AND shown.visibility <> 'locked'
        AND ${isPresent(sql, 'shown')}
      JOIN asset_face mirror ON mirror.id = found.mirror_face_id
      LEFT JOIN immich_sidecar.face_map fm
        ON fm.mirror_asset_id = m.mirror_asset_id AND fm.source_face_id = found.source_face_id
      LEFT JOIN asset_face f ON f.id = found.source_face_id
      ${joinMappedPerson(sql, schema)}
      LEFT JOIN LATERAL ${counterpartOf(sql, schema, job)} AS counterpart ON mirror."deletedAt" IS NULL
      LEFT JOIN LATERAL ${drawnByBoth(sql, schema)} AS same ON found.source_face_id IS NULL
      WHERE ${unguessed(sql, isMeant(sql, job))}
    )
    SELECT *
    FROM compared
    WHERE NOT ("isSettled" AND coalesce(is_noted, false))
      AND (kind = 'deleted' OR "counterpartId" IS NOT NULL OR because IS NOT NULL)
      AND ${after === undefined ? sql`true` : sql`"mirrorFaceId" > ${after.mirrorFaceId}::uuid`}
    ORDER BY "mirrorFaceId"
    LIMIT ${limit ?? null}`;
}

/** What the target says of the face `mirror`. */
export function mirrorFaceSum(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`
    md5(ROW(
      mirror."boundingBoxX1", mirror."boundingBoxY1", mirror."boundingBoxX2", mirror."boundingBoxY2",
      mirror."deletedAt" IS NULL, mirror.${sql(schema.people.faceKey)}
    )::text)::uuid`;
}

/** Whether a face that is drawn on a mirror is from before we knew the mirror, so that it may be the copy of one that the source has removed since; or was taken from the source again by undo-merge. */
function isOldOrUndone(sql: Sql): Fragment {
  return sql`(
    mirror."updatedAt" <= m.created_at
    OR EXISTS (
      SELECT 1
      FROM immich_sidecar_both_ways.written w
      WHERE w.source_asset_id = m.source_asset_id
        AND w.field = 'face'
        AND w.after->'face'->>'mirrorId' = mirror.id::text
        AND w.undone_at >= mirror."updatedAt"
    )
  )`;
}
