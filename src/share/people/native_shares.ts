import { isNativelyShared } from '../../immich/native_shares.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';

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

/** Of these those whose rows are ours to change; the rows are locked. */
export async function whoseAreOurs<Item extends { readonly mirrorPersonId: string }>(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  items: readonly Item[],
): Promise<Item[]> {
  const ours = new Set(await lockOwnPeople(tx, schema, targetUserId, items.map((item) => item.mirrorPersonId)));
  return items.filter(({ mirrorPersonId }) => ours.has(mirrorPersonId));
}
