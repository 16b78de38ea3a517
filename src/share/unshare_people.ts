import { inBatches } from './batches.ts';
import type { Context } from './context.ts';
import { forgetEntries, readLinks, removeFiles } from './journal.ts';
import { hasNoMirroredFace } from './phases/orphans.ts';

/**
 * Leaves the people who are on no mirror any more, but on photos of the user's own, to him. A thumbnail that we had linked goes,
 * as it was cut out of somebody else's photo; Immich makes another one. Returns how many people that are. Call it after
 * the orphans were removed.
 */
export async function handOverPeople(context: Context, targetUserId: string): Promise<number> {
  const { personKey } = context.schema.people;
  return await inBatches(context, [targetUserId], async (tx) => {
    const people = await tx<{ id: string }[]>`
      SELECT pm.mirror_person_id AS id
      FROM immich_sidecar.person_map pm
      WHERE pm.target_user_id = ${targetUserId}
        AND ${hasNoMirroredFace(tx)}`;
    const ids = people.map(({ id }) => id);
    // Inside one cluster group several targets share a person's id; the folder tells whose thumbnail it is.
    const links = (await readLinks(tx, ids)).filter(({ path }) => path.includes(`/${targetUserId}/`));
    const failed = new Set(removeFiles(links, context.linker, context.paths).map(({ entry }) => entry));
    const removed = links.filter((entry) => !failed.has(entry));
    await tx`
      UPDATE person
      SET "thumbnailPath" = ''
      WHERE ${tx(personKey)} = ANY (${removed.map(({ mirrorId }) => mirrorId)}::uuid[])
        AND "ownerId" = ${targetUserId}
        AND "thumbnailPath" = ANY (${removed.map(({ path }) => path)}::text[])`;
    await forgetEntries(tx, removed);
    await tx`
      DELETE FROM immich_sidecar.person_map
      WHERE target_user_id = ${targetUserId}
        AND mirror_person_id = ANY (${ids}::uuid[])`;
    return ids.length;
  });
}
