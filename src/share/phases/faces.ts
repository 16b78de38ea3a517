import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { inBatches } from '../cycle/batches.ts';
import type { Context } from '../cycle/context.ts';
import { copyFaces } from '../people/copy_faces.ts';
import { insertPeople } from '../people/insert_people.ts';
import { isPersonNeeded, isSomebody, joinMappedPerson, joinOrigin } from '../people/person_links.ts';
import type { Job } from '../jobs/job.ts';
import { isWithin, type Scope } from '../cycle/scope.ts';

/** A mirrored face, by the face it mirrors and the photo it is on. */
export interface FaceKey {
  readonly sourceFaceId: string;
  readonly mirrorAssetId: string;
  readonly mirrorFaceId: string;
}

/** A mirrored photo. */
export interface PhotoKey {
  readonly sourceAssetId: string;
  readonly mirrorAssetId: string;
}

/** What has happened to the faces of a job's sources since they were copied. */
export interface FacesPlan {
  /** Mirrored faces whose source is gone though its photo is still there. */
  readonly removedFaces: readonly FaceKey[];
  /** Mirrored faces whose own row is gone: Immich has looked for faces on the mirror again. They are copied anew. */
  readonly lostFaces: readonly FaceKey[];
  /** Faces that Immich has found on mirrors by itself; the source's count. */
  readonly strangeFaceIds: readonly string[];
  /** Photos whose sources have faces that were not copied yet, or faces of people whom the target does not know. */
  readonly photosWithNews: readonly PhotoKey[];
  /** Mirrored faces whose source row has changed: moved, hidden, deleted, or only touched. */
  readonly changedFaces: readonly FaceKey[];
}

/** A mirrored face and the person it belongs to now. */
export interface FaceAssignment extends FaceKey {
  readonly personId: string | null;
}

export interface FacesResult {
  readonly added: number;
  readonly updated: number;
  readonly removed: number;
}

/** Finds faces that came, changed or went. Reads only. */
export async function planFaces(sql: Sql, schema: ImmichSchema, job: Job, scope: Scope): Promise<FacesPlan> {
  return {
    removedFaces: await readRemovedFaces(sql, job, scope),
    lostFaces: await readLostFaces(sql, job, scope),
    strangeFaceIds: await readStrangeFaces(sql, job, scope),
    photosWithNews: await readPhotosWithNews(sql, schema, job, scope),
    changedFaces: await readChangedFaces(sql, job, scope),
  };
}

/** Removed faces go first, as Immich replaces imported faces by new rows. */
export async function applyFaces(context: Context, job: Job, plan: FacesPlan): Promise<FacesResult> {
  const { schema } = context;
  const removed = await inBatches(context, [...plan.removedFaces, ...plan.lostFaces], removeFaces) +
    await inBatches(context, plan.strangeFaceIds, removeStrangers);
  const added = await inBatches(
    context,
    plan.photosWithNews,
    async (tx, batch) => {
      await insertPeople(tx, schema, job, batch.map((photo) => photo.sourceAssetId));
      return await copyFaces(tx, schema, batch.map((photo) => photo.mirrorAssetId));
    },
  );
  const updated = await inBatches(context, plan.changedFaces, (tx, batch) => updateFaces(tx, schema, batch));
  return { added, updated, removed };
}

/**
 * Finds faces that belong to another person than the one we wrote, after a merge or a correction
 * at the source. What the target's owner changed on the mirror stays, as only changes of the source count; but a face
 * that Immich has taken from its person and put on nobody, or on somebody without a name, goes back. A face that is not to be
 * seen waits until it is: that its person has come to the target with another photo shows nowhere on its own. Reads only.
 */
export async function planAssignments(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
  scope: Scope,
): Promise<FaceAssignment[]> {
  const { personKey, faceKey: personOf } = schema.people;
  return await sql<FaceAssignment[]>`
    SELECT ${faceKey(sql)}, mapped.${sql(personKey)} AS "personId"
    FROM immich_sidecar.face_map fm
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = fm.mirror_asset_id
    JOIN asset_face f ON f.id = fm.source_face_id
    LEFT JOIN asset_face mirror ON mirror.id = fm.mirror_face_id
    ${joinMappedPerson(sql, schema)}
    WHERE ${isBetween(sql, job, scope)}
      AND (
        (origin."ownerId" IS NULL AND fm.person_id IS NOT NULL)
        OR (
          mirror."deletedAt" IS NULL
          AND mapped.${sql(personKey)} IS NOT NULL
          AND (
            mapped.${sql(personKey)} IS DISTINCT FROM fm.person_id
            OR (
              mapped.${sql(personKey)} IS DISTINCT FROM mirror.${sql(personOf)}
              AND mirror.id IS NOT NULL
              AND NOT ${isSomebody(sql, schema, sql`mirror.${sql(personOf)}`, job.targetUserId)}
            )
          )
        )
      )`;
}

export async function applyAssignments(context: Context, assignments: readonly FaceAssignment[]): Promise<number> {
  return await inBatches(context, assignments, (tx, batch) => assignFaces(tx, context.schema, batch));
}

async function readRemovedFaces(sql: Sql, job: Job, scope: Scope): Promise<FaceKey[]> {
  return await sql<FaceKey[]>`
    SELECT ${faceKey(sql)}
    FROM immich_sidecar.face_map fm
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = fm.mirror_asset_id
    WHERE ${isBetween(sql, job, scope)}
      AND EXISTS (SELECT 1 FROM asset a WHERE a.id = m.source_asset_id) -- else it is kept by a brake, with its faces
      AND NOT EXISTS (SELECT 1 FROM asset_face f WHERE f.id = fm.source_face_id)`;
}

async function readLostFaces(sql: Sql, job: Job, scope: Scope): Promise<FaceKey[]> {
  return await sql<FaceKey[]>`
    SELECT ${faceKey(sql)}
    FROM immich_sidecar.face_map fm
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = fm.mirror_asset_id
    JOIN asset_face f ON f.id = fm.source_face_id
    WHERE ${isBetween(sql, job, scope)}
      AND NOT EXISTS (SELECT 1 FROM asset_face mirror WHERE mirror.id = fm.mirror_face_id)`;
}

/** Faces that somebody has drawn by hand are his. */
async function readStrangeFaces(sql: Sql, job: Job, scope: Scope): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT f.id
    FROM immich_sidecar.asset_map m
    JOIN asset_face f ON f."assetId" = m.mirror_asset_id AND f."sourceType" <> 'manual'
    WHERE ${isBetween(sql, job, scope)}
      AND NOT EXISTS (
        SELECT 1
        FROM immich_sidecar.face_map fm
        WHERE fm.mirror_asset_id = m.mirror_asset_id AND fm.mirror_face_id = f.id
      )`;
  return rows.map(({ id }) => id);
}

async function removeStrangers(tx: Sql, faceIds: string[]): Promise<number> {
  const removed = await tx`DELETE FROM asset_face WHERE id = ANY (${faceIds}::uuid[])`;
  return removed.count;
}

async function readPhotosWithNews(sql: Sql, schema: ImmichSchema, job: Job, scope: Scope): Promise<PhotoKey[]> {
  const { personKey } = schema.people;
  return await sql<PhotoKey[]>`
    SELECT DISTINCT m.source_asset_id AS "sourceAssetId", m.mirror_asset_id AS "mirrorAssetId"
    FROM immich_sidecar.asset_map m
    JOIN asset_face f ON f."assetId" = m.source_asset_id
    LEFT JOIN immich_sidecar.face_map written
      ON written.source_face_id = f.id AND written.mirror_asset_id = m.mirror_asset_id
    LEFT JOIN asset_face mirror ON mirror.id = written.mirror_face_id
    ${joinOrigin(sql, schema)}
    LEFT JOIN immich_sidecar.person_map known_person
      ON known_person.origin_person_id = origin.${sql(personKey)}
      AND known_person.target_user_id = m.target_user_id
    WHERE ${isBetween(sql, job, scope)}
      AND (
        mirror.id IS NULL
        OR (known_person.origin_person_id IS NULL AND ${isPersonNeeded(sql, schema, job.targetUserId)})
      )`;
}

async function readChangedFaces(sql: Sql, job: Job, scope: Scope): Promise<FaceKey[]> {
  return await sql<FaceKey[]>`
    SELECT ${faceKey(sql)}
    FROM immich_sidecar.face_map fm
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = fm.mirror_asset_id
    JOIN asset_face f ON f.id = fm.source_face_id
    WHERE ${isBetween(sql, job, scope)}
      AND f."updateId" <> fm.source_update_id`;
}

async function removeFaces(tx: Sql, faces: FaceKey[]): Promise<number> {
  const removed = await tx`
    DELETE FROM asset_face
    WHERE id = ANY (${faces.map((face) => face.mirrorFaceId)}::uuid[])`;
  await tx`
    DELETE FROM immich_sidecar.face_map fm
    USING ${faceKeys(tx, faces)}
    WHERE ${isFace(tx)}`;
  return removed.count;
}

/** Copies the changed columns of changed faces, and notes which version of the source was seen. */
async function updateFaces(tx: Sql, schema: ImmichSchema, faces: FaceKey[]): Promise<number> {
  const [first, ...rest] = schema.columns.assetFace;
  if (first === undefined) throw new Error('asset_face has no column to copy');
  const list = (item: (column: string) => Fragment) =>
    rest.reduce((all, column) => tx`${all}, ${item(column)}`, item(first));
  const updated = await tx`
    UPDATE asset_face mirror
    SET ${list((column) => tx`${tx(column)} = f.${tx(column)}`)}
    FROM asset_face f
    JOIN ${faceKeys(tx, faces)} ON key."sourceFaceId" = f.id
    WHERE mirror.id = key."mirrorFaceId"
      AND (${list((column) => tx`mirror.${tx(column)}`)}) IS DISTINCT FROM (${list((column) => tx`f.${tx(column)}`)})`;
  await tx`
    UPDATE immich_sidecar.face_map fm
    SET source_update_id = f."updateId"
    FROM asset_face f
    JOIN ${faceKeys(tx, faces)} ON key."sourceFaceId" = f.id
    WHERE ${isFace(tx)}`;
  return updated.count;
}

async function assignFaces(tx: Sql, schema: ImmichSchema, assignments: FaceAssignment[]): Promise<number> {
  const { faceKey } = schema.people;
  const updated = await tx`
    UPDATE asset_face mirror
    SET ${tx(faceKey)} = key."personId"
    FROM ${faceKeys(tx, assignments)}
    WHERE mirror.id = key."mirrorFaceId"
      AND mirror.${tx(faceKey)} IS DISTINCT FROM key."personId"`;
  await tx`
    UPDATE immich_sidecar.face_map fm
    SET person_id = key."personId"
    FROM ${faceKeys(tx, assignments)}
    WHERE ${isFace(tx)}`;
  return updated.count;
}

/** The columns of a FaceKey, of the row `fm` of face_map. */
function faceKey(sql: Sql): Fragment {
  return sql`
    fm.source_face_id AS "sourceFaceId", fm.mirror_asset_id AS "mirrorAssetId", fm.mirror_face_id AS "mirrorFaceId"`;
}

/** Keys as a table `key`. */
function faceKeys(sql: Sql, keys: readonly FaceKey[]): Fragment {
  return sql`
    jsonb_to_recordset(${sql.json(keys as never)}) AS key
      ("sourceFaceId" uuid, "mirrorAssetId" uuid, "mirrorFaceId" uuid, "personId" uuid)`;
}

function isFace(sql: Sql): Fragment {
  return sql`(fm.source_face_id = key."sourceFaceId" AND fm.mirror_asset_id = key."mirrorAssetId")`;
}

/** The mappings `m` of a job's two users that a cycle looks at. */
function isBetween(sql: Sql, job: Job, scope: Scope): Fragment {
  return sql`(
    m.source_user_id = ${job.sourceUserId}
    AND m.target_user_id = ${job.targetUserId}
    AND ${isWithin(sql, scope, sql`m.source_asset_id`)}
  )`;
}
