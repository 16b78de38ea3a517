import { isNativelySharedBy } from '../../immich/native_shares.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { inBatches } from '../cycle/batches.ts';
import type { Context } from '../cycle/context.ts';
import { forgetEntries, type JournalEntry, readLinks, removeFiles } from '../mirrors/journal.ts';

/**
 * Leaves people whose origin is gone to the target if he has found them on photos of his own. Call it before anybody looks at faces:
 * inside one cluster group the origin's owner may get somebody back from the target under the same id, and then each would be the
 * other's origin. Returns how many.
 */
export async function releaseFoundPeople(context: Context, targetUserId: string): Promise<number> {
  const { schema } = context;
  return await handOverPeople(
    context,
    targetUserId,
    (sql) =>
      sql`
        CASE WHEN ${isOriginGone(sql, schema)} THEN (
          SELECT f.id
          FROM asset_face f
          WHERE f.${sql(schema.people.faceKey)} = pm.mirror_person_id
            AND f."deletedAt" IS NULL
            AND (SELECT a."ownerId" FROM asset a WHERE a.id = f."assetId") = pm.target_user_id
            AND (SELECT m.mirror_asset_id FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = f."assetId") IS NULL
          LIMIT 1
        ) IS NOT NULL ELSE false END`,
  );
}

/**
 * Lets go of people whose origin is gone and who are on no mirror by now. Returns how many. Call it after the orphans were
 * removed. People on mirrors that a brake keeps stay as they are.
 */
export async function releasePeople(context: Context, targetUserId: string): Promise<number> {
  return await handOverPeople(
    context,
    targetUserId,
    (sql) => sql`CASE WHEN ${isOriginGone(sql, context.schema)} THEN ${isOnNoMirror(sql)} ELSE false END`,
  );
}

/**
 * Leaves people to the target: those for whose row `pm` of person_map `isMeant` holds. A thumbnail that we made goes, as it was
 * cut out of somebody else's photo, and Immich makes another one; but not where that somebody shares the person natively. Returns how many
 * people that are.
 */
export async function handOverPeople(
  context: Context,
  targetUserId: string,
  isMeant: (sql: Sql) => Fragment,
): Promise<number> {
  const { schema } = context;
  return await inBatches(context, [targetUserId], async (tx) => {
    const found = await tx<{ id: string }[]>`
      SELECT pm.mirror_person_id AS id
      FROM immich_sidecar.person_map pm
      WHERE pm.target_user_id = ${targetUserId}
        AND ${isMeant(tx)}`;
    const ids = found.map(({ id }) => id);
    if (ids.length === 0) return 0;
    await schema.people.lock(tx, ids, targetUserId);
    const people = await tx<{ id: string; isShown: boolean }[]>`
      DELETE FROM immich_sidecar.person_map pm
      WHERE pm.target_user_id = ${targetUserId}
        AND pm.mirror_person_id = ANY (${ids}::uuid[])
        AND ${isMeant(tx)}
      RETURNING pm.mirror_person_id AS id, ${isShownNatively(tx, schema)} AS "isShown"`;
    // Somebody who was merged into a mirrored person leaves them their thumbnail.
    const kept = await tx<{ id: string }[]>`
      SELECT mirror_person_id AS id
      FROM immich_sidecar.person_map
      WHERE target_user_id = ${targetUserId}
        AND mirror_person_id = ANY (${ids}::uuid[])`;
    const isKept = new Set(kept.map(({ id }) => id));
    const left = people.filter(({ id }) => !isKept.has(id));
    const isShown = new Set(left.filter((person) => person.isShown).map(({ id }) => id));
    const entries = await readThumbnails(tx, left.map(({ id }) => id), targetUserId);
    await forgetEntries(tx, entries.filter(({ mirrorId }) => isShown.has(mirrorId)));
    await removeThumbnails(tx, context, targetUserId, entries.filter(({ mirrorId }) => !isShown.has(mirrorId)));
    return people.length;
  }, 'READ COMMITTED');
}

/** The thumbnails that we made of these people. */
export async function readThumbnails(
  tx: Sql,
  ids: readonly string[],
  targetUserId: string,
): Promise<JournalEntry[]> {
  // Inside one cluster group several targets share a person's id; the folder tells whose thumbnail it is.
  return (await readLinks(tx, ids)).filter(({ path }) => path.includes(`/${targetUserId}/`));
}

/** Removes thumbnails that we made. Immich makes another one where it finds none noted. */
export async function removeThumbnails(
  tx: Sql,
  context: Context,
  targetUserId: string,
  entries: readonly JournalEntry[],
): Promise<number> {
  const { personKey } = context.schema.people;
  const failed = new Set(removeFiles(entries, context.linker, context.paths).map(({ entry }) => entry));
  const removed = entries.filter((entry) => !failed.has(entry));
  await tx`
    UPDATE person
    SET "thumbnailPath" = ''
    WHERE ${tx(personKey)} = ANY (${removed.map(({ mirrorId }) => mirrorId)}::uuid[])
      AND "ownerId" = ${targetUserId}
      AND "thumbnailPath" = ANY (${removed.map(({ path }) => path)}::text[])`;
  await forgetEntries(tx, removed);
  return removed.length;
}

/** Whether the origin's owner shares the person `pm` natively with the target, and shows them the thumbnail by that. */
export function isShownNatively(sql: Sql, schema: ImmichSchema): Fragment {
  return isNativelySharedBy(sql, schema, {
    giver: sql`pm.origin_owner_id`,
    receiver: sql`pm.target_user_id`,
    person: sql`pm.mirror_person_id`,
  });
}

/** Looked up for each person, and the CASE around it first: joins would read all faces (measured: 4.5 s of 800,000). */
function isOriginGone(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`
    (
      SELECT origin."ownerId"
      FROM person origin
      WHERE origin.${sql(schema.people.personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
    ) IS NULL`;
}

/** Whether the person `pm` is on no mirror of the target any more. */
export function isOnNoMirror(sql: Sql): Fragment {
  return sql`
    NOT EXISTS (
      SELECT 1
      FROM immich_sidecar.face_map fm
      JOIN immich_sidecar.asset_map m
        ON m.mirror_asset_id = fm.mirror_asset_id AND m.target_user_id = pm.target_user_id
      WHERE fm.person_id = pm.mirror_person_id
    )`;
}
