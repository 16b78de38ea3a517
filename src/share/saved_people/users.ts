import { UserError } from '../../errors.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import type { SavedUser } from './format.ts';

/** Whose people are meant. */
export interface UserChoice {
  /** This user's; undefined: of everybody whom a job names, and without jobs of all. */
  readonly userId: string | undefined;
  /** Of all, whether a job names them or not. */
  readonly isAll: boolean;
}

export type ChosenUser = Omit<SavedUser, 'people'>;

/** The users who are meant, in the order of their ids. Throws UserError for one whom Immich does not know. */
export async function chooseUsers(sql: Sql, jobs: readonly Job[], choice: UserChoice): Promise<ChosenUser[]> {
  const users = await readUsers(sql);
  if (choice.userId !== undefined) {
    const user = users.find(({ id }) => id === choice.userId);
    if (user !== undefined) return [user];
    throw new UserError(`Immich has no user with the id ${choice.userId}.`, {
      problemCode: 'unknown-name',
      remedy: 'Copy it from Immich: Administration > Users, open the user; the id is the end of the address.',
    });
  }
  const configured = new Set(jobs.flatMap(({ sourceUserId, targetUserId }) => [sourceUserId, targetUserId]));
  return choice.isAll || configured.size === 0 ? users : users.filter(({ id }) => configured.has(id));
}

export async function readUsers(sql: Sql): Promise<ChosenUser[]> {
  return await sql<ChosenUser[]>`
    SELECT id, email, name
    FROM "user"
    WHERE "deletedAt" IS NULL
    ORDER BY id`;
}
