import { foldAccents } from '../../config/fold.ts';
import { readSettings } from '../../immich/settings.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { View } from '../cycle/tools.ts';
import { distance } from './match_faces.ts';
import { readMeans } from './means.ts';
import { isMirrorOfPerson } from './own_photos.ts';
import { chooseUsers, type ChosenUser, type UserChoice } from './users.ts';

/** One of two people who may be the same. */
export interface AlikePerson {
  readonly id: string;
  readonly name: string;
  readonly faces: number;
  /** They are there through sharing. */
  readonly isShared: boolean;
}

/** Two people of one user who may be the same human. */
export interface AlikePair {
  readonly userId: string;
  readonly userName: string;
  /** Who has a name, and of two who have one, more faces: into whom one would merge the other. */
  readonly person: AlikePerson;
  readonly other: AlikePerson;
  /** Their names differ in nothing but upper and lower case, accents and spaces. */
  readonly isSameName: boolean;
  /** The cosine distance of what their faces look like on average; null where it is more than Immich's threshold, or not known. */
  readonly distance: number | null;
}

export interface AlikePeople {
  /** Immich's own: up to this distance it takes two faces for one person. */
  readonly maxDistance: number;
  readonly pairs: readonly AlikePair[];
}

/**
 * Finds pairs of people who may be the same, those that are most alike first. At least one of them has a name, neither is hidden, and at least one is the user's
 * own: what came through sharing is merged where it comes from. Who is on a photo together with somebody does not look like them. Reads only.
 */
export async function findAlike(
  sql: Sql,
  { schema, jobs }: Pick<View, 'schema' | 'jobs'>,
  choice: UserChoice,
): Promise<AlikePeople> {
  const { maxFaceDistance } = await readSettings(sql);
  const pairs: AlikePair[] = [];
  for (const user of await chooseUsers(sql, jobs, choice)) {
    const found = await findPairs(sql, schema, user, maxFaceDistance);
    const apart = await readTogether(sql, schema, user.id, found.filter((pair) => pair.distance !== null));
    pairs.push(...found.flatMap((pair) => {
      if (!apart.has(keyOf(pair))) return [pair];
      return pair.isSameName ? [{ ...pair, distance: null }] : [];
    }));
  }
  return { maxDistance: maxFaceDistance, pairs };
}

async function findPairs(sql: Sql, schema: ImmichSchema, user: ChosenUser, max: number): Promise<AlikePair[]> {
  const people = await readVisible(sql, schema, user.id);
  const means = await readMeans(sql, schema, user.id, people.map(({ id }) => id), 'all unlocked');
  const named = people.filter(({ name }) => name !== '');
  const seen = new Set<string>();
  const pairs = named.flatMap((person) =>
    people.flatMap((other): AlikePair[] => {
      if (
        person.id === other.id || (person.isShared && other.isShared) || seen.has(`${other.id} ${person.id}`)
      ) return [];
      seen.add(`${person.id} ${other.id}`);
      const isSameName = other.name !== '' && folded(other.name) === folded(person.name);
      const apart = distance(means.get(person.id), means.get(other.id));
      const isAlike = apart !== undefined && apart <= max;
      if (!isSameName && !isAlike) return [];
      const [first, second] = other.name !== '' && other.faces > person.faces ? [other, person] : [person, other];
      return [{
        userId: user.id,
        userName: user.name,
        person: first,
        other: second,
        isSameName,
        distance: isAlike ? Math.round(apart * 1_000) / 1_000 : null,
      }];
    })
  );
  const rank = ({ isSameName, distance }: AlikePair) => (isSameName ? 0 : 2) + (distance ?? 2);
  return pairs.toSorted((a, b) => rank(a) - rank(b) || (keyOf(a) < keyOf(b) ? -1 : 1));
}

function folded(name: string): string {
  return foldAccents(name).replaceAll(/\s+/g, ' ').trim();
}

/** Whom Immich shows. */
async function readVisible(sql: Sql, schema: ImmichSchema, userId: string): Promise<AlikePerson[]> {
  const { personKey, faceKey } = schema.people;
  return await sql<AlikePerson[]>`
    SELECT
      p.${sql(personKey)} AS id,
      p.name,
      counted.faces,
      ${isMirrorOfPerson(sql, schema)} AS "isShared"
    FROM person p
    JOIN (
      SELECT f.${sql(faceKey)} AS id, count(*)::int AS faces
      FROM asset_face f
      JOIN asset a ON a.id = f."assetId" AND a."ownerId" = ${userId}
      WHERE f."deletedAt" IS NULL
        AND a.visibility::text <> 'locked'
        AND f.${sql(faceKey)} IS NOT NULL
      GROUP BY 1
    ) AS counted ON counted.id = p.${sql(personKey)}
    WHERE p."ownerId" = ${userId}
      AND NOT p."isHidden"
    ORDER BY 1`;
}

/** Those of these pairs who are on a photo together, by their keys. */
async function readTogether(
  sql: Sql,
  schema: ImmichSchema,
  userId: string,
  pairs: readonly AlikePair[],
): Promise<Set<string>> {
  if (pairs.length === 0) return new Set();
  const { faceKey } = schema.people;
  const ids = pairs.map((pair) => ({ key: keyOf(pair), person: pair.person.id, other: pair.other.id }));
  const rows = await sql<{ key: string }[]>`
    WITH pair AS MATERIALIZED (
      SELECT *
      FROM jsonb_to_recordset(${sql.json(ids as never)}) AS pair (key text, person uuid, other uuid)
    ),
    seen AS MATERIALIZED (
      SELECT DISTINCT f.${sql(faceKey)} AS id, f."assetId" AS asset_id
      FROM asset_face f
      JOIN asset a ON a.id = f."assetId" AND a."ownerId" = ${userId}
      WHERE f."deletedAt" IS NULL
        AND f.${sql(faceKey)} IN (SELECT person FROM pair UNION SELECT other FROM pair)
    )
    SELECT DISTINCT pair.key
    FROM pair
    JOIN seen ON seen.id = pair.person
    JOIN seen other ON other.id = pair.other AND other.asset_id = seen.asset_id`;
  return new Set(rows.map(({ key }) => key));
}

function keyOf({ person, other }: Pick<AlikePair, 'person' | 'other'>): string {
  return `${person.id} ${other.id}`;
}
