import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { meanOf, parseEmbedding } from './embeddings.ts';
import { isFaceWithBox, isOwnPhoto } from './own_photos.ts';

/** So many of the largest faces tell what somebody looks like. */
const FACES_OF_A_MEAN = 20;

/** People of one statement, with 40 kB each. */
const PAGE = 100;

/**
 * What people look like: where the embeddings of their largest faces point to together, as unit vectors. Those who have no face with an embedding are left
 * out.
 *
 * @param photos on which faces are looked at: on photos that are the user's own, or also on those they have through sharing; never on locked ones
 */
export async function readMeans(
  sql: Sql,
  schema: ImmichSchema,
  userId: string,
  personIds: readonly string[],
  photos: 'own' | 'all unlocked',
): Promise<Map<string, Float32Array>> {
  const means = new Map<string, Float32Array>();
  for (let start = 0; start < personIds.length; start += PAGE) {
    const rows = await readLargest(sql, schema, userId, personIds.slice(start, start + PAGE), photos);
    for (const [id, faces] of Map.groupBy(rows, ({ personId }) => personId)) {
      const mean = meanOf(faces.flatMap(({ embedding }) => parseEmbedding(embedding) ?? []));
      if (mean !== undefined) means.set(id, mean);
    }
  }
  return means;
}

async function readLargest(
  sql: Sql,
  schema: ImmichSchema,
  userId: string,
  personIds: readonly string[],
  photos: 'own' | 'all unlocked',
): Promise<{ personId: string; embedding: string }[]> {
  const { faceKey } = schema.people;
  return await sql<{ personId: string; embedding: string }[]>`
    SELECT largest."personId", s.embedding::text AS embedding
    FROM (
      SELECT
        f.id,
        f.${sql(faceKey)} AS "personId",
        row_number() OVER (
          PARTITION BY f.${sql(faceKey)}
          ORDER BY (f."boundingBoxX2" - f."boundingBoxX1")::float8 / f."imageWidth" DESC, f.id
        ) AS rank
      FROM asset_face f
      JOIN asset a ON a.id = f."assetId"
      JOIN face_search known ON known."faceId" = f.id
      WHERE f.${sql(faceKey)} = ANY (${personIds as string[]}::uuid[])
        AND a."ownerId" = ${userId}
        AND ${isFaceWithBox(sql)}
        AND ${photos === 'own' ? isOwnPhoto(sql) : sql`a.visibility::text <> 'locked'`}
    ) AS largest
    JOIN face_search s ON s."faceId" = largest.id
    WHERE largest.rank <= ${FACES_OF_A_MEAN}
    ORDER BY largest."personId", largest.rank`;
}
