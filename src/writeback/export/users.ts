import type { Sql } from '../../postgres/connect.ts';
import { fitName, numbered } from './layout.ts';

/** The directory of each user, by id: their name, with a number where several have one. */
export async function readUserDirectories(sql: Sql): Promise<ReadonlyMap<string, string>> {
  const users = await sql<{ id: string; name: string }[]>`
    SELECT id, name
    FROM "user"
    ORDER BY id`;
  const taken = new Set<string>();
  return new Map(users.map(({ id, name }) => {
    let directory = fitName(name);
    for (let number = 2; taken.has(directory.toLowerCase()); number++) directory = numbered(fitName(name), number);
    taken.add(directory.toLowerCase());
    return [id, directory];
  }));
}
