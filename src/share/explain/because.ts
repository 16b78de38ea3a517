import { named } from '../../config/words.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';

/** An album, a person, a tag or a path that is the reason for what is shared, as it was noted (phases/reasons.ts). */
export interface Because {
  /** One of CriterionName, or `all` for a job without any. */
  readonly criterion: string;
  /** An id or a path; empty for favourites. */
  readonly thing: string;
  /** After "is": `in the shared album "Family"`. */
  readonly words: string;
  readonly since: Date;
}

/** The same, for all that one user has from another. */
export interface SharedBy extends Because {
  readonly photos: number;
}

interface NamedReason {
  readonly criterion: string;
  readonly thing: string;
  readonly name: string | null;
  readonly since: Date;
}

/** What the reasons are for what a job's two users share, those with the most photos first; `since`: the first of them. Reads only. */
export async function readSharedBy(
  sql: Sql,
  schema: Pick<ImmichSchema, 'people'>,
  { sourceUserId, targetUserId }: Pick<Job, 'sourceUserId' | 'targetUserId'>,
): Promise<SharedBy[]> {
  const rows = await sql<(NamedReason & { readonly photos: number })[]>`
    WITH counted AS MATERIALIZED (
      SELECT known.criterion, known.thing, count(*)::int AS photos, min(known.since) AS since
      FROM immich_sidecar.asset_map m
      JOIN immich_sidecar_albums.reason known ON known.mirror_asset_id = m.mirror_asset_id
      WHERE m.source_user_id = ${sourceUserId}
        AND m.target_user_id = ${targetUserId}
      GROUP BY 1, 2
    )
    SELECT counted.criterion, counted.thing, counted.photos, counted.since, ${nameOf(sql, schema)} AS name
    FROM counted
    ORDER BY counted.photos DESC, 1, 2`;
  return rows.map(({ name, ...row }) => ({ ...row, words: wordsOf({ ...row, name }) }));
}

/** What one user has from another. */
export interface PairSharing {
  /** Names of the two users. */
  readonly from: string;
  readonly to: string;
  /** The reasons with the most photos first. */
  readonly by: readonly SharedBy[];
}

/** The same for all pairs of users between whom anything is shared for a reason that has a name. Reads only. */
export async function readAllSharing(sql: Sql, schema: Pick<ImmichSchema, 'people'>): Promise<PairSharing[]> {
  const pairs = await sql<{ sourceUserId: string; targetUserId: string; from: string; to: string }[]>`
    SELECT pair.source_user_id AS "sourceUserId", pair.target_user_id AS "targetUserId", source.name AS "from", target.name AS "to"
    FROM (SELECT DISTINCT source_user_id, target_user_id FROM immich_sidecar.asset_map) AS pair
    JOIN "user" source ON source.id = pair.source_user_id
    JOIN "user" target ON target.id = pair.target_user_id
    ORDER BY 3, 4, 1, 2`;
  const all: PairSharing[] = [];
  for (const { from, to, ...pair } of pairs) all.push({ from, to, by: await readSharedBy(sql, schema, pair) });
  return all.filter(({ by }) => by.length > 0);
}

/** Why these mirrors are there, by their ids. Reads only. */
export async function readBecause(
  sql: Sql,
  schema: Pick<ImmichSchema, 'people'>,
  mirrorAssetIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Because[]>> {
  const rows = await sql<(NamedReason & { readonly mirrorAssetId: string })[]>`
    SELECT
      counted.mirror_asset_id AS "mirrorAssetId",
      counted.criterion,
      counted.thing,
      counted.since,
      ${nameOf(sql, schema)} AS name
    FROM immich_sidecar_albums.reason counted
    WHERE counted.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])
    ORDER BY counted.since, counted.criterion, counted.thing`;
  return new Map(
    [...Map.groupBy(rows, ({ mirrorAssetId }) => mirrorAssetId)].map(([id, group]) => [
      id,
      group.map(({ criterion, thing, since, name }) => ({
        criterion,
        thing,
        words: wordsOf({ criterion, thing, since, name }),
        since,
      })),
    ]),
  );
}

/** What Immich calls the thing of the row `counted` now. */
function nameOf(sql: Sql, { people: { personKey } }: Pick<ImmichSchema, 'people'>): Fragment {
  const id =
    sql`CASE WHEN counted.criterion IN ('albums', 'shared-albums', 'people', 'tags') THEN counted.thing::uuid END`;
  return sql`
    CASE
      WHEN counted.criterion IN ('albums', 'shared-albums')
        THEN (SELECT al."albumName" FROM album al WHERE al.id = ${id})
      WHEN counted.criterion = 'people'
        THEN (SELECT min(p.name) FROM person p WHERE p.${sql(personKey)} = ${id} AND p.name <> '')
      WHEN counted.criterion = 'tags'
        THEN (SELECT t.value FROM tag t WHERE t.id = ${id})
    END`;
}

function wordsOf({ criterion, thing, name }: NamedReason): string {
  const called = named(name ?? thing);
  switch (criterion) {
    case 'albums':
      return `in the album ${called}`;
    case 'shared-albums':
      return `in the shared album ${called}`;
    case 'people':
      return `a picture of ${called}`;
    case 'tags':
      return `tagged ${called}`;
    case 'paths':
      return `below ${called}`;
    case 'favorites':
      return 'a favourite';
    default:
      return 'one of all that is shared';
  }
}
