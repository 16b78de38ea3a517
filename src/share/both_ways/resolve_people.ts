import { isNativelyShared } from '../../immich/native_shares.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { retryTransient } from '../../postgres/retry.ts';
import { noteValue, PERSON_VALUES } from './people.ts';
import type { DecidedConflict } from './conflicts.ts';

/**
 * Carries out what was decided about people. What the source says is carried over by the next cycle; what the target says is written into the source's row at once, and noted. Returns how many were
 * decided: what somebody has changed since is left alone.
 */
export async function settlePersonConflicts(
  sql: Sql,
  schema: ImmichSchema,
  decided: readonly DecidedConflict[],
): Promise<number> {
  const { personKey, faceKey } = schema.people;
  let settled = 0;
  for (const { field, column, written, seen } of PERSON_VALUES) {
    const plans = decided.filter((one) => one.field === field).map((
      { job, targetUserId, sourceAssetId, mirrorAssetId, source, target, lost },
    ) => ({
      job,
      targetUserId,
      sourcePersonId: sourceAssetId,
      mirrorPersonId: mirrorAssetId,
      source: source.person?.value ?? null,
      target: target.person?.value ?? null,
      lost,
    }));
    if (plans.length === 0) continue;
    settled += await retryTransient(async () => {
      const [row] = await sql<{ settled: number }[]>`
        WITH meant AS MATERIALIZED (
          SELECT plan.*, pm.origin_person_id, pm.target_user_id, said."ownerId" AS source_user_id
          FROM jsonb_to_recordset(${sql.json(plans)}) AS plan
            (job text, "targetUserId" uuid, "sourcePersonId" uuid, "mirrorPersonId" uuid, source text, target text, lost text)
          JOIN immich_sidecar.person_map pm
            ON pm.mirror_person_id = plan."mirrorPersonId" AND pm.target_user_id = plan."targetUserId"
          JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
          JOIN person said
            ON said.${sql(personKey)} = plan."sourcePersonId"
            AND said."ownerId" = coalesce(pm.seen_user_id, pm.origin_owner_id)
          WHERE said.${sql(column)}::text IS NOT DISTINCT FROM plan.source
            AND mirror.${sql(column)}::text IS NOT DISTINCT FROM plan.target
            AND NOT ${isNativelyShared(sql, schema, sql`said."ownerId"`, sql`said.${sql(personKey)}`)}
        ),
        noted AS (
          INSERT INTO immich_sidecar_both_ways.written (
            source_asset_id, source_user_id, target_user_id, mirror_asset_id, job_name, field, before, after, is_by_immich
          )
          SELECT
            "sourcePersonId", source_user_id, target_user_id, "mirrorPersonId", job, ${field},
            ${noteValue(sql, sql`source`)}, ${noteValue(sql, sql`target`)}, false
          FROM meant
          WHERE lost = 'source'
        ),
        named AS (
          UPDATE person said
          SET ${sql(column)} = mirror.${sql(column)}
          FROM meant
          JOIN person mirror
            ON mirror.${sql(personKey)} = meant."mirrorPersonId" AND mirror."ownerId" = meant.target_user_id
          WHERE meant.lost = 'source'
            AND said.${sql(personKey)} = meant."sourcePersonId"
            AND said."ownerId" = meant.source_user_id
        ),
        settled AS (
          UPDATE immich_sidecar.person_map pm
          SET ${sql(written)} = mirror.${sql(column)}, ${sql(seen)} = mirror.${sql(column)}
          FROM meant
          JOIN person mirror
            ON mirror.${sql(personKey)} = meant."mirrorPersonId" AND mirror."ownerId" = meant.target_user_id
          WHERE pm.origin_person_id = meant.origin_person_id
            AND pm.target_user_id = meant.target_user_id
          RETURNING pm.mirror_person_id, pm.target_user_id
        ),
        rechecked AS (
          INSERT INTO immich_sidecar_decisions.recheck (source_asset_id)
          SELECT DISTINCT photo.id
          FROM settled
          CROSS JOIN LATERAL (
            SELECT m.source_asset_id AS id
            FROM asset_face f
            JOIN immich_sidecar.asset_map m
              ON m.mirror_asset_id = f."assetId" AND m.target_user_id = settled.target_user_id
            WHERE f.${sql(faceKey)} = settled.mirror_person_id
            LIMIT 1
          ) AS photo
          ON CONFLICT (source_asset_id) DO UPDATE SET due_at = excluded.due_at
        )
        SELECT count(*)::int AS settled
        FROM settled`;
      return row?.settled ?? 0;
    });
  }
  return settled;
}
