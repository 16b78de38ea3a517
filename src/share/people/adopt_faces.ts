import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { commaSeparated } from '../copy/columns.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { joinMappedPerson } from './person_links.ts';

/** By what a face is recognised as the copy of another: where it is, in a picture of which size, and who found it. */
export const LIKENESS: readonly string[] = Object.freeze([
  'boundingBoxX1',
  'boundingBoxY1',
  'boundingBoxX2',
  'boundingBoxY2',
  'imageWidth',
  'imageHeight',
  'sourceType',
]);

/** A face of a mirror that is the copy of a face of its source. */
export interface FaceMatch {
  readonly sourceAssetId: string;
  readonly sourceFaceId: string;
  readonly mirrorAssetId: string;
  readonly mirrorFaceId: string;
  readonly personId: string | null;
  readonly sourceUpdateId: string;
}

/** A mirror of which no face is known. */
export interface Faceless {
  readonly id: string;
}

/** Mirrors of which no face is known though there are some. Reads only. */
export async function findFaceless(
  { sql, limits }: View,
  job: Job,
  after: Faceless | undefined,
): Promise<Faceless[]> {
  return await sql<Faceless[]>`
    WITH found AS MATERIALIZED (
      SELECT m.mirror_asset_id AS id
      FROM immich_sidecar.asset_map m
      WHERE m.source_user_id = ${job.sourceUserId}
        AND m.target_user_id = ${job.targetUserId}
        AND ${after === undefined ? sql`true` : sql`m.mirror_asset_id > ${after.id}`}
        AND EXISTS (SELECT 1 FROM asset_face f WHERE f."assetId" = m.mirror_asset_id)
        AND EXISTS (SELECT 1 FROM asset_face f WHERE f."assetId" = m.source_asset_id)
        AND NOT EXISTS (SELECT 1 FROM immich_sidecar.face_map known WHERE known.mirror_asset_id = m.mirror_asset_id)
    )
    SELECT *
    FROM found
    ORDER BY id
    LIMIT ${limits.mirrors}`;
}

/**
 * Faces of these mirrors and of their sources that look alike, going by the columns `alike`, paired one by one; with several of them, in
 * the order of their ids. Who is on them counts as if we had written it, for findAdoptedPeople to see; the difference to what the source
 * says must be settled afterwards. Reads only.
 */
export async function matchFaces(
  sql: Sql,
  schema: ImmichSchema,
  mirrorAssetIds: readonly string[],
  alike: readonly string[] = LIKENESS,
): Promise<FaceMatch[]> {
  const { faceKey } = schema.people;
  const likeness = commaSeparated(sql, alike.map((column) => sql`f.${sql(column)}`));
  const facesOf = (assetId: 'source_asset_id' | 'mirror_asset_id') =>
    sql`(
      SELECT
        m.mirror_asset_id, m.source_asset_id, f.*,
        row_number() OVER (PARTITION BY f."assetId", ${likeness} ORDER BY f."deletedAt" DESC NULLS FIRST, f.id) AS turn
      FROM immich_sidecar.asset_map m
      JOIN asset_face f ON f."assetId" = m.${sql(assetId)}
      WHERE m.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])
    )`;
  const isAlike = alike.reduce(
    (all, column) => sql`${all} AND mirror.${sql(column)} = source.${sql(column)}`,
    sql`mirror.mirror_asset_id = source.mirror_asset_id AND mirror.turn = source.turn`,
  );
  return await sql<FaceMatch[]>`
    SELECT
      source.source_asset_id AS "sourceAssetId",
      source.id AS "sourceFaceId",
      source.mirror_asset_id AS "mirrorAssetId",
      mirror.id AS "mirrorFaceId",
      mirror.${sql(faceKey)} AS "personId",
      source."updateId" AS "sourceUpdateId"
    FROM ${facesOf('source_asset_id')} source
    JOIN ${facesOf('mirror_asset_id')} mirror ON ${isAlike}`;
}

/** Notes the matches whose faces are still there. Returns how many. */
export async function insertFaceMatches(tx: Sql, matches: readonly FaceMatch[]): Promise<number> {
  const inserted = await tx`
    INSERT INTO immich_sidecar.face_map
      (source_face_id, mirror_asset_id, mirror_face_id, person_id, source_update_id)
    SELECT f.id, match."mirrorAssetId", mirror.id, match."personId", match."sourceUpdateId"
    FROM jsonb_to_recordset(${tx.json(matches as never)}) AS match (
      "sourceFaceId" uuid, "mirrorAssetId" uuid, "mirrorFaceId" uuid, "personId" uuid, "sourceUpdateId" uuid
    )
    JOIN asset_face f ON f.id = match."sourceFaceId"
    JOIN asset_face mirror ON mirror.id = match."mirrorFaceId"
    ON CONFLICT DO NOTHING`;
  return inserted.count;
}

/** Whom the source of an adopted face shows. */
export interface SettledFace {
  readonly sourceAssetId: string;
  readonly sourceFaceId: string;
  readonly mirrorAssetId: string;
  readonly personId: string | null;
}

/**
 * Which faces of these mirrors show somebody else than their sources say: another person on them is what the target's owner said, and
 * stays, as soon as it is noted what the source says. Reads only.
 */
export async function findUnsettledFaces(
  sql: Sql,
  schema: ImmichSchema,
  mirrorAssetIds: readonly string[],
): Promise<SettledFace[]> {
  const { personKey } = schema.people;
  return await sql<SettledFace[]>`
    SELECT *
    FROM (
      SELECT
        m.source_asset_id AS "sourceAssetId",
        known.source_face_id AS "sourceFaceId",
        known.mirror_asset_id AS "mirrorAssetId",
        known.person_id AS noted_id,
        CASE WHEN f."deletedAt" IS NULL THEN mapped.${sql(personKey)} END AS "personId" -- as copyFaces does
      FROM immich_sidecar.face_map known
      JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = known.mirror_asset_id
      JOIN asset_face f ON f.id = known.source_face_id
      ${joinMappedPerson(sql, schema)}
      WHERE known.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])
    ) AS shown
    WHERE shown."personId" IS DISTINCT FROM shown.noted_id`;
}

export async function settleFaces(tx: Sql, faces: readonly SettledFace[]): Promise<number> {
  const settled = await tx`
    UPDATE immich_sidecar.face_map fm
    SET person_id = shown."personId"
    FROM jsonb_to_recordset(${tx.json(faces as never)}) AS shown
      ("sourceFaceId" uuid, "mirrorAssetId" uuid, "personId" uuid)
    WHERE fm.mirror_asset_id = shown."mirrorAssetId"
      AND fm.source_face_id = shown."sourceFaceId"`;
  return settled.count;
}
