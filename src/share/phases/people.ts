import { getLogger } from '@logtape/logtape';
import { FileProblem } from '../../files/problem.ts';
import { personThumbnailPath } from '../../immich/layout.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { describeProblem } from '../../problems/problem.ts';
import { countInBatches, inBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import { type Files, type Tools, type View, workable } from '../cycle/tools.ts';
import { forgetEntries, type JournalEntry, notRemoved, recordLinks, removeFiles } from '../mirrors/journal.ts';
import { whoseAreOurs } from '../people/native_shares.ts';
import { fieldList, followRows, isOurs, seenUser, sharersOf } from '../people/seen.ts';
import { definePhase, eachPage, linesOf, type PlanLine, type Tally } from './phase.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** People of a target who are mirrors and whose origin says something new; one kind at a time, in this order. */
export type PeoplePage =
  /** Mirrors whose origin has another name, visibility, birth date or colour than we wrote last, and shows them to the target. */
  | { readonly changed: readonly ChangedPerson[] }
  | { readonly covers: readonly CoverPlan[] };

interface ChangedPerson {
  readonly originPersonId: string;
  readonly mirrorPersonId: string;
}

/** The cover a mirrored person gets. */
export interface CoverPlan {
  readonly mirrorPersonId: string;
  /** The mirrored face that the source's cover shows, if the target can see that photo. */
  readonly coverFaceId: string | null;
  /** Otherwise the largest face that they can see; Immich makes the thumbnail from it. */
  readonly fallbackFaceId: string | null;
  readonly sourceThumbnailPath: string;
}

/** Lets people follow their origins: names and the like, and covers. With somebody with whom nothing is shared any more they stay as they are. */
export const people = definePhase({
  name: 'people',
  what: 'Carries names, birth dates, colours, visibility and covers of people over.',
  per: 'target',
  counts: { peopleUpdated: 'people updated' },
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
      wanted.thumbnail_path AS "sourceThumbnailPath"
    FROM (
      SELECT
        pm.mirror_person_id,
        pm.cover_face_id AS written_face_id,
        mirror."faceAssetId" AS current_face_id,
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
            AND (SELECT f.id FROM asset_face f WHERE f.id = fm.mirror_face_id AND f."deletedAt" IS NULL) IS NOT NULL
          LIMIT 1
        ) AS cover_face_id,
        CASE
          WHEN mirror."faceAssetId" IS NULL OR pm.cover_face_id IS NOT NULL THEN (
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
    ORDER BY wanted.mirror_person_id
    LIMIT ${limits.search}`;
}

/** Whether the face `f` is to be seen: from 2.5 on one that a crop leaves out is not. */
function isShown(sql: Sql, schema: ImmichSchema): Fragment {
  return schema.has('asset_face', 'isVisible') ? sql`f."isVisible"` : sql`f."deletedAt" IS NULL`;
}

/** People whose thumbnail is a copy of their origin's. */
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
      NULL AS "fallbackFaceId",
      origin."thumbnailPath" AS "sourceThumbnailPath"
    FROM immich_sidecar.person_map pm
    JOIN person origin ON origin.${sql(personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
    JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    WHERE pm.target_user_id = ${targetUserId}
      AND ${isOurs(sql, schema)}
      AND ${after === undefined ? sql`true` : sql`pm.mirror_person_id > ${after.mirrorPersonId}`}
      AND pm.cover_face_id IS NOT NULL
      AND mirror."faceAssetId" = pm.cover_face_id
    ORDER BY pm.mirror_person_id
    LIMIT ${limits.search}`;
}

/**
 * Whether a thumbnail is not on disk, or not what the source has by now: Immich makes them anew under the same name, which shows in no
 * row. One that the source has lost is left.
 */
function isStale(cover: CoverPlan, thumbnailPath: string, { linker, paths }: Files): boolean {
  const [source, target] = [paths.toLocal(cover.sourceThumbnailPath), paths.toLocal(thumbnailPath)];
  if (source === undefined || target === undefined) return false;
  try {
    return !linker.isCopy(linker.inspect(source), target);
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    return false;
  }
}

async function applyPeople(
  tools: Tools,
  targetUserId: string,
  page: PeoplePage,
  tally: Tally<'peopleUpdated'>,
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
    await recordLinks(tx, batch.filter(({ coverFaceId }) => coverFaceId !== null).map(entryOf));
    return batch;
  };
  const covers = (await inBatches(database, page.covers, record, onRefused, 'READ COMMITTED')).flat();
  const linked = covers.flatMap((cover) => {
    const hasThumbnail = copyThumbnail(cover, files, tally);
    return hasThumbnail === undefined ? [] : [{ ...cover, hasThumbnail }];
  });
  const set = async (tx: Sql, batch: typeof linked) =>
    await setCovers(tx, schema, targetUserId, await whoseAreOurs(tx, schema, targetUserId, batch));
  tally.add('peopleUpdated', await countInBatches(database, linked, set, onRefused, 'READ COMMITTED'));
}

/** A cover and where its thumbnail lies. */
interface Cover extends CoverPlan {
  readonly path: string;
  readonly keep: string;
}

function entryOf({ mirrorPersonId, path, keep }: Cover): JournalEntry {
  return { mirrorId: mirrorPersonId, path, keep };
}

/**
 * Copies the source's thumbnail if its photo can be seen, else takes ours away. Returns whether there is one; when there is
 * none, Immich makes one from the cover face by itself. A copy and not a link: Immich writes a new cover into the file in
 * place, and either side would see the other's, be it of a private photo (docs/immich.md). Returns undefined when ours could
 * not be taken away; the next cycle tries again.
 */
function copyThumbnail(cover: Cover, files: Files, tally: Tally): boolean | undefined {
  const { linker, paths } = files;
  const [source, target] = [paths.toLocal(cover.sourceThumbnailPath), paths.toLocal(cover.path)];
  if (cover.coverFaceId !== null && source !== undefined && target !== undefined) {
    try {
      linker.copy(linker.inspect(source), target);
      return true;
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      logger.warn('thumbnail of a person: {problem}; Immich will make one', {
        problem: describeProblem(error.toProblem({})),
      });
    }
  }
  const [failed] = removeFiles([entryOf(cover)], files);
  if (failed === undefined) return false;
  tally.problem(notRemoved(failed));
  return undefined;
}

async function setCovers(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  covers: readonly (Cover & { readonly hasThumbnail: boolean })[],
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
