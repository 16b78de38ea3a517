import type { Fragment, Sql } from '../postgres/connect.ts';

/**
 * Whether the row `alias` of `asset` is there for its owner: neither in the trash nor deleted from it, nor an external file that Immich
 * no longer finds.
 */
export function isPresent(sql: Sql, alias: string): Fragment {
  const asset = sql(alias);
  return sql`(${asset}."deletedAt" IS NULL AND NOT ${asset}."isOffline" AND ${asset}.status = 'active')`;
}

/** Whether Immich's scan did not find its file, since `deletedAt`, and nobody has trashed or deleted it. */
export function isMissed(sql: Sql, alias: string): Fragment {
  const asset = sql(alias);
  return sql`(${asset}."isOffline" AND ${asset}.status = 'active')`;
}

/** Whether somebody has trashed or deleted it; what Immich only no longer finds is not. */
export function isTrashed(sql: Sql, alias: string): Fragment {
  const asset = sql(alias);
  return sql`(${asset}.status <> 'active' OR (${asset}."deletedAt" IS NOT NULL AND NOT ${asset}."isOffline"))`;
}

/** Whether it is present, and it is a picture or a video that its owner sees in the timeline or the archive: what can be written into files. */
export function isPresentMedia(
  sql: Sql,
  alias: string,
  visibilities: readonly string[] = ['timeline', 'archive'],
): Fragment {
  const asset = sql(alias);
  return sql`(
    ${asset}.visibility::text = ANY (${visibilities as string[]})
    AND ${asset}.type IN ('IMAGE', 'VIDEO')
    AND ${isPresent(sql, alias)}
  )`;
}
