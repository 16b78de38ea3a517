import type { Job } from '../jobs/job.ts';
import type { Phase, Units } from '../phases/phase.ts';
import { chosenJobs, type View } from './tools.ts';

/** What a phase works on in this cycle, one after the other. */
export async function unitsOf({ per }: Phase, view: View): Promise<readonly Units[keyof Units][]> {
  switch (per) {
    case 'cycle':
      return [undefined];
    case 'job':
      return chosenJobs(view);
    case 'pair':
      return firstOfPairs(chosenJobs(view));
    case 'target':
      return await targetsOf(view);
  }
}

function firstOfPairs(jobs: readonly Job[]): Job[] {
  const pairs = Map.groupBy(jobs, ({ sourceUserId, targetUserId }) => `${sourceUserId} ${targetUserId}`);
  return [...pairs.values()].flatMap(([first]) => first ?? []);
}

/** Whose people are looked after: everybody who has any through sharing, also after the last job for them is gone. */
async function targetsOf({ sql, jobs, only }: View): Promise<string[]> {
  if (only !== undefined) return [only.targetUserId];
  const rows = await sql<{ id: string }[]>`
    SELECT DISTINCT target_user_id AS id
    FROM immich_sidecar.person_map`;
  return [...new Set([...jobs.map(({ targetUserId }) => targetUserId), ...rows.map(({ id }) => id)])];
}
