import type { Fragment, Sql } from '../postgres/connect.ts';
import type { ImmichSchema } from './schema.ts';

/**
 * Paths that older releases keep in columns of `asset`, where later ones have rows of `asset_file`: of the sidecar until 2.2, of the encoded
 * video until 2.5.
 */
type PathColumn = 'sidecarPath' | 'encodedVideoPath';

/** What differs between releases. */
type Columns = Pick<ImmichSchema, 'has'>;

/** Such a path of the row `alias` of asset; NULL where there is none. */
export function pathColumn(sql: Sql, schema: ImmichSchema, alias: string, column: PathColumn): Fragment {
  return schema.has('asset', column) ? sql`nullif(${sql(alias)}.${sql(column)}, '')` : sql`NULL::text`;
}

/** For a FROM clause: generated files and sidecars, wherever the release keeps their paths, as rows (`assetId`, type, path). */
export function namedFiles(sql: Sql, schema: Columns): Fragment {
  const columns = ([['sidecarPath', 'sidecar'], ['encodedVideoPath', 'encoded_video']] as const)
    .filter(([column]) => schema.has('asset', column))
    .map(([column, type]) =>
      sql`
        UNION ALL
        SELECT id, ${type}::text, ${sql(column)}::text
        FROM asset
        WHERE ${sql(column)} <> ''`
    );
  return sql`(
    SELECT "assetId", type::text, path::text
    FROM asset_file
    ${columns.reduce((all, column) => sql`${all} ${column}`, sql``)}
  )`;
}

/**
 * Whether the row `a` of asset was cropped or turned and Immich has not made the pictures yet, which come a while after the edit. False
 * in releases without edits.
 */
export function isEditUnfinished(sql: Sql, schema: ImmichSchema): Fragment {
  if (!schema.has('asset', 'isEdited')) return sql`false`;
  return sql`(a."isEdited" AND NOT EXISTS (SELECT FROM asset_file f WHERE f."assetId" = a.id AND f."isEdited"))`;
}
