import { albumOwner, participants } from '../../immich/albums.ts';
import { keyOf } from '../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { CriteriaSchema, Named } from './criterion.ts';

export type NameKind = 'user' | 'album' | 'person' | 'tag';

/** A name or an id in the configuration, and whose thing it is. */
export interface NameReference {
  readonly kind: NameKind;
  /** The user who calls it so; nobody (NOBODY_ID) for users, and for albums that users share with one another, whosever they are. */
  readonly ownerId: string;
  readonly text: string;
}

/** What there is for a reference. */
export interface FoundNames {
  /** What has the name or the id now. */
  readonly fitting: readonly Named[];
  /** What is remembered for it, if it is still there for that user, whatever it is called now. */
  readonly alive: readonly Named[];
}

interface FoundThing extends Named {
  readonly place: number;
  readonly isRemembered: boolean;
  readonly hasEmail: boolean | null;
}

/** Nobody has this id. */
export const NOBODY_ID = '00000000-0000-0000-0000-000000000000';

/** By what a reference is the same as another. */
export function keyOfReference({ kind, ownerId, text }: NameReference): string {
  return JSON.stringify([kind, ownerId, text]);
}

/**
 * What of Immich has these names or ids now, by `keyOfReference`: things with the very id, else with the very name, else with the same name but
 * for upper and lower case. One statement for each kind, however many names. Reads only.
 *
 * Albums are those that the user owns or is a member of; none of what is in the trash.
 */
export async function findNamed(
  sql: Sql,
  schema: CriteriaSchema,
  references: readonly NameReference[],
  remembered: ReadonlyMap<string, readonly Named[]>,
): Promise<ReadonlyMap<string, FoundNames>> {
  const found = new Map<string, FoundNames>();
  for (const [kind, ofKind] of Map.groupBy(references, (reference) => reference.kind)) {
    for (const [key, things] of await findAmong(sql, THINGS[kind](sql, schema), ofKind, remembered)) {
      found.set(key, things);
    }
  }
  return found;
}

/**
 * What users are called in Immich, by what jobs call them: an id, an e-mail or a name. Left out are those that fit nobody, or several. Reads only, and asks
 * for no more than a table of users, so that it can be asked of a database that is not understood yet.
 */
export async function namesOfUsers(sql: Sql, texts: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = await findAmong(sql, users(sql), texts.map(namedUser), new Map());
  const names = new Map<string, string>();
  for (const text of texts) {
    const [only, ...others] = found.get(keyOfReference(namedUser(text)))?.fitting ?? [];
    if (only !== undefined && others.length === 0) names.set(text, only.name);
  }
  return names;
}

/** The name, e-mail or id of a user. */
export function namedUser(text: string): NameReference {
  return { kind: 'user', ownerId: NOBODY_ID, text };
}

async function findAmong(
  sql: Sql,
  things: Fragment,
  references: readonly NameReference[],
  remembered: ReadonlyMap<string, readonly Named[]>,
): Promise<ReadonlyMap<string, FoundNames>> {
  const wanted = [...new Map(references.map((reference) => [keyOfReference(reference), reference])).values()];
  const rows = await sql<FoundThing[]>`
    SELECT DISTINCT
      wanted.place,
      thing.id,
      thing.name,
      coalesce(thing.id = ANY (wanted.ids), false) AS "isRemembered",
      lower(thing.email) = lower(wanted.text) AS "hasEmail"
    FROM jsonb_to_recordset(${
    sql.json(wanted.map((reference, place) => ({
      place,
      ownerId: reference.ownerId,
      text: reference.text,
      ids: (remembered.get(keyOfReference(reference)) ?? []).map(({ id }) => id),
    })))
  })
      AS wanted (place int, "ownerId" uuid, text text, ids uuid[])
    JOIN ${things}
      ON (
        thing.id::text = lower(wanted.text)
        OR lower(normalize(thing.name)) = lower(normalize(wanted.text))
        OR lower(thing.email) = lower(wanted.text)
        OR thing.id = ANY (wanted.ids)
      )
      AND (thing.owner_id IS NULL OR thing.owner_id = wanted."ownerId")
    ORDER BY 3, 2`;
  const byPlace = Map.groupBy(rows, ({ place }) => place);
  return new Map(wanted.map((reference, place) => {
    const fitting = byPlace.get(place) ?? [];
    return [keyOfReference(reference), {
      fitting: closest(reference.text, fitting).map(namedOf),
      alive: fitting.filter(({ isRemembered }) => isRemembered).map(namedOf),
    }];
  }));
}

/** Some of what there is of a kind, for somebody who wrote a name that fits nothing. Reads only. */
export async function listNames(
  sql: Sql,
  schema: CriteriaSchema,
  { kind, ownerId }: NameReference,
  limit: number,
): Promise<Named[]> {
  return await sql<Named[]>`
    SELECT DISTINCT thing.id, thing.name
    FROM ${THINGS[kind](sql, schema)}
    WHERE (thing.owner_id IS NULL OR thing.owner_id = ${ownerId})
      AND thing.name <> ''
    ORDER BY thing.name
    LIMIT ${limit}`;
}

/** The albums, people or tags of a user, for somebody who chooses: without hidden people, and what has no name but albums. Reads only. */
export async function listVisible(
  sql: Sql,
  schema: CriteriaSchema,
  kind: Exclude<NameKind, 'user'>,
  ownerId: string,
): Promise<Named[]> {
  return await sql<Named[]>`
    SELECT DISTINCT thing.id, thing.name
    FROM ${THINGS[kind](sql, schema)}
    WHERE thing.owner_id = ${ownerId}
      ${kind === 'album' ? sql`` : sql`AND thing.name <> ''`}
      ${kind === 'person' ? sql`AND NOT ${isHiddenPerson(sql, schema)}` : sql``}
    ORDER BY thing.name, thing.id`;
}

/** Whether the person `thing` is hidden for the one whose it is. */
function isHiddenPerson(sql: Sql, { people: { personKey } }: CriteriaSchema): Fragment {
  return sql`
    EXISTS (
      SELECT 1
      FROM person p
      WHERE p.${sql(personKey)} = thing.id AND p."ownerId" = thing.owner_id AND p."isHidden"
    )`;
}

function namedOf({ id, name }: Named): Named {
  return { id, name };
}

/** What is meant if several fit: the one with the id, else those with the e-mail, with the very name, with the name in another case. */
function closest(text: string, things: readonly FoundThing[]): readonly FoundThing[] {
  const isAlike = (one: string, other: string) => one.normalize().toLowerCase() === other.normalize().toLowerCase();
  const tests: readonly ((thing: FoundThing) => boolean)[] = [
    ({ id }) => id === text.toLowerCase(),
    ({ hasEmail }) => hasEmail === true,
    ({ name }) => name.normalize() === text.normalize(),
    ({ name }) => isAlike(name, text),
  ];
  for (const test of tests) {
    const fitting = things.filter(test);
    if (fitting.length > 0) return fitting;
  }
  return [];
}

/** For FROM, as `thing`: `id`, `name`, the `owner_id` of whom it is one (NULL: everybody's), and the `email` of a user. */
const THINGS: Readonly<Record<NameKind, (sql: Sql, schema: CriteriaSchema) => Fragment>> = Object.freeze({
  user: users,
  album: (sql: Sql, { catalog }: CriteriaSchema) =>
    sql`
      (
        SELECT al.id, al."albumName" AS name, ${albumOwner(sql, catalog, 'al')} AS owner_id, NULL::text AS email
        FROM album al
        WHERE al."deletedAt" IS NULL
        UNION
        SELECT al.id, al."albumName", member.${sql(keyOf(catalog, 'album_user', 'user'))}, NULL
        FROM album al
        JOIN album_user member ON member.${sql(keyOf(catalog, 'album_user', 'album'))} = al.id
        WHERE al."deletedAt" IS NULL
        UNION
        SELECT al.id, al."albumName", ${NOBODY_ID}::uuid, NULL
        FROM album al
        JOIN (${participants(sql, catalog)}) AS part ON part.album_id = al.id
        GROUP BY al.id
        HAVING count(*) > 1
      ) AS thing`,
  person: (sql: Sql, { people: { personKey } }: CriteriaSchema) =>
    sql`
      (
        SELECT p.${sql(personKey)} AS id, p.name, p."ownerId" AS owner_id, NULL::text AS email
        FROM person p
      ) AS thing`,
  tag: (sql: Sql) =>
    sql`
      (
        SELECT t.id, t.value AS name, t."userId" AS owner_id, NULL::text AS email
        FROM tag t
      ) AS thing`,
});

function users(sql: Sql): Fragment {
  return sql`
    (
      SELECT u.id, u.name, NULL::uuid AS owner_id, u.email
      FROM "user" u
      WHERE u."deletedAt" IS NULL
    ) AS thing`;
}
