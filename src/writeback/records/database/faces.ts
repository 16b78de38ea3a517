import type { Box } from '../../../immich/edits.ts';
import type { Sql } from '../../../postgres/connect.ts';
import { ofEachAsset } from './lookup.ts';
import type { ReadSchema } from './schema.ts';

/** A living, visible face with its person as the asset's owner sees it. Pixels of the picture in which it was found. */
export interface FaceRow extends Box {
  readonly assetId: string;
  readonly personId: string;
  readonly name: string;
  readonly isHidden: boolean;
  /** `machine-learning`, `exif` or `manual` */
  readonly sourceType: string;
}

/** The faces of these assets that belong to somebody. A face cut away by an edit is not visible (2.5 and later). */
export async function readFaces(
  sql: Sql,
  { catalog, people }: ReadSchema,
  assetIds: readonly string[],
): Promise<readonly FaceRow[]> {
  const canBeInvisible = catalog.get('asset_face')?.columns.has('isVisible') === true;
  const faces = sql`
    SELECT f.*, a."ownerId"
    FROM asset a
    JOIN asset_face f ON f."assetId" = a.id
    WHERE a.id = wanted.id
      AND f."deletedAt" IS NULL
      ${canBeInvisible ? sql`AND f."isVisible"` : sql``}`;
  return await sql<FaceRow[]>`
    SELECT
      found."assetId",
      p.${sql(people.personKey)} AS "personId",
      p.name,
      p."isHidden",
      found."sourceType",
      found."imageWidth",
      found."imageHeight",
      found."boundingBoxX1" AS x1,
      found."boundingBoxY1" AS y1,
      found."boundingBoxX2" AS x2,
      found."boundingBoxY2" AS y2
    FROM ${ofEachAsset(sql, assetIds, faces)}
    JOIN person p ON p.${sql(people.personKey)} = found.${sql(people.faceKey)} AND p."ownerId" = found."ownerId"`;
}
