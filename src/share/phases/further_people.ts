import type { Fragment, Sql } from '../../postgres/connect.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import { type Tools, type View, workable } from '../cycle/tools.ts';
import { whoseAreOurs } from '../people/native_shares.ts';
import { fieldList, followRows, isOurs, seenUser, sharersOf } from '../people/seen.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** Somebody whom a user has from another one and shows to a third. */
export interface FurtherPerson {
  readonly originPersonId: string;
  readonly mirrorPersonId: string;
  readonly targetUserId: string;
  /** Who shows them from now on. */
  readonly seenUserId: string;
}

/**
 * What a user says themselves of somebody whom they have from another one reaches those to whom they show them; what comes from the origin
 * later does not. Where the origin's owner shows them, too, it is for them to say. It comes before origins are followed: until then what
 * differs in a user's row from what was seen there is their own doing.
 */
export const furtherPeople = definePhase({
  name: 'further-people',
  what: 'Carries over what a user says of somebody whom they know from another share, and show on photos of their own.',
  per: 'target',
  counts: { peopleUpdated: 'people updated' },
  asks: (view, target) => [furtherOf(view, target, undefined)],
  plan: (view, targetUserId: string) =>
    searchPages(
      async (after?: FurtherPerson) =>
        await view.sql<FurtherPerson[]>`${furtherOf(view, view.sql`${targetUserId}::uuid`, after)}`,
      view.limits.search,
    ),
  apply: eachPage(applyFurther),
  describe: (page) => linesOf('~', 'people to update', page, ({ mirrorPersonId }) => `person ${mirrorPersonId}`),
});

/**
 * The query for those of the user `target`, an expression, behind `after`. Where somebody who shares with the target has people from others, all are
 * looked at; else only those who were shown by such a user.
 */
function furtherOf(view: View, target: Fragment, after: FurtherPerson | undefined): Fragment {
  const { sql, schema, limits } = view;
  const jobs = workable(view);
  const targets = new Set(view.jobs.map(({ targetUserId }) => targetUserId));
  const chains = jobs.filter(({ sourceUserId }) => targets.has(sourceUserId));
  const isOf = (some: typeof jobs) => sql`${target} = ANY (${some.map(({ targetUserId }) => targetUserId)}::uuid[])`;
  return sql`
    WITH shown AS MATERIALIZED (
      SELECT
        pm.*,
        CASE
          WHEN bool_or(sharer.user_id = pm.origin_owner_id) THEN pm.origin_owner_id
          WHEN bool_or(sharer.user_id = pm.seen_user_id) THEN pm.seen_user_id
          ELSE (array_agg(sharer.user_id ORDER BY sharer.user_id))[1]
        END AS shown_by
      FROM immich_sidecar.person_map pm
      CROSS JOIN LATERAL ${sharersOf(sql, schema)} AS sharer
      WHERE pm.target_user_id = ${target}
        AND ${isOf(jobs)}
        AND ${isOurs(sql, schema)}
        AND ${after === undefined ? sql`true` : sql`pm.origin_person_id > ${after.originPersonId}`}
        AND (
          ${seenUser(sql)} <> pm.origin_owner_id
          OR (
            ${isOf(chains)}
            AND EXISTS (
              SELECT 1
              FROM immich_sidecar.person_map other
              WHERE other.origin_person_id = pm.origin_person_id AND other.target_user_id <> pm.target_user_id
            )
          )
        )
        AND ${knows(sql, sql`sharer.user_id`)}
      GROUP BY pm.origin_person_id, pm.target_user_id
    )
    SELECT
      pm.origin_person_id AS "originPersonId",
      pm.mirror_person_id AS "mirrorPersonId",
      pm.target_user_id AS "targetUserId",
      pm.shown_by AS "seenUserId"
    FROM shown pm
    ${joinSaid(sql, schema.people.personKey, sql`pm.shown_by`)}
    WHERE pm.shown_by <> ${seenUser(sql)}
      OR (
        pm.shown_by <> pm.origin_owner_id
        AND (${fieldList(sql, 'said', 'column')}) IS DISTINCT FROM (${fieldList(sql, 'pm', 'seen')})
      )
    ORDER BY pm.origin_person_id
    LIMIT ${limits.search}`;
}

/** Whether a user is the origin's owner or knows the person `pm` through sharing. */
function knows(sql: Sql, userId: Fragment): Fragment {
  return sql`(
    ${userId} = pm.origin_owner_id
    OR EXISTS (
      SELECT 1
      FROM immich_sidecar.person_map theirs
      WHERE theirs.origin_person_id = pm.origin_person_id AND theirs.target_user_id = ${userId}
    )
  )`;
}

/** Joins the row `said` that a user has of the person `pm`. */
function joinSaid(sql: Sql, personKey: string, userId: Fragment): Fragment {
  return sql`
    LEFT JOIN immich_sidecar.person_map theirs
      ON theirs.origin_person_id = pm.origin_person_id AND theirs.target_user_id = ${userId}
    JOIN person said
      ON said."ownerId" = ${userId}
      AND said.${sql(personKey)} = CASE
        WHEN ${userId} = pm.origin_owner_id THEN pm.origin_person_id
        ELSE theirs.mirror_person_id
      END`;
}

async function applyFurther(
  { database, schema }: Tools,
  targetUserId: string,
  page: FurtherPerson[],
  tally: Tally<'peopleUpdated'>,
): Promise<void> {
  const update = async (tx: Sql, batch: FurtherPerson[]) => {
    const people = await whoseAreOurs(tx, schema, targetUserId, batch);
    return await followRows(tx, schema, {
      targetUserId,
      originIds: people.map(({ originPersonId }) => originPersonId),
      join: tx`
        JOIN jsonb_to_recordset(${tx.json(people as never)}) AS shown ("originPersonId" uuid, "seenUserId" uuid)
          ON shown."originPersonId" = pm.origin_person_id
        ${joinSaid(tx, schema.people.personKey, tx`shown."seenUserId"`)}`,
      isNew: ({ column, seen }) =>
        tx`(shown."seenUserId" <> ${seenUser(tx)} OR said.${tx(column)} IS DISTINCT FROM pm.${tx(seen)})`,
    });
  };
  const onRefused = (_person: unknown, error: unknown) => tally.problem(refused(error, { table: 'person' }));
  tally.add('peopleUpdated', await countInBatches(database, page, update, onRefused, 'READ COMMITTED'));
}
