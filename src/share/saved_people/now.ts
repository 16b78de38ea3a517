import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { KnownPerson } from './elect.ts';
import type { Present } from './match_faces.ts';
import { boxColumns, type BoxRow, isFaceWithBox, isMirrorOfPerson, isOwnPhoto, relativeBox } from './own_photos.ts';

/** A face on a photo of the file. */
export interface FaceNow extends Present {
  readonly assetId: string;
  readonly photo: string;
  readonly personId: string | null;
}

/** The checksums, in hexadecimal, by which a user has a photo. */
export async function readPhotosThere(sql: Sql, userId: string, photos: readonly string[]): Promise<string[]> {
  const rows = await sql<{ photo: string }[]>`
    SELECT DISTINCT encode(a.checksum, 'hex') AS photo
    FROM asset a
    WHERE a."ownerId" = ${userId}
      AND a.checksum = ANY (ARRAY(SELECT decode(photo, 'hex') FROM unnest(${photos as string[]}::text[]) AS photo))
      AND ${isOwnPhoto(sql)}`;
  return rows.map(({ photo }) => photo);
}

/** The faces on these photos of a user, without embeddings. */
export async function readFacesNow(
  sql: Sql,
  schema: ImmichSchema,
  userId: string,
  photos: readonly string[],
): Promise<FaceNow[]> {
  const rows = await sql<(BoxRow & Omit<FaceNow, 'box' | 'embedding'>)[]>`
    SELECT
      f.id, f."assetId", encode(a.checksum, 'hex') AS photo, f.${sql(schema.people.faceKey)} AS "personId", ${
    boxColumns(sql)
  }
    FROM asset a
    JOIN asset_face f ON f."assetId" = a.id
    WHERE a."ownerId" = ${userId}
      AND a.checksum = ANY (ARRAY(SELECT decode(photo, 'hex') FROM unnest(${photos as string[]}::text[]) AS photo))
      AND ${isFaceWithBox(sql)}
      AND ${isOwnPhoto(sql)}
    ORDER BY f.id`;
  return rows.map(({ id, assetId, photo, personId, ...box }) => ({
    id,
    assetId,
    photo,
    personId,
    box: relativeBox(box),
    embedding: undefined,
  }));
}

/** Those of these people whom the user has, by their ids. */
export async function readKnownPeople(
  sql: Sql,
  schema: ImmichSchema,
  userId: string,
  ids: readonly string[],
  savedAt: string,
): Promise<Map<string, KnownPerson>> {
  const { personKey, faceKey } = schema.people;
  const rows = await sql<KnownPerson[]>`
    WITH counted AS MATERIALIZED (
      SELECT
        f.${sql(faceKey)} AS id,
        count(*)::int AS faces,
        count(*) FILTER (WHERE a."createdAt" <= ${savedAt}::timestamptz AND ${isOwnPhoto(sql)})::int AS old_faces
      FROM asset_face f
      JOIN asset a ON a.id = f."assetId" AND a."ownerId" = ${userId}
      WHERE f.${sql(faceKey)} = ANY (${ids as string[]}::uuid[])
        AND f."deletedAt" IS NULL
      GROUP BY 1
    )
    SELECT
      p.${sql(personKey)} AS id,
      p.name,
      p."birthDate"::text AS "birthDate",
      p."isHidden",
      p."isFavorite",
      p.color,
      p."faceAssetId" AS "coverFaceId",
      ${isMirrorOfPerson(sql, schema)} AS "isMirror",
      coalesce(counted.faces, 0) AS faces,
      coalesce(counted.old_faces, 0) AS "oldFaces"
    FROM person p
    LEFT JOIN counted ON counted.id = p.${sql(personKey)}
    WHERE p.${sql(personKey)} = ANY (${ids as string[]}::uuid[])
      AND p."ownerId" = ${userId}`;
  return new Map(rows.map((row) => [row.id, row]));
}
