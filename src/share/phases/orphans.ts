import { getLogger } from '@logtape/logtape';
import { personThumbnailPath } from '../../immich/layout.ts';
import { isNativelyShared } from '../../immich/native_shares.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { inBatches } from '../cycle/batches.ts';
import type { Context } from '../cycle/context.ts';
import { forgetEntries, type JournalEntry, readLinks, removeFiles } from '../mirrors/journal.ts';
import { forgetPeople } from '../people/person_map.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** A mirrored person whom nobody needs any more. */
export interface OrphanPlan {
  readonly mirrorPersonId: string;
  readonly thumbnailPath: string;
}

/** Finds mirrored people without a face in the target's account whom nobody shares natively. Reads only. */
export async function planOrphans(sql: Sql, schema: ImmichSchema, targetUserId: string): Promise<OrphanPlan[]> {
  return await findOrphans(sql, schema, targetUserId, sql`true`);
}

/** Those for whose row `pm` of person_map `isMeant` holds. */
async function findOrphans(
  sql: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  isMeant: Fragment,
): Promise<OrphanPlan[]> {
  const { personKey, faceKey } = schema.people;
  return await sql<OrphanPlan[]>`
    SELECT pm.mirror_person_id AS "mirrorPersonId", mirror."thumbnailPath"
    FROM immich_sidecar.person_map pm
    JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    WHERE pm.target_user_id = ${targetUserId}
      AND ${isMeant}
      AND pm.is_ours
      AND (
        SELECT f.id -- looked up for each person: an anti join would read all faces
        FROM asset_face f
        WHERE f.${sql(faceKey)} = pm.mirror_person_id
          AND f."deletedAt" IS NULL
          AND (SELECT a."ownerId" FROM asset a WHERE a.id = f."assetId") = pm.target_user_id
        LIMIT 1
      ) IS NULL
      AND NOT ${isNativelyShared(sql, schema, sql`pm.target_user_id`, sql`pm.mirror_person_id`)}`;
}

/**
 * Removes those who are still orphans once they are locked, files before rows. One whose file cannot be removed stays for the next
 * cycle. Returns how many went.
 */
export async function applyOrphans(
  context: Context,
  targetUserId: string,
  orphans: readonly OrphanPlan[],
): Promise<number> {
  const { schema } = context;
  const { personKey, lock, discard } = schema.people;
  return await inBatches(context, orphans, async (tx, planned) => {
    const asked = planned.map(({ mirrorPersonId }) => mirrorPersonId);
    await lock(tx, asked, targetUserId);
    const batch = await findOrphans(tx, schema, targetUserId, tx`pm.mirror_person_id = ANY (${asked}::uuid[])`);
    const all = batch.map(({ mirrorPersonId }) => mirrorPersonId);
    // Inside one cluster group several targets share a person's id; the folder tells whose thumbnail it is.
    const links = (await readLinks(tx, all)).filter(({ path }) => path.includes(`/${targetUserId}/`));
    // Immich makes one itself when ours is missing; it goes as it would if Immich deleted the person.
    const made = batch.flatMap((orphan) => thumbnailOf(orphan, targetUserId) ?? []);
    const failed = removeFiles([...links, ...made], context.linker, context.paths);
    for (const { problem } of failed) logger.warn('thumbnail of a person: {problem}', { problem: problem.message });
    const staying = new Set(failed.map(({ entry }) => entry.mirrorId));
    const ids = all.filter((id) => !staying.has(id));
    const removed = await tx`
      DELETE FROM person
      WHERE ${tx(personKey)} = ANY (${ids}::uuid[])
        AND "ownerId" = ${targetUserId}`;
    await forgetPeople(tx, schema, targetUserId, ids);
    await forgetEntries(tx, links.filter(({ mirrorId }) => !staying.has(mirrorId)));
    await discard(tx, ids, targetUserId);
    return removed.count;
  }, 'READ COMMITTED');
}

/** The thumbnail of this very person, if it lies where Immich keeps it. */
function thumbnailOf({ mirrorPersonId, thumbnailPath }: OrphanPlan, targetUserId: string): JournalEntry | undefined {
  const own = personThumbnailPath('', targetUserId, mirrorPersonId);
  if (!thumbnailPath.endsWith(own.path)) return undefined;
  const media = thumbnailPath.slice(0, -own.path.length);
  return { mirrorId: mirrorPersonId, path: thumbnailPath, keep: media + own.keep };
}
