import { readSettings } from '../../immich/settings.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { View } from '../cycle/tools.ts';
import { encodeEmbedding } from './embeddings.ts';
import { FILE_VERSION, KIND, type SavedFace, type SavedPeople, type SavedPerson } from './format.ts';
import { readMeans } from './means.ts';
import { boxColumns, type BoxRow, isFaceWithBox, isMirrorOfPerson, isOwnPhoto, relativeBox } from './own_photos.ts';
import { chooseUsers, type UserChoice } from './users.ts';

/** People in one statement: somebody with 10,000 faces is not rare. */
const PAGE = 100;

/**
 * Collects what is known of people: of each who has a name, a birth date or a colour, is hidden or a favourite. Reads only.
 *
 * People who are there through sharing are left out, as they follow whom they come from, and so are faces on locked photos. Throws UserError for
 * a user whom nobody knows.
 */
export async function collectPeople(
  sql: Sql,
  { schema, jobs }: Pick<View, 'schema' | 'jobs'>,
  choice: UserChoice,
): Promise<SavedPeople> {
  const chosen = await chooseUsers(sql, jobs, choice);
  const { faceModel } = await readSettings(sql);
  const [clock] = await sql<{ now: string }[]>`
    SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now`;
  const users: SavedPeople['users'][number][] = [];
  for (const user of chosen) users.push({ ...user, people: await readPeople(sql, schema, user.id) });
  return { kind: KIND, version: FILE_VERSION, savedAt: clock?.now ?? '', model: faceModel, users };
}

type PersonRow =
  & Pick<SavedPerson, 'id' | 'name' | 'birthDate' | 'isHidden' | 'isFavorite' | 'color'>
  & { readonly coverFaceId: string | null };

async function readPeople(sql: Sql, schema: ImmichSchema, userId: string): Promise<SavedPerson[]> {
  const rows = await sql<PersonRow[]>`
    SELECT
      p.${
    sql(schema.people.personKey)
  } AS id, p.name, p."birthDate"::text AS "birthDate", p."isHidden", p."isFavorite", p.color,
      p."faceAssetId" AS "coverFaceId"
    FROM person p
    WHERE p."ownerId" = ${userId}
      AND (p.name <> '' OR p."birthDate" IS NOT NULL OR p.color IS NOT NULL OR p."isHidden" OR p."isFavorite")
      AND NOT ${isMirrorOfPerson(sql, schema)}
    ORDER BY p.name, 1`;
  const people: SavedPerson[] = [];
  for (let start = 0; start < rows.length; start += PAGE) {
    const page = rows.slice(start, start + PAGE);
    const ids = page.map(({ id }) => id);
    const faces = Map.groupBy(await readFaces(sql, schema, userId, ids), ({ personId }) => personId);
    const means = await readMeans(sql, schema, userId, ids, 'own');
    people.push(...page.map(({ coverFaceId, ...person }) => {
      const theirs = faces.get(person.id) ?? [];
      const mean = means.get(person.id);
      const cover = theirs.find(({ id }) => id === coverFaceId);
      return {
        ...person,
        cover: cover === undefined ? null : faceOf(cover),
        faces: theirs.map(faceOf),
        embedding: mean === undefined ? null : encodeEmbedding(mean),
      };
    }));
  }
  return people;
}

interface FaceRow extends BoxRow {
  readonly id: string;
  readonly personId: string;
  readonly photo: string;
}

function faceOf({ photo, ...box }: FaceRow): SavedFace {
  return { photo, box: relativeBox(box) };
}

async function readFaces(
  sql: Sql,
  schema: ImmichSchema,
  userId: string,
  personIds: readonly string[],
): Promise<FaceRow[]> {
  const { faceKey } = schema.people;
  return await sql<FaceRow[]>`
    SELECT f.id, f.${sql(faceKey)} AS "personId", encode(a.checksum, 'hex') AS photo, ${boxColumns(sql)}
    FROM asset_face f
    JOIN asset a ON a.id = f."assetId"
    WHERE f.${sql(faceKey)} = ANY (${personIds as string[]}::uuid[])
      AND a."ownerId" = ${userId}
      AND ${isFaceWithBox(sql)}
      AND ${isOwnPhoto(sql)}
    ORDER BY photo, f.id`;
}
