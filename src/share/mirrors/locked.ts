import { isTrashed } from '../../immich/presence.ts';
import type { PeopleModel } from '../../immich/people.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Problem } from '../../problems/problem.ts';
import { inBatches } from '../cycle/batches.ts';
import type { Limits } from '../cycle/limits.ts';
import { refused } from '../cycle/refused.ts';
import { isWithin, type Scope } from '../cycle/scope.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Database } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isPartOfLocked } from '../selection/locked.ts';
import { isOfStopped } from '../stops/stops.ts';
import { keepOfNamed } from './home.ts';
import { type JournalEntry, readLinks, recordLinks } from './journal.ts';
import { takeCovers, type Uncovered } from '../people/taken_covers.ts';
import { filesOfMadeAssets, findMadeAssets, isReplacedByImmich } from './made_by_immich.ts';
import { readFilesOfImmich, type RemovalResult, removeRows } from './remove.ts';
import { filesOfUnknown } from './unjournaled.ts';
import type { Withdrawal } from './withdrawal.ts';

/** What of Immich's schema it takes to withdraw locked photos: the tables and columns that are needed for `locking`, and no more. */
export type LockingSchema = Pick<ImmichSchema, 'has'> & { readonly people: PeopleModel };

/**
 * The mirrors of locked sources, with those of their motion parts, of all jobs whether they are configured or not. One that the target's
 * owner has trashed stays declined. Reads only.
 *
 * @param options `withUndecided`: also those that are gone from Immich while nobody has decided what that means, of which only files are left; `stopped`: the jobs whose
 * recipients have stopped them. Takes the newest of our tables
 */
export function findLocked(
  sql: Sql,
  scope: Scope,
  { search }: Limits,
  { withUndecided }: { readonly withUndecided?: { readonly stopped: readonly Job[] } } = {},
): AsyncGenerator<Withdrawal[]> {
  const find = (after?: Withdrawal) =>
    sql<Withdrawal[]>`
      WITH locked AS MATERIALIZED (
        SELECT id
        FROM asset
        WHERE visibility = 'locked'
          AND ${isWithin(sql, scope, sql`id`)}
        UNION
        SELECT "livePhotoVideoId"
        FROM asset
        WHERE visibility = 'locked'
          AND "livePhotoVideoId" IS NOT NULL
          AND ${isWithin(sql, scope, sql`id`)}
      ),
      found AS MATERIALIZED (
        SELECT
          m.mirror_asset_id AS "mirrorAssetId",
          m.source_asset_id AS "sourceAssetId",
          m.target_user_id AS "targetUserId",
          m.job_name AS "jobName",
          CASE
            WHEN ${isTrashed(sql, 'mirror')} THEN 'target-trashed'
            ELSE 'source-locked'
          END AS reason
        FROM locked
        JOIN immich_sidecar.asset_map m ON m.source_asset_id = locked.id
        LEFT JOIN asset mirror ON mirror.id = m.mirror_asset_id
        JOIN asset a ON a.id = m.source_asset_id
        WHERE ${isLockedFor(sql, sql`m.target_user_id`)}
          -- One that the target's owner has deleted is judged by the withdrawals.
          AND (
            mirror.id IS NOT NULL
            OR ${isReplacedByImmich(sql)}
            OR ${withUndecided === undefined ? sql`false` : isUndecided(sql, withUndecided.stopped)}
          )
          AND ${after === undefined ? sql`true` : sql`m.mirror_asset_id > ${after.mirrorAssetId}`}
      )
      SELECT *
      FROM found
      ORDER BY "mirrorAssetId"
      LIMIT ${search}`;
  return searchPages(find, search);
}

/** Whether the mirror `m` is gone, and neither its share nor a brake on it says yet whether its recipient meant this photo. */
function isUndecided(sql: Sql, stopped: readonly Job[]): Fragment {
  return sql`(
    ${isOfStopped(sql, stopped)}
    OR EXISTS (
      SELECT 1
      FROM immich_sidecar_decisions.brake b
      WHERE b.job_name = m.job_name AND b.confirmed_at IS NULL
    )
  )`;
}

/** Whether the source `a` is locked, or the motion part of a locked photo that this target sees through no other one. */
export function isLockedFor(sql: Sql, targetUserId: Fragment): Fragment {
  return sql`(a.visibility = 'locked' OR ${isPartOfLocked(sql, targetUserId)})`;
}

/**
 * Removes the rows of mirrors that findLocked has found, before their files: whatever keeps a file where it is must not keep a locked
 * photo in somebody's timeline. The journal keeps the files, and phases/unfinished.ts removes them (docs/invariants.md, 6). They go as well when
 * it cannot be remembered what their targets have done to them.
 */
export async function withdrawLocked(
  database: Database,
  schema: LockingSchema,
  found: readonly Withdrawal[],
): Promise<RemovalResult> {
  const problems: Problem[] = [];
  const withdrawn = await inBatches(
    database,
    found,
    async (tx, batch) => ({ batch, ...await removeLocked(tx, schema, batch) }),
    ({ jobName, sourceAssetId }, error) => problems.push(refused(error, { job: jobName, assetId: sourceAssetId })),
    'READ COMMITTED',
  );
  problems.push(...withdrawn.flatMap(({ forgotten }) => forgotten));
  return {
    withdrawn: withdrawn.flatMap(({ batch }) => batch),
    problems,
    uncovered: withdrawn.flatMap(({ uncovered }) => uncovered),
  };
}

async function removeLocked(
  tx: Sql,
  schema: LockingSchema,
  batch: readonly Withdrawal[],
): Promise<{ forgotten: Problem[]; uncovered: readonly Uncovered[] }> {
  const ids = batch.map(({ mirrorAssetId }) => mirrorAssetId);
  // With the lock nobody can give them another file or face.
  await tx`SELECT FROM asset WHERE id = ANY (${ids}::uuid[]) ORDER BY id FOR UPDATE`;
  const owners = new Map(batch.map(({ mirrorAssetId, targetUserId }) => [mirrorAssetId, targetUserId]));
  const links = Map.groupBy(await readLinks(tx, ids), ({ mirrorId }) => mirrorId);
  const files = (await readFilesOfImmich(tx, schema, ids)).flatMap(({ mirrorId, path }): JournalEntry[] => {
    const mirror = { id: mirrorId, ownerId: owners.get(mirrorId) ?? '' };
    const keep = keepOfNamed(path, mirror, links.get(mirrorId) ?? []);
    return keep === undefined ? [] : [{ mirrorId, path, keep }];
  });
  files.push(...await filesOfUnknown(tx, schema, ids.filter((id) => !links.has(id))));
  const made = await findMadeAssets(tx, ids);
  const covers = await takeCovers(tx, schema, { mirrorIds: ids });
  // They belong to the mirrors from now on.
  await tx`DELETE FROM immich_sidecar.link WHERE path = ANY (${covers.files.map(({ path }) => path)})`;
  files.push(...await filesOfMadeAssets(tx, schema, made), ...covers.files);
  await recordLinks(tx, files);
  await tx`
    UPDATE immich_sidecar.link l
    SET locked_source_id = m.source_asset_id
    FROM immich_sidecar.asset_map m
    WHERE m.mirror_asset_id = ANY (${ids}::uuid[])
      AND l.mirror_id = m.mirror_asset_id`;
  const forgotten = await removeRows(tx, schema, batch, { made, isLocked: true });
  return { forgotten, uncovered: covers.uncovered };
}
