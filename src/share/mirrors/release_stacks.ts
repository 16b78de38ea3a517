import type { Sql } from '../../postgres/connect.ts';

/**
 * Takes mirrors that are about to go, or to change their stack, out of the way: where one is the primary asset of a stack,
 * another member takes its place, because the foreign key (NO ACTION) and the unique key would not let it go; a stack that is
 * left with fewer than two members is dissolved.
 *
 * Where Immich has dissolved a stack because its owner deleted one of its two members, the other one is free again.
 *
 * In a stack of ours the heir is the member with the lowest source, which is what phases/stacks.ts would choose. The mirrors
 * themselves keep pointing at a stack that goes on.
 */
export async function releaseFromStacks(tx: Sql, mirrorAssetIds: readonly string[]): Promise<void> {
  const ids = mirrorAssetIds as string[];
  const left = await tx<{ id: string; members: number; heirId: string | null; isHeadless: boolean }[]>`
    SELECT
      s.id,
      count(a.id)::int AS members,
      (array_agg(a.id ORDER BY CASE WHEN m.stack_id = s.id THEN m.source_asset_id END, a.id))[1] AS "heirId",
      s."primaryAssetId" = ANY (${ids}::uuid[]) AS "isHeadless"
    FROM stack s
    LEFT JOIN asset a
      ON a."stackId" = s.id
      AND a.id <> ALL (${ids}::uuid[])
      AND NOT EXISTS (SELECT 1 FROM stack other WHERE other."primaryAssetId" = a.id AND other.id <> s.id)
    LEFT JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = a.id
    WHERE s."primaryAssetId" = ANY (${ids}::uuid[])
      OR s.id IN (SELECT own."stackId" FROM asset own WHERE own.id = ANY (${ids}::uuid[]))
    GROUP BY s.id`;
  const dissolved = left.filter(({ members }) => members < 2).map((
    { id },
  ) => id);
  const inherited = left.filter(({ members, isHeadless }) => members >= 2 && isHeadless);
  if (inherited.length > 0) {
    const heirs = tx`
      jsonb_to_recordset(${tx.json(inherited as never)}) AS heir (id uuid, "heirId" uuid)`;
    await tx`UPDATE stack s SET "primaryAssetId" = heir."heirId" FROM ${heirs} WHERE s.id = heir.id`;
    await tx`
      UPDATE immich_sidecar_stacks.stack_map sm
      SET primary_asset_id = heir."heirId"
      FROM ${heirs}
      WHERE sm.mirror_stack_id = heir.id`;
  }
  if (dissolved.length > 0) {
    await tx`
      UPDATE immich_sidecar.asset_map m
      SET stack_id = NULL
      FROM asset mirror
      WHERE m.stack_id = ANY (${dissolved}::uuid[])
        AND mirror.id = m.mirror_asset_id
        AND mirror."stackId" = m.stack_id`;
    await tx`DELETE FROM immich_sidecar_stacks.stack_map WHERE mirror_stack_id = ANY (${dissolved}::uuid[])`;
    await tx`DELETE FROM stack WHERE id = ANY (${dissolved}::uuid[])`;
  }
  await tx`
    UPDATE immich_sidecar.asset_map m
    SET stack_id = NULL
    WHERE m.stack_id IN (
        SELECT gone.stack_id
        FROM immich_sidecar.asset_map gone
        WHERE gone.mirror_asset_id = ANY (${ids}::uuid[])
          AND NOT EXISTS (SELECT 1 FROM stack s WHERE s.id = gone.stack_id)
      )
      AND NOT EXISTS (
        SELECT 1
        FROM immich_sidecar.asset_map other
        WHERE other.stack_id = m.stack_id
          AND other.mirror_asset_id <> m.mirror_asset_id
          AND other.mirror_asset_id <> ALL (${ids}::uuid[])
      )`;
}
