import { getLogger } from '@logtape/logtape';
import { personThumbnailPath } from '../../immich/layout.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { inBatches } from '../cycle/batches.ts';
import type { Context } from '../cycle/context.ts';
import { isSomebody, joinOrigin } from '../people/person_links.ts';
import { forgetEntries, type JournalEntry, readLinks, removeFiles } from '../mirrors/journal.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/**
 * Mends the map of people where one side is gone, before faces are looked at. A mirrored person whom the target's owner
 * merged into another is from now on that other one; somebody without a name, whom only Immich has found, does not count. A
 * mapping whose mirror was deleted is forgotten. Writes only our own tables. Returns how many rows changed.
 */
export async function mendPersonMap(context: Context, targetUserId: string): Promise<number> {
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

/**
 * Forgets mirrored people who are gone. What we wrote about their faces is noted as if it had never been about somebody they were
 * merged into: should they return, their faces are theirs, but for those that the target's owner has given to others.
 */
async function forgetPeople(
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

/** The thumbnail of this very person, if it lies where Immich keeps it. */
function thumbnailOf({ mirrorPersonId, thumbnailPath }: OrphanPlan, targetUserId: string): JournalEntry | undefined {
  const own = personThumbnailPath('', targetUserId, mirrorPersonId);
  if (!thumbnailPath.endsWith(own.path)) return undefined;
  const media = thumbnailPath.slice(0, -own.path.length);
  return { mirrorId: mirrorPersonId, path: thumbnailPath, keep: media + own.keep };
}

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
 * cut out of somebody else's photo; Immich makes another one. Returns how many people that are.
 */
export async function handOverPeople(
  context: Context,
  targetUserId: string,
  isMeant: (sql: Sql) => Fragment,
): Promise<number> {
  const { personKey } = context.schema.people;
  return await inBatches(context, [targetUserId], async (tx) => {
    const people = await tx<{ id: string; isOurs: boolean }[]>`
      DELETE FROM immich_sidecar.person_map pm
      WHERE pm.target_user_id = ${targetUserId}
        AND ${isMeant(tx)}
      RETURNING pm.mirror_person_id AS id, pm.is_ours AS "isOurs"`;
    // Somebody who was merged into a mirrored person leaves him his thumbnail.
    const ours = people.filter(({ isOurs }) => isOurs).map(({ id }) => id);
    // Inside one cluster group several targets share a person's id; the folder tells whose thumbnail it is.
    const links = (await readLinks(tx, ours)).filter(({ path }) => path.includes(`/${targetUserId}/`));
    const failed = new Set(removeFiles(links, context.linker, context.paths).map(({ entry }) => entry));
    const removed = links.filter((entry) => !failed.has(entry));
    await tx`
      UPDATE person
      SET "thumbnailPath" = ''
      WHERE ${tx(personKey)} = ANY (${removed.map(({ mirrorId }) => mirrorId)}::uuid[])
        AND "ownerId" = ${targetUserId}
        AND "thumbnailPath" = ANY (${removed.map(({ path }) => path)}::text[])`;
    await forgetEntries(tx, removed);
    return people.length;
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
