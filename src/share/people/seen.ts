import { isNativelyShared } from '../../immich/native_shares.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { commaSeparated } from '../copy/columns.ts';

/** What is said about a person, field by field. */
export interface PersonField {
  /** Of `person`. */
  readonly column: string;
  /** Of person_map: what was written last, and what the row that is followed said last. */
  readonly written: string;
  readonly seen: string;
}

export const PERSON_FIELDS: readonly PersonField[] = Object.freeze([
  { column: 'name', written: 'name', seen: 'seen_name' },
  { column: 'isHidden', written: 'is_hidden', seen: 'seen_is_hidden' },
  { column: 'birthDate', written: 'birth_date', seen: 'seen_birth_date' },
  { column: 'color', written: 'color', seen: 'seen_color' },
]);

/** Whether the row that the person `pm` has in the target's account is ours to change. */
export function isOurs(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`(
    pm.is_ours AND NOT ${isNativelyShared(sql, schema, sql`pm.target_user_id`, sql`pm.mirror_person_id`)}
  )`;
}

/** Who shows the person `pm`: their origin's owner, or who has them from there and shares them further. */
export function seenUser(sql: Sql): Fragment {
  return sql`coalesce(pm.seen_user_id, pm.origin_owner_id)`;
}

/** `row.a, row.b, …` of one side of the fields. */
export function fieldList(sql: Sql, row: string, side: keyof PersonField): Fragment {
  return commaSeparated(sql, PERSON_FIELDS.map((field) => sql`${sql(row)}.${sql(field[side])}`));
}

/**
 * Who shares the person `pm` with their target now: the owners of the photos on whose mirrors they are to be seen there. For FROM, as rows
 * (user_id).
 */
export function sharersOf(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`(
    SELECT DISTINCT m.source_user_id AS user_id
    FROM asset_face f
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = f."assetId" AND m.target_user_id = pm.target_user_id
    WHERE f.${sql(schema.people.faceKey)} = pm.mirror_person_id
      AND f."deletedAt" IS NULL
  )`;
}

/** People of a target whose rows are to follow other rows of `person`. */
export interface Following {
  readonly targetUserId: string;
  readonly originIds: readonly string[];
  /** Joins to a row `pm` of person_map the row `said` of `person` that it follows. */
  readonly join: Fragment;
  /** Whether what `said` says in a field is to be taken over where the target has not changed it. */
  readonly isNew: (field: PersonField) => Fragment;
}

/**
 * Writes what is new into each field that the target has not touched, and notes what was written and seen. Those to whom the target shows
 * these people further do not get it: for them it is no news. Returns how many rows of `person` were written. The rows are locked.
 */
export async function followRows(tx: Sql, schema: ImmichSchema, following: Following): Promise<number> {
  const { targetUserId, originIds, join, isNew } = following;
  const { personKey } = schema.people;
  const isMeant = tx`
    pm.target_user_id = ${targetUserId}
    AND pm.origin_person_id = ANY (${originIds as string[]}::uuid[])
    AND pm.is_ours`;
  const isMirror = tx`mirror.${tx(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id`;
  const isWritten = (field: PersonField) =>
    tx`(mirror.${tx(field.column)} IS NOT DISTINCT FROM pm.${tx(field.written)} AND ${isNew(field)})`;
  await tx`
    UPDATE immich_sidecar.person_map further
    SET ${
    setFields(tx, 'seen', (field) =>
      tx`
        CASE
          WHEN ${isWritten(field)} AND further.${tx(field.seen)} IS NOT DISTINCT FROM mirror.${tx(field.column)}
            THEN said.${tx(field.column)}
          ELSE further.${tx(field.seen)}
        END`)
  }
    FROM immich_sidecar.person_map pm
    ${join}
    JOIN person mirror ON ${isMirror}
    WHERE further.origin_person_id = pm.origin_person_id
      AND further.seen_user_id = pm.target_user_id
      AND ${isMeant}`;
  const written = await tx`
    UPDATE person mirror
    SET ${
    setFields(tx, 'column', (field) =>
      tx`CASE WHEN ${isWritten(field)} THEN said.${tx(field.column)} ELSE mirror.${tx(field.column)} END`)
  }
    FROM immich_sidecar.person_map pm
    ${join}
    WHERE ${isMirror}
      AND ${isMeant}`;
  await tx`
    UPDATE immich_sidecar.person_map noted
    SET seen_user_id = said."ownerId",
        ${setFields(tx, 'seen', (field) => tx`said.${tx(field.column)}`)},
        ${
    setFields(tx, 'written', (field) =>
      tx`CASE WHEN ${isNew(field)} THEN said.${tx(field.column)} ELSE pm.${tx(field.written)} END`)
  }
    FROM immich_sidecar.person_map pm
    ${join}
    WHERE noted.origin_person_id = pm.origin_person_id
      AND noted.target_user_id = pm.target_user_id
      AND ${isMeant}`;
  // A name in the configuration may stand for a mirror, which is called otherwise by this.
  await tx`
    UPDATE immich_sidecar_selection.name known
    SET name = mirror.name
    FROM immich_sidecar.person_map pm
    JOIN person mirror ON ${isMirror}
    WHERE known.kind = 'person'
      AND known.owner_id = pm.target_user_id
      AND known.id = pm.mirror_person_id
      AND known.name <> mirror.name
      AND ${isMeant}`;
  return written.count;
}

function setFields(tx: Sql, side: keyof PersonField, value: (field: PersonField) => Fragment): Fragment {
  return commaSeparated(tx, PERSON_FIELDS.map((field) => tx`${tx(field[side])} = ${value(field)}`));
}
