import { isEditUnfinished } from '../../immich/asset_files.ts';
import type { CopiedTable, ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Tools } from '../cycle/tools.ts';
import { commaSeparated } from '../copy/columns.ts';
import { copyTable } from '../copy/copy_table.ts';
import { type FieldGroup, fieldGroups, groupSum } from '../mirrors/fields.ts';
import type { Job } from '../jobs/job.ts';
import { type MirrorPage, mirrorPages, mirrorsOn, unguessed } from '../mirrors/pages.ts';
import { isMotionOfMirror, isSelected } from '../selection/selection.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** A mirror whose rows no longer say what its source's say. A dry run prints it; apply consumes it. */
export interface RowsPlan {
  readonly sourceAssetId: string;
  readonly mirrorAssetId: string;
  /** Field groups that the source has changed and the target has not: they follow. */
  readonly follow: readonly string[];
  /** Field groups that agree again, however that came about: only noted. */
  readonly settle: readonly string[];
  /** Tables in which anything else differs. */
  readonly tables: readonly string[];
}

/** Written by Immich for each asset, no matter who owns it; what it has done for the source it need not do for the mirror. */
const PROGRESS = 'asset_job_status';

/**
 * Lets the rows of mirrors follow whose source has changed since, or whose own rows were lost or computed anew. A mirror that only the
 * brake keeps is left as it is.
 */
export const rows = definePhase({
  name: 'rows',
  what: 'Carries changed rows over: dates, places, descriptions, edits, recognised text.',
  per: 'job',
  counts: { rowsUpdated: 'photos brought up to date' },
  plan: async function* ({ sql, schema, scope, limits }, job: Job) {
    for await (const page of mirrorPages(sql, job, scope, limits.mirrors)) {
      const plan = await compareRows(sql, schema, job, page);
      if (plan.length > 0) yield plan;
    }
  },
  apply: eachPage(followRows),
  describe: (page) => [
    ...linesOf(
      '~',
      'photos to bring up to date',
      page.filter(isFollowing),
      ({ mirrorAssetId, follow, tables }) => `mirror ${mirrorAssetId}: ${[...follow, ...tables].join(', ')}`,
    ),
    ...linesOf(
      '~',
      'photos to note as equal',
      page.filter((item) => !isFollowing(item)),
      ({ mirrorAssetId, settle }) => `mirror ${mirrorAssetId} is as its source: ${settle.join(', ')}`,
    ),
  ],
});

/** What is only noted changes no mirror. */
function isFollowing({ follow, tables }: RowsPlan): boolean {
  return follow.length + tables.length > 0;
}

async function compareRows(sql: Sql, schema: ImmichSchema, job: Job, page: MirrorPage): Promise<RowsPlan[]> {
  const groups = fieldGroups(schema);
  return await sql<RowsPlan[]>`
    SELECT *
    FROM (
      SELECT
        m.source_asset_id AS "sourceAssetId",
        m.mirror_asset_id AS "mirrorAssetId",
        ${groupsIn(sql, groups, 'follow')} AS follow,
        ${groupsIn(sql, groups, 'settle')} AS settle,
        ${differingTables(sql, schema, groups)} AS tables
      FROM ${mirrorsOn(sql, job, page)}
      JOIN asset a ON a.id = m.source_asset_id
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      LEFT JOIN asset_exif e ON e."assetId" = a.id
      LEFT JOIN asset_exif mirror_exif ON mirror_exif."assetId" = mirror.id
      CROSS JOIN LATERAL (
        SELECT ${commaSeparated(sql, groups.flatMap((group) => sumsOf(sql, schema, group)))}
      ) AS sums
      WHERE ${unguessed(sql, sql`${isSelected(sql, job)} OR ${isMotionOfMirror(sql, job)}`)}
    ) AS compared
    WHERE (follow, settle, tables) IS DISTINCT FROM ('{}'::text[], '{}'::text[], '{}'::text[])`;
}

async function followRows(
  { database, schema }: Tools,
  _job: Job,
  plan: readonly RowsPlan[],
  tally: Tally<'rowsUpdated'>,
): Promise<void> {
  const follow = async (tx: Sql, batch: RowsPlan[]) => {
    for (const { name, columns } of schema.copiedTables) {
      const ids = batch.filter(({ tables }) => tables.includes(name)).map(({ mirrorAssetId }) => mirrorAssetId);
      if (ids.length === 0) continue;
      if (name === PROGRESS) await fillProgress(tx, columns, ids);
      else if (name !== 'asset_exif') await tx`DELETE FROM ${tx(name)} WHERE "assetId" = ANY (${ids}::uuid[])`;
      await copyTable(tx, { name, columns }, await withoutRow(tx, name, ids));
    }
    await followEdits(tx, schema, batch);
    await followColumns(tx, schema, batch, 'asset_exif');
    await followColumns(tx, schema, batch, 'asset');
    await noteBases(tx, schema, batch);
    return batch.filter(isFollowing).length;
  };
  const updated = await countInBatches(
    database,
    plan,
    follow,
    ({ sourceAssetId }, error) => tally.problem(refused(error, { assetId: sourceAssetId })),
  );
  tally.add('rowsUpdated', updated);
}

/** What a group is worth at the source, at the mirror, and was when it was written: columns `source_…`, `mirror_…`. */
function sumsOf(sql: Sql, schema: ImmichSchema, group: FieldGroup): Fragment[] {
  const source = groupSum(sql, group, 'a', 'e');
  return [
    group.name === 'edits'
      ? sql`CASE WHEN ${isEditUnfinished(sql, schema)} THEN m.base_edits ELSE ${source} END AS source_edits`
      : sql`${source} AS ${sql(`source_${group.name}`)}`,
    sql`${groupSum(sql, group, 'mirror', 'mirror_exif')} AS ${sql(`mirror_${group.name}`)}`,
  ];
}

/** The names of the groups that follow, or that are settled, as an array. */
function groupsIn(sql: Sql, groups: readonly FieldGroup[], decision: 'follow' | 'settle'): Fragment {
  const tests = groups.map(({ name, base }) => {
    const [source, mirror, written] = [sql(`source_${name}`), sql(`mirror_${name}`), sql(base)];
    const agrees = decision === 'settle'
      ? sql`sums.${mirror} = sums.${source}`
      : sql`sums.${mirror} = m.${written} AND sums.${mirror} <> sums.${source}`;
    return sql`CASE WHEN sums.${source} IS DISTINCT FROM m.${written} AND ${agrees} THEN ${name}::text END`;
  });
  return sql`array_remove(ARRAY[${commaSeparated(sql, tests)}], NULL)`;
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
function plainColumns(columns: readonly string[], groups: readonly FieldGroup[], kind: 'asset' | 'exif'): string[] {
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

async function fillProgress(tx: Sql, columns: readonly string[], mirrorAssetIds: string[]): Promise<void> {
  await tx`
    UPDATE asset_job_status own
    SET ${
    commaSeparated(tx, columns.map((column) => tx`${tx(column)} = coalesce(own.${tx(column)}, done.${tx(column)})`))
  }
    FROM immich_sidecar.asset_map m
    JOIN asset_job_status done ON done."assetId" = m.source_asset_id
    WHERE m.mirror_asset_id = ANY (${mirrorAssetIds}::uuid[])
      AND own."assetId" = m.mirror_asset_id`;
}

async function withoutRow(tx: Sql, table: string, mirrorAssetIds: string[]): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    SELECT id
    FROM unnest(${mirrorAssetIds}::uuid[]) AS id
    WHERE NOT EXISTS (SELECT 1 FROM ${tx(table)} t WHERE t."assetId" = id)`;
  return rows.map(({ id }) => id);
}

/** Triggers on asset_edit keep `asset.isEdited` right. */
async function followEdits(tx: Sql, schema: ImmichSchema, batch: readonly RowsPlan[]): Promise<void> {
  const table = schema.copiedTables.find(({ name }) => name === 'asset_edit');
  const ids = batch.filter(({ follow }) => follow.includes('edits')).map(({ mirrorAssetId }) => mirrorAssetId);
  if (table === undefined || ids.length === 0) return;
  await tx`DELETE FROM asset_edit WHERE "assetId" = ANY (${ids}::uuid[])`;
  await copyTable(tx, table, ids);
}

/** Sets the columns of asset or asset_exif: those of no group, and those of the groups that follow. */
async function followColumns(
  tx: Sql,
  schema: ImmichSchema,
  batch: readonly RowsPlan[],
  name: 'asset' | 'asset_exif',
): Promise<void> {
  const groups = fieldGroups(schema);
  const kind = name === 'asset' ? 'asset' : 'exif';
  const copied = name === 'asset'
    ? schema.columns.asset
    : schema.copiedTables.find((table) => table.name === name)?.columns ?? [];
  const isAffected = ({ tables, follow }: RowsPlan) =>
    tables.includes(name) || groups.some((group) => follow.includes(group.name) && group[kind].length > 0);
  const affected = batch.filter(isAffected);
  if (affected.length === 0) return;
  const key = name === 'asset' ? tx('id') : tx('assetId');
  const grouped = groups.flatMap((group) =>
    group[kind].map((column) =>
      group.name === 'edits'
        // They show what the edits are at, and may change without any.
        ? tx`
          ${tx(column)} = CASE
            WHEN ${groupSum(tx, group, 'mirror', 'mirror')} = ${groupSum(tx, group, 'source', 'source')}
              THEN source.${tx(column)}
            ELSE mirror.${tx(column)}
          END`
        : tx`
          ${tx(column)} = CASE
            WHEN ${group.name}::text = ANY (plan.follow) THEN source.${tx(column)}
            ELSE mirror.${tx(column)}
          END`
    )
  );
  const plain = plainColumns(copied, groups, kind).map((column) => tx`${tx(column)} = source.${tx(column)}`);
  await tx`
    UPDATE ${tx(name)} mirror
    SET ${commaSeparated(tx, [...plain, ...grouped])}
    FROM ${planned(tx, affected)}
    JOIN ${tx(name)} source ON source.${key} = plan."sourceAssetId"
    WHERE mirror.${key} = plan."mirrorAssetId"`;
}

/** Notes what the mirrors were given. */
async function noteBases(tx: Sql, schema: ImmichSchema, batch: readonly RowsPlan[]): Promise<void> {
  const groups = fieldGroups(schema);
  const noted = batch.filter(({ follow, settle }) => follow.length + settle.length > 0);
  if (noted.length === 0) return;
  const assignments = groups.map((group) =>
    tx`
      ${tx(group.base)} = CASE
        WHEN ${group.name}::text = ANY (plan.follow || plan.settle) THEN ${groupSum(tx, group, 'a', 'e')}
        ELSE m.${tx(group.base)}
      END`
  );
  await tx`
    UPDATE immich_sidecar.asset_map m
    SET ${commaSeparated(tx, assignments)}
    FROM ${planned(tx, noted)}
    JOIN asset a ON a.id = plan."sourceAssetId"
    LEFT JOIN asset_exif e ON e."assetId" = a.id
    WHERE m.mirror_asset_id = plan."mirrorAssetId"`;
}

/** Plans as a table `plan`. */
function planned(tx: Sql, batch: readonly RowsPlan[]): Fragment {
  return tx`
    jsonb_to_recordset(${tx.json(batch as never)}) AS plan
      ("sourceAssetId" uuid, "mirrorAssetId" uuid, follow text[], settle text[])`;
}
