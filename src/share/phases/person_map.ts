import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { View } from '../cycle/tools.ts';
import { isSomebody } from '../people/person_links.ts';
import { forgetPeople } from '../people/person_map.ts';
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

/** Most of the faces that a gone person had decide who has inherited them. */
async function findGone(
  { sql, schema, limits }: View,
  targetUserId: string,
  after: GonePerson | undefined,
): Promise<GonePerson[]> {
  const { faceKey } = schema.people;
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
    heir AS (
      SELECT DISTINCT ON (fm.person_id) fm.person_id AS before, f.${sql(faceKey)} AS id
      FROM immich_sidecar.face_map fm
      JOIN asset_face f
        ON f.id = fm.mirror_face_id
        AND ${isSomebody(sql, schema, sql`f.${sql(faceKey)}`, targetUserId)}
      JOIN immich_sidecar.asset_map m
        ON m.mirror_asset_id = fm.mirror_asset_id AND m.target_user_id = ${targetUserId}
      WHERE fm.person_id = ANY (ARRAY(SELECT id FROM gone))
        AND f.${sql(faceKey)} <> fm.person_id
      GROUP BY fm.person_id, f.${sql(faceKey)}
      ORDER BY fm.person_id, count(*) DESC, f.${sql(faceKey)}
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
  const lost = gone.filter(({ heirId }) => heirId === null).map(({ mirrorPersonId }) => mirrorPersonId);
  await forgetPeople(tx, schema, targetUserId, lost);
  return inherited.count + lost.length;
}
