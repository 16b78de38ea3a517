import { isNativelySharedBy } from '../../immich/native_shares.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Problem } from '../../problems/problem.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Files, Tools, View } from '../cycle/tools.ts';
import { forgetEntries, type JournalEntry, notRemoved, readLinks, removeFiles } from '../mirrors/journal.ts';

/** Somebody whom a target knows through sharing. */
export interface SharedPerson {
  readonly originPersonId: string;
  readonly mirrorPersonId: string;
}

/** Who is meant, as a condition on the row `pm` of person_map. */
export type IsMeant = (sql: Sql) => Fragment;

/** Whose origin is gone and whom the target has found on photos of their own. */
export function isFound(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`
    CASE WHEN ${isOriginGone(sql, schema)} THEN (
      SELECT f.id
      FROM asset_face f
      WHERE f.${sql(schema.people.faceKey)} = pm.mirror_person_id
        AND f."deletedAt" IS NULL
        AND (SELECT a."ownerId" FROM asset a WHERE a.id = f."assetId") = pm.target_user_id
        AND (SELECT m.mirror_asset_id FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = f."assetId") IS NULL
      LIMIT 1
    ) IS NOT NULL ELSE false END`;
}

/** Whose origin is gone and who is on no mirror by now. People on mirrors that a brake keeps stay as they are. */
export function isReleased(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`CASE WHEN ${isOriginGone(sql, schema)} THEN ${isOnNoMirror(sql)} ELSE false END`;
}

/** The query whether anybody of the user `target`, an expression, is meant. */
export function isAnyMeant(sql: Sql, target: Fragment, isMeant: Fragment): Fragment {
  return sql`SELECT 1 FROM immich_sidecar.person_map pm WHERE pm.target_user_id = ${target} AND ${isMeant}`;
}

/** People of a target who are meant, in the order of their origins, behind the origin `after`. Reads only. */
export async function findSharedPeople(
  { sql, limits }: Pick<View, 'sql' | 'limits'>,
  targetUserId: string,
  isMeant: IsMeant,
  after: SharedPerson | undefined,
): Promise<SharedPerson[]> {
  return await sql<SharedPerson[]>`
    WITH found AS MATERIALIZED (
      SELECT pm.origin_person_id AS "originPersonId", pm.mirror_person_id AS "mirrorPersonId"
      FROM immich_sidecar.person_map pm
      WHERE pm.target_user_id = ${targetUserId}
        AND ${after === undefined ? sql`true` : sql`pm.origin_person_id > ${after.originPersonId}`}
        AND ${isMeant(sql)}
    )
    SELECT *
    FROM found
    ORDER BY "originPersonId"
    LIMIT ${limits.search}`;
}

/**
 * Leaves people to the target who are still meant once they are locked. A thumbnail that we made goes, as it was
 * cut out of somebody else's photo, and Immich makes another one; but not where that somebody shares the person natively. Returns how many
 * people that are.
 */
export async function handOverPeople(
  { database, schema, files }: Pick<Tools, 'database' | 'schema' | 'files'>,
  targetUserId: string,
  people: readonly SharedPerson[],
  isMeant: IsMeant,
  onProblem: (problem: Problem) => void,
  { keepsThumbnails = false }: HandOverOptions = {},
): Promise<number> {
  const work = { schema, files, targetUserId, isMeant, onProblem, keepsThumbnails };
  return await countInBatches(
    database,
    people,
    (tx, batch) => handOver(tx, batch, work),
    (_person, error) => onProblem(refused(error, { table: 'person' })),
    'READ COMMITTED',
  );
}

/** The same for everybody who is meant, for commands that are not cycles. Returns how many people that are. */
export async function handOverAll(
  tools: Pick<Tools, 'database' | 'schema' | 'files' | 'limits'>,
  targetUserId: string,
  isMeant: IsMeant,
  onProblem: (problem: Problem) => void,
  options: HandOverOptions = {},
): Promise<number> {
  const view = { sql: tools.database.sql, limits: tools.limits };
  const pages = searchPages(
    (after?: SharedPerson) => findSharedPeople(view, targetUserId, isMeant, after),
    tools.limits.search,
  );
  let count = 0;
  for await (const page of pages) count += await handOverPeople(tools, targetUserId, page, isMeant, onProblem, options);
  return count;
}

export interface HandOverOptions {
  /** A thumbnail that was cut out of a photo which the target still has stays: the photo is theirs now. */
  readonly keepsThumbnails?: boolean;
}

/** What it takes, and who hears of what fails. */
export interface HandOverWork extends HandOverOptions {
  readonly schema: ImmichSchema;
  readonly files: Files;
  readonly targetUserId: string;
  readonly isMeant: IsMeant;
  readonly onProblem: (problem: Problem) => void;
}

async function handOver(tx: Sql, batch: readonly SharedPerson[], work: HandOverWork): Promise<number> {
  const { schema, targetUserId, isMeant, keepsThumbnails } = work;
  const ids = batch.map(({ mirrorPersonId }) => mirrorPersonId);
  await schema.people.lock(tx, ids, targetUserId);
  const people = await tx<{ id: string; isShown: boolean }[]>`
    DELETE FROM immich_sidecar.person_map pm
    WHERE pm.target_user_id = ${targetUserId}
      AND pm.origin_person_id = ANY (${batch.map(({ originPersonId }) => originPersonId)}::uuid[])
      AND ${isMeant(tx)}
    RETURNING
      pm.mirror_person_id AS id,
      ${isShownNatively(tx, schema)}${keepsThumbnails ? tx` OR ${isCoverOfTarget(tx, schema)}` : tx``} AS "isShown"`;
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
  await removeThumbnails(tx, entries.filter(({ mirrorId }) => !isShown.has(mirrorId)), work);
  return people.length;
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

/** Removes thumbnails that we made. Immich makes another one where it finds none noted. Returns how many went. */
export async function removeThumbnails(
  tx: Sql,
  entries: readonly JournalEntry[],
  { schema, files, targetUserId, onProblem }: Omit<HandOverWork, 'isMeant'>,
): Promise<number> {
  const { personKey } = schema.people;
  const failures = removeFiles(entries, files);
  for (const failure of failures) onProblem(notRemoved(failure));
  const failed = new Set(failures.map(({ entry }) => entry));
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

/** Whether the cover of the person `pm` is a face on a photo that the target has. */
function isCoverOfTarget(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`EXISTS (
    SELECT 1
    FROM person known
    JOIN asset_face f ON f.id = known."faceAssetId" AND f."deletedAt" IS NULL
    JOIN asset a ON a.id = f."assetId"
    WHERE known.${sql(schema.people.personKey)} = pm.mirror_person_id
      AND known."ownerId" = pm.target_user_id
      AND a."ownerId" = pm.target_user_id
  )`;
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
