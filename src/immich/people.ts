import type { Fragment, Sql } from '../postgres/connect.ts';
import type { Catalog } from './catalog.ts';

/**
 * How a release tells who a face is. A person's identity is always (`person."ownerId"`, `person[personKey]`), and a
 * face points at it with `asset_face[faceKey]`; what differs is how a mirror of a person gets its identity.
 */
export interface PeopleModel {
  readonly personKey: 'id' | 'personGroupId';
  readonly faceKey: 'personId' | 'personGroupId';
  /**
   * The identity that the mirror of the person `origin` gets in the target's account, as an expression over a row
   * named `origin` of `person`. Always the same, so that what we wrote about somebody who went still means them when they return.
   */
  mirrorKey(sql: Sql, targetUserId: string): Fragment;
  /**
   * A data-modifying CTE, named `prepared`, that makes what must exist before rows of `person` can: reads the rows
   * (origin_person_id, mirror_person_id, is_ours) of a CTE named `allocated`.
   */
  prepare(sql: Sql, targetUserId: string): Fragment;
  /**
   * Locks what these people of the target are, so that no face and no native share can be given to them until the transaction ends.
   * What is decided about them is looked up afterwards, in a statement that sees what was committed meanwhile.
   */
  lock(sql: Sql, personKeys: readonly string[], targetUserId: string): Promise<void>;
  /** Removes what belonged to deleted people of ours and nobody else uses. Call it after `lock`. */
  discard(sql: Sql, mirrorKeys: readonly string[], targetUserId: string): Promise<void>;
}

/** A version 4 UUID, as Immich wants them, that follows from a person and a user. */
function derivedId(sql: Sql, personId: Fragment, userId: string): Fragment {
  return sql`
    overlay(
      overlay(md5(${personId}::text || ${userId}::text) PLACING '4' FROM 13 FOR 1) PLACING '8' FROM 17 FOR 1
    )::uuid`;
}

async function lockRows(
  sql: Sql,
  personKey: PeopleModel['personKey'],
  personKeys: readonly string[],
  targetUserId: string,
): Promise<void> {
  await sql`
    SELECT
    FROM person
    WHERE ${sql(personKey)} = ANY (${personKeys as string[]}::uuid[])
      AND "ownerId" = ${targetUserId}
    ORDER BY ${sql(personKey)}
    FOR UPDATE`;
}

/** Up to Immich 3.1: a person is one row with an id of its own. */
const peopleById: PeopleModel = Object.freeze({
  personKey: 'id',
  faceKey: 'personId',
  mirrorKey: (sql: Sql, targetUserId: string) => derivedId(sql, sql`origin.id`, targetUserId),
  prepare: (sql: Sql) => sql`SELECT 1`,
  lock: async (sql: Sql, personKeys: readonly string[], targetUserId: string) => {
    await lockRows(sql, 'id', personKeys, targetUserId);
  },
  discard: () => Promise.resolve(),
});

/**
 * From Immich 3.2: a person is one user's view of a `person_group`, and a group belongs to a `cluster_group` of users.
 * Inside one cluster group the target sees the very same group; otherwise it gets a group of its own.
 */
const peopleByGroup: PeopleModel = Object.freeze({
  personKey: 'personGroupId',
  faceKey: 'personGroupId',
  mirrorKey: (sql: Sql, targetUserId: string) =>
    sql`
      CASE
        WHEN (SELECT g."clusterGroupId" FROM person_group g WHERE g.id = origin."personGroupId")
           = (SELECT u."clusterGroupId" FROM "user" u WHERE u.id = ${targetUserId})
        THEN origin."personGroupId"
        ELSE ${derivedId(sql, sql`origin."personGroupId"`, targetUserId)}
      END`,
  prepare: (sql: Sql, targetUserId: string) =>
    sql`
      INSERT INTO person_group (id, "clusterGroupId")
      SELECT allocated.mirror_person_id, u."clusterGroupId"
      FROM allocated
      JOIN "user" u ON u.id = ${targetUserId}
      WHERE allocated.mirror_person_id <> allocated.origin_person_id
      ON CONFLICT (id) DO NOTHING
      RETURNING id`,
  lock: async (sql: Sql, personKeys: readonly string[], targetUserId: string) => {
    await sql`
      SELECT
      FROM person_group
      WHERE id = ANY (${personKeys as string[]}::uuid[])
      ORDER BY id
      FOR UPDATE`;
    await lockRows(sql, 'personGroupId', personKeys, targetUserId);
  },
  discard: async (sql: Sql, mirrorKeys: readonly string[], targetUserId: string) => {
    await sql`
      UPDATE asset_face f
      SET "personGroupId" = NULL
      FROM asset a
      WHERE f."personGroupId" = ANY (${mirrorKeys}::uuid[])
        AND a.id = f."assetId"
        AND a."ownerId" = ${targetUserId}`;
    await sql`
      DELETE FROM person_group g
      WHERE g.id = ANY (${mirrorKeys}::uuid[])
        AND NOT EXISTS (SELECT 1 FROM person p WHERE p."personGroupId" = g.id)
        AND NOT EXISTS (SELECT 1 FROM asset_face f WHERE f."personGroupId" = g.id)`;
  },
});

/** How this database tells who a face is. */
export function peopleModelOf(catalog: Catalog): PeopleModel {
  return catalog.has('person_group') ? peopleByGroup : peopleById;
}
