import type { Fragment, Sql } from '../../postgres/connect.ts';

/** A source that is due to be looked at again, or of which a command has asked it (immich_sidecar_decisions.recheck). */
export interface Recheck {
  readonly sourceAssetId: string;
  /** Another one as soon as somebody asks again, also while a cycle is at it. */
  readonly version: string;
}

/** Those that are due now, as an expression: an array of JSON. */
export function dueRechecks(sql: Sql): Fragment {
  return sql`(
    SELECT coalesce(json_agg(json_build_object('sourceAssetId', source_asset_id, 'version', xmin::text)), '[]')
    FROM immich_sidecar_decisions.recheck
    WHERE due_at <= now()
  )`;
}

/** Those that are due now. Reads only. */
export async function readRechecks(sql: Sql): Promise<readonly Recheck[]> {
  const [row] = await sql<{ rechecks: Recheck[] }[]>`SELECT ${dueRechecks(sql)} AS rechecks`;
  return row?.rechecks ?? [];
}

/** Notes that these were looked at. What was asked of the same photos since stays. Returns how many that are. */
export async function removeRechecks(tx: Sql, looked: readonly Recheck[]): Promise<number> {
  const removed = await tx`
    DELETE FROM immich_sidecar_decisions.recheck r
    USING jsonb_to_recordset(${tx.json(looked as never)}) AS looked ("sourceAssetId" uuid, version text)
    WHERE r.source_asset_id = looked."sourceAssetId"
      AND r.xmin::text = looked.version`;
  return removed.count;
}
