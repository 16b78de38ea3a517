import type { PathMap } from '../../files/path_map.ts';
import type { Sql } from '../../postgres/connect.ts';

/** So many photos with one name are told apart. */
const MOST_PHOTOS = 20;

/** An asset that somebody has asked about. */
export interface FoundPhoto {
  readonly id: string;
  readonly path: string;
  readonly ownerId: string;
  readonly owner: string;
  /** When it is a mirror: its source, and whose that is. */
  readonly sourceId: string | null;
  readonly sourceOwnerId: string | null;
  readonly sourceOwner: string | null;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/**
 * Each asset that `asked` means: the id of one, an address of Immich's web page with one, a path as Immich or as this machine sees it, or a file name. Mirrors come last.
 * Reads only.
 */
export async function findPhotos(sql: Sql, asked: string, paths: PathMap): Promise<FoundPhoto[]> {
  const id = asked.startsWith('/') ? undefined : asked.match(UUID)?.at(-1);
  const places = asked.startsWith('/') ? [asked, paths.toImmich(asked)].filter((path) => path !== undefined) : [];
  const condition = id !== undefined
    ? sql`a.id = ${id}`
    : places.length > 0
    ? sql`a."originalPath" = ANY (${places}::text[])`
    : sql`lower(a."originalFileName") = lower(${asked})`;
  return await sql<FoundPhoto[]>`
    SELECT
      a.id,
      a."originalPath" AS path,
      a."ownerId",
      u.name AS owner,
      m.source_asset_id AS "sourceId",
      m.source_user_id AS "sourceOwnerId",
      source_owner.name AS "sourceOwner"
    FROM asset a
    JOIN "user" u ON u.id = a."ownerId"
    LEFT JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = a.id
    LEFT JOIN "user" source_owner ON source_owner.id = m.source_user_id
    WHERE ${condition}
    ORDER BY m.mirror_asset_id IS NOT NULL, a."originalPath", a.id
    LIMIT ${MOST_PHOTOS}`;
}
