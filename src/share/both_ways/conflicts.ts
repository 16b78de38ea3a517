import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { type View, workable } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { groupSum, sourceSum } from '../mirrors/fields.ts';
import type { Conflict, CorrectedField } from './decide.ts';
import { type FaceDifference, findFaceDecisions, takesFacesBack } from './faces.ts';
import { findCorrections, twoWayGroups } from './find.ts';
import { findPersonDifferences, type TwoWayPersonField } from './people.ts';
import { type FieldValues, valuesAt } from './write.ts';

/** A field that two users have both changed, or that nobody can say who has changed, with both values. It stays so until a person decides. */
export interface OpenConflict extends Omit<Conflict, 'field'> {
  /** A field of a photo; or one of a person, by whose ids `sourceAssetId` and `mirrorAssetId` then are. */
  readonly field: CorrectedField | TwoWayPersonField | 'face';
  /** Of a photo there may be several conflicts about faces, one for each. */
  readonly face?: Pick<FaceDifference, 'kind' | 'sourceFaceId' | 'mirrorFaceId' | 'counterpartId'>;
  readonly job: string;
  /** Who has changed it. In one cluster group a person has the same id with everybody. */
  readonly targetUserId: string;
  /** Of the photo, or what the two call the person. */
  readonly fileName: string;
  /** What it is worth at the source, as groupSum says it. */
  readonly sourceSum: string;
  readonly source: FieldValues;
  readonly target: FieldValues;
}

/** Whose value counts. */
export const SIDES = Object.freeze(['source', 'target'] as const);

export type Side = typeof SIDES[number];

/** A conflict that somebody has decided, and whose value is given up. */
export interface DecidedConflict extends OpenConflict {
  readonly lost: Side;
}

/** What conflicts are read from. */
export type ConflictView = Omit<View, 'sql' | 'scope' | 'rechecks' | 'alike'>;

/**
 * All conflicts, or those of some sources. Nothing is stored of them: they follow from source, mirror and what was written last. Of all photos only those are looked at of which a cycle has noted
 * that their recipient has changed something. Reads only.
 */
export async function readConflicts(
  sql: Sql,
  view: ConflictView,
  sourceAssetIds?: readonly string[],
): Promise<OpenConflict[]> {
  const { schema, only } = view;
  // Several jobs may mean a photo.
  const found = new Map<string, OpenConflict>();
  const jobs = only === undefined ? workable(view) : [only];
  for (const job of jobs.filter((one) => twoWayGroups(schema, one).length > 0)) {
    const scope = sourceAssetIds ?? await suspects(sql, schema, job);
    for await (const { conflicts } of findCorrections({ ...view, sql, scope, rechecks: [] }, job)) {
      for (const one of await withValues(sql, schema, job, conflicts)) {
        const key = `${one.mirrorAssetId} ${one.field}`;
        if (!found.has(key)) found.set(key, one);
      }
    }
  }
  const people = await readPersonConflicts(sql, view, jobs);
  return [
    ...found.values(),
    ...await readFaceConflicts(sql, view, jobs, sourceAssetIds),
    ...sourceAssetIds === undefined
      ? people
      : people.filter(({ sourceAssetId }) => sourceAssetIds.includes(sourceAssetId)),
  ];
}

/** What two say of one person. */
async function readPersonConflicts(sql: Sql, view: ConflictView, jobs: readonly Job[]): Promise<OpenConflict[]> {
  const found = new Map<string, OpenConflict>();
  for (const job of jobs.filter(({ bothWays }) => bothWays?.includes('people'))) {
    for await (const page of findPersonDifferences({ ...view, sql }, job)) {
      for (const { kind, isDisputed, sourcePersonId, mirrorPersonId, field, source, target } of page) {
        const key = `${job.targetUserId} ${mirrorPersonId} ${field}`;
        if (kind !== 'conflict' || found.has(key)) continue;
        const isName = field === 'personName';
        found.set(key, {
          job: job.name,
          targetUserId: job.targetUserId,
          sourceAssetId: sourcePersonId,
          mirrorAssetId: mirrorPersonId,
          fileName: isName
            ? [source, target].filter((name) => name !== '' && name !== null).join(' / ')
            : sourcePersonId,
          field,
          because: source !== null && source !== ''
            ? 'both-changed'
            : isDisputed
            ? 'recipients-differ'
            : 'base-unknown',
          sourceSum: source ?? '',
          sum: target,
          source: { asset: {}, asset_exif: {}, person: { value: source } },
          target: { asset: {}, asset_exif: {}, person: { value: target } },
        });
      }
    }
  }
  return [...found.values()];
}

/** What two say of one face. */
async function readFaceConflicts(
  sql: Sql,
  view: ConflictView,
  jobs: readonly Job[],
  sourceAssetIds: readonly string[] | undefined,
): Promise<OpenConflict[]> {
  const found = new Map<string, OpenConflict>();
  for (const job of jobs.filter(takesFacesBack)) {
    for await (const { conflicts } of findFaceDecisions({ ...view, sql, scope: sourceAssetIds ?? 'all' }, job)) {
      for (const one of conflicts) {
        if (found.has(one.mirrorFaceId)) continue;
        const { kind, sourceFaceId, mirrorFaceId, counterpartId, personId, sourcePersonId, isAtSource } = one;
        const ids = { id: sourceFaceId ?? mirrorFaceId, mirrorId: mirrorFaceId };
        found.set(mirrorFaceId, {
          job: job.name,
          targetUserId: job.targetUserId,
          field: 'face',
          face: { kind, sourceFaceId, mirrorFaceId, counterpartId },
          sourceAssetId: one.sourceAssetId,
          mirrorAssetId: one.mirrorAssetId,
          fileName: one.fileName,
          because: one.because,
          sourceSum: one.sourceSum,
          sum: one.sum,
          source: {
            asset: {},
            asset_exif: {},
            face: {
              ...ids,
              person: sourcePersonId,
              name: one.sourceName,
              isThere: isAtSource,
              isNew: kind === 'added',
            },
          },
          target: {
            asset: {},
            asset_exif: {},
            face: { ...ids, person: personId, name: one.name, isThere: kind !== 'deleted' },
          },
        });
      }
    }
  }
  return [...found.values()];
}

/** Sources of a job whose mirrors differ as their owners have changed them, or of which that is not known. */
async function suspects(sql: Sql, schema: ImmichSchema, job: Job): Promise<string[]> {
  const groups = twoWayGroups(schema, job);
  const isUnknown = groups.reduce((any, { base }) => sql`${any} OR m.${sql(base)} IS NULL`, sql`false`);
  const rows = await sql<{ id: string }[]>`
    SELECT m.source_asset_id AS id
    FROM immich_sidecar.asset_map m
    WHERE m.source_user_id = ${job.sourceUserId}
      AND m.target_user_id = ${job.targetUserId}
      AND (m.own_fields ?| ${groups.map(({ name }) => name)}::text[] OR ${isUnknown})`;
  return rows.map(({ id }) => id);
}

async function withValues(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
  conflicts: readonly Conflict[],
): Promise<OpenConflict[]> {
  const found: OpenConflict[] = [];
  for (const group of twoWayGroups(schema, job)) {
    const ofGroup = new Map(
      conflicts.filter(({ field }) => field === group.name).map((one) => [one.mirrorAssetId, one]),
    );
    if (ofGroup.size === 0) continue;
    const rows = await sql<(Pick<OpenConflict, 'mirrorAssetId' | 'fileName' | 'sourceSum' | 'source' | 'target'>)[]>`
      SELECT
        m.mirror_asset_id AS "mirrorAssetId",
        a."originalFileName" AS "fileName",
        ${sourceSum(sql, group, 'a', 'e')} AS "sourceSum",
        ${valuesAt(sql, group, 'a', 'e')} AS source,
        ${valuesAt(sql, group, 'mirror', 'mirror_exif')} AS target
      FROM immich_sidecar.asset_map m
      JOIN asset a ON a.id = m.source_asset_id
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      LEFT JOIN asset_exif e ON e."assetId" = a.id
      LEFT JOIN asset_exif mirror_exif ON mirror_exif."assetId" = mirror.id
      WHERE m.mirror_asset_id = ANY (${[...ofGroup.keys()]}::uuid[])
        AND ${groupSum(sql, group, 'mirror', 'mirror_exif')} = (${
      sql.json(Object.fromEntries([...ofGroup].map(([id, { sum }]) => [id, sum])))
    }::jsonb->>m.mirror_asset_id::text)::uuid
      ORDER BY a."originalFileName", m.mirror_asset_id`;
    for (const row of rows) {
      const conflict = ofGroup.get(row.mirrorAssetId);
      if (conflict !== undefined) found.push({ ...conflict, ...row, job: job.name, targetUserId: job.targetUserId });
    }
  }
  return found;
}
