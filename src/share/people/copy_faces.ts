import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { columnList, copied, valueList } from '../copy/columns.ts';
import { faceSum } from './face_keys.ts';
import { joinMappedPerson } from './person_links.ts';

/**
 * Copies the faces that the sources of these mirrors have and the mirrors lack; phases/embeddings.ts adds their
 * embeddings. The people in them must be there already (insertPeople); a face of somebody else, or one that is not to be
 * seen, belongs to nobody at first, and phases/faces.ts finds it.
 *
 * Returns how many faces were copied.
 */
export async function copyFaces(
  tx: Sql,
  schema: ImmichSchema,
  mirrorAssetIds: readonly string[],
): Promise<number> {
  const { faceKey, personKey } = schema.people;
  const faces = [
    { column: 'id', value: tx`allocated.mirror_face_id` },
    { column: 'assetId', value: tx`allocated.mirror_asset_id` },
    { column: faceKey, value: tx`allocated.person_id` },
    ...copied(tx, 'f', schema.columns.asset_face),
  ];
  const [row] = await tx<{ faces: number }[]>`
      WITH allocated AS (
        INSERT INTO immich_sidecar.face_map
          (mirror_face_id, source_face_id, mirror_asset_id, person_id, source_update_id, source_sum)
        SELECT
          ${newFaceId(tx)}, f.id, m.mirror_asset_id, CASE WHEN f."deletedAt" IS NULL THEN mapped.${tx(personKey)} END,
          f."updateId", ${faceSum(tx, schema)}
        FROM immich_sidecar.asset_map m
        JOIN asset mirror ON mirror.id = m.mirror_asset_id -- unless the target has deleted it meanwhile
        JOIN asset_face f ON f."assetId" = m.source_asset_id
        ${joinMappedPerson(tx, schema)}
        WHERE m.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])
          AND NOT EXISTS (
            SELECT 1
            FROM immich_sidecar.face_map known
            WHERE known.source_face_id = f.id AND known.mirror_asset_id = m.mirror_asset_id
          )
        RETURNING mirror_face_id, source_face_id, mirror_asset_id, person_id
      ),
      faces AS (
        INSERT INTO asset_face (${columnList(tx, faces)})
        SELECT ${valueList(tx, faces)}
        FROM allocated
        JOIN asset_face f ON f.id = allocated.source_face_id
      )
      SELECT count(*)::int AS faces FROM allocated`;
  return row?.faces ?? 0;
}

/** A random id that begins like its asset's, for the same reason as there: see mirrorIds. */
function newFaceId(sql: Sql): Fragment {
  return sql`(left(m.mirror_asset_id::text, 4) || substr(gen_random_uuid()::text, 5))::uuid`;
}
