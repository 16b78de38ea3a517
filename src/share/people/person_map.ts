import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { inBatches } from '../cycle/batches.ts';
import type { Context } from '../cycle/context.ts';
import { isSomebody, joinOrigin } from './person_links.ts';

/**
 * Reconciles the map of people where one side is gone, before faces are looked at. A mirrored person whom the target's owner
 * merged into another is from now on that other one; somebody without a name, whom only Immich has found, does not count. A
 * mapping whose mirror was deleted is forgotten. Writes only our own tables. Returns how many rows changed.
 */
export async function reconcilePersonMap(context: Context, targetUserId: string): Promise<number> {
  return await inBatches(context, [targetUserId], async (tx) => {
    const { personKey, faceKey } = context.schema.people;
    const isGone = tx`
      NOT EXISTS (
        SELECT 1
        FROM person mirror
        WHERE mirror.${tx(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
      )`;
    const gone = await tx<{ id: string }[]>`
      SELECT pm.mirror_person_id AS id
      FROM immich_sidecar.person_map pm
      WHERE pm.target_user_id = ${targetUserId}
        AND ${isGone}`;
    if (gone.length === 0) return 0;
    const merged = await tx<{ before: string; after: string }[]>`
      UPDATE immich_sidecar.person_map pm
      SET mirror_person_id = heir.id, is_ours = false
      FROM (
        SELECT DISTINCT ON (fm.person_id) fm.person_id AS before, f.${tx(faceKey)} AS id
        FROM immich_sidecar.face_map fm
        JOIN asset_face f
          ON f.id = fm.mirror_face_id
          AND ${isSomebody(tx, context.schema, tx`f.${tx(faceKey)}`, targetUserId)}
        JOIN immich_sidecar.asset_map m
          ON m.mirror_asset_id = fm.mirror_asset_id AND m.target_user_id = ${targetUserId}
        WHERE fm.person_id = ANY (${gone.map(({ id }) => id)}::uuid[])
          AND f.${tx(faceKey)} <> fm.person_id
        GROUP BY fm.person_id, f.${tx(faceKey)}
        ORDER BY fm.person_id, count(*) DESC, f.${tx(faceKey)}
      ) AS heir
      WHERE pm.target_user_id = ${targetUserId}
        AND heir.before = pm.mirror_person_id
        AND ${isGone}
      RETURNING heir.before, heir.id AS after`;
    await tx`
      UPDATE immich_sidecar.face_map fm
      SET person_id = merged.after
      FROM jsonb_to_recordset(${tx.json(merged as never)}) AS merged (before uuid, after uuid),
        immich_sidecar.asset_map m
      WHERE fm.person_id = merged.before
        AND m.mirror_asset_id = fm.mirror_asset_id
        AND m.target_user_id = ${targetUserId}`;
    const lost = gone.map(({ id }) => id).filter((id) => !merged.some(({ before }) => before === id));
    await forgetPeople(tx, context.schema, targetUserId, lost);
    return merged.length + lost.length;
  });
}

/**
 * Forgets mirrored people who are gone. What we wrote about their faces is noted as if it had never been about somebody they were
 * merged into: should they return, their faces are theirs, but for those that the target's owner has given to others.
 */
export async function forgetPeople(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  ids: readonly string[],
): Promise<void> {
  const { personKey, mirrorKey } = schema.people;
  const gone = ids as string[];
  await tx`
    UPDATE immich_sidecar.face_map fm
    SET person_id = said.person_id
    FROM (
      SELECT written.mirror_asset_id, written.source_face_id, ${mirrorKey(tx, targetUserId)} AS person_id
      FROM immich_sidecar.face_map written
      JOIN immich_sidecar.asset_map m
        ON m.mirror_asset_id = written.mirror_asset_id AND m.target_user_id = ${targetUserId}
      JOIN asset_face f ON f.id = written.source_face_id
      ${joinOrigin(tx, schema)}
      JOIN immich_sidecar.person_map pm
        ON pm.origin_person_id = origin.${tx(personKey)}
        AND pm.target_user_id = ${targetUserId}
        AND pm.mirror_person_id = written.person_id
      WHERE written.person_id = ANY (${gone}::uuid[])
    ) AS said
    WHERE fm.mirror_asset_id = said.mirror_asset_id
      AND fm.source_face_id = said.source_face_id
      AND fm.person_id <> said.person_id`;
  await tx`
    DELETE FROM immich_sidecar.person_map
    WHERE mirror_person_id = ANY (${gone}::uuid[])
      AND target_user_id = ${targetUserId}`;
}
