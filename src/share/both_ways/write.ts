import type { ImmichSchema } from '../../immich/schema.ts';
import { LOCKS, type SidecarField } from '../../immich/sidecar.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { commaSeparated } from '../copy/columns.ts';
import { type FieldGroup, fieldGroups, groupSum, sourceSum } from '../mirrors/fields.ts';
import type { Correction } from './decide.ts';
import { setSourceTags, tagRowsOf } from './tags.ts';
import type { FaceValue } from './write_faces.ts';

/** Columns of asset_exif, as they are noted. */
export interface SaidInExif {
  readonly description?: string;
  readonly dateTimeOriginal?: string | null;
  readonly timeZone?: string | null;
  readonly latitude?: number | null;
  readonly longitude?: number | null;
  readonly rating?: number | null;
  readonly tags?: readonly string[] | null;
}

/** What a field is worth, as columns of asset and asset_exif. */
export interface FieldValues {
  readonly asset: Readonly<Record<string, unknown>>;
  readonly asset_exif: SaidInExif & Readonly<Record<string, unknown>>;
  /** Of a field of a person: nothing of a photo then. */
  readonly person?: { readonly value: string | null };
  /** Of a face: nothing else of the photo then. */
  readonly face?: FaceValue;
}

/** What is about to be written into a source, as it was noted before. */
export interface NotedCorrection {
  /** Of the row of immich_sidecar_both_ways.written. */
  readonly id: string;
  readonly sourceAssetId: string;
  readonly mirrorAssetId: string;
  readonly field: string;
  /** What takes its place: columns of asset_exif. */
  readonly said: SaidInExif;
}

/** How it is decided whether a correction still holds, and how it is written. */
export interface Writing {
  readonly job: string;
  /** Immich is asked to write it, as the owner; else it is done by SQL, and locked as Immich locks what a person has typed. */
  readonly isByImmich: boolean;
}

/**
 * Notes what is there before it is overwritten, with what takes its place: of those corrections that still hold, as source and mirror are what they were when they were found. Call it before
 * anything is written into a source.
 */
export async function noteCorrections(
  tx: Sql,
  schema: ImmichSchema,
  corrections: readonly Correction[],
  { job, isByImmich }: Writing,
): Promise<NotedCorrection[]> {
  const noted: NotedCorrection[] = [];
  // Of tags the source keeps those that its target has never got.
  const valuesOf = (group: FieldGroup) =>
    group.name === 'tags'
      ? tx`jsonb_build_object('asset', '{}'::jsonb, 'asset_exif', jsonb_build_object('tags', plan.tags))`
      : valuesAt(tx, group, 'mirror', 'mirror_exif');
  // Tags that metadata do not name are there all the same.
  const before = (group: FieldGroup) =>
    group.name === 'tags'
      ? tx`jsonb_build_object(
          'asset', '{}'::jsonb,
          'asset_exif', jsonb_build_object('tags', coalesce(e.tags, nullif(${tagRowsOf(tx, schema, tx`a.id`)}, '{}')))
        )`
      : valuesAt(tx, group, 'a', 'e');
  for (const group of groupsOf(schema, corrections)) {
    const [source, mirror] = [sourceSum(tx, group, 'a', 'e'), groupSum(tx, group, 'mirror', 'mirror_exif')];
    noted.push(
      ...await tx<NotedCorrection[]>`
        INSERT INTO immich_sidecar_both_ways.written (
          source_asset_id, source_user_id, target_user_id, mirror_asset_id, job_name, field, before, after, is_by_immich
        )
        SELECT DISTINCT ON (a.id)
          a.id, m.source_user_id, m.target_user_id, m.mirror_asset_id, ${job}, plan.field,
          ${before(group)}, ${valuesOf(group)}, ${isByImmich}
        FROM ${correctionsAs(tx, corrections, group)}
        JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = plan."mirrorAssetId" AND m.source_asset_id = plan."sourceAssetId"
        JOIN asset a ON a.id = m.source_asset_id
        JOIN asset mirror ON mirror.id = m.mirror_asset_id
        JOIN asset_exif e ON e."assetId" = a.id
        JOIN asset_exif mirror_exif ON mirror_exif."assetId" = mirror.id
        WHERE a.visibility <> 'locked'
          AND mirror.visibility <> 'locked'
          AND ${mirror} = plan.sum
          AND ${mirror} <> ${source}
          AND ${source} = m.${tx(group.base)}
        ORDER BY a.id, m.mirror_asset_id
        RETURNING id, source_asset_id AS "sourceAssetId", mirror_asset_id AS "mirrorAssetId", field,
          after->'asset_exif' AS said`,
    );
  }
  return noted;
}

/**
 * Writes what was noted into the sources, and notes that both sides have it now. By SQL it is locked as well, so that Immich's next extraction leaves it alone. What Immich was asked to write
 * it has written, and only what it computes a moment later is filled in: the same as at the mirror, unless the owner has changed it again since.
 */
export async function applyNoted(
  tx: Sql,
  schema: ImmichSchema,
  noted: readonly NotedCorrection[],
  { isByImmich }: Pick<Writing, 'isByImmich'>,
): Promise<void> {
  for (const group of groupsOf(schema, noted)) {
    const written = writtenAs(tx, noted.filter(({ field }) => field === group.name));
    const isLeft = isByImmich ? isStillSaid(tx, group, 'after') : tx`true`;
    for (
      const [table, key, columns] of [['asset', 'id', group.asset], ['asset_exif', 'assetId', group.exif]] as const
    ) {
      if (columns.length === 0) continue;
      const given = columns.map((column) => tx`${tx(column)} = given.${tx(column)}`);
      const locks = table === 'asset_exif' && !isByImmich ? withLocks(tx, schema, group.name as SidecarField) : [];
      await tx`
        UPDATE ${tx(table)} source
        SET ${commaSeparated(tx, [...given, ...locks])}
        FROM ${written}
        CROSS JOIN LATERAL jsonb_populate_record(NULL::${tx(table)}, w.after->${table}::text) AS given
        WHERE source.${tx(key)} = w.source_asset_id
          AND (${saysOtherwise(tx, columns)} OR ${
        locks.length > 0 ? lacksLocks(tx, group.name as SidecarField) : tx`false`
      })
          AND ${isLeft}`;
    }
    if (group.name === 'tags') {
      await setSourceTags(tx, schema, noted.filter(({ field }) => field === 'tags').map(({ id }) => id), 'after');
    }
    // While Immich wrote, its target may have changed the mirror again: that is the next correction.
    const writtenSum = groupSum(tx, group, 'given_asset', 'given_exif');
    await tx`
      UPDATE immich_sidecar.asset_map m
      SET ${tx(group.base)} = ${isByImmich ? writtenSum : groupSum(tx, group, 'mirror', 'mirror_exif')},
          own_fields = nullif(m.own_fields - ${group.name}::text, '{}')
      FROM ${written}
      CROSS JOIN LATERAL jsonb_populate_record(NULL::asset, w.after->'asset') AS given_asset
      CROSS JOIN LATERAL jsonb_populate_record(NULL::asset_exif, w.after->'asset_exif') AS given_exif
      JOIN asset mirror ON mirror.id = w.mirror_asset_id
      JOIN asset_exif mirror_exif ON mirror_exif."assetId" = mirror.id
      WHERE m.mirror_asset_id = w.mirror_asset_id`;
  }
}

/**
 * Forgets what was noted and then not written. Where Immich has refused, that is all of it; else it may have written, and it stays noted where the source is not as before any more.
 */
export async function forgetNoted(
  tx: Sql,
  schema: ImmichSchema,
  noted: readonly NotedCorrection[],
  { isRefused }: { readonly isRefused: boolean },
): Promise<void> {
  for (const group of groupsOf(schema, noted)) {
    const ids = noted.filter(({ field }) => field === group.name).map(({ id }) => id);
    await tx`
      DELETE FROM immich_sidecar_both_ways.written w
      WHERE w.id = ANY (${ids}::uuid[])
        AND ${isRefused ? tx`true` : isStillSaid(tx, group, 'before')}`;
  }
}

/** Whether the source of a row `w` has what Immich writes of a group, as it was noted. */
export function isStillSaid(tx: Sql, { name, exif }: FieldGroup, when: 'before' | 'after'): Fragment {
  const columns = LOCKS[name as SidecarField].filter((column) => exif.includes(column));
  const row = (alias: string) =>
    tx`ROW(${commaSeparated(tx, columns.map((column) => tx`${tx(alias)}.${tx(column)}`))})`;
  return tx`
    EXISTS (
      SELECT 1
      FROM asset_exif now
      CROSS JOIN LATERAL jsonb_populate_record(NULL::asset_exif, w.${tx(when)}->'asset_exif') AS noted
      WHERE now."assetId" = w.source_asset_id
        AND ${row('now')} IS NOT DISTINCT FROM ${row('noted')}
    )`;
}

/** The locks of a field, as Immich adds them when somebody edits the photo `source`: for SET; nothing in releases without. */
export function withLocks(tx: Sql, schema: Pick<ImmichSchema, 'has'>, field: SidecarField): Fragment[] {
  if (!schema.has('asset_exif', 'lockedProperties')) return [];
  return [tx`
    "lockedProperties" = nullif(
      array(SELECT DISTINCT unnest(source."lockedProperties" || ${LOCKS[
    field
  ] as string[]}::varchar[]) AS lock ORDER BY lock),
      '{}'
    )`];
}

/** Whether the row `source` has not all locks of a field. */
function lacksLocks(tx: Sql, field: SidecarField): Fragment {
  return tx`NOT coalesce(source."lockedProperties"::text[] @> ${LOCKS[field] as string[]}::text[], false)`;
}

/** Whether the row `source` has anything else in these columns than the row `given`: a row that is written to is news for phones. */
export function saysOtherwise(tx: Sql, columns: readonly string[]): Fragment {
  const row = (alias: string) =>
    tx`ROW(${commaSeparated(tx, columns.map((column) => tx`${tx(alias)}.${tx(column)}`))})::text`;
  return tx`${row('source')} IS DISTINCT FROM ${row('given')}`;
}

/** What a group is worth, as one object: columns by table and name. */
export function valuesAt(tx: Sql, group: FieldGroup, asset: string, exif: string): Fragment {
  const object = (alias: string, columns: readonly string[]) =>
    columns.length === 0
      ? tx`'{}'::jsonb`
      : tx`jsonb_build_object(${
        commaSeparated(tx, columns.flatMap((column) => [tx`${column}::text`, tx`${tx(alias)}.${tx(column)}`]))
      })`;
  return tx`jsonb_build_object('asset', ${object(asset, group.asset)}, 'asset_exif', ${object(exif, group.exif)})`;
}

function groupsOf(schema: Pick<ImmichSchema, 'has'>, items: readonly { readonly field: string }[]): FieldGroup[] {
  const fields = new Set(items.map(({ field }) => field));
  return fieldGroups(schema).filter(({ name }) => fields.has(name));
}

/** Those of one group, as a table `plan`. */
function correctionsAs(tx: Sql, corrections: readonly Correction[], { name }: FieldGroup): Fragment {
  const ofGroup = corrections.filter(({ field }) => field === name);
  return tx`
    jsonb_to_recordset(${tx.json(ofGroup as never)}) AS plan
      ("sourceAssetId" uuid, "mirrorAssetId" uuid, field text, sum uuid, tags jsonb)`;
}

/** The rows that note them, as a table `w`. */
function writtenAs(tx: Sql, noted: readonly NotedCorrection[]): Fragment {
  return tx`
    (
      SELECT *
      FROM immich_sidecar_both_ways.written
      WHERE id = ANY (${noted.map(({ id }) => id)}::uuid[])
    ) AS w`;
}
