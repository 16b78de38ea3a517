import { participants } from '../../immich/albums.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { isOpen } from '../selection/candidates.ts';
import { waitingOf } from '../both_ways/waiting.ts';
import { jobsMeaning } from '../selection/job_rows.ts';
import type { View } from './tools.ts';

/** The same key for all jobs between two users. */
export function pairKey({ sourceUserId, targetUserId }: Pick<Job, 'sourceUserId' | 'targetUserId'>): string {
  return `${sourceUserId} ${targetUserId}`;
}

/**
 * The jobs that may find anything to do within the scope: those between two users of whom one has a mirror of a photo in it, or is to get
 * one, and those for whose photos a person has to confirm something. One statement, however many jobs there are; without it each phase would ask for each job (50 pairs: 1,000 statements). More than
 * there really are cost time and do no harm.
 */
export async function findConcerned(view: View): Promise<readonly Job[]> {
  const { sql, scope, jobs } = view;
  if (scope === 'all') return jobs;
  const waiting = await readWaiting(sql, jobs);
  if (scope.length === 0) return jobs.filter(({ name }) => waiting.has(name));
  const rows = await sql<{ sourceUserId: string; targetUserId: string }[]>`
    WITH looked AS MATERIALIZED (
      SELECT unnest(${scope as string[]}::uuid[]) AS id
      UNION
      -- One that leaves a stack changes what is left of it.
      SELECT mate.id
      FROM unnest(${scope as string[]}::uuid[]) AS changed (id)
      JOIN asset a ON a.id = changed.id
      JOIN asset mate ON mate."stackId" = a."stackId"
    )
    SELECT source.user_id AS "sourceUserId", m.target_user_id AS "targetUserId"
    FROM looked
    CROSS JOIN LATERAL (
      SELECT * FROM immich_sidecar.asset_map m WHERE m.source_asset_id = looked.id OFFSET 0
    ) m
    CROSS JOIN LATERAL (
      SELECT m.source_user_id AS user_id
      UNION
      SELECT a."ownerId" FROM asset a WHERE a.id = looked.id
    ) source
    UNION
    ${inSharedAlbums(view, jobs.some(({ pair }) => pair !== undefined))}
    UNION
    SELECT job."sourceUserId", job."targetUserId"
    FROM asset a
    CROSS JOIN LATERAL (${jobsMeaning(sql, jobs.filter(({ pair }) => pair === undefined))}) AS job
    WHERE a.id = ANY (${scope as string[]}::uuid[])
      AND ${isOpen(sql, sql`job."targetUserId"`)}`;
  const pairs = new Set(rows.map(pairKey));
  return jobs.filter((job) => pairs.has(pairKey(job)) || waiting.has(job.name));
}

/** Jobs whose way back waits, or is confirmed by now: nothing changes in Immich when it is. */
async function readWaiting(sql: Sql, jobs: readonly Job[]): Promise<ReadonlySet<string>> {
  if (!jobs.some(({ bothWays = [], favorites }) => bothWays.length > 0 || favorites === 'both')) return new Set();
  const rows = await sql<{ job: string }[]>`
    SELECT job_name AS job
    FROM immich_sidecar_both_ways.job
    WHERE held > 0`;
  return new Set(rows.map(({ job }) => waitingOf({ job, photos: 0 }).name));
}

/** Between whom photos of the scope are in albums: for all pairs at once. */
function inSharedAlbums({ sql, schema, scope }: View, isAny: boolean): Fragment {
  const { albumKey, assetKey } = schema.albumAsset;
  return sql`
    SELECT a."ownerId", other.user_id
    FROM asset a
    JOIN album_asset entry ON entry.${sql(assetKey)} = a.id
    JOIN (${participants(sql, schema.catalog)}) AS other
      ON other.album_id = entry.${sql(albumKey)} AND other.user_id <> a."ownerId"
    WHERE ${isAny}
      AND a.id = ANY (${scope as string[]}::uuid[])`;
}
