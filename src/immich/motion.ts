import type { Fragment, Sql } from '../postgres/connect.ts';

/**
 * Whether the row `alias` of `asset` is a video that Immich has taken out of a motion photo: a file of its own in the owner's folder,
 * named after its asset, and never moved. Such a video has the SHA-1 of its bytes as checksum, also in an external library. Whenever
 * Immich extracts the photo again it looks for one with that checksum, of the same owner and in the library of the still (docs/immich.md#motion-photos).
 */
export function isExtractedMotion(sql: Sql, alias: string): Fragment {
  const asset = sql(alias);
  return sql`(
    ${asset}.type = 'VIDEO'
    AND NOT ${asset}."isExternal"
    AND ${asset}."originalPath" LIKE '%/encoded-video/' || ${asset}."ownerId"::text || '/%/' || ${asset}.id::text || '-MP.mp4'
  )`;
}
