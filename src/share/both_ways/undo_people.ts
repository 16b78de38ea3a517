import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { noteValue, PERSON_VALUES } from './people.ts';

/**
 * Of changes of people, by their ids in immich_sidecar_both_ways.written, those behind which the source's row was left as they had made it: until the next one of these was written, or until now. Reads
 * only.
 */
export async function readPersonLinks(sql: Sql, schema: ImmichSchema, ids: readonly string[]): Promise<string[]> {
  const { personKey } = schema.people;
  const found: string[] = [];
  for (const { field, column } of PERSON_VALUES) {
    const rows = await sql<{ id: string }[]>`
      WITH meant AS (
        SELECT
          w.*,
          lead(w.before) OVER (PARTITION BY w.source_user_id, w.source_asset_id ORDER BY w.written_at, w.id) AS later
        FROM immich_sidecar_both_ways.written w
        WHERE w.id = ANY (${ids as string[]}::uuid[])
          AND w.field = ${field}
      )
      SELECT meant.id
      FROM meant
      JOIN person said ON said.${sql(personKey)} = meant.source_asset_id AND said."ownerId" = meant.source_user_id
      WHERE meant.after = coalesce(meant.later, ${noteValue(sql, sql`said.${sql(column)}`)})`;
    found.push(...rows.map(({ id }) => id));
  }
  return found;
}

/**
 * Gives people back what they had before these changes. What the target says stays with them, and is not carried over again by itself (people.ts). `ids`: the changes before which it was what it
 * becomes again.
 */
export async function undoPeople(tx: Sql, schema: ImmichSchema, ids: readonly string[]): Promise<void> {
  const { personKey } = schema.people;
  for (const { field, column, written, seen } of PERSON_VALUES) {
    const meant = tx`
      (
        SELECT w.*, given.${tx(column)} AS value
        FROM immich_sidecar_both_ways.written w
        CROSS JOIN LATERAL jsonb_populate_record(
          NULL::person, jsonb_build_object(${column}::text, w.before->'person'->'value')
        ) AS given
        WHERE w.id = ANY (${ids as string[]}::uuid[])
          AND w.field = ${field}
      ) AS w`;
    await tx`
      UPDATE person said
      SET ${tx(column)} = w.value
      FROM ${meant}
      WHERE said.${tx(personKey)} = w.source_asset_id
        AND said."ownerId" = w.source_user_id`;
    await tx`
      UPDATE immich_sidecar.person_map pm
      SET ${tx(written)} = w.value, ${tx(seen)} = w.value
      FROM ${meant}
      WHERE pm.mirror_person_id = w.mirror_asset_id
        AND pm.target_user_id = w.target_user_id`;
  }
}
