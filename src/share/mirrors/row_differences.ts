import { isEditUnfinished, pathColumn } from '../../immich/asset_files.ts';
import type { CopiedTable, ImmichSchema } from '../../immich/schema.ts';
import { LOCKS, SIDECAR_FIELDS } from '../../immich/sidecar.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { commaSeparated } from '../copy/columns.ts';
import type { Job } from '../jobs/job.ts';
import { isMeant } from '../selection/selection.ts';
import { type FieldGroup, fieldGroups, followingGroups, groupSum, sourceSum } from './fields.ts';
import { type MirrorPage, mirrorsOn, unguessed } from './pages.ts';
import type { Evidence } from './sidecars.ts';

/** A mirror whose rows differ, before it is known whose doing that is. */
export interface RowDifference extends Omit<Evidence, 'hasLocks'> {
  readonly sourceAssetId: string;
  readonly mirrorAssetId: string;
  /** Field groups of which the mirror has what we wrote last, and the source something else. */
  readonly follow: readonly string[];
  /** Field groups that agree again. */
  readonly settle: readonly string[];
  /** Tables in which anything else differs. */
  readonly tables: readonly string[];
  readonly mirrorSidecar: string | null;
  readonly sourceSidecar: string | null;
  /** What the fields that Immich writes into sidecars are worth at the mirror, as groupSum says it. */
  readonly sums: Readonly<Record<string, string>>;
  /** Those of which it is noted that they are the target's. */
  readonly noted: readonly string[];
  /** The job still means it; one that only the brake keeps is left as it is. */
  readonly isMeant: boolean;
}

/** A withdrawn mirror's part of that. */
export type FieldDifference = Omit<RowDifference, 'follow' | 'settle' | 'tables' | 'isMeant'>;

/** Written by Immich for each asset, no matter who owns it; what it has done for the source it need not do for the mirror. */
export const PROGRESS = 'asset_job_status';

/** Compares the mirrors on a page with their sources. Reads only; those that are alike are left out. */
export async function compareRows(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
  page: MirrorPage,
): Promise<RowDifference[]> {
  const [groups, following] = [fieldGroups(schema), followingGroups(schema, job)];
  return await sql<RowDifference[]>`
    SELECT *
    FROM (
      SELECT
        m.source_asset_id AS "sourceAssetId",
        m.mirror_asset_id AS "mirrorAssetId",
        ${groupsIn(sql, following, 'follow')} AS follow,
        ${groupsIn(sql, following, 'settle')} AS settle,
        ${differingTables(sql, schema, groups)} AS tables,
        ${unguessed(sql, isMeant(sql, job))} AS "isMeant",
        ${evidenceColumns(sql, schema)}
      FROM ${mirrorsOn(sql, job, page)}
      JOIN asset a ON a.id = m.source_asset_id
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      LEFT JOIN asset_exif e ON e."assetId" = a.id
      LEFT JOIN asset_exif mirror_exif ON mirror_exif."assetId" = mirror.id
      CROSS JOIN LATERAL (${allSums(sql, schema)}) AS sums
    ) AS compared
    WHERE (follow, settle, tables, differing)
      IS DISTINCT FROM ('{}'::text[], '{}'::text[], '{}'::text[], '{}'::text[])`;
}

/** The same of these mirrors, whatever becomes of them, and of fields that Immich also reads from files only. Reads only. */
export async function compareFields(
  sql: Sql,
  schema: ImmichSchema,
  mirrorAssetIds: readonly string[],
): Promise<FieldDifference[]> {
  return await sql<FieldDifference[]>`
    SELECT *
    FROM (
      SELECT m.source_asset_id AS "sourceAssetId", m.mirror_asset_id AS "mirrorAssetId", ${evidenceColumns(sql, schema)}
      FROM immich_sidecar.asset_map m
      JOIN asset a ON a.id = m.source_asset_id
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      LEFT JOIN asset_exif e ON e."assetId" = a.id
      LEFT JOIN asset_exif mirror_exif ON mirror_exif."assetId" = mirror.id
      CROSS JOIN LATERAL (${allSums(sql, schema)}) AS sums
      WHERE m.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])
    ) AS compared
    WHERE differing <> '{}'`;
}

/** What says whose a field is, as columns of a RowDifference. */
export function evidenceColumns(sql: Sql, schema: ImmichSchema): Fragment {
  const groups = fieldGroups(schema);
  const written = groups.filter(({ name }) => isSidecarField(name)).map(({ name }) => name);
  const sums = written.flatMap((name) => [sql`${name}::text`, sql`sums.${sql(`mirror_${name}`)}`]);
  const noted = written.map((name) =>
    sql`CASE WHEN m.own_fields->>${name}::text = sums.${sql(`mirror_${name}`)}::text THEN ${name}::text END`
  );
  return sql`
    ${groupsIn(sql, groups, 'differ')} AS differing,
    ${schema.has('asset_exif', 'lockedProperties') ? lockedFields(sql) : sql`'{}'::text[]`} AS locked,
    EXISTS (
      SELECT 1
      FROM asset_job_status done
      WHERE done."assetId" = mirror.id
        AND done."metadataExtractedAt" > mirror_exif."updatedAt" - interval '5 seconds'
    ) AS "isExtracted",
    coalesce(m.sidecar_said, '{}') AS known,
    ${sidecarPath(sql, schema, 'mirror')} AS "mirrorSidecar",
    ${sidecarPath(sql, schema, 'a')} AS "sourceSidecar",
    jsonb_build_object(${commaSeparated(sql, sums)}) AS sums,
    array_remove(ARRAY[${commaSeparated(sql, noted)}], NULL) AS noted`;
}

/** OFFSET 0 keeps PostgreSQL from putting the sums into the conditions, and making each of them anew wherever it is named there. */
export function allSums(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`SELECT ${
    commaSeparated(sql, fieldGroups(schema).flatMap((group) => sumsOf(sql, schema, group)))
  } OFFSET 0`;
}

/** What a group is worth at the source, at the mirror, and was when it was written: columns `source_…`, `mirror_…`. */
function sumsOf(sql: Sql, schema: ImmichSchema, group: FieldGroup): Fragment[] {
  const source = sourceSum(sql, group, 'a', 'e');
  return [
    group.name === 'edits'
      ? sql`CASE WHEN ${isEditUnfinished(sql, schema)} THEN m.base_edits ELSE ${source} END AS source_edits`
      : sql`${source} AS ${sql(`source_${group.name}`)}`,
    sql`${groupSum(sql, group, 'mirror', 'mirror_exif')} AS ${sql(`mirror_${group.name}`)}`,
  ];
}

/** The names of the groups that follow, or that are settled, as an array. */
function groupsIn(sql: Sql, groups: readonly FieldGroup[], decision: 'follow' | 'settle' | 'differ'): Fragment {
  const meant = decision === 'differ' ? groups.filter(({ name }) => isSidecarField(name)) : groups;
  const tests = meant.map(({ name, base }) => {
    const [source, mirror, written] = [sql(`source_${name}`), sql(`mirror_${name}`), sql(base)];
    if (decision === 'differ') {
      // What we wrote last is unknown after a restored backup: then it is the target's.
      return sql`
        CASE
          WHEN sums.${mirror} <> m.${written} AND sums.${mirror} <> sums.${source} THEN ${name}::text
        END`;
    }
    const agrees = decision === 'settle'
      ? sql`sums.${mirror} = sums.${source}`
      : sql`sums.${mirror} = m.${written} AND sums.${mirror} <> sums.${source}`;
    return sql`CASE WHEN sums.${source} IS DISTINCT FROM m.${written} AND ${agrees} THEN ${name}::text END`;
  });
  return sql`array_remove(ARRAY[${commaSeparated(sql, tests)}], NULL)`;
}

/** Fields that the target has changed and Immich has not written yet. Earlier versions copied the source's locks: those are none. */
function lockedFields(sql: Sql): Fragment {
  const locks = SIDECAR_FIELDS.map((field) =>
    sql`CASE WHEN mirror_exif."lockedProperties"::text[] && ${LOCKS[field] as string[]}::text[] THEN ${field}::text END`
  );
  return sql`
    CASE
      WHEN sums.mirror_locks = m.base_locks THEN '{}'::text[]
      ELSE array_remove(ARRAY[${commaSeparated(sql, locks)}], NULL)
    END`;
}

/** The path of the sidecar of the row `alias` of asset. */
function sidecarPath(sql: Sql, schema: ImmichSchema, alias: string): Fragment {
  return schema.has('asset', 'sidecarPath')
    ? pathColumn(sql, schema, alias, 'sidecarPath')
    : sql`(SELECT f.path FROM asset_file f WHERE f."assetId" = ${sql(alias)}.id AND f.type = 'sidecar' LIMIT 1)`;
}

/** The names of the tables in which a mirror differs, groups of the target's owner aside. */
function differingTables(sql: Sql, schema: ImmichSchema, groups: readonly FieldGroup[]): Fragment {
  const differs = (columns: readonly string[], source: string, mirror: string) =>
    sql`
      ROW(${commaSeparated(sql, columns.map((column) => sql`${sql(source)}.${sql(column)}`))})::text
      IS DISTINCT FROM ROW(${commaSeparated(sql, columns.map((column) => sql`${sql(mirror)}.${sql(column)}`))})::text`;
  const tests = schema.copiedTables.filter(({ name }) => name !== 'asset_edit').map((table) => {
    const { name, columns } = table;
    if (name === 'asset_exif') {
      const plain = plainColumns(columns, groups, 'exif');
      return sql`
        CASE
          WHEN e."assetId" IS NOT NULL AND (mirror_exif."assetId" IS NULL OR ${differs(plain, 'e', 'mirror_exif')})
            THEN ${name}::text
        END`;
    }
    if (name === PROGRESS) return sql`CASE WHEN ${lacksProgress(sql, columns)} THEN ${name}::text END`;
    const isTargets = isSeenThroughEdits(name) && groups.some((group) => group.name === 'edits')
      ? sql`NOT ${keepsItsEdits(sql, schema)} AND`
      : sql``;
    return sql`
      CASE
        WHEN ${isTargets} ${rowsOf(sql, table, 'source_asset_id')} IS DISTINCT FROM ${
      rowsOf(sql, table, 'mirror_asset_id')
    }
          THEN ${name}::text
      END`;
  });
  const plain = plainColumns(schema.columns.asset, groups, 'asset');
  const shown = groups.find(({ name }) => name === 'edits')?.asset ?? [];
  tests.push(sql`
    CASE
      WHEN ${differs(plain, 'a', 'mirror')}
        ${shown.length === 0 ? sql`` : sql`OR (NOT ${keepsItsEdits(sql, schema)} AND ${differs(shown, 'a', 'mirror')})`}
        THEN 'asset'
    END`);
  return sql`array_remove(ARRAY[${commaSeparated(sql, tests)}], NULL)`;
}

/** The target's owner has cropped or turned the mirror, or the source's new edit is not to be seen yet. */
function keepsItsEdits(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`(
    ${isEditUnfinished(sql, schema)}
    OR (sums.mirror_edits IS DISTINCT FROM sums.source_edits AND sums.mirror_edits IS DISTINCT FROM m.base_edits)
  )`;
}

/** Text that lies outside a crop is marked as not visible. */
function isSeenThroughEdits(table: string): boolean {
  return table === 'asset_ocr' || table === 'ocr_search';
}

/** Copied columns that belong to no group. */
export function plainColumns(
  columns: readonly string[],
  groups: readonly FieldGroup[],
  kind: 'asset' | 'exif',
): string[] {
  const grouped = new Set(groups.flatMap((group) => group[kind]));
  return columns.filter((column) => !grouped.has(column));
}

/** All rows of a table for one asset, as text, in an order of their own. */
function rowsOf(sql: Sql, table: CopiedTable, assetId: 'source_asset_id' | 'mirror_asset_id'): Fragment {
  return sql`(
    SELECT array_agg(line ORDER BY line)
    FROM (
      SELECT ROW(${commaSeparated(sql, table.columns.map((column) => sql`t.${sql(column)}`))})::text AS line
      FROM ${sql(table.name)} t
      WHERE t."assetId" = m.${sql(assetId)}
    ) AS lines
  )`;
}

function lacksProgress(sql: Sql, columns: readonly string[]): Fragment {
  return sql`EXISTS (
    SELECT 1
    FROM asset_job_status done
    LEFT JOIN asset_job_status own ON own."assetId" = m.mirror_asset_id
    WHERE done."assetId" = m.source_asset_id
      AND (
        own."assetId" IS NULL
        ${
    columns.reduce(
      (any, column) => sql`${any} OR (own.${sql(column)} IS NULL AND done.${sql(column)} IS NOT NULL)`,
      sql``,
    )
  }
      )
  )`;
}

/** Whether a group is one that Immich writes into sidecars. */
export function isSidecarField(group: string): boolean {
  return (SIDECAR_FIELDS as readonly string[]).includes(group);
}
