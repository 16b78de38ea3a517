import type { Sql } from '../../postgres/connect.ts';
import type { Standing } from '../cycle/outcome.ts';
import type { View } from '../cycle/tools.ts';
import { type NotShared, readNotShared } from '../standing/not_shared.ts';
import { readStanding } from '../standing/standing.ts';
import { readSharedBy, type SharedBy } from './because.ts';

/** Everything about what one user has from another. */
export interface PairDetails {
  /** Names of the two users. */
  readonly from: string;
  readonly to: string;
  /** The reasons with the most photos first. */
  readonly by: readonly SharedBy[];
  readonly jobs: readonly {
    readonly name: string;
    readonly standing: Standing;
    /** The newest of each state. */
    readonly notShared: readonly NotShared[];
  }[];
}

/** As it is at this moment. Undefined when Immich does not know one of the two. Reads only. */
export async function readPair(
  sql: Sql,
  { schema, jobs }: Pick<View, 'schema' | 'jobs'>,
  pair: { readonly sourceUserId: string; readonly targetUserId: string },
  limit: number,
): Promise<PairDetails | undefined> {
  const { sourceUserId, targetUserId } = pair;
  const users = await sql<{ id: string; name: string }[]>`
    SELECT id, name
    FROM "user"
    WHERE id IN (${sourceUserId}, ${targetUserId})`;
  const [from, to] = [sourceUserId, targetUserId].map((id) => users.find((user) => user.id === id)?.name);
  if (from === undefined || to === undefined) return undefined;
  const theirs = jobs.filter((job) => job.sourceUserId === sourceUserId && job.targetUserId === targetUserId);
  const found: PairDetails['jobs'][number][] = [];
  for (const job of theirs) {
    const standing = await readStanding(sql, schema, job);
    found.push({ name: job.name, standing, notShared: await readNotShared(sql, schema, job, limit) });
  }
  return { from, to, by: await readSharedBy(sql, schema, pair), jobs: found };
}
