import type { Sql } from '../../postgres/connect.ts';
import { type Damage, findings } from './finding.ts';

/**
 * Checks that mirrors are stacked as their sources are. A stack with anything in it but mirrors of one source stack is the
 * target owner's own, and so is the place of the mirrors in it.
 */
export async function checkStacks(sql: Sql): Promise<Damage[]> {
  const placed = sql`
    SELECT
      m.target_user_id, a.id AS source_id, a."stackId" AS source_stack_id, source."primaryAssetId" AS source_primary_id,
      mirror.id, mirror."stackId" AS stack_id
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    JOIN asset mirror ON mirror.id = m.mirror_asset_id
    LEFT JOIN stack source ON source.id = a."stackId"`;
  const rows = await sql<{ id: string; detail: string }[]>`
    WITH placed AS (${placed}),
    theirs AS (
      SELECT member."stackId" AS id
      FROM asset member
      LEFT JOIN placed ON placed.id = member.id
      WHERE member."stackId" IS NOT NULL
      GROUP BY member."stackId"
      HAVING bool_or(placed.source_stack_id IS NULL) OR count(DISTINCT placed.source_stack_id) > 1
    ),
    expected AS (
      SELECT
        *,
        count(*) OVER family AS relatives,
        first_value(id) OVER family AS primary_id,
        first_value(stack_id) OVER family AS primary_stack_id
      FROM placed
      WHERE source_stack_id IS NOT NULL
        AND (stack_id IS NULL OR stack_id NOT IN (SELECT id FROM theirs))
      WINDOW family AS (
        PARTITION BY target_user_id, source_stack_id
        ORDER BY source_id = source_primary_id DESC, source_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      )
    )
    SELECT expected.id, wrong.detail
    FROM expected
    LEFT JOIN stack s ON s.id = expected.stack_id
    CROSS JOIN LATERAL (
      VALUES
        (relatives < 2 AND stack_id IS NOT NULL, 'alone in a stack'),
        (relatives >= 2 AND (stack_id IS NULL OR stack_id <> primary_stack_id), 'in no stack, or in another'),
        (relatives >= 2 AND s."primaryAssetId" <> primary_id, 'in a stack with another cover'),
        (s."ownerId" <> target_user_id, 'in a stack of somebody else')
    ) AS wrong (is_wrong, detail)
    WHERE wrong.is_wrong`;
  const left = await sql<{ id: string }[]>`
    WITH placed AS (${placed})
    SELECT placed.id
    FROM placed
    JOIN immich_sidecar_stacks.stack_map sm ON sm.mirror_stack_id = placed.stack_id
    WHERE sm.source_stack_id IS DISTINCT FROM placed.source_stack_id`;
  const lonely = await sql<{ id: string }[]>`
    SELECT s.id
    FROM stack s
    JOIN immich_sidecar_stacks.stack_map sm ON sm.mirror_stack_id = s.id
    WHERE (SELECT count(*) FROM asset a WHERE a."stackId" = s.id) < 2`;
  return [
    ...findings('asset', 'is not stacked as its source', rows),
    ...findings('asset', 'is in a stack that its source has left', left),
    ...findings('stack', 'has fewer than two members', lonely),
  ];
}
