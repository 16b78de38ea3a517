import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { pagesToCompare } from '../cycle/alike.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { inSlices } from '../cycle/slices.ts';
import type { Files, Tools } from '../cycle/tools.ts';
import { commaSeparated, copied as copiedColumns, valueList } from '../copy/columns.ts';
import { copyTable } from '../copy/copy_table.ts';
import { fieldGroups, groupSum, sourceSum } from '../mirrors/fields.ts';
import type { Job } from '../jobs/job.ts';
import { compareRows, isSidecarField, plainColumns, PROGRESS, type RowDifference } from '../mirrors/row_differences.ts';
import { judgeFields, NO_SIDECARS, readSidecarPair } from '../mirrors/sidecars.ts';
import { type OwnFields, ownFields } from '../remembered/own_fields.ts';
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
  /** What the mirror's sidecar says without its owner having said it, and that is news: only noted. */
  readonly said: readonly string[];
  /** Fields of which it is news that they are the target's, with what they are worth: only noted. */
  readonly own: OwnFields;
}

/** How many texts of sidecars are remembered of a mirror: a few for each field. */
const REMEMBERED_SIDECARS = 50;

/**
 * Lets the rows of mirrors follow whose source has changed since, or whose own rows were lost or computed anew. A mirror that only the
 * brake keeps is left as it is.
 */
export const rows = definePhase({
  name: 'rows',
  what: 'Carries changed rows over: dates, places, descriptions, edits, recognised text.',
  per: 'job',
  isAboutMeant: true,
  counts: { rowsUpdated: 'photos brought up to date' },
  plan: async function* (view, job: Job) {
    const { sql, schema, files } = view;
    for await (const { page, compared } of pagesToCompare(view, 'rows', job)) {
      const plan: RowsPlan[] = [];
      const differences = await compareRows(sql, schema, job, page);
      await compared(differences.map(({ mirrorAssetId }) => mirrorAssetId));
      await inSlices(differences.filter(({ isMeant }) => isMeant), (difference) => {
        const item = judge(difference, schema, files);
        if (item !== undefined) plan.push(item);
      });
      if (plan.length > 0) yield plan;
      await view.meanwhile?.();
    }
  },
  apply: eachPage(followRows),
  describe: (page) => [
    ...linesOf(
      '~',
      'photos to bring up to date',
      page.filter(isFollowing),
      ({ mirrorAssetId, follow, tables }) => `shared photo ${mirrorAssetId}: ${[...follow, ...tables].join(', ')}`,
    ),
    ...linesOf(
      '~',
      'photos to note what is new about',
      page.filter((item) => !isFollowing(item)),
      ({ mirrorAssetId, settle, own }) =>
        [
          `shared photo ${mirrorAssetId}`,
          ...settle.length === 0 ? [] : [`is as its source: ${settle.join(', ')}`],
          ...Object.keys(own).length === 0 ? [] : [`has its owner's ${Object.keys(own).join(', ')}`],
          ...settle.length + Object.keys(own).length === 0 ? ['has another sidecar'] : [],
        ].join(' '),
    ),
  ],
});

/** What is only noted changes no mirror. */
function isFollowing({ follow, tables }: RowsPlan): boolean {
  return follow.length + tables.length > 0;
}

/** Decides whose doing a difference is; undefined when nothing is to be done about it. */
function judge(difference: RowDifference, schema: ImmichSchema, files: Files): RowsPlan | undefined {
  const { mirrorSidecar, sourceSidecar, differing, locked, isExtracted, known, sums, noted, isMeant: _, ...plan } =
    difference;
  const hasLocks = schema.has('asset_exif', 'lockedProperties');
  const isAboutSidecars = [...differing, ...plan.follow, ...plan.settle].some(isSidecarField);
  const pair = isAboutSidecars ? readSidecarPair(files, mirrorSidecar, sourceSidecar) : NO_SIDECARS;
  const { extracted, theirs, news } = judgeFields(pair, { differing, locked, hasLocks, isExtracted, known });
  const own = ownFields(theirs, { sums, noted });
  const item = { ...plan, follow: [...plan.follow, ...extracted], said: news, own };
  return isFollowing(item) || isNews(item) ? item : undefined;
}

function isNews({ settle, said, own }: RowsPlan): boolean {
  return settle.length + said.length + Object.keys(own).length > 0;
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
    group[kind].map((column) => {
      const given = group.name === 'locks' ? tx`NULL` : tx`source.${tx(column)}`;
      const follows = group.name === 'edits'
        // They show what the edits are at, and may change without any.
        ? tx`${groupSum(tx, group, 'mirror', 'mirror')} = ${groupSum(tx, group, 'source', 'source')}`
        : tx`${group.name}::text = ANY (plan.follow)`;
      return { column, value: tx`CASE WHEN ${follows} THEN ${given} ELSE mirror.${tx(column)} END` };
    })
  );
  const plain = copiedColumns(tx, 'source', plainColumns(copied, groups, kind));
  const assignments = [...plain, ...grouped];
  // A group may have columns in both tables and differ in one of them.
  await tx`
    UPDATE ${tx(name)} mirror
    SET ${commaSeparated(tx, assignments.map(({ column, value }) => tx`${tx(column)} = ${value}`))}
    FROM ${planned(tx, affected)}
    JOIN ${tx(name)} source ON source.${key} = plan."sourceAssetId"
    WHERE mirror.${key} = plan."mirrorAssetId"
      AND ROW(${commaSeparated(tx, assignments.map(({ column }) => tx`mirror.${tx(column)}`))})::text
        IS DISTINCT FROM ROW(${valueList(tx, assignments)})::text`;
}

/** Notes what the mirrors were given. */
async function noteBases(tx: Sql, schema: ImmichSchema, batch: readonly RowsPlan[]): Promise<void> {
  const groups = fieldGroups(schema);
  const noted = batch.filter((plan) => plan.follow.length > 0 || isNews(plan));
  if (noted.length === 0) return;
  const assignments = groups.map((group) =>
    tx`
      ${tx(group.base)} = CASE
        WHEN ${group.name}::text = ANY (plan.follow || plan.settle) THEN ${sourceSum(tx, group, 'a', 'e')}
        ELSE m.${tx(group.base)}
      END`
  );
  await tx`
    UPDATE immich_sidecar.asset_map m
    SET ${commaSeparated(tx, assignments)},
        own_fields = nullif(coalesce(m.own_fields, '{}') || plan.own, '{}'),
        -- Immich has made its rows of tag_asset of what its metadata named meanwhile: no set of tags is known by this.
        tagged = CASE WHEN 'tags' = ANY (plan.follow) THEN '00000000-0000-0000-0000-000000000000' ELSE m.tagged END,
        sidecar_said = CASE
          WHEN cardinality(plan.said) = 0 THEN m.sidecar_said
          ELSE (coalesce(m.sidecar_said, '{}') || plan.said)[greatest(1, cardinality(coalesce(m.sidecar_said, '{}') || plan.said) - ${
    REMEMBERED_SIDECARS - 1
  }):]
        END
    FROM ${planned(tx, noted)}
    JOIN asset a ON a.id = plan."sourceAssetId"
    LEFT JOIN asset_exif e ON e."assetId" = a.id
    WHERE m.mirror_asset_id = plan."mirrorAssetId"`;
}

/** Plans as a table `plan`. */
function planned(tx: Sql, batch: readonly RowsPlan[]): Fragment {
  return tx`
    jsonb_to_recordset(${tx.json(batch as never)}) AS plan
      ("sourceAssetId" uuid, "mirrorAssetId" uuid, follow text[], settle text[], said uuid[], own jsonb)`;
}
