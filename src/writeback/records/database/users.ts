import { UserError } from '../../../errors.ts';
import type { Sql } from '../../../postgres/connect.ts';

/** The users whose assets are read: those that are wanted, or everybody who is not deleted. Throws UserError for unknown ids. */
export async function readUserIds(sql: Sql, wanted: readonly string[]): Promise<readonly string[]> {
  const users = await sql<{ id: string }[]>`
    SELECT id
    FROM "user"
    WHERE "deletedAt" IS NULL
    ORDER BY id`;
  const ids = users.map(({ id }) => id);
  const unknown = wanted.filter((id) => !ids.includes(id));
  if (unknown.length > 0) {
    throw new UserError(`There is no user ${unknown.join(', ')} in the database of Immich.`, {
      problemCode: 'unknown-name',
      remedy: 'Correct WRITE_USER_IDS: Administration > Users, open the user; the id is the end of the address.',
    });
  }
  return wanted.length === 0 ? ids : wanted;
}
