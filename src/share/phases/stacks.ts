import { count } from '../../config/words.ts';
import type { Sql } from '../../postgres/connect.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import { isWithin } from '../cycle/scope.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isLookedAt } from '../mirrors/pages.ts';
import { releaseFromStacks } from '../mirrors/release_stacks.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** A stack of the target as it shall be. */
export interface StackPlan {
  readonly sourceStackId: string;
  readonly targetUserId: string;
  readonly mirrorStackId: string;
  /** Mirrors, in the order of their sources; none when the stack goes. */
  readonly memberIds: readonly string[];
  /** Mirrors that are in the stack, put there by us, and no longer belong there. */
  readonly leavingIds: readonly string[];
  /** Null when the stack goes. */
  readonly primaryAssetId: string | null;
  /** What we would have chosen; the target's owner may have chosen another. */
  readonly ownPrimaryAssetId: string | null;
}

/**
 * Makes the stacks of a source that a target shall have, has otherwise, or shall have no longer. A stack may hold mirrors of several jobs,
 * so it comes when all of these are there.
 *
 * A stack is rebuilt from two mirrors on. A mirror follows its source into a stack, and out of it, as long as it is where we
 * put it: one that the target's owner has put into a stack of their own, or taken out of ours, stays as they want it.
 */
export const stacks = definePhase({
  name: 'stacks',
  what: 'Rebuilds stacks of shared photos.',
  per: 'pair',
  counts: { stacks: 'stacks updated' },
  plan: (view, job: Job) => {
    const { search } = view.limits;
    return searchPages((after?: StackPlan) => findStacks(view, job, after), search);
  },
  apply: eachPage(async ({ database }, _job: Job, page: StackPlan[], tally: Tally<'stacks'>) => {
    const updated = await countInBatches(
      database,
      page,
      rebuildStacks,
      (_stack, error) => tally.problem(refused(error, { table: 'stack' })),
    );
    tally.add('stacks', updated);
  }),
  describe: (page) =>
    linesOf(
      '~',
      'stacks to update',
      page,
      ({ mirrorStackId, memberIds }) => `stack ${mirrorStackId} of ${count(memberIds.length, 'photo')}`,
    ),
});

async function findStacks(
  { sql, scope, limits }: View,
  job: Job,
  after: StackPlan | undefined,
): Promise<StackPlan[]> {
  return await sql<StackPlan[]>`
    WITH looked_at AS (
      SELECT a."stackId" AS id
      FROM asset a
      WHERE a."ownerId" = ${job.sourceUserId}
        AND a."stackId" IS NOT NULL
        AND ${isWithin(sql, scope, sql`a.id`)}
      UNION
      SELECT sm.source_stack_id
      FROM immich_sidecar.asset_map m
      JOIN immich_sidecar_stacks.stack_map sm ON sm.mirror_stack_id = m.stack_id
      WHERE ${isLookedAt(sql, job, scope)}
    ),
    followers AS (
      SELECT
        s.id AS source_stack_id,
        m.source_asset_id,
        m.mirror_asset_id,
        a.id = s."primaryAssetId" AS is_primary,
        (mirror."stackId" = sm.mirror_stack_id AND m.stack_id = sm.mirror_stack_id) IS TRUE AS is_in
      FROM looked_at
      JOIN stack s ON s.id = looked_at.id
      JOIN asset a ON a."stackId" = s.id
      JOIN immich_sidecar.asset_map m ON m.source_asset_id = a.id AND m.target_user_id = ${job.targetUserId}
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      LEFT JOIN immich_sidecar_stacks.stack_map sm
        ON sm.source_stack_id = s.id AND sm.target_user_id = ${job.targetUserId}
      WHERE (mirror."stackId" IS NOT DISTINCT FROM m.stack_id OR mirror."stackId" = sm.mirror_stack_id)
        AND NOT EXISTS (
          SELECT 1
          FROM stack other
          WHERE other."primaryAssetId" = mirror.id AND other.id IS DISTINCT FROM mirror."stackId"
        )
    ),
    wanted AS (
      SELECT
        source_stack_id,
        array_agg(mirror_asset_id ORDER BY source_asset_id) AS members,
        (array_agg(mirror_asset_id ORDER BY is_primary DESC, source_asset_id))[1] AS primary_id,
        bool_and(is_in) AS is_complete
      FROM followers
      GROUP BY source_stack_id
      HAVING count(*) >= 2
    ),
    judged AS (
      SELECT
        looked_at.id AS source_stack_id,
        sm.mirror_stack_id,
        wanted.members,
        wanted.primary_id,
        coalesce(wanted.is_complete, false) AS is_complete,
        mirror_stack."primaryAssetId" AS current_primary_id,
        sm.primary_asset_id AS written_primary_id,
        ARRAY(
          SELECT m.mirror_asset_id
          FROM immich_sidecar.asset_map m
          JOIN asset mirror ON mirror.id = m.mirror_asset_id AND mirror."stackId" = m.stack_id
          WHERE m.stack_id = sm.mirror_stack_id
            AND (wanted.members IS NULL OR m.mirror_asset_id <> ALL (wanted.members))
          ORDER BY m.mirror_asset_id
        ) AS leaving
      FROM looked_at
      LEFT JOIN wanted ON wanted.source_stack_id = looked_at.id
      LEFT JOIN immich_sidecar_stacks.stack_map sm
        ON sm.source_stack_id = looked_at.id AND sm.target_user_id = ${job.targetUserId}
      LEFT JOIN stack mirror_stack ON mirror_stack.id = sm.mirror_stack_id
      WHERE (wanted.members IS NOT NULL OR sm.mirror_stack_id IS NOT NULL)
        AND ${after === undefined ? sql`true` : sql`looked_at.id > ${after.sourceStackId}`}
        AND NOT EXISTS (
          SELECT 1
          FROM immich_sidecar.asset_map kept -- by a brake, as its source is gone
          WHERE kept.stack_id = sm.mirror_stack_id
            AND NOT EXISTS (SELECT 1 FROM asset a WHERE a.id = kept.source_asset_id)
        )
    )
    SELECT
      source_stack_id AS "sourceStackId",
      ${job.targetUserId} AS "targetUserId",
      coalesce(mirror_stack_id, gen_random_uuid()) AS "mirrorStackId",
      coalesce(members, '{}') AS "memberIds",
      leaving AS "leavingIds",
      CASE
        WHEN current_primary_id <> written_primary_id
          AND written_primary_id = ANY (members)
          AND current_primary_id <> ALL (leaving) THEN current_primary_id
        ELSE primary_id
      END AS "primaryAssetId",
      primary_id AS "ownPrimaryAssetId"
    FROM judged
    WHERE NOT is_complete
      OR cardinality(leaving) > 0
      OR written_primary_id <> primary_id
      OR (current_primary_id <> primary_id AND current_primary_id = written_primary_id)
    ORDER BY source_stack_id
    LIMIT ${limits.search}`;
}

async function rebuildStacks(tx: Sql, plans: StackPlan[]): Promise<number> {
  const stacks = plans.filter(({ memberIds }) => memberIds.length > 0);
  const members = stacks.flatMap(({ memberIds, mirrorStackId }) => membershipsOf(memberIds, mirrorStackId));
  const leaving = await readMembers(
    tx,
    plans.flatMap(({ leavingIds, mirrorStackId }) => membershipsOf(leavingIds, mirrorStackId)),
    '=',
  );
  await releaseFromStacks(tx, [...leaving, ...await readMembers(tx, members, '<>')]);
  await tx`
    UPDATE asset
    SET "stackId" = NULL
    WHERE id = ANY (${leaving}::uuid[])
      AND "stackId" IS NOT NULL`;
  await tx`
    UPDATE immich_sidecar.asset_map
    SET stack_id = NULL
    WHERE mirror_asset_id = ANY (${leaving}::uuid[])`;
  await tx`
    INSERT INTO stack AS known (id, "primaryAssetId", "ownerId")
    SELECT plan."mirrorStackId", mirror.id, plan."targetUserId"
    FROM jsonb_to_recordset(${tx.json(stacks as never)}) AS plan
      ("mirrorStackId" uuid, "primaryAssetId" uuid, "targetUserId" uuid)
    JOIN asset mirror ON mirror.id = plan."primaryAssetId" AND mirror."ownerId" = plan."targetUserId"
    ON CONFLICT (id) DO UPDATE
    SET "primaryAssetId" = excluded."primaryAssetId"
    WHERE known."primaryAssetId" <> excluded."primaryAssetId"`;
  await tx`
    WITH moved AS (
      UPDATE asset mirror
      SET "stackId" = s.id
      FROM ${membersOf(tx, members)}
      JOIN stack s ON s.id = member."mirrorStackId"
      WHERE mirror.id = member."mirrorAssetId"
        AND mirror."stackId" IS DISTINCT FROM s.id
    )
    UPDATE immich_sidecar.asset_map m
    SET stack_id = member."mirrorStackId"
    FROM ${membersOf(tx, members)}
    WHERE m.mirror_asset_id = member."mirrorAssetId"
      AND m.stack_id IS DISTINCT FROM member."mirrorStackId"`;
  await tx`
    INSERT INTO immich_sidecar_stacks.stack_map (source_stack_id, target_user_id, mirror_stack_id, primary_asset_id)
    SELECT plan."sourceStackId", plan."targetUserId", plan."mirrorStackId", plan."ownPrimaryAssetId"
    FROM jsonb_to_recordset(${tx.json(stacks as never)}) AS plan
      ("sourceStackId" uuid, "targetUserId" uuid, "mirrorStackId" uuid, "ownPrimaryAssetId" uuid)
    ON CONFLICT (source_stack_id, target_user_id) DO UPDATE
    SET mirror_stack_id = excluded.mirror_stack_id,
        primary_asset_id = excluded.primary_asset_id`;
  const gone = plans.filter(({ memberIds }) => memberIds.length === 0).map(({ mirrorStackId }) => mirrorStackId);
  await tx`DELETE FROM immich_sidecar_stacks.stack_map WHERE mirror_stack_id = ANY (${gone}::uuid[])`;
  return plans.length;
}

interface Membership {
  readonly mirrorAssetId: string;
  readonly mirrorStackId: string;
}

function membershipsOf(mirrorAssetIds: readonly string[], mirrorStackId: string): Membership[] {
  return mirrorAssetIds.map((mirrorAssetId) => ({ mirrorAssetId, mirrorStackId }));
}

/** Mirrors that are in these very stacks now, or in others: an earlier batch may have moved them. */
async function readMembers(tx: Sql, members: readonly Membership[], where: '=' | '<>'): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    SELECT mirror.id
    FROM ${membersOf(tx, members)}
    JOIN asset mirror ON mirror.id = member."mirrorAssetId"
    WHERE mirror."stackId" ${where === '=' ? tx`=` : tx`<>`} member."mirrorStackId"`;
  return rows.map(({ id }) => id);
}

function membersOf(tx: Sql, members: readonly Membership[]) {
  return tx`
    jsonb_to_recordset(${tx.json(members as never)}) AS member ("mirrorAssetId" uuid, "mirrorStackId" uuid)`;
}
