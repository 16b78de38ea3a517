import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';

/** Boxes that share more than this of what they cover together are the same face, as in Immich's own detection. */
const SAME_FACE_OVERLAP = 0.5;

/**
 * The face of the source that the target has drawn as well, as `mirror`: of the same person, `counterpart`, in the same place, and not mirrored there yet. For LATERAL, as at most one row (id). So one who is drawn by
 * two at once is there once.
 */
export function drawnByBoth(sql: Sql, { people }: Pick<ImmichSchema, 'people'>): Fragment {
  const along = (face: Fragment, axis: 'X' | 'Y', end: 1 | 2) =>
    sql`(${face}.${sql(`boundingBox${axis}${end}`)}::float8 / nullif(${face}.${
      sql(axis === 'X' ? 'imageWidth' : 'imageHeight')
    }, 0))`;
  const length = (face: Fragment, axis: 'X' | 'Y') => sql`(${along(face, axis, 2)} - ${along(face, axis, 1)})`;
  const [f, drawn] = [sql`f`, sql`mirror`];
  const shared = (axis: 'X' | 'Y') =>
    sql`greatest(0, least(${along(f, axis, 2)}, ${along(drawn, axis, 2)}) - greatest(${along(f, axis, 1)}, ${
      along(drawn, axis, 1)
    }))`;
  return sql`(
    SELECT f.id
    FROM asset_face f
    CROSS JOIN LATERAL (SELECT ${shared('X')} * ${shared('Y')} AS area) AS shared
    WHERE f."assetId" = m.source_asset_id
      AND f."deletedAt" IS NULL
      AND f.${sql(people.faceKey)} = counterpart.id
      AND NOT EXISTS (
        SELECT 1
        FROM immich_sidecar.face_map known
        WHERE known.source_face_id = f.id AND known.mirror_asset_id = m.mirror_asset_id
      )
      AND shared.area > ${SAME_FACE_OVERLAP}::float8 * (
        ${length(f, 'X')} * ${length(f, 'Y')} + ${length(drawn, 'X')} * ${length(drawn, 'Y')} - shared.area
      )
    ORDER BY f.id
    LIMIT 1
  )`;
}
