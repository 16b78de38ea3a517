import { changeAsset } from '../../immich/api/assets.ts';
import { ImmichApiError } from '../../immich/api/failure.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import { LOCKS, type SidecarField } from '../../immich/sidecar.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { type Problem, problem, problemOf } from '../../problems/problem.ts';
import { commaSeparated } from '../copy/columns.ts';
import { inBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Tools } from '../cycle/tools.ts';
import { type FieldGroup, fieldGroups, groupSum, sourceSum } from '../mirrors/fields.ts';
import { isSidecarField } from '../mirrors/row_differences.ts';
import { changeOf } from './by_immich.ts';
import { setSourceTags } from './tags.ts';
import { isAboutPerson } from './people.ts';
import { readFaceLinks, undoFaces } from './undo_faces.ts';
import { readPersonLinks, undoPeople } from './undo_people.ts';
import { isStillSaid, valuesAt, withLocks } from './write.ts';
import { readWritten, type WrittenChange, type WrittenChoice } from './written.ts';

/** What one field of an original is to become again. */
export interface UndoneField {
  readonly sourceAssetId: string;
  readonly field: string;
  /** The changes that are undone: the last one, which is there now, and the first, before which it was what it becomes again. */
  readonly last: WrittenChange;
  readonly first: WrittenChange;
  readonly ids: readonly string[];
}

/** What undo-merge would do. The sum of both is all that was written, and not undone, in the time that is meant. */
export interface UndoMergePlan {
  readonly back: readonly UndoneField[];
  /** Somebody has changed the original since, or it is gone: these stay. */
  readonly changedSince: readonly WrittenChange[];
}

export interface UndoMergeResult {
  /** Fields of originals that are what they were. */
  readonly undone: number;
  /** Changed by somebody at this moment, and left alone. */
  readonly changedMeanwhile: number;
  readonly problems: readonly Problem[];
}

/**
 * Finds what can be undone: where an original still has what was written there last, back to the first of the changes that followed one another without anybody else's between them. Reads only.
 */
export async function planUndoMerge(
  sql: Sql,
  schema: ImmichSchema,
  choice: WrittenChoice,
): Promise<UndoMergePlan> {
  const all = (await readWritten(sql, choice)).filter(({ undoneAt }) => undoneAt === null);
  const linked = await readLinks(sql, schema, all);
  const back: UndoneField[] = [];
  const changedSince: WrittenChange[] = [];
  for (
    const changes of Map.groupBy(all, ({ sourceAssetId, field, faceId }) => `${sourceAssetId} ${field} ${faceId ?? ''}`)
      .values()
  ) {
    const newestFirst = changes.toReversed();
    const end = newestFirst.findIndex(({ id }) => !linked.has(id));
    const taken = end < 0 ? newestFirst : newestFirst.slice(0, end);
    changedSince.push(...newestFirst.slice(taken.length).toReversed());
    const [last, first] = [taken[0], taken.at(-1)];
    if (last === undefined || first === undefined) continue;
    const { sourceAssetId, field } = last;
    back.push({ sourceAssetId, field, last, first, ids: taken.map(({ id }) => id) });
  }
  return { back, changedSince };
}

/** Those of the changes behind which the original was left as they had made it: until the next one was written, or until now. */
async function readLinks(
  sql: Sql,
  schema: ImmichSchema,
  changes: readonly WrittenChange[],
): Promise<ReadonlySet<string>> {
  const all = changes.map(({ id }) => id);
  const found = new Set([...await readPersonLinks(sql, schema, all), ...await readFaceLinks(sql, schema, all)]);
  for (const group of groupsOf(schema, changes)) {
    const ids = changes.filter(({ field }) => field === group.name).map(({ id }) => id);
    const rows = await sql<{ id: string }[]>`
      WITH meant AS (
        SELECT
          w.*,
          lead(w.before) OVER (PARTITION BY w.source_asset_id ORDER BY w.written_at, w.id) AS later
        FROM immich_sidecar_both_ways.written w
        WHERE w.id = ANY (${ids}::uuid[])
      )
      SELECT meant.id
      FROM meant
      JOIN asset a ON a.id = meant.source_asset_id
      LEFT JOIN asset_exif e ON e."assetId" = a.id
      WHERE ${marks(sql, group, sql`meant.after`)} = ${
      marks(sql, group, sql`coalesce(meant.later, ${valuesAt(sql, group, 'a', 'e')})`)
    }`;
    for (const { id } of rows) found.add(id);
  }
  return found;
}

/**
 * Undoes what was planned, as far as it still holds. What the recipient said stays on their side: what both had last is not known from now on, so it waits as a conflict until somebody decides, and
 * is not written again by itself.
 */
export async function applyUndoMerge(
  { database, schema, ownerKey }: Pick<Tools, 'database' | 'schema' | 'ownerKey'>,
  { back }: UndoMergePlan,
): Promise<UndoMergeResult> {
  const problems: Problem[] = [];
  const [done, bySql]: [UndoneField[], UndoneField[]] = [[], []];
  for (const one of back) {
    if (!one.last.isByImmich) {
      bySql.push(one);
      continue;
    }
    // The sidecar says it, too: Immich has to write that itself.
    const api = await ownerKey.of(one.last.sourceUserId, database.signal);
    const change = one.first.before === null ? {} : changeOf([one.first.before.asset_exif]);
    if (api === undefined || Object.keys(change).length === 0) {
      if (schema.has('asset_exif', 'lockedProperties')) bySql.push(one);
      else problems.push(problem('both-ways-needs-key', { assetId: one.sourceAssetId, job: one.last.job }));
      continue;
    }
    try {
      const isStill = await database.transaction(async (tx) => {
        const still = await stillThere(tx, schema, [one]);
        // Before Immich writes: should its answer be lost, the mirror does not follow.
        for (const group of groupsOf(schema, still)) await forgetBases(tx, group, one.ids, { isAll: true });
        return still.length > 0;
      });
      if (!isStill) continue;
      await changeAsset(api, one.sourceAssetId, change);
      done.push(one);
    } catch (error) {
      if (!(error instanceof ImmichApiError)) throw error;
      problems.push(problemOf(error, { assetId: one.sourceAssetId }));
    }
  }
  const undo = async (items: readonly UndoneField[], isByImmich: boolean) =>
    (await inBatches(
      database,
      items,
      (tx, batch) => undoBatch(tx, schema, batch, isByImmich),
      ({ sourceAssetId }, error) => void problems.push(refused(error, { assetId: sourceAssetId })),
    )).reduce((sum, number) => sum + number, 0);
  const undone = await undo(done, true) + await undo(bySql, false);
  return { undone, changedMeanwhile: back.length - undone - problems.length, problems };
}

/** Those of which the original still is what was written last. */
async function stillThere<Item extends UndoneField>(
  tx: Sql,
  schema: ImmichSchema,
  items: readonly Item[],
): Promise<Item[]> {
  const last = items.map((item) => item.last.id);
  const found = new Set([...await readPersonLinks(tx, schema, last), ...await readFaceLinks(tx, schema, last)]);
  for (const group of groupsOf(schema, items)) {
    const ids = items.filter(({ field }) => field === group.name).map(({ last }) => last.id);
    const rows = await tx<{ id: string }[]>`
      SELECT w.id
      FROM immich_sidecar_both_ways.written w
      JOIN asset a ON a.id = w.source_asset_id
      LEFT JOIN asset_exif e ON e."assetId" = a.id
      WHERE w.id = ANY (${ids}::uuid[])
        AND w.undone_at IS NULL
        AND ${marks(tx, group, tx`w.after`)} = ${marks(tx, group, valuesAt(tx, group, 'a', 'e'))}`;
    for (const { id } of rows) found.add(id);
  }
  return items.filter(({ last }) => found.has(last.id));
}

/** `isByImmich`: it has written them already, and only what it computes a moment later is filled in. */
async function undoBatch(
  tx: Sql,
  schema: ImmichSchema,
  batch: readonly UndoneField[],
  isByImmich: boolean,
): Promise<number> {
  const still = isByImmich ? [...batch] : await stillThere(tx, schema, batch);
  for (const group of groupsOf(schema, still)) {
    const ofGroup = still.filter(({ field }) => field === group.name);
    await writeBefore(tx, schema, group, ofGroup.map(({ first }) => first.id), isByImmich);
    if (group.name === 'tags') await setSourceTags(tx, schema, ofGroup.map(({ first }) => first.id), 'before');
    await forgetBases(tx, group, ofGroup.flatMap(({ ids }) => ids));
  }
  const faces = still.filter(({ field }) => field === 'face');
  await undoFaces(tx, schema, faces.map(({ first }) => first.id), faces.flatMap(({ ids }) => ids));
  await undoPeople(tx, schema, still.filter(isAboutPerson).map(({ first }) => first.id));
  await tx`
    UPDATE immich_sidecar_both_ways.written
    SET undone_at = now()
    WHERE id = ANY (${still.flatMap(({ ids }) => ids)}::uuid[])`;
  return still.length;
}

async function writeBefore(
  tx: Sql,
  schema: ImmichSchema,
  group: FieldGroup,
  ids: readonly string[],
  isByImmich: boolean,
): Promise<void> {
  for (const [table, key, columns] of [['asset', 'id', group.asset], ['asset_exif', 'assetId', group.exif]] as const) {
    if (columns.length === 0) continue;
    const locks: Fragment[] = table === 'asset_exif' && !isByImmich && isSidecarField(group.name)
      ? withLocks(tx, schema, group.name as SidecarField)
      : [];
    await tx`
      UPDATE ${tx(table)} source
      SET ${commaSeparated(tx, [...columns.map((column) => tx`${tx(column)} = given.${tx(column)}`), ...locks])}
      FROM immich_sidecar_both_ways.written w
      CROSS JOIN LATERAL jsonb_populate_record(NULL::${tx(table)}, w.before->${table}::text) AS given
      WHERE w.id = ANY (${ids as string[]}::uuid[])
        AND ${isByImmich ? isStillSaid(tx, group, 'before') : tx`true`}
        AND source.${tx(key)} = w.source_asset_id`;
  }
}

/** Of the mirrors from which it had come, where these say something else than the original now, or of all. */
async function forgetBases(
  tx: Sql,
  group: FieldGroup,
  ids: readonly string[],
  { isAll = false }: { readonly isAll?: boolean } = {},
): Promise<void> {
  await tx`
    UPDATE immich_sidecar.asset_map m
    SET ${tx(group.base)} = CASE
      WHEN ${isAll} OR ${groupSum(tx, group, 'mirror', 'mirror_exif')} <> ${sourceSum(tx, group, 'a', 'e')} THEN NULL
      ELSE ${sourceSum(tx, group, 'a', 'e')}
    END
    FROM immich_sidecar_both_ways.written w
    JOIN asset mirror ON mirror.id = w.mirror_asset_id
    LEFT JOIN asset_exif mirror_exif ON mirror_exif."assetId" = mirror.id
    JOIN asset a ON a.id = w.source_asset_id
    LEFT JOIN asset_exif e ON e."assetId" = a.id
    WHERE w.id = ANY (${ids as string[]}::uuid[])
      AND m.mirror_asset_id = w.mirror_asset_id
      AND m.source_asset_id = w.source_asset_id`;
}

/** That of a group's values by which it is known again: what Immich locks. The rest of a date or a place is read from files at each extraction. */
function marks(sql: Sql, { name, exif }: FieldGroup, values: Fragment): Fragment {
  if (!isSidecarField(name)) return values;
  const columns = LOCKS[name as SidecarField].filter((column) => exif.includes(column));
  return sql`jsonb_build_array(${
    commaSeparated(sql, columns.map((column) => sql`${values}->'asset_exif'->${column}::text`))
  })`;
}

function groupsOf(schema: ImmichSchema, items: readonly { readonly field: string }[]): FieldGroup[] {
  const fields = new Set(items.map(({ field }) => field));
  return fieldGroups(schema).filter(({ name }) => fields.has(name));
}
