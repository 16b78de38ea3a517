import { existsSync } from 'node:fs';
import { FileProblem } from '../../files/problem.ts';
import { personThumbnailPath } from '../../immich/layout.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { countInBatches, inBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import { type Files, type Tools, type View, workable } from '../cycle/tools.ts';
import { forgetEntries, recordLinks } from '../mirrors/journal.ts';
import { type Cover, type CoverPlan, entryOf, type MadeCover, makeThumbnails } from '../people/covers.ts';
import { whoseAreOurs } from '../people/native_shares.ts';
import { fieldList, followRows, isOurs, seenUser, sharersOf } from '../people/seen.ts';
import { definePhase, eachPage, linesOf, type PlanLine, type Tally } from './phase.ts';

/** People of a target who are mirrors and whose origin says something new; one kind at a time, in this order. */
export type PeoplePage =
  /** Mirrors whose origin has another name, visibility, birth date or colour than we wrote last, and shows them to the target. */
  | { readonly changed: readonly ChangedPerson[] }
  | { readonly covers: readonly CoverPlan[] };

interface ChangedPerson {
  readonly originPersonId: string;
  readonly mirrorPersonId: string;
}

/** Lets people follow their origins: names and the like, and covers. With somebody with whom nothing is shared any more they stay as they are. */
export const people = definePhase({
  name: 'people',
  what: 'Carries names, birth dates, colours, visibility and covers of people over.',
  per: 'target',
  counts: { peopleUpdated: 'people updated', thumbnailsLeft: 'thumbnails of people left to Immich' },
  plan: planPeople,
  apply: eachPage(applyPeople),
  describe: (page: PeoplePage): PlanLine[] =>
    'changed' in page
      ? linesOf('~', 'people to update', page.changed, ({ mirrorPersonId }) => `person ${mirrorPersonId}`)
      : linesOf('~', 'covers to set', page.covers, ({ mirrorPersonId }) => `cover of person ${mirrorPersonId}`),
});

async function* planPeople(view: View, targetUserId: string): AsyncGenerator<PeoplePage> {
  if (!workable(view).some((job) => job.targetUserId === targetUserId)) return;
  const { search } = view.limits;
  const changes = searchPages((after?: ChangedPerson) => findChanged(view, targetUserId, after), search);
  for await (const changed of changes) yield { changed };
  const planned = new Set<string>();
  for await (const covers of searchPages((after?: CoverPlan) => findCovers(view, targetUserId, after), search)) {
    for (const { mirrorPersonId } of covers) planned.add(mirrorPersonId);
    yield { covers };
  }
  if (view.scope !== 'all') return;
  for await (const known of searchPages((after?: CoverPlan) => findThumbnails(view, targetUserId, after), search)) {
    const covers = known.filter((cover) =>
      !planned.has(cover.mirrorPersonId) &&
      isStale(cover, personThumbnailPath(view.mediaLocation, targetUserId, cover.mirrorPersonId).path, view.files)
    );
    if (covers.length > 0) yield { covers };
  }
}

async function findChanged(
  { sql, schema, limits }: View,
  targetUserId: string,
  after: ChangedPerson | undefined,
): Promise<ChangedPerson[]> {
  const { personKey } = schema.people;
  return await sql<ChangedPerson[]>`
    WITH found AS MATERIALIZED (
      SELECT pm.origin_person_id AS "originPersonId", pm.mirror_person_id AS "mirrorPersonId"
      FROM immich_sidecar.person_map pm
      JOIN person origin ON origin.${sql(personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
      WHERE pm.target_user_id = ${targetUserId}
        AND ${isOurs(sql, schema)}
        AND ${after === undefined ? sql`true` : sql`pm.origin_person_id > ${after.originPersonId}`}
        AND CASE
          WHEN (${fieldList(sql, 'origin', 'column')}) IS DISTINCT FROM (${fieldList(sql, 'pm', 'written')})
            AND ${seenUser(sql)} = pm.origin_owner_id
            THEN EXISTS (SELECT 1 FROM ${sharersOf(sql, schema)} AS sharer WHERE sharer.user_id = pm.origin_owner_id)
          ELSE false
        END
    )
    SELECT *
    FROM found
    ORDER BY "originPersonId"
    LIMIT ${limits.search}`;
}

/**
 * The thumbnail of a person is a cut-out of one photo. It is shared only while the target can see that very photo;
 * otherwise a locked or private photo would show through.
 */
async function findCovers(
  { sql, schema, limits }: View,
  targetUserId: string,
  after: CoverPlan | undefined,
): Promise<CoverPlan[]> {
  const { personKey, faceKey } = schema.people;
  return await sql<CoverPlan[]>`
    SELECT
      wanted.mirror_person_id AS "mirrorPersonId",
      wanted.cover_face_id AS "coverFaceId",
      wanted.fallback_face_id AS "fallbackFaceId",
      wanted.thumbnail_path AS "sourceThumbnailPath",
      ${cutOf(sql, schema, sql`wanted.fallback_face_id`)} AS cut
    FROM (
      SELECT
        pm.mirror_person_id,
        pm.cover_face_id AS written_face_id,
        mirror."faceAssetId" AS current_face_id,
        ${isSeen(sql, schema, sql`mirror."faceAssetId"`)} AS is_current_seen,
        -- Another one than we wrote is the target's own choice, as long as its photo is there.
        mirror."faceAssetId" <> pm.cover_face_id AS is_chosen,
        origin."thumbnailPath" AS thumbnail_path,
        (
          SELECT fm.mirror_face_id
          FROM asset_face cover
          JOIN immich_sidecar.asset_map m
            ON m.source_asset_id = cover."assetId" AND m.target_user_id = ${targetUserId}
          JOIN immich_sidecar.face_map fm
            ON fm.mirror_asset_id = m.mirror_asset_id AND fm.source_face_id = cover.id
          WHERE cover.id = origin."faceAssetId"
            AND ${isSeen(sql, schema, sql`fm.mirror_face_id`)}
          LIMIT 1
        ) AS cover_face_id,
        CASE
          WHEN pm.cover_face_id IS NOT NULL OR NOT ${isSeen(sql, schema, sql`mirror."faceAssetId"`)} THEN (
            SELECT f.id
            FROM asset_face f
            WHERE f.${sql(faceKey)} = pm.mirror_person_id
              AND f."deletedAt" IS NULL
              AND (SELECT a."ownerId" FROM asset a WHERE a.id = f."assetId") = ${targetUserId}
            ORDER BY
              ${isShown(sql, schema)} DESC,
              (f."boundingBoxX2" - f."boundingBoxX1") * (f."boundingBoxY2" - f."boundingBoxY1") DESC,
              -- Of two that are alike the same one each time: ids of mirrored faces are made anew.
              (
                SELECT known.source_face_id
                FROM immich_sidecar.face_map known
                WHERE known.mirror_asset_id = f."assetId" AND known.mirror_face_id = f.id
              ),
              f.id
            LIMIT 1
          )
        END AS fallback_face_id
      FROM immich_sidecar.person_map pm
      JOIN person origin ON origin.${sql(personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
      JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = ${targetUserId}
      WHERE pm.target_user_id = ${targetUserId}
        AND ${isOurs(sql, schema)}
        AND ${after === undefined ? sql`true` : sql`pm.mirror_person_id > ${after.mirrorPersonId}`}
    ) AS wanted
    WHERE (
        wanted.cover_face_id IS DISTINCT FROM wanted.written_face_id
        AND NOT coalesce(wanted.is_chosen AND wanted.cover_face_id IS NOT NULL, false)
      )
      OR (wanted.current_face_id IS NULL AND wanted.fallback_face_id IS NOT NULL)
      OR (NOT wanted.is_current_seen AND ${isSeen(sql, schema, sql`wanted.fallback_face_id`)})
    ORDER BY wanted.mirror_person_id
    LIMIT ${limits.search}`;
}

/** Where a face is, and the preview that it can be cut out of. Of a photo that was edited there are two, and faces lie in the one without edits. */
function cutOf(sql: Sql, schema: ImmichSchema, faceId: Fragment): Fragment {
  return sql`(
    SELECT json_build_object(
      'imageWidth', f."imageWidth", 'imageHeight', f."imageHeight", 'x1', f."boundingBoxX1", 'y1', f."boundingBoxY1",
      'x2', f."boundingBoxX2", 'y2', f."boundingBoxY2", 'previewPath', preview.path
    )
    FROM asset_face f
    JOIN asset_file preview ON preview."assetId" = f."assetId" AND preview.type = 'preview'
    WHERE f.id = ${faceId}
      ${schema.has('asset_file', 'isEdited') ? sql`AND NOT preview."isEdited"` : sql``}
    LIMIT 1
  )`;
}

/** Whether this face is there, was not removed, and no crop leaves it out. */
function isSeen(sql: Sql, schema: ImmichSchema, faceId: Fragment): Fragment {
  return sql`
    ((SELECT f.id FROM asset_face f WHERE f.id = ${faceId} AND f."deletedAt" IS NULL AND ${
    isShown(sql, schema)
  }) IS NOT NULL)`;
}

/** Whether the face `f` is to be seen: from 2.5 on one that a crop leaves out is not. */
function isShown(sql: Sql, schema: ImmichSchema): Fragment {
  return schema.has('asset_face', 'isVisible') ? sql`f."isVisible"` : sql`f."deletedAt" IS NULL`;
}

/** People whose thumbnail is a copy of their origin's, or was cut out of a photo. */
async function findThumbnails(
  { sql, schema, limits }: View,
  targetUserId: string,
  after: CoverPlan | undefined,
): Promise<CoverPlan[]> {
  const { personKey } = schema.people;
  return await sql<CoverPlan[]>`
    SELECT
      pm.mirror_person_id AS "mirrorPersonId",
      pm.cover_face_id AS "coverFaceId",
      CASE WHEN pm.cover_face_id IS NULL THEN mirror."faceAssetId" END AS "fallbackFaceId",
      CASE WHEN pm.cover_face_id IS NULL THEN ${cutOf(sql, schema, sql`mirror."faceAssetId"`)} END AS cut,
      origin."thumbnailPath" AS "sourceThumbnailPath"
    FROM immich_sidecar.person_map pm
    JOIN person origin ON origin.${sql(personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
    JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    WHERE pm.target_user_id = ${targetUserId}
      AND ${isOurs(sql, schema)}
      AND ${after === undefined ? sql`true` : sql`pm.mirror_person_id > ${after.mirrorPersonId}`}
      AND mirror."faceAssetId" = coalesce(pm.cover_face_id, mirror."faceAssetId")
      AND (pm.cover_face_id IS NOT NULL OR mirror."thumbnailPath" <> '')
    ORDER BY pm.mirror_person_id
    LIMIT ${limits.search}`;
}

/**
 * Whether a thumbnail is not on disk, or not what the source has by now: Immich makes them anew under the same name, which shows in no
 * row. One that the source has lost is left. One that was cut out of another photo is not to be the source's, as it may be after an older backup was restored.
 */
function isStale(cover: CoverPlan, thumbnailPath: string, { linker, paths }: Files): boolean {
  const [source, target] = [paths.toLocal(cover.sourceThumbnailPath), paths.toLocal(thumbnailPath)];
  if (source === undefined || target === undefined) return false;
  try {
    if (cover.coverFaceId !== null) return !linker.isCopy(linker.inspect(source), target);
    return !existsSync(target) || (existsSync(source) && linker.isCopy(linker.inspect(source), target));
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    return false;
  }
}

async function applyPeople(
  tools: Tools,
  targetUserId: string,
  page: PeoplePage,
  tally: Tally<'peopleUpdated' | 'thumbnailsLeft'>,
): Promise<void> {
  const { database, schema, files, mediaLocation } = tools;
  const onRefused = (_person: unknown, error: unknown) => tally.problem(refused(error, { table: 'person' }));
  if ('changed' in page) {
    const update = async (tx: Sql, batch: ChangedPerson[]) =>
      await updatePeople(tx, schema, targetUserId, await whoseAreOurs(tx, schema, targetUserId, batch));
    tally.add('peopleUpdated', await countInBatches(database, page.changed, update, onRefused, 'READ COMMITTED'));
    return;
  }
  const record = async (tx: Sql, planned: CoverPlan[]) => {
    const batch = (await whoseAreOurs(tx, schema, targetUserId, planned)).map((cover): Cover => ({
      ...cover,
      ...personThumbnailPath(mediaLocation, targetUserId, cover.mirrorPersonId),
    }));
    await recordLinks(tx, batch.filter(({ coverFaceId, cut }) => coverFaceId !== null || cut !== null).map(entryOf));
    return batch;
  };
  const covers = (await inBatches(database, page.covers, record, onRefused, 'READ COMMITTED')).flat();
  const linked = makeThumbnails(covers, files, (problem) => tally.problem(problem));
  tally.add('thumbnailsLeft', linked.filter((cover) => !cover.hasThumbnail && hasFace(cover)).length);
  const set = async (tx: Sql, batch: typeof linked) =>
    await setCovers(tx, schema, targetUserId, await whoseAreOurs(tx, schema, targetUserId, batch));
  tally.add('peopleUpdated', await countInBatches(database, linked, set, onRefused, 'READ COMMITTED'));
}

function hasFace({ coverFaceId, fallbackFaceId }: CoverPlan): boolean {
  return (coverFaceId ?? fallbackFaceId) !== null;
}

async function setCovers(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  covers: readonly MadeCover[],
): Promise<number> {
  const { personKey } = schema.people;
  const input = tx`
    jsonb_to_recordset(${tx.json(covers as never)}) AS input (
      "mirrorPersonId" uuid, "coverFaceId" uuid, "fallbackFaceId" uuid, path text, "hasThumbnail" boolean
    )`;
  const updated = await tx`
    UPDATE person mirror
    SET "faceAssetId" = coalesce(input."coverFaceId", input."fallbackFaceId"),
        "thumbnailPath" = CASE WHEN input."hasThumbnail" THEN input.path ELSE '' END
    FROM ${input}
    WHERE mirror.${tx(personKey)} = input."mirrorPersonId"
      AND mirror."ownerId" = ${targetUserId}`;
  await tx`
    UPDATE immich_sidecar.person_map pm
    SET cover_face_id = input."coverFaceId"
    FROM ${input}
    WHERE pm.mirror_person_id = input."mirrorPersonId"
      AND pm.is_ours
      AND pm.target_user_id = ${targetUserId}`;
  await forgetEntries(tx, covers.filter(({ hasThumbnail }) => !hasThumbnail).map(entryOf));
  return updated.count;
}

/** Lets them follow their origins. */
async function updatePeople(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  people: readonly ChangedPerson[],
): Promise<number> {
  return await followRows(tx, schema, {
    targetUserId,
    originIds: people.map(({ originPersonId }) => originPersonId),
    join: tx`
      JOIN person said
        ON said.${tx(schema.people.personKey)} = pm.origin_person_id AND said."ownerId" = pm.origin_owner_id`,
    isNew: () => tx`true`,
  });
}
