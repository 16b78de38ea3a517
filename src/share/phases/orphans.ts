import { personThumbnailPath } from '../../immich/layout.ts';
import { isNativelyShared } from '../../immich/native_shares.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Problem } from '../../problems/problem.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Tools, View } from '../cycle/tools.ts';
import { forgetEntries, type JournalEntry, notRemoved, readLinks, removeFiles } from '../mirrors/journal.ts';
import { forgetPeople } from '../people/person_map.ts';
import { definePhase, linesOf, type Tally } from './phase.ts';

/** A mirrored person whom nobody needs any more. */
export interface OrphanPlan {
  readonly mirrorPersonId: string;
  readonly thumbnailPath: string;
}

/** Removes mirrored people without a face in the target's account whom nobody shares natively, files before rows. One whose file cannot be removed stays for the next cycle. */
export const orphans = definePhase({
  name: 'orphans',
  what: 'Removes shared people who are on no photo of the receiving user any more.',
  per: 'target',
  removesLeftovers: 'in the database',
  counts: { peopleRemoved: 'people removed' },
  asks: ({ sql, schema }, target) => [orphansOf(sql, schema, target)],
  plan: (view, targetUserId: string) => planOrphans(view, targetUserId),
  apply: async (tools, targetUserId, pages, tally: Tally<'peopleRemoved'>) => {
    for await (const page of pages) {
      tally.add('peopleRemoved', await applyOrphans(tools, targetUserId, page, (problem) => tally.problem(problem)));
    }
  },
  describe: (page: readonly OrphanPlan[]) =>
    linesOf('-', 'people to remove', page, ({ mirrorPersonId }) => `person ${mirrorPersonId}`),
});

/** The same for commands that are not cycles. Returns how many went. */
export async function removeOrphans(
  tools: Pick<Tools, 'database' | 'schema' | 'files' | 'limits'>,
  targetUserId: string,
  onProblem: (problem: Problem) => void,
): Promise<number> {
  let removed = 0;
  for await (
    const page of planOrphans({ ...tools, sql: tools.database.sql }, targetUserId)
  ) {
    removed += await applyOrphans(tools, targetUserId, page, onProblem);
  }
  return removed;
}

/** Finds them, in pages. Reads only. */
export function planOrphans(
  { sql, schema, limits }: Pick<View, 'sql' | 'schema' | 'limits'>,
  targetUserId: string,
): AsyncGenerator<OrphanPlan[]> {
  const { search } = limits;
  const find = (after?: OrphanPlan) => {
    const isMeant = after === undefined ? sql`true` : sql`pm.mirror_person_id > ${after.mirrorPersonId}`;
    return findOrphans(sql, schema, targetUserId, isMeant, search);
  };
  return searchPages(find, search);
}

/** Those for whose row `pm` of person_map `isMeant` holds, in the order of their ids, at most `limit`. */
async function findOrphans(
  sql: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  isMeant: Fragment,
  limit: number | null = null,
): Promise<OrphanPlan[]> {
  return await sql<OrphanPlan[]>`
    WITH found AS MATERIALIZED (
      ${orphansOf(sql, schema, sql`${targetUserId}::uuid`)}
        AND ${isMeant}
    )
    SELECT *
    FROM found
    ORDER BY "mirrorPersonId"
    LIMIT ${limit}`;
}

/** The query for all of the user `target`, an expression; it ends in a condition. */
function orphansOf(sql: Sql, schema: ImmichSchema, target: Fragment): Fragment {
  const { personKey, faceKey } = schema.people;
  return sql`
    SELECT pm.mirror_person_id AS "mirrorPersonId", mirror."thumbnailPath"
    FROM immich_sidecar.person_map pm
    JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    WHERE pm.target_user_id = ${target}
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

/** Removes those who are still orphans once they are locked. */
export async function applyOrphans(
  { database, schema, files }: Pick<Tools, 'database' | 'schema' | 'files'>,
  targetUserId: string,
  page: readonly OrphanPlan[],
  onProblem: (problem: Problem) => void,
): Promise<number> {
  const { personKey, lock, discard } = schema.people;
  const remove = async (tx: Sql, planned: OrphanPlan[]) => {
    const asked = planned.map(({ mirrorPersonId }) => mirrorPersonId);
    await lock(tx, asked, targetUserId);
    const batch = await findOrphans(tx, schema, targetUserId, tx`pm.mirror_person_id = ANY (${asked}::uuid[])`);
    const all = batch.map(({ mirrorPersonId }) => mirrorPersonId);
    // Inside one cluster group several targets share a person's id; the folder tells whose thumbnail it is.
    const links = (await readLinks(tx, all)).filter(({ path }) => path.includes(`/${targetUserId}/`));
    // Immich makes one itself when ours is missing; it goes as it would if Immich deleted the person.
    const made = batch.flatMap((orphan) => thumbnailOf(orphan, targetUserId) ?? []);
    const failed = removeFiles([...links, ...made], files);
    for (const failure of failed) onProblem(notRemoved(failure));
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
  };
  return await countInBatches(
    database,
    page,
    remove,
    (_person, error) => onProblem(refused(error, { table: 'person' })),
    'READ COMMITTED',
  );
}

/** The thumbnail of this very person, if it lies where Immich keeps it. */
function thumbnailOf({ mirrorPersonId, thumbnailPath }: OrphanPlan, targetUserId: string): JournalEntry | undefined {
  const own = personThumbnailPath('', targetUserId, mirrorPersonId);
  if (!thumbnailPath.endsWith(own.path)) return undefined;
  const media = thumbnailPath.slice(0, -own.path.length);
  return { mirrorId: mirrorPersonId, path: thumbnailPath, keep: media + own.keep };
}
