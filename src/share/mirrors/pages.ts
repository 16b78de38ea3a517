import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { isWithin, type Scope } from '../cycle/scope.ts';

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Some mirrors of a job's users: those of a list of sources, or those with ids of a range. */
export type MirrorPage = readonly string[] | MirrorRange;

/** Those with ids behind `after`, up to `last`. */
export interface MirrorRange {
  readonly after: string;
  readonly last: string;
  readonly size: number;
  /** Only mirrors that this job has made. */
  readonly madeBy?: string | undefined;
}

/**
 * Pages that together cover the mirrors between a job's users within `scope`, at most `size` on each. `madeBy`: of all only those that this
 * job has made.
 */
export async function* mirrorPages(
  sql: Sql,
  job: Job,
  scope: Scope,
  size: number,
  madeBy?: string,
): AsyncGenerator<MirrorPage> {
  if (scope !== 'all') {
    for (let start = 0; start < scope.length; start += size) yield scope.slice(start, start + size);
    return;
  }
  yield* mirrorRanges(sql, job, { after: FIRST_ID, last: LAST_ID, size, madeBy });
}

/** Ranges of at most `size` that together cover one. */
export async function* mirrorRanges(
  sql: Sql,
  job: Job,
  { after: before, last: end, size, madeBy }: MirrorRange,
): AsyncGenerator<MirrorRange> {
  let after = before;
  while (true) {
    const [last] = await sql<{ id: string }[]>`
      SELECT id
      FROM (
        SELECT m.mirror_asset_id AS id
        FROM immich_sidecar.asset_map m
        WHERE ${isBetween(sql, job)}
          AND ${isMadeBy(sql, madeBy)}
          AND m.mirror_asset_id > ${after}
          AND m.mirror_asset_id <= ${end}
        ORDER BY m.mirror_asset_id
        LIMIT ${size}
      ) AS page
      ORDER BY id DESC
      LIMIT 1`;
    if (last === undefined) return;
    yield { after, last: last.id, size, madeBy };
    after = last.id;
  }
}

/**
 * The rows of asset_map of a page, as `m`, for FROM. With its LIMIT PostgreSQL reads the page first and then looks up what belongs to
 * it. Without, it starts from the long conditions of selection.ts, takes them for highly selective, and joins a thousand
 * assets by reading whole tables for each (measured: 3.3 s a page instead of 0.1 s).
 */
export function mirrorsOn(sql: Sql, job: Job, page: MirrorPage, columns: Fragment = sql`*`): Fragment {
  return sql`
    (
      SELECT ${columns}
      FROM immich_sidecar.asset_map m
      WHERE ${isBetween(sql, job)}
        AND ${
    'last' in page
      ? sql`m.mirror_asset_id > ${page.after} AND m.mirror_asset_id <= ${page.last} AND ${isMadeBy(sql, page.madeBy)}`
      : isWithin(sql, page, sql`m.source_asset_id`)
  }
      LIMIT ${'last' in page ? page.size : page.length}
    ) AS m`;
}

function isMadeBy(sql: Sql, job: string | undefined): Fragment {
  return job === undefined ? sql`true` : sql`m.job_name = ${job}`;
}

/** `condition`, with no guess at how rarely it is true; for the same reason. */
export function unguessed(sql: Sql, condition: Fragment): Fragment {
  return sql`CASE WHEN ${condition} THEN true ELSE false END`;
}

/** The mappings `m` of a job's two users that a cycle looks at. */
export function isLookedAt(sql: Sql, job: Job, scope: Scope): Fragment {
  return sql`(
    ${isBetween(sql, job)}
    AND ${isWithin(sql, scope, sql`m.source_asset_id`)}
  )`;
}

/** Not mirrors of a job that is left out: they stay as they are. */
function isBetween(sql: Sql, { sourceUserId, targetUserId, leftAlone }: Job): Fragment {
  const isOurs = leftAlone.length === 0 ? sql`true` : sql`m.job_name <> ALL (${leftAlone as string[]})`;
  return sql`(m.source_user_id = ${sourceUserId} AND m.target_user_id = ${targetUserId} AND ${isOurs})`;
}
