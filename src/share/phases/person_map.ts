import type { ImmichSchema } from '../../immich/schema.ts';
import { keyOf } from '../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { View } from '../cycle/tools.ts';
import { isSomebody } from '../people/person_links.ts';
import { followLinks, forgetPeople } from '../people/person_map.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** A mirrored person who is not there any more. */
export interface GonePerson {
  readonly mirrorPersonId: string;
  /** Into whom the target's owner has merged them; null = they were deleted. */
  readonly heirId: string | null;
}

/**
 * Reconciles the map of people where one side is gone, before faces are looked at. A mirrored person whom the target's owner
 * merged into another is from now on that other one; somebody without a name, whom only Immich has found, does not count. A
 * mapping whose mirror was deleted is forgotten. Writes only our own tables.
 *
 * When somebody was merged or deleted, faces on photos that have not changed are somebody else's, and their thumbnail is left.
 */
export const personMap = definePhase({
  name: 'person-map',
  what: 'Notes into whom a receiving user has merged shared people, and whom they have deleted.',
  per: 'target',
  widensScope: true,
  counts: { peopleMerged: 'people merged or deleted by the target' },
  asks: (view, target) => [isAnyGone(view, target)],
  plan: (view, targetUserId: string) => {
    const { search } = view.limits;
    return searchPages((after?: GonePerson) => findGone(view, targetUserId, after), search);
  },
  apply: eachPage(
    async ({ database, schema }, targetUserId: string, page: GonePerson[], tally: Tally<'peopleMerged'>) => {
      const reconciled = await countInBatches(
        database,
        page,
        (tx, batch) => reconcile(tx, schema, targetUserId, batch),
        (_person, error) => tally.problem(refused(error, { table: 'person_map' })),
      );
      tally.add('peopleMerged', reconciled);
    },
  ),
  describe: (page) =>
    linesOf(
      '~',
      'people to note as merged or deleted',
      page,
      ({ mirrorPersonId, heirId }) => `person ${mirrorPersonId} ${heirId === null ? 'is gone' : `is ${heirId} now`}`,
    ),
});

/** Whether the mirrored person of the row `pm` of person_map is not there. */
function isGone(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`
    NOT EXISTS (
      SELECT 1
      FROM person mirror
      WHERE mirror.${sql(schema.people.personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    )`;
}

function isAnyGone({ sql, schema }: View, target: Fragment): Fragment {
  return sql`SELECT 1 FROM immich_sidecar.person_map pm WHERE pm.target_user_id = ${target} AND ${isGone(sql, schema)}`;
}

/** How long a merge may take: Immich gives the faces to the other person first, and then removes the one who has none. */
const MERGE_SECONDS = 10;

/**
 * Who has inherited the faces of those who are gone. Most of the faces that they had when they went decide: those that Immich has taken from
 * them just then, or has left on them. What the target's owner had given to others before, one by one, says nothing about the rest; it
 * decides only where they had no other face.
 */
async function findGone(
  { sql, schema, limits }: View,
  targetUserId: string,
  after: GonePerson | undefined,
): Promise<GonePerson[]> {
  const { faceKey } = schema.people;
  const goneId = sql(keyOf(schema.catalog, 'person_audit', 'person'));
  return await sql<GonePerson[]>`
    WITH gone AS MATERIALIZED (
      SELECT DISTINCT pm.mirror_person_id AS id
      FROM immich_sidecar.person_map pm
      WHERE pm.target_user_id = ${targetUserId}
        AND ${after === undefined ? sql`true` : sql`pm.mirror_person_id > ${after.mirrorPersonId}`}
        AND ${isGone(sql, schema)}
      ORDER BY 1
      LIMIT ${limits.search}
    ),
    went AS MATERIALIZED (
      SELECT gone.id, max(audit."deletedAt") - make_interval(secs => ${MERGE_SECONDS}) AS began
      FROM gone
      LEFT JOIN person_audit audit ON audit.${goneId} = gone.id AND audit."ownerId" = ${targetUserId}
      GROUP BY gone.id
    ),
    vote AS MATERIALIZED (
      SELECT
        went.id AS before,
        CASE WHEN ${isSomebody(sql, schema, sql`f.${sql(faceKey)}`, targetUserId)} THEN f.${sql(faceKey)} END AS id,
        f.${sql(faceKey)} IS NOT DISTINCT FROM went.id OR f."updatedAt" >= went.began AS counts
      FROM immich_sidecar.face_map fm
      JOIN went ON went.id = fm.person_id
      JOIN asset_face f ON f.id = fm.mirror_face_id
      JOIN immich_sidecar.asset_map m
        ON m.mirror_asset_id = fm.mirror_asset_id AND m.target_user_id = ${targetUserId}
      WHERE fm.person_id = ANY (ARRAY(SELECT id FROM gone))
    ),
    heir AS (
      SELECT DISTINCT ON (before) before, id
      FROM vote
      WHERE counts OR NOT EXISTS (SELECT 1 FROM vote other WHERE other.before = vote.before AND other.counts)
      GROUP BY before, id
      ORDER BY before, count(*) DESC, id
    )
    SELECT gone.id AS "mirrorPersonId", heir.id AS "heirId"
    FROM gone
    LEFT JOIN heir ON heir.before = gone.id
    ORDER BY gone.id`;
}

/** Those who are still gone. Returns how many rows changed. */
async function reconcile(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  people: readonly GonePerson[],
): Promise<number> {
  const still = await tx<{ id: string }[]>`
    SELECT DISTINCT pm.mirror_person_id AS id
    FROM immich_sidecar.person_map pm
    WHERE pm.target_user_id = ${targetUserId}
      AND pm.mirror_person_id = ANY (${people.map(({ mirrorPersonId }) => mirrorPersonId)}::uuid[])
      AND ${isGone(tx, schema)}`;
  const isStillGone = new Set(still.map(({ id }) => id));
  const gone = people.filter(({ mirrorPersonId }) => isStillGone.has(mirrorPersonId));
  const merged = gone.filter(({ heirId }) => heirId !== null);
  const heirs = tx`
    jsonb_to_recordset(${tx.json(merged as never)}) AS heir ("mirrorPersonId" uuid, "heirId" uuid)`;
  const inherited = await tx`
    UPDATE immich_sidecar.person_map pm
    SET mirror_person_id = heir."heirId", is_ours = false
    FROM ${heirs}
    WHERE pm.target_user_id = ${targetUserId}
      AND pm.mirror_person_id = heir."mirrorPersonId"`;
  await tx`
    UPDATE immich_sidecar.face_map fm
    SET person_id = heir."heirId"
    FROM ${heirs}, immich_sidecar.asset_map m
    WHERE fm.person_id = heir."mirrorPersonId"
      AND m.mirror_asset_id = fm.mirror_asset_id
      AND m.target_user_id = ${targetUserId}`;
  await followLinks(tx, schema, targetUserId, merged.flatMap(({ heirId }) => heirId ?? []));
  const lost = gone.filter(({ heirId }) => heirId === null).map(({ mirrorPersonId }) => mirrorPersonId);
  await forgetPeople(tx, schema, targetUserId, lost);
  return inherited.count + lost.length;
}
