import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Withdrawal } from '../mirrors/withdrawal.ts';

/** Notes what these mirrors leave behind in stacks of the target's own; call it while they are in them. `ids`: of which anything is remembered. */
export async function rememberStacks(
  tx: Sql,
  withdrawals: readonly Withdrawal[],
  ids: readonly string[],
): Promise<void> {
  const going = ids as string[];
  await tx`
    INSERT INTO immich_sidecar_remembered.stack (stack_id, target_user_id, members, primary_asset_id)
    SELECT
      s.id,
      s."ownerId",
      ARRAY(SELECT a.id FROM asset a WHERE a."stackId" = s.id AND a.id <> ALL (${going}::uuid[]) ORDER BY a.id),
      CASE
        WHEN s."primaryAssetId" <> ALL (${going}::uuid[])
          AND NOT EXISTS (
            -- It has only taken the place of one that went before.
            SELECT 1
            FROM immich_sidecar_remembered.photo first
            WHERE first.stack_id = s.id AND first.heir_id = s."primaryAssetId"
          )
          THEN s."primaryAssetId"
      END
    FROM stack s
    WHERE s.id IN (SELECT r.stack_id FROM ${remembered(tx, withdrawals)})
    ON CONFLICT (stack_id) DO UPDATE
    SET members = excluded.members, primary_asset_id = excluded.primary_asset_id`;
}

/**
 * A stack that goes on without them needs no notes but who has taken the place of its primary asset, also where that has gone now, too. Call it when the mirrors are
 * gone.
 */
export async function forgetStacksThatStay(tx: Sql, withdrawals: readonly Withdrawal[]): Promise<void> {
  const gone = withdrawals.map(({ mirrorAssetId }) => mirrorAssetId);
  await tx`
    UPDATE immich_sidecar_remembered.photo known
    SET heir_id = s."primaryAssetId"
    FROM stack s
    WHERE s.id = known.stack_id
      AND known.is_primary
      AND (
        known.heir_id = ANY (${gone}::uuid[])
        OR (known.source_asset_id, known.target_user_id) IN (
          SELECT r.source_asset_id, r.target_user_id FROM ${remembered(tx, withdrawals)}
        )
      )`;
  await tx`
    DELETE FROM immich_sidecar_remembered.stack dissolved
    WHERE EXISTS (SELECT 1 FROM stack s WHERE s.id = dissolved.stack_id)`;
  await forgetIdleStacks(tx);
}

/** What is remembered of these mirrors, as `r`. */
function remembered(tx: Sql, withdrawals: readonly Withdrawal[]): Fragment {
  return tx`
    (
      SELECT known.*
      FROM immich_sidecar_remembered.photo known
      JOIN jsonb_to_recordset(${tx.json(withdrawals as never)}) AS gone ("sourceAssetId" uuid, "targetUserId" uuid)
        ON known.source_asset_id = gone."sourceAssetId" AND known.target_user_id = gone."targetUserId"
    ) AS r`;
}

/** Those that no mirror waits for any more. */
export async function forgetIdleStacks(tx: Sql): Promise<void> {
  await tx`
    DELETE FROM immich_sidecar_remembered.stack dissolved
    WHERE NOT EXISTS (
      SELECT 1 FROM immich_sidecar_remembered.photo r WHERE r.stack_id = dissolved.stack_id
    )`;
}

/** A stack that was dissolved, with all of its members that are there. */
interface Dissolved {
  readonly id: string;
  readonly targetUserId: string;
  /** Its primary asset first, if that is there. */
  readonly memberIds: readonly string[];
  readonly hasPrimary: boolean;
  readonly returnedIds: readonly string[];
}

/**
 * Puts mirrors back into stacks of the target's own, which are made again, with their old ids, as soon as two members are there. `returned`: for FROM, what is
 * remembered of them, as `r`. A stack that the target has dissolved since stays so.
 */
export async function giveStacksBack(tx: Sql, returned: Fragment): Promise<void> {
  await tx`
    UPDATE asset mirror
    SET "stackId" = s.id
    FROM ${returned}
    JOIN stack s ON s.id = r.stack_id AND s."ownerId" = r.target_user_id
    WHERE mirror.id = r.mirror_asset_id`;
  await tx`
    UPDATE stack s
    SET "primaryAssetId" = r.mirror_asset_id
    FROM ${returned}
    WHERE s.id = r.stack_id
      AND s."ownerId" = r.target_user_id
      AND r.is_primary
      AND s."primaryAssetId" = r.heir_id`;
  const dissolved = await tx<Dissolved[]>`
    SELECT
      gone.stack_id AS id,
      gone.target_user_id AS "targetUserId",
      array_agg(member.id ORDER BY member.is_primary DESC, member.id) AS "memberIds",
      bool_or(member.is_primary) AS "hasPrimary",
      array_agg(member.id) FILTER (WHERE member.is_returned) AS "returnedIds"
    FROM immich_sidecar_remembered.stack gone
    CROSS JOIN LATERAL (
      SELECT r.mirror_asset_id AS id, r.is_primary, true AS is_returned
      FROM ${returned}
      WHERE r.stack_id = gone.stack_id
      UNION ALL
      SELECT a.id, (a.id = gone.primary_asset_id) IS TRUE, false
      FROM asset a
      WHERE a.id = ANY (gone.members)
        AND a."ownerId" = gone.target_user_id
        AND a."stackId" IS NULL
        AND NOT EXISTS (SELECT 1 FROM stack other WHERE other."primaryAssetId" = a.id)
    ) AS member
    WHERE gone.stack_id IN (SELECT r.stack_id FROM ${returned})
    GROUP BY gone.stack_id`;
  await makeAgain(tx, dissolved.filter(({ memberIds }) => memberIds.length >= 2));
  await tx`
    UPDATE immich_sidecar_remembered.stack gone
    SET members = gone.members || alone."returnedIds",
        primary_asset_id = CASE WHEN alone."hasPrimary" THEN alone."memberIds"[1] END
    FROM ${recordset(tx, dissolved.filter(({ memberIds }) => memberIds.length < 2))} AS alone
      (id uuid, "memberIds" uuid[], "returnedIds" uuid[], "hasPrimary" boolean)
    WHERE gone.stack_id = alone.id`;
}

async function makeAgain(tx: Sql, stacks: readonly Dissolved[]): Promise<void> {
  if (stacks.length === 0) return;
  const made = tx`
    ${recordset(tx, stacks)} AS made (id uuid, "targetUserId" uuid, "memberIds" uuid[], "hasPrimary" boolean)`;
  await tx`
    INSERT INTO stack (id, "primaryAssetId", "ownerId")
    SELECT made.id, made."memberIds"[1], made."targetUserId"
    FROM ${made}`;
  await tx`
    UPDATE asset member
    SET "stackId" = made.id
    FROM ${made}
    WHERE member.id = ANY (made."memberIds")`;
  // One that comes later takes its old place.
  await tx`
    UPDATE immich_sidecar_remembered.photo waiting
    SET heir_id = made."memberIds"[1]
    FROM ${made}
    WHERE waiting.stack_id = made.id
      AND waiting.is_primary
      AND NOT made."hasPrimary"`;
  await tx`
    DELETE FROM immich_sidecar_remembered.stack gone
    WHERE gone.stack_id = ANY (${stacks.map(({ id }) => id)}::uuid[])`;
}

function recordset(tx: Sql, rows: readonly Dissolved[]): Fragment {
  return tx`jsonb_to_recordset(${tx.json(rows as never)})`;
}
