import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { ToldRetries } from './report.ts';

/** When is tried again what failed, as the last cycle has left it for the next process. Reads only. */
export async function readKeptRetries(sql: Sql): Promise<ToldRetries> {
  const [row] = await sql<{ photos: number; nextAtMs: number | null }[]>`
    SELECT
      jsonb_array_length(mark #> '{retries,photos}') AS photos,
      least(
        (SELECT min((photo ->> 'dueAtMs')::float8) FROM jsonb_array_elements(mark #> '{retries,photos}') photo),
        (mark #>> '{retries,rest,dueAtMs}')::float8
      ) AS "nextAtMs"
    FROM immich_sidecar_marks.mark`;
  const nextAtMs = row?.nextAtMs ?? undefined;
  return {
    photos: row?.photos ?? 0,
    nextAt: nextAtMs === undefined ? undefined : new Date(nextAtMs).toISOString(),
  };
}

/** When one of these ids, each an expression of its own, is tried again; NULL when nothing of it failed. */
export function triedAgainAt(sql: Sql, ...ids: readonly Fragment[]): Fragment {
  const isAmong = ids.reduce((any, id) => sql`${any} OR photo ->> 'id' = ${id}::text`, sql`false`);
  return sql`(
    SELECT to_timestamp(min((photo ->> 'dueAtMs')::float8) / 1000)
    FROM immich_sidecar_marks.mark
    CROSS JOIN jsonb_array_elements(mark #> '{retries,photos}') photo
    WHERE ${isAmong}
  )`;
}
