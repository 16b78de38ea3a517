import {
  findSharedPeople,
  handOverPeople,
  isAnyMeant,
  isFound,
  isReleased,
  type SharedPerson,
} from '../people/hand_over.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Tools, View } from '../cycle/tools.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/**
 * Leaves people whose origin is gone to the target if they have found them on photos of their own. It comes before anybody looks at faces:
 * inside one cluster group the origin's owner may get somebody back from the target under the same id, and then each would be the
 * other's origin.
 */
export const foundPeople = definePhase({
  name: 'found-people',
  what: 'Leaves people whose origin is gone to the receiving user who has found them on photos of their own.',
  ...handingOver(isFound),
});

/** Lets go of people whose origin is gone and who are on no mirror any more. It comes after those whom nobody sees were removed. */
export const releasedPeople = definePhase({
  name: 'released-people',
  what: 'Leaves people whose origin is gone to the receiving user once they are on no shared photo.',
  ...handingOver(isReleased),
});

function handingOver(isMeant: (sql: Sql, schema: ImmichSchema) => Fragment) {
  return {
    per: 'target' as const,
    counts: { peopleReleased: 'people left to the target' },
    asks: (view: View, target: Fragment) => [isAnyMeant(view.sql, target, isMeant(view.sql, view.schema))],
    plan: (view: View, targetUserId: string) =>
      searchPages(
        (after?: SharedPerson) => findSharedPeople(view, targetUserId, (sql) => isMeant(sql, view.schema), after),
        view.limits.search,
      ),
    apply: eachPage(
      async (tools: Tools, targetUserId: string, page: SharedPerson[], tally: Tally<'peopleReleased'>) => {
        const isStillMeant = (sql: Sql) => isMeant(sql, tools.schema);
        const count = await handOverPeople(
          tools,
          targetUserId,
          page,
          isStillMeant,
          (problem) => tally.problem(problem),
        );
        tally.add('peopleReleased', count);
      },
    ),
    describe: (page: readonly SharedPerson[]) =>
      linesOf('~', 'people to leave to the target', page, ({ mirrorPersonId }) => `person ${mirrorPersonId}`),
  };
}
