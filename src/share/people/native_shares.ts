import { isNativelyShared } from '../../immich/native_shares.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { inBatches } from '../cycle/batches.ts';
import type { Context } from '../cycle/context.ts';
import { isShownNatively, readThumbnails, removeThumbnails } from './hand_over.ts';

/**
 * Notes for people of a target who take part in a native share that they are the target's from now on, also when that share ends: their
 * rows are neither changed nor deleted any more. Their faces on mirrors still lead to them. Returns how many they are.
 */
export async function yieldSharedPeople(context: Context, targetUserId: string): Promise<number> {
  if (!context.schema.has('person_user')) return 0;
  return await context.transaction(async (tx) => {
    const yielded = await tx`
      UPDATE immich_sidecar.person_map pm
      SET is_ours = false
      WHERE pm.target_user_id = ${targetUserId}
        AND pm.is_ours
        AND ${isNativelyShared(tx, context.schema, tx`pm.target_user_id`, tx`pm.mirror_person_id`)}`;
    return yielded.count;
  });
}

/**
 * Locks the target's rows of these people, then looks which of them are ours to change: not those that take part in a native share by
 * now. Call it in a transaction that is READ COMMITTED, before anything of them is written.
 */
export async function lockOwnPeople(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  ids: readonly string[],
): Promise<string[]> {
  if (!schema.has('person_user') || ids.length === 0) return [...ids];
  await schema.people.lock(tx, ids, targetUserId);
  const rows = await tx<{ id: string }[]>`
    SELECT id
    FROM unnest(${ids as string[]}::uuid[]) AS id
    WHERE NOT ${isNativelyShared(tx, schema, tx`${targetUserId}::uuid`, tx`id`)}`;
  return rows.map(({ id }) => id);
}

/**
 * Takes away the thumbnails of people who have become the target's by a native share, once the target does not see the photo any more
 * that they were cut out of. Not where the origin's owner shares the person with the target, nor where somebody chose another cover.
 * Returns how many went.
 */
export async function removeLostThumbnails(context: Context, targetUserId: string): Promise<number> {
  const { schema } = context;
  if (!schema.has('person_user')) return 0;
  return await inBatches(context, [targetUserId], async (tx) => {
    const found = await tx<{ id: string }[]>`
      SELECT pm.mirror_person_id AS id
      FROM immich_sidecar.person_map pm
      JOIN person mirror ON mirror."personGroupId" = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
      WHERE pm.target_user_id = ${targetUserId}
        AND NOT pm.is_ours
        AND pm.cover_face_id IS NOT NULL
        AND (mirror."faceAssetId" IS NULL OR mirror."faceAssetId" = pm.cover_face_id)
        AND NOT EXISTS (SELECT 1 FROM asset_face f WHERE f.id = pm.cover_face_id AND f."deletedAt" IS NULL)
        AND NOT ${isShownNatively(tx, schema)}`;
    const ids = found.map(({ id }) => id);
    if (ids.length === 0) return 0;
    await schema.people.lock(tx, ids, targetUserId);
    const entries = await readThumbnails(tx, ids, targetUserId);
    return await removeThumbnails(tx, context, targetUserId, entries);
  }, 'READ COMMITTED');
}
