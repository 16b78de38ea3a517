import { isNativelyShared } from '../../immich/native_shares.ts';
import { isPresent } from '../../immich/presence.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { commaSeparated } from '../copy/columns.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isOurs, seenUser } from '../people/seen.ts';

/** What of a person a target may add, where the source has said nothing. */
export type TwoWayPersonField = 'personName' | 'personBirthDate';

/** How a field of a person is stored. */
interface PersonValue {
  readonly field: TwoWayPersonField;
  /** Of `person`. */
  readonly column: 'name' | 'birthDate';
  /** Of person_map: what we wrote last, and what the row that is followed said last. */
  readonly written: string;
  readonly seen: string;
  /** Whether a value, an expression, says nothing. */
  readonly isEmpty: (sql: Sql, value: Fragment) => Fragment;
}

export const PERSON_VALUES: readonly PersonValue[] = Object.freeze([
  {
    field: 'personName',
    column: 'name',
    written: 'name',
    seen: 'seen_name',
    isEmpty: (sql: Sql, value: Fragment) => sql`(${value} = '')`,
  },
  {
    field: 'personBirthDate',
    column: 'birthDate',
    written: 'birth_date',
    seen: 'seen_birth_date',
    isEmpty: (sql: Sql, value: Fragment) => sql`(${value} IS NULL)`,
  },
]);

/** Whether something is about what a person is called, or when they were born, and not about a photo. */
export function isAboutPerson({ field }: { readonly field: string }): boolean {
  return PERSON_VALUES.some((value) => value.field === field);
}

/** What a target says of somebody whom they have from a source, and what the source says of them. */
export interface PersonDifference {
  readonly originPersonId: string;
  /** The target's row. */
  readonly mirrorPersonId: string;
  /** The row of who shows them to the target: the origin, or a mirror of it. */
  readonly sourcePersonId: string;
  readonly field: TwoWayPersonField;
  readonly source: string | null;
  readonly target: string;
  /** `added`: the source says nothing, and has said nothing when it was written last. Else both say something. */
  readonly kind: 'added' | 'conflict';
  /** Another one who has them from the source says something else, which the source has not said either. */
  readonly isDisputed: boolean;
}

/**
 * Differences between what the target of a job says of people and what its source says, where the target has changed it. A person counts only while a face of theirs is to be seen on a mirror, and on its
 * source is the same person's: a name says who somebody is, and moves only between two who see that somebody. Reads only.
 */
export function findPersonDifferences(
  { sql, schema, limits, jobs }: Pick<View, 'sql' | 'schema' | 'limits' | 'jobs'>,
  job: Pick<Job, 'sourceUserId' | 'targetUserId'>,
): AsyncGenerator<PersonDifference[]> {
  const others = jobs.filter(({ bothWays, sourceUserId }) =>
    sourceUserId === job.sourceUserId && bothWays?.includes('people')
  ).map(({ targetUserId }) => targetUserId);
  const pages = searchPages(
    (after?: PersonDifference) =>
      sql<PersonDifference[]>`
        WITH found AS MATERIALIZED (
          ${
        PERSON_VALUES.map((value) => differencesIn(sql, schema, job, others, value)).reduce((all, one) =>
          sql`${all} UNION ALL ${one}`
        )
      }
        )
        SELECT *
        FROM found
        WHERE ${
        after === undefined
          ? sql`true`
          : sql`("originPersonId", field) > (${after.originPersonId}::uuid, ${after.field}::text)`
      }
        ORDER BY "originPersonId", field
        LIMIT ${limits.search}`,
    limits.search,
  );
  return pages;
}

function differencesIn(
  sql: Sql,
  schema: ImmichSchema,
  { sourceUserId, targetUserId }: Pick<Job, 'sourceUserId' | 'targetUserId'>,
  others: readonly string[],
  { field, column, written, isEmpty }: PersonValue,
): Fragment {
  const { personKey, faceKey } = schema.people;
  const [mirror, said, base] = [sql`mirror.${sql(column)}`, sql`said.${sql(column)}`, sql`pm.${sql(written)}`];
  const theirValue = sql`other_mirror.${sql(column)}`;
  return sql`
    SELECT
      pm.origin_person_id AS "originPersonId",
      pm.mirror_person_id AS "mirrorPersonId",
      said.${sql(personKey)} AS "sourcePersonId",
      ${field}::text AS field,
      ${said}::text AS source,
      ${mirror}::text AS target,
      CASE
        WHEN ${isEmpty(sql, said)}
          AND ${isEmpty(sql, base)}
          AND NOT disputed.it
          AND NOT ${wasUndone(sql, field, mirror)} THEN 'added'
        ELSE 'conflict'
      END AS kind,
      disputed.it AS "isDisputed"
    FROM immich_sidecar.person_map pm
    JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    LEFT JOIN immich_sidecar.person_map theirs
      ON theirs.origin_person_id = pm.origin_person_id AND theirs.target_user_id = ${sourceUserId}
    JOIN person said
      ON said."ownerId" = ${sourceUserId}
      AND said.${sql(personKey)} = CASE
        WHEN pm.origin_owner_id = ${sourceUserId} THEN pm.origin_person_id
        ELSE theirs.mirror_person_id
      END
    CROSS JOIN LATERAL (
      SELECT EXISTS (
        SELECT 1
        FROM immich_sidecar.person_map other
        JOIN person other_mirror
          ON other_mirror.${sql(personKey)} = other.mirror_person_id AND other_mirror."ownerId" = other.target_user_id
        WHERE other.origin_person_id = pm.origin_person_id
          AND other.target_user_id = ANY (${others as string[]}::uuid[])
          AND coalesce(other.seen_user_id, other.origin_owner_id) = ${sourceUserId}
          AND NOT ${isEmpty(sql, theirValue)}
          AND ${theirValue} IS DISTINCT FROM other.${sql(written)}
          AND ${theirValue} IS DISTINCT FROM ${said}
          AND ${theirValue} IS DISTINCT FROM ${mirror}
      ) AS it
    ) AS disputed
    WHERE pm.target_user_id = ${targetUserId}
      AND ${seenUser(sql)} = ${sourceUserId}
      AND ${isOurs(sql, schema)}
      AND NOT ${isNativelyShared(sql, schema, sql`said."ownerId"`, sql`said.${sql(personKey)}`)}
      AND NOT ${isEmpty(sql, mirror)}
      AND ${mirror} IS DISTINCT FROM ${base}
      AND ${mirror} IS DISTINCT FROM ${said}
      AND EXISTS (
        SELECT 1
        FROM immich_sidecar.face_map fm
        JOIN immich_sidecar.asset_map m
          ON m.mirror_asset_id = fm.mirror_asset_id
          AND m.target_user_id = ${targetUserId}
          AND m.source_user_id = ${sourceUserId}
        JOIN asset a ON a.id = m.source_asset_id AND a.visibility <> 'locked'
        JOIN asset shown
          ON shown.id = m.mirror_asset_id
          AND shown.visibility <> 'locked'
          AND ${isPresent(sql, 'shown')}
        JOIN asset_face seen
          ON seen.id = fm.mirror_face_id
          AND seen.${sql(faceKey)} = pm.mirror_person_id
          AND seen."deletedAt" IS NULL
        JOIN asset_face f
          ON f.id = fm.source_face_id
          AND f.${sql(faceKey)} = said.${sql(personKey)}
          AND f."deletedAt" IS NULL
        WHERE fm.person_id = pm.mirror_person_id
      )`;
}

/** What was undone is not written again by itself. Of the row `said`. */
function wasUndone(sql: Sql, field: TwoWayPersonField, value: Fragment): Fragment {
  return sql`
    EXISTS (
      SELECT 1
      FROM immich_sidecar_both_ways.written w
      WHERE w.mirror_asset_id = pm.mirror_person_id
        AND w.target_user_id = pm.target_user_id
        AND w.field = ${field}
        AND w.undone_at IS NOT NULL
        AND w.after->'person'->>'value' = ${value}::text
    )`;
}

/**
 * Writes what targets say of people into the rows of who shows them, notes what was there before, and that both say it now. What has changed since it was found is left alone. In the rows of
 * immich_sidecar_both_ways.written people stand where photos do. Call it in a transaction that is READ COMMITTED. Returns how many were written.
 */
export async function writePersonDifferences(
  tx: Sql,
  schema: ImmichSchema,
  { name, sourceUserId, targetUserId }: Pick<Job, 'name' | 'sourceUserId' | 'targetUserId'>,
  differences: readonly PersonDifference[],
): Promise<number> {
  const { personKey } = schema.people;
  await schema.people.lock(tx, [...new Set(differences.map(({ sourcePersonId }) => sourcePersonId))], sourceUserId);
  let count = 0;
  for (const { field, column, written, seen } of PERSON_VALUES) {
    const ofField = differences.filter((one) => one.field === field);
    if (ofField.length === 0) continue;
    const noted = await tx<{ id: string }[]>`
      INSERT INTO immich_sidecar_both_ways.written (
        source_asset_id, source_user_id, target_user_id, mirror_asset_id, job_name, field, before, after, is_by_immich
      )
      SELECT
        said.${tx(personKey)}, ${sourceUserId}, ${targetUserId}, mirror.${tx(personKey)}, ${name}, ${field},
        ${noteValue(tx, tx`said.${tx(column)}`)}, ${noteValue(tx, tx`mirror.${tx(column)}`)}, false
      FROM jsonb_to_recordset(${tx.json(ofField as never)}) AS plan
        ("sourcePersonId" uuid, "mirrorPersonId" uuid, source text, target text)
      JOIN person said ON said.${tx(personKey)} = plan."sourcePersonId" AND said."ownerId" = ${sourceUserId}
      JOIN person mirror ON mirror.${tx(personKey)} = plan."mirrorPersonId" AND mirror."ownerId" = ${targetUserId}
      WHERE said.${tx(column)}::text IS NOT DISTINCT FROM plan.source
        AND mirror.${tx(column)}::text = plan.target
        AND NOT ${isNativelyShared(tx, schema, tx`said."ownerId"`, tx`said.${tx(personKey)}`)}
      RETURNING id`;
    const ids = noted.map(({ id }) => id);
    await tx`
      UPDATE person said
      SET ${tx(column)} = mirror.${tx(column)}
      FROM immich_sidecar_both_ways.written w
      JOIN person mirror ON mirror.${tx(personKey)} = w.mirror_asset_id AND mirror."ownerId" = w.target_user_id
      WHERE w.id = ANY (${ids}::uuid[])
        AND said.${tx(personKey)} = w.source_asset_id
        AND said."ownerId" = w.source_user_id`;
    const value = tx`mirror.${tx(column)}`;
    await tx`
      UPDATE immich_sidecar.person_map pm
      SET ${commaSeparated(tx, [written, seen].map((noted) => tx`${tx(noted)} = ${value}`))}
      FROM immich_sidecar_both_ways.written w
      JOIN person mirror ON mirror.${tx(personKey)} = w.mirror_asset_id AND mirror."ownerId" = w.target_user_id
      WHERE w.id = ANY (${ids}::uuid[])
        AND pm.mirror_person_id = w.mirror_asset_id
        AND pm.target_user_id = w.target_user_id`;
    count += ids.length;
  }
  return count;
}

/** A value of a person, as it is noted. */
export function noteValue(sql: Sql, value: Fragment): Fragment {
  return sql`jsonb_build_object('person', jsonb_build_object('value', ${value}))`;
}
