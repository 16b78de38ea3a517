import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';

/** A mirrored face, by the face it mirrors and the photo it is on. */
export interface FaceKey {
  readonly sourceAssetId: string;
  readonly sourceFaceId: string;
  readonly mirrorAssetId: string;
  readonly mirrorFaceId: string;
}

/** The columns of a FaceKey, of the rows `fm` of face_map and `m` of asset_map. */
export function faceKey(sql: Sql): Fragment {
  return sql`
    m.source_asset_id AS "sourceAssetId",
    fm.source_face_id AS "sourceFaceId",
    fm.mirror_asset_id AS "mirrorAssetId",
    fm.mirror_face_id AS "mirrorFaceId"`;
}

/** Whether the row `fm` of face_map comes behind a key. */
export function isBehind(sql: Sql, after: FaceKey | undefined): Fragment {
  return after === undefined
    ? sql`true`
    : sql`(fm.mirror_asset_id, fm.source_face_id) > (${after.mirrorAssetId}::uuid, ${after.sourceFaceId}::uuid)`;
}

/** Keys as a table `key`. */
export function faceKeys(sql: Sql, keys: readonly FaceKey[]): Fragment {
  return sql`
    jsonb_to_recordset(${sql.json(keys as never)}) AS key
      ("sourceFaceId" uuid, "mirrorAssetId" uuid, "mirrorFaceId" uuid, "personId" uuid)`;
}

/** Whether the row `fm` of face_map is that of `key`. */
export function isFace(sql: Sql): Fragment {
  return sql`(fm.source_face_id = key."sourceFaceId" AND fm.mirror_asset_id = key."mirrorAssetId")`;
}

/**
 * What the face `f` of a source says, in columns that all releases have: where it is, whose, and whether it was removed. What the target has removed
 * comes back only when this is not what it was. `isThere`: what to take for whether it was not removed.
 */
export function faceSum(sql: Sql, schema: ImmichSchema, isThere: Fragment = sql`f."deletedAt" IS NULL`): Fragment {
  return sql`
    md5(ROW(
      f."imageWidth", f."imageHeight", f."boundingBoxX1", f."boundingBoxY1", f."boundingBoxX2", f."boundingBoxY2",
      f."sourceType", ${isThere}, f.${sql(schema.people.faceKey)}
    )::text)::uuid`;
}
