import type { Fragment } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import type { Phase, Units } from '../phases/phase.ts';
import { pairKey } from './concerned.ts';
import { meansAny } from './meant.ts';
import { chosenJobs, type View } from './tools.ts';

/** What a phase works on in this cycle, one after the other. `jobs`: of those that can be worked on the ones that the scope concerns. */
export async function unitsOf(
  phase: Phase,
  view: View,
  jobs: readonly Job[] = chosenJobs(view),
): Promise<readonly Units[keyof Units][]> {
  switch (phase.per) {
    case 'cycle':
      return [undefined];
    case 'job':
      return phase.isAboutMeant ? jobs.filter((job) => meansAny(view, job)) : jobs;
    case 'pair':
      return firstOfPairs(jobs);
    case 'target':
      return await targetsOf(phase, view);
  }
}

function firstOfPairs(jobs: readonly Job[]): Job[] {
  return [...Map.groupBy(jobs, pairKey).values()].flatMap(([first]) => first ?? []);
}

/**
 * Whose people are looked after, if the phase finds anything to do for them: among everybody who has any through sharing, also after the last job
 * for them is gone. One statement, however many they are.
 */
async function targetsOf({ asks }: Phase, view: View): Promise<string[]> {
  const { sql, jobs, only } = view;
  const targets = [...new Set(jobs.map(({ targetUserId }) => targetUserId))];
  const all = only !== undefined ? sql`SELECT ${only.targetUserId}::uuid AS id` : sql`
    SELECT unnest(${targets}::uuid[]) AS id
    UNION
    SELECT target_user_id
    FROM immich_sidecar.person_map`;
  const questions = asks?.(view, sql`target.id`);
  const isAsked = questions === undefined
    ? sql`true`
    : questions.reduce((any: Fragment, one) => sql`${any} OR EXISTS (${one})`, sql`false`);
  const rows = await sql<{ id: string }[]>`
    SELECT target.id
    FROM (${all}) AS target
    WHERE ${isAsked}`;
  const found = new Set(rows.map(({ id }) => id));
  // In the order of the jobs: what two of them are to get comes to the first one's first.
  return [...targets.filter((id) => found.has(id)), ...[...found].filter((id) => !targets.includes(id))];
}
