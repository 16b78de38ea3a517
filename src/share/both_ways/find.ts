import { TWO_WAY_FIELDS } from '../../config/two_way_fields.ts';
import { isPresent } from '../../immich/presence.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { commaSeparated } from '../copy/columns.ts';
import { pagesToCompare } from '../cycle/alike.ts';
import { inSlices } from '../cycle/slices.ts';
import { type View, workable } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { type FieldGroup, fieldGroups } from '../mirrors/fields.ts';
import { type MirrorPage, mirrorsOn, unguessed } from '../mirrors/pages.ts';
import { allSums, evidenceColumns, isSidecarField } from '../mirrors/row_differences.ts';
import { type Evidence, judgeFields, NO_SIDECARS, readSidecarPair } from '../mirrors/sidecars.ts';
import { isMeant } from '../selection/selection.ts';
import { type CorrectedField, decideCorrections, type Decisions, type MirrorState } from './decide.ts';
import { mergeTags } from './tags.ts';

/** A mirror that differs from its source in fields that go both ways. */
interface TwoWayDifference extends Omit<MirrorState, 'theirs'>, Omit<Evidence, 'hasLocks'> {
  readonly sourceAssetId: string;
  readonly mirrorSidecar: string | null;
  readonly sourceSidecar: string | null;
  /** Of the fields that no extraction writes: those that the target has changed, and what all of them are worth at the mirror. */
  readonly unread: readonly CorrectedField[];
  readonly unreadSums: Readonly<Record<string, string>>;
}

/** Everything that may go both ways. */
const FIELDS: readonly CorrectedField[] = Object.freeze([...TWO_WAY_FIELDS, 'favorite']);

/** The field groups of this release that go to the source in a job as well. */
export function twoWayGroups(
  schema: Pick<ImmichSchema, 'has'>,
  { bothWays = [], favorites }: Pick<Job, 'bothWays' | 'favorites'>,
): FieldGroup[] {
  const names: readonly string[] = [...bothWays, ...favorites === 'both' ? ['favorite'] : []];
  return fieldGroups(schema).filter(({ name }) => names.includes(name));
}

/**
 * What targets have changed on mirrors that a job means, and what is to become of it; page by page, pages without any left out. Nothing is stored of it: it follows from the source, its
 * mirrors and what was written last. Reads only.
 */
export async function* findCorrections(view: View, job: Job): AsyncGenerator<Decisions> {
  if (twoWayGroups(view.schema, job).length === 0) return;
  for await (const { page } of pagesToCompare(view, 'rows', job)) {
    const found = await decidePage(view, job, page);
    if (found.corrections.length + found.conflicts.length > 0) yield found;
  }
}

async function decidePage(view: View, job: Job, page: MirrorPage): Promise<Decisions> {
  const { sql, schema, files } = view;
  const hasLocks = schema.has('asset_exif', 'lockedProperties');
  const states = new Map<string, MirrorState[]>();
  await inSlices(await compareBothWays(sql, schema, job, workable(view), page), (difference) => {
    const { sourceAssetId, mirrorSidecar, sourceSidecar, differing, unread } = difference;
    const pair = differing.length === 0 ? NO_SIDECARS : readSidecarPair(files, mirrorSidecar, sourceSidecar);
    const theirs = [...judgeFields(pair, { ...difference, hasLocks }).theirs, ...unread];
    const sums = { ...difference.sums, ...difference.unreadSums };
    states.set(sourceAssetId, [...states.get(sourceAssetId) ?? [], { ...difference, theirs, sums }]);
  });
  const decided = [...states].map(([sourceAssetId, mirrors]) => decideCorrections(sourceAssetId, mirrors));
  return {
    corrections: await mergeTags(view, job, decided.flatMap(({ corrections }) => corrections)),
    conflicts: await mergeTags(view, job, decided.flatMap(({ conflicts }) => conflicts)),
  };
}

/**
 * All mirrors of the sources on a page that go both ways and differ from their source: also those of others, who may have changed the same. Nothing of a photo that either side has locked, and
 * nothing of one in the trash.
 */
async function compareBothWays(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
  jobs: readonly Job[],
  page: MirrorPage,
): Promise<TwoWayDifference[]> {
  const twoWay = jobs.filter((other) =>
    other.sourceUserId === job.sourceUserId && twoWayGroups(schema, other).length > 0
  );
  const groups = fieldGroups(schema).filter(({ name }) => (FIELDS as readonly string[]).includes(name));
  const unread = groups.filter(({ name }) => !isSidecarField(name));
  const unreadSums = unread.flatMap(({ name }) => [sql`${name}::text`, sql`sums.${sql(`mirror_${name}`)}`]);
  return await sql<TwoWayDifference[]>`
    SELECT *
    FROM (
      SELECT
        m.source_asset_id AS "sourceAssetId",
        m.mirror_asset_id AS "mirrorAssetId",
        ${
    twoWay.reduce((all, other) => sql`${all} || ${fieldsGivenBack(sql, schema, other)}`, sql`'{}'::text[]`)
  } AS fields,
        ${fieldsGivenBack(sql, schema, job)} AS asked,
        ${
    namesWhere(sql, groups, ({ mirror, source, base }) => sql`${base} IS NULL AND ${mirror} <> ${source}`)
  } AS unknown,
        ${namesWhere(sql, groups, ({ source, base }) => sql`${source} <> ${base}`)} AS moved,
        ${
    namesWhere(sql, unread, ({ mirror, source, base }) => sql`${mirror} <> ${base} AND ${mirror} <> ${source}`)
  } AS unread,
        jsonb_build_object(${commaSeparated(sql, unreadSums)}) AS "unreadSums",
        ${evidenceColumns(sql, schema)}
      FROM (SELECT DISTINCT m.source_asset_id FROM ${mirrorsOn(sql, job, page)}) AS looked
      JOIN immich_sidecar.asset_map m ON m.source_asset_id = looked.source_asset_id
      JOIN asset a ON a.id = m.source_asset_id
      JOIN asset mirror ON mirror.id = m.mirror_asset_id AND mirror."ownerId" = m.target_user_id
      LEFT JOIN asset_exif e ON e."assetId" = a.id
      LEFT JOIN asset_exif mirror_exif ON mirror_exif."assetId" = mirror.id
      CROSS JOIN LATERAL (${allSums(sql, schema)}) AS sums
      WHERE mirror.visibility <> 'locked'
        AND ${isPresent(sql, 'mirror')}
    ) AS compared
    WHERE fields <> '{}'
      AND (differing, unknown, unread) IS DISTINCT FROM ('{}'::text[], '{}'::text[], '{}'::text[])`;
}

/** The fields that a job takes from the mirror `m` to its source `a`, as an array: none where it does not mean that. */
function fieldsGivenBack(sql: Sql, schema: ImmichSchema, job: Job): Fragment {
  const names = twoWayGroups(schema, job).map(({ name }) => name);
  return sql`
    CASE
      WHEN m.target_user_id = ${job.targetUserId} AND ${unguessed(sql, isMeant(sql, job))} THEN ${names}::text[]
      ELSE '{}'::text[]
    END`;
}

/** What a group is worth, as expressions. */
interface Sums {
  readonly source: Fragment;
  readonly mirror: Fragment;
  /** When it was written last; null = unknown. */
  readonly base: Fragment;
}

/** The names of the groups for which this is so, as an array. */
function namesWhere(sql: Sql, groups: readonly FieldGroup[], isSo: (sums: Sums) => Fragment): Fragment {
  const tests = groups.map(({ name, base }) => {
    const sums = {
      source: sql`sums.${sql(`source_${name}`)}`,
      mirror: sql`sums.${sql(`mirror_${name}`)}`,
      base: sql`m.${sql(base)}`,
    };
    return sql`CASE WHEN ${isSo(sums)} THEN ${name}::text END`;
  });
  return sql`array_remove(ARRAY[${commaSeparated(sql, tests)}], NULL)`;
}
