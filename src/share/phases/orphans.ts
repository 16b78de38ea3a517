import { getLogger } from '@logtape/logtape';
import { personThumbnailPath } from '../../immich/layout.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
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

/** Phase 5, second half: finds mirrored people without a face in the target's account. Reads only. */
export async function planOrphans(sql: Sql, schema: ImmichSchema, targetUserId: string): Promise<OrphanPlan[]> {
  const { personKey, faceKey } = schema.people;
  return await sql<OrphanPlan[]>`
    SELECT pm.mirror_person_id AS "mirrorPersonId", mirror."thumbnailPath"
    FROM immich_sidecar.person_map pm
    JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    WHERE pm.target_user_id = ${targetUserId}
      AND pm.is_ours
      AND (
        SELECT f.id -- looked up for each person: an anti join would read all faces
        FROM asset_face f
        WHERE f.${sql(faceKey)} = pm.mirror_person_id
          AND f."deletedAt" IS NULL
          AND (SELECT a."ownerId" FROM asset a WHERE a.id = f."assetId") = pm.target_user_id
        LIMIT 1
      ) IS NULL`;
}

/** Removes them, files before rows. Who cannot lose his file stays for the next cycle. Returns how many went. */
export async function applyOrphans(
  context: Context,
  targetUserId: string,
  orphans: readonly OrphanPlan[],
): Promise<number> {
  const { personKey, discard } = context.schema.people;
  return await inBatches(context, orphans, async (tx, batch) => {
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
    await forgetPeople(tx, context.schema, targetUserId, ids);
    await forgetEntries(tx, links.filter(({ mirrorId }) => !staying.has(mirrorId)));
    await discard(tx, ids, targetUserId);
    return removed.count;
  });
}

/** The thumbnail of this very person, if it lies where Immich keeps it. */
function thumbnailOf({ mirrorPersonId, thumbnailPath }: OrphanPlan, targetUserId: string): JournalEntry | undefined {
  const own = personThumbnailPath('', targetUserId, mirrorPersonId);
  if (!thumbnailPath.endsWith(own.path)) return undefined;
  const media = thumbnailPath.slice(0, -own.path.length);
  return { mirrorId: mirrorPersonId, path: thumbnailPath, keep: media + own.keep };
}
