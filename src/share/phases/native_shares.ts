import { isNativelyShared } from '../../immich/native_shares.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { View } from '../cycle/tools.ts';
import {
  findSharedPeople,
  isAnyMeant,
  isShownNatively,
  readThumbnails,
  removeThumbnails,
  type SharedPerson,
} from '../people/hand_over.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/**
 * Notes for people of a target who take part in a native share that they are the target's from now on, also when that share ends: their
 * rows are neither changed nor deleted any more. Their faces on mirrors still lead to them.
 */
export const nativeShares = definePhase({
  name: 'native-shares',
  what: 'Leaves people who take part in a native share of Immich to the receiving user.',
  per: 'target',
  counts: { peopleShared: 'people left to native shares' },
  asks: (view, target) => askFor(view, target, isToYield),
  plan: (view, targetUserId: string) => searchPeople(view, targetUserId, isToYield),
  apply: eachPage(
    async ({ database, schema }, targetUserId: string, page: SharedPerson[], tally: Tally<'peopleShared'>) => {
      const yielded = await countInBatches(
        database,
        page,
        async (tx, batch) => {
          const noted = await tx`
          UPDATE immich_sidecar.person_map pm
          SET is_ours = false
          WHERE pm.target_user_id = ${targetUserId}
            AND pm.origin_person_id = ANY (${batch.map(({ originPersonId }) => originPersonId)}::uuid[])
            AND ${isToYield(tx, schema)}`;
          return noted.count;
        },
        (_person, error) => tally.problem(refused(error, { table: 'person_map' })),
      );
      tally.add('peopleShared', yielded);
    },
  ),
  describe: (page) =>
    linesOf('~', 'people to leave to native shares', page, ({ mirrorPersonId }) => `person ${mirrorPersonId}`),
});

/**
 * Takes away the thumbnails of people who have become the target's by a native share, once the target does not see the photo any more
 * that they were cut out of. Not where the origin's owner shares the person with the target, nor where somebody chose another cover.
 */
export const lostThumbnails = definePhase({
  name: 'lost-thumbnails',
  what: 'Removes thumbnails of people left to native shares whose photo is not shared any more.',
  per: 'target',
  counts: { thumbnailsRemoved: 'thumbnails of people removed' },
  asks: (view, target) => askFor(view, target, hasLostThumbnail),
  plan: (view, targetUserId: string) => searchPeople(view, targetUserId, hasLostThumbnail),
  apply: eachPage(async (tools, targetUserId: string, page: SharedPerson[], tally: Tally<'thumbnailsRemoved'>) => {
    const { database, schema, files } = tools;
    const onProblem: Tally['problem'] = (problem) => tally.problem(problem);
    const removed = await countInBatches(
      database,
      page,
      async (tx, batch) => {
        const ids = batch.map(({ mirrorPersonId }) => mirrorPersonId);
        await schema.people.lock(tx, ids, targetUserId);
        const still = await tx<{ id: string }[]>`
          SELECT pm.mirror_person_id AS id
          FROM immich_sidecar.person_map pm
          WHERE pm.target_user_id = ${targetUserId}
            AND pm.mirror_person_id = ANY (${ids}::uuid[])
            AND ${hasLostThumbnail(tx, schema)}`;
        const entries = await readThumbnails(tx, still.map(({ id }) => id), targetUserId);
        return await removeThumbnails(tx, entries, { schema, files, targetUserId, onProblem });
      },
      (_person, error) => onProblem(refused(error, { table: 'person' })),
      'READ COMMITTED',
    );
    tally.add('thumbnailsRemoved', removed);
  }),
  describe: (page) =>
    linesOf(
      '-',
      'thumbnails of people to remove',
      page,
      ({ mirrorPersonId }) => `thumbnail of person ${mirrorPersonId}`,
    ),
});

/** Condition on the row `pm` of person_map. */
type Condition = (sql: Sql, schema: ImmichSchema) => Fragment;

function isToYield(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`(
    pm.is_ours AND ${isNativelyShared(sql, schema, sql`pm.target_user_id`, sql`pm.mirror_person_id`)}
  )`;
}

/** With a thumbnail of ours in the journal. */
function hasLostThumbnail(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`(
    NOT pm.is_ours
    AND pm.cover_face_id IS NOT NULL
    AND EXISTS (
      SELECT 1
      FROM person mirror
      WHERE mirror."personGroupId" = pm.mirror_person_id
        AND mirror."ownerId" = pm.target_user_id
        AND (mirror."faceAssetId" IS NULL OR mirror."faceAssetId" = pm.cover_face_id)
    )
    AND EXISTS (
      SELECT 1
      FROM immich_sidecar.link l
      WHERE l.mirror_id = pm.mirror_person_id
        AND l.path LIKE '%/' || pm.target_user_id || '/%'
    )
    AND NOT EXISTS (SELECT 1 FROM asset_face f WHERE f.id = pm.cover_face_id AND f."deletedAt" IS NULL)
    AND NOT ${isShownNatively(sql, schema)}
  )`;
}

function askFor({ sql, schema }: View, target: Fragment, condition: Condition): readonly Fragment[] {
  return schema.has('person_user') ? [isAnyMeant(sql, target, condition(sql, schema))] : [];
}

/** People of a target for whom a condition holds, in releases that have native shares. */
function searchPeople(view: View, targetUserId: string, condition: Condition): AsyncGenerator<SharedPerson[]> {
  const { schema, limits: { search } } = view;
  const isMeant = (sql: Sql) => condition(sql, schema);
  const find = async (after?: SharedPerson) =>
    schema.has('person_user') ? await findSharedPeople(view, targetUserId, isMeant, after) : [];
  return searchPages(find, search);
}
