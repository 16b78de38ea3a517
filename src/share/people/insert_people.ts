import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { columnList, copied, valueList } from '../copy/columns.ts';
import { namesakeOf } from './namesakes.ts';
import { isPersonNeeded, joinOrigin } from './person_links.ts';
import { fieldList } from './seen.ts';

/**
 * Gives the target a mirror of each person who has a face on these sources and whom the target does not know yet. Call it
 * before their faces are copied, one call at a time: the faces of several batches may then be copied at once. Thumbnail and cover face come with phases/people.ts, once it is clear which photos the target can see.
 *
 * Returns how many people the target knows now that they did not know.
 *
 * A person with only deleted faces there, or whose faces the target's owner has removed or given to others, is not mirrored. A person of the target's own, come back through a chain of
 * mirrors, needs no mirror. What is said of them is what the owner of these photos sees of them.
 */
export async function insertPeople(
  tx: Sql,
  schema: ImmichSchema,
  { sourceUserId, targetUserId, matchPeople }: Pick<Job, 'sourceUserId' | 'targetUserId' | 'matchPeople'>,
  sourceAssetIds: readonly string[],
): Promise<number> {
  const { personKey, faceKey, mirrorKey, prepare } = schema.people;
  const people = [
    { column: personKey, value: tx`allocated.mirror_person_id` },
    { column: 'ownerId', value: tx`${targetUserId}::uuid` },
    ...copied(tx, 'said', schema.columns.person),
  ];
  const [row] = await tx<{ people: number }[]>`
    WITH origins AS (
      SELECT DISTINCT ON (origin.${tx(personKey)})
        origin.${tx(personKey)} AS id, origin."ownerId" AS owner_id, f.${tx(faceKey)} AS said_id
      FROM (
        SELECT f.*, origin.${tx(personKey)} AS origin_id, origin."ownerId" AS origin_owner_id
        FROM asset_face f
        CROSS JOIN (SELECT ${sourceUserId}::uuid AS source_user_id) AS m
        ${joinOrigin(tx, schema)}
        WHERE f."assetId" = ANY (${sourceAssetIds as string[]}::uuid[])
        OFFSET 0 -- the faces of a batch first: a plan may begin with all people, and look at these faces once for each
      ) AS f
      CROSS JOIN LATERAL (SELECT f.origin_id AS ${tx(personKey)}, f.origin_owner_id AS "ownerId") AS origin
      LEFT JOIN immich_sidecar.asset_map mapped
        ON mapped.source_asset_id = f."assetId" AND mapped.target_user_id = ${targetUserId}
      LEFT JOIN immich_sidecar.face_map written
        ON written.source_face_id = f.id AND written.mirror_asset_id = mapped.mirror_asset_id
      LEFT JOIN asset_face mirror ON mirror.id = written.mirror_face_id
      WHERE ${isPersonNeeded(tx, schema, targetUserId)}
      ORDER BY origin.${tx(personKey)}, f.${tx(faceKey)}
    ),
    unknown AS (
      SELECT origins.*, ${
    matchPeople === 'name' ? matchedKey(tx, schema, { sourceUserId, targetUserId }) : mirrorKey(tx, targetUserId)
  } AS mirror_person_id
      FROM origins
      JOIN person origin ON origin.${tx(personKey)} = origins.id AND origin."ownerId" = origins.owner_id
      WHERE NOT EXISTS (
        SELECT 1
        FROM immich_sidecar.person_map known
        WHERE known.origin_person_id = origins.id AND known.target_user_id = ${targetUserId}
      )
    ),
    allocated AS (
      INSERT INTO immich_sidecar.person_map (
        origin_person_id, origin_owner_id, target_user_id, mirror_person_id, is_ours,
        name, is_hidden, birth_date, color, seen_user_id, seen_name, seen_is_hidden, seen_birth_date, seen_color
      )
      SELECT
        unknown.id, unknown.owner_id, ${targetUserId}, unknown.mirror_person_id,
        NOT EXISTS (
          SELECT 1
          FROM person own
          WHERE own.${tx(personKey)} = unknown.mirror_person_id AND own."ownerId" = ${targetUserId}
        ),
        ${fieldList(tx, 'said', 'column')}, said."ownerId", ${fieldList(tx, 'said', 'column')}
      FROM unknown
      JOIN person said ON said.${tx(personKey)} = unknown.said_id AND said."ownerId" = ${sourceUserId}
      ON CONFLICT (origin_person_id, target_user_id) DO NOTHING
      RETURNING origin_person_id, origin_owner_id, mirror_person_id, is_ours
    ),
    prepared AS (
      ${prepare(tx, targetUserId)}
    ),
    inserted AS (
      INSERT INTO person (${columnList(tx, people)})
      SELECT ${valueList(tx, people)}
      FROM allocated
      JOIN unknown ON unknown.id = allocated.origin_person_id
      JOIN person said ON said.${tx(personKey)} = unknown.said_id AND said."ownerId" = ${sourceUserId}
      WHERE allocated.is_ours
      ON CONFLICT DO NOTHING -- a native share may have given the target this person at the same moment
    )
    SELECT count(*)::int AS people FROM allocated`;
  return row?.people ?? 0;
}

/** The identity of the target's own person who is called like the person `origins.said_id`, else that of a mirror. */
function matchedKey(
  sql: Sql,
  schema: ImmichSchema,
  { sourceUserId, targetUserId }: Pick<Job, 'sourceUserId' | 'targetUserId'>,
): Fragment {
  const { personKey, mirrorKey } = schema.people;
  const key = mirrorKey(sql, targetUserId);
  return sql`
    coalesce(
      (SELECT own.${sql(personKey)} FROM person own WHERE own."ownerId" = ${targetUserId} AND own.${
    sql(personKey)
  } = ${key}),
      (${namesakeOf(sql, schema, { sourceUserId, targetUserId }, sql`origins.said_id`, true)}),
      ${key}
    )`;
}
