import { getLogger } from '@logtape/logtape';
import { FileProblem } from '../../files/problem.ts';
import { personThumbnailPath } from '../../immich/layout.ts';
import { isNativelyShared } from '../../immich/native_shares.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { inBatches } from '../cycle/batches.ts';
import type { Context } from '../cycle/context.ts';
import { forgetEntries, type JournalEntry, recordLinks, removeFiles } from '../mirrors/journal.ts';
import { lockOwnPeople } from '../people/native_shares.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** People of a target who are mirrors and whose origin says something new. */
export interface PeoplePlan {
  /** Mirrors whose origin has another name, visibility, birth date or colour than we wrote last. */
  readonly changed: readonly string[];
  readonly covers: readonly CoverPlan[];
}

/** The cover a mirrored person gets. */
export interface CoverPlan {
  readonly mirrorPersonId: string;
  /** The mirrored face that the source's cover shows, if the target can see that photo. */
  readonly coverFaceId: string | null;
  /** Otherwise the largest face that he can see; Immich makes the thumbnail from it. */
  readonly fallbackFaceId: string | null;
  readonly sourceThumbnailPath: string;
}

/** Finds people to update. Reads only. */
export async function planPeople(sql: Sql, schema: ImmichSchema, targetUserId: string): Promise<PeoplePlan> {
  const { personKey } = schema.people;
  const changed = await sql<{ id: string }[]>`
    SELECT pm.mirror_person_id AS id
    FROM immich_sidecar.person_map pm
    JOIN person origin ON origin.${sql(personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
    WHERE pm.target_user_id = ${targetUserId}
      AND ${isOurs(sql, schema)}
      AND (origin.name, origin."isHidden", origin."birthDate", origin.color)
        IS DISTINCT FROM (pm.name, pm.is_hidden, pm.birth_date, pm.color)`;
  return { changed: changed.map(({ id }) => id), covers: await planCovers(sql, schema, targetUserId) };
}

/** Whether the row that the person `pm` has in the target's account is ours to change. */
function isOurs(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`(
    pm.is_ours AND NOT ${isNativelyShared(sql, schema, sql`pm.target_user_id`, sql`pm.mirror_person_id`)}
  )`;
}

/**
 * The thumbnail of a person is a cut-out of one photo. It is shared only while the target can see that very photo;
 * otherwise a locked or private photo would show through.
 */
async function planCovers(sql: Sql, schema: ImmichSchema, targetUserId: string): Promise<CoverPlan[]> {
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
            ORDER BY (f."boundingBoxX2" - f."boundingBoxX1") * (f."boundingBoxY2" - f."boundingBoxY1") DESC, f.id
            LIMIT 1
          )
        END AS fallback_face_id
      FROM immich_sidecar.person_map pm
      JOIN person origin ON origin.${sql(personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
      JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = ${targetUserId}
      WHERE pm.target_user_id = ${targetUserId}
        AND ${isOurs(sql, schema)}
    ) AS wanted
    WHERE wanted.cover_face_id IS DISTINCT FROM wanted.written_face_id
      OR (wanted.current_face_id IS NULL AND wanted.fallback_face_id IS NOT NULL)`;
}

/**
 * Finds thumbnails of mirrored people that are not on disk, or not what the source has by now: Immich makes them anew under the same
 * name, which shows in no row. Looks at the disk; for full cycles.
 */
export async function planStaleThumbnails(
  context: Context,
  media: string,
  targetUserId: string,
): Promise<CoverPlan[]> {
  const { personKey } = context.schema.people;
  const covers = await context.sql<CoverPlan[]>`
    SELECT
      pm.mirror_person_id AS "mirrorPersonId",
      pm.cover_face_id AS "coverFaceId",
      NULL AS "fallbackFaceId",
      origin."thumbnailPath" AS "sourceThumbnailPath"
    FROM immich_sidecar.person_map pm
    JOIN person origin
      ON origin.${context.sql(personKey)} = pm.origin_person_id
      AND origin."ownerId" = pm.origin_owner_id
    JOIN person mirror
      ON mirror.${context.sql(personKey)} = pm.mirror_person_id
      AND mirror."ownerId" = ${targetUserId}
    WHERE pm.target_user_id = ${targetUserId}
      AND ${isOurs(context.sql, context.schema)}
      AND pm.cover_face_id IS NOT NULL
      AND mirror."faceAssetId" = pm.cover_face_id`;
  return covers.filter((cover) => {
    const [source, target] = [
      cover.sourceThumbnailPath,
      personThumbnailPath(media, targetUserId, cover.mirrorPersonId).path,
    ]
      .map((path) => context.paths.toLocal(path));
    if (source === undefined || target === undefined) return false;
    try {
      return !context.linker.isCopy(context.linker.inspect(source), target);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      return false;
    }
  });
}

/** Makes the target's people follow. Returns how many changed. */
export async function applyPeople(
  context: Context,
  media: string,
  targetUserId: string,
  plan: PeoplePlan,
): Promise<number> {
  const { schema } = context;
  const updated = await inBatches(context, plan.changed, async (tx, batch) => {
    return await updatePeople(tx, schema, targetUserId, await lockOwnPeople(tx, schema, targetUserId, batch));
  }, 'READ COMMITTED');
  const covers: Cover[] = [];
  for (let start = 0; start < plan.covers.length; start += context.limits.batch) {
    const planned = plan.covers.slice(start, start + context.limits.batch);
    covers.push(
      ...await context.transaction(async (tx) => {
        const batch = (await whoseAreOurs(tx, schema, targetUserId, planned)).map((cover): Cover => ({
          ...cover,
          ...personThumbnailPath(media, targetUserId, cover.mirrorPersonId),
        }));
        await recordLinks(tx, batch.filter(({ coverFaceId }) => coverFaceId !== null).map(entryOf));
        return batch;
      }, 'READ COMMITTED'),
    );
  }
  const linked = covers.flatMap((cover) => {
    const hasThumbnail = copyThumbnail(context, cover);
    return hasThumbnail === undefined ? [] : [{ ...cover, hasThumbnail }];
  });
  return updated + await inBatches(context, linked, async (tx, batch) => {
    return await setCovers(tx, schema, targetUserId, await whoseAreOurs(tx, schema, targetUserId, batch));
  }, 'READ COMMITTED');
}

/** Of these covers those of people whose rows are ours to change; the rows are locked. */
async function whoseAreOurs<T extends CoverPlan>(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  covers: readonly T[],
): Promise<T[]> {
  const ours = new Set(await lockOwnPeople(tx, schema, targetUserId, covers.map((cover) => cover.mirrorPersonId)));
  return covers.filter(({ mirrorPersonId }) => ours.has(mirrorPersonId));
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
function copyThumbnail(context: Context, cover: Cover): boolean | undefined {
  const { linker, paths } = context;
  const [source, target] = [paths.toLocal(cover.sourceThumbnailPath), paths.toLocal(cover.path)];
  if (cover.coverFaceId !== null && source !== undefined && target !== undefined) {
    try {
      linker.copy(linker.inspect(source), target);
      return true;
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      logger.warn('thumbnail of a person: {problem}; Immich will make one', { problem: error.message });
    }
  }
  const [failed] = removeFiles([entryOf(cover)], linker, paths);
  if (failed === undefined) return false;
  logger.warn('thumbnail of a person: {problem}', { problem: failed.problem.message });
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

/** Writes each field that the source changed and the target has not touched. */
async function updatePeople(tx: Sql, schema: ImmichSchema, targetUserId: string, ids: string[]): Promise<number> {
  const { personKey } = schema.people;
  const updated = await tx`
    UPDATE person mirror
    SET name = CASE WHEN mirror.name IS NOT DISTINCT FROM pm.name THEN origin.name ELSE mirror.name END,
        "isHidden" = CASE WHEN mirror."isHidden" IS NOT DISTINCT FROM pm.is_hidden THEN origin."isHidden" ELSE mirror."isHidden" END,
        "birthDate" = CASE WHEN mirror."birthDate" IS NOT DISTINCT FROM pm.birth_date THEN origin."birthDate" ELSE mirror."birthDate" END,
        color = CASE WHEN mirror.color IS NOT DISTINCT FROM pm.color THEN origin.color ELSE mirror.color END
    FROM immich_sidecar.person_map pm
    JOIN person origin ON origin.${tx(personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
    WHERE pm.target_user_id = ${targetUserId}
      AND pm.mirror_person_id = ANY (${ids}::uuid[])
      AND pm.is_ours
      AND mirror.${tx(personKey)} = pm.mirror_person_id
      AND mirror."ownerId" = ${targetUserId}`;
  await tx`
    UPDATE immich_sidecar.person_map pm
    SET name = origin.name, is_hidden = origin."isHidden", birth_date = origin."birthDate", color = origin.color
    FROM person origin
    WHERE pm.target_user_id = ${targetUserId}
      AND pm.mirror_person_id = ANY (${ids}::uuid[])
      AND pm.is_ours
      AND origin.${tx(personKey)} = pm.origin_person_id
      AND origin."ownerId" = pm.origin_owner_id`;
  return updated.count;
}
