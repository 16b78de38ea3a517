import type { Sql } from '../../postgres/connect.ts';
import { keyOfReference, type NameReference } from './names.ts';

/** What a name in the configuration stands for, since it was first looked up. */
export interface RememberedName extends NameReference {
  readonly id: string;
  /** What Immich called it last. */
  readonly name: string;
}

/** The names that are remembered, by `keyOfReference`. Reads only; our tables must be there and up to date. */
export async function readRememberedNames(sql: Sql): Promise<ReadonlyMap<string, readonly RememberedName[]>> {
  const rows = await sql<RememberedName[]>`
    SELECT kind, owner_id AS "ownerId", written AS text, id, name
    FROM immich_sidecar_selection.name
    ORDER BY since, id`;
  return Map.groupBy(rows, keyOfReference);
}

/** What is to be written so that `wanted` is remembered, and nothing else. */
export interface NameChanges {
  readonly remember: readonly RememberedName[];
  readonly forget: readonly RememberedName[];
  /** Those that have another name now, as they were called. */
  readonly renamed: readonly (RememberedName & { readonly formerName: string })[];
}

/** Compares what is remembered with what should be. Pure. */
export function compareNames(
  remembered: ReadonlyMap<string, readonly RememberedName[]>,
  wanted: readonly RememberedName[],
): NameChanges {
  const keyOf = (name: RememberedName) => `${keyOfReference(name)} ${name.id}`;
  const known = new Map([...remembered.values()].flat().map((name) => [keyOf(name), name]));
  const meant = new Map(wanted.map((name) => [keyOf(name), name]));
  return {
    remember: [...meant].filter(([key, { name }]) => known.get(key)?.name !== name).map(([, name]) => name),
    forget: [...known].filter(([key]) => !meant.has(key)).map(([, name]) => name),
    renamed: [...meant].flatMap(([key, name]) => {
      const formerName = known.get(key)?.name;
      return formerName === undefined || formerName === name.name ? [] : [{ ...name, formerName }];
    }),
  };
}

/** Writes what `compareNames` says. */
export async function writeNames(tx: Sql, { remember, forget }: Omit<NameChanges, 'renamed'>): Promise<void> {
  const rows = (names: readonly RememberedName[]) =>
    tx`
      jsonb_to_recordset(${tx.json(names as never)})
        AS input (kind text, "ownerId" uuid, text text, id uuid, name text)`;
  await tx`
    DELETE FROM immich_sidecar_selection.name known
    USING ${rows(forget)}
    WHERE (known.kind, known.owner_id, known.written, known.id) = (input.kind, input."ownerId", input.text, input.id)`;
  await tx`
    INSERT INTO immich_sidecar_selection.name AS known (kind, owner_id, written, id, name)
    SELECT kind, "ownerId", text, id, name
    FROM ${rows(remember)}
    ON CONFLICT (kind, owner_id, written, id) DO UPDATE
    SET name = excluded.name`;
}
