import { pathColumn } from '../../immich/asset_files.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { GeneratedFile } from '../../immich/layout.ts';
import { isExtractedMotion } from '../../immich/motion.ts';
import { pendingFor } from '../../immich/readiness.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import { commaSeparated } from '../copy/columns.ts';
import type { Job } from '../jobs/job.ts';
import { isWithin, type Scope } from '../cycle/scope.ts';
import type { Limits } from '../cycle/limits.ts';
import type { View } from '../cycle/tools.ts';
import { hasTwin, isMotionOfMirror, isSelected } from './selection.ts';

/** A source asset that is ready and has no mirror in the target's account yet. */
export interface Candidate {
  readonly id: string;
  readonly updateId: string;
  readonly originalPath: string;
  /** Null for an upload. */
  readonly libraryId: string | null;
  /** Milliseconds since the epoch. */
  readonly fileModifiedAtMs: number;
  /** Hexadecimal, of a video that Immich has taken out of a photo: the SHA-1 of its bytes, by which it finds that video again. */
  readonly motionChecksum: string | null;
  /** Columns of older releases; null since they became rows of asset_file. */
  readonly sidecarPath: string | null;
  readonly encodedVideoPath: string | null;
  readonly files: readonly CandidateFile[];
}

export interface CandidateFile extends GeneratedFile {
  readonly id: string;
  /** The columns that a mirror's row takes over. */
  readonly copied: unknown;
}

/** Stills and videos first; the motion parts of live photos once their stills are mirrored. */
export type Part = 'main' | 'motion';

/**
 * Candidates in the order of their ids, in pages of a batch; so many ids are found at once as a search may. Sources that were skipped for good, that were withdrawn by the
 * target, or that failed and have not changed since are left out.
 */
export async function* readCandidates(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
  scope: Scope,
  part: Part,
  { batch, search }: Limits,
): AsyncGenerator<Candidate[]> {
  let after = FIRST_ID;
  while (true) {
    const ids = await findCandidates(sql, schema, job, scope, { part, after, limit: search });
    for (let start = 0; start < ids.length; start += batch) {
      yield await sql<Candidate[]>`
        SELECT ${candidateColumns(sql, schema, sql`true`)}
        FROM asset a
        WHERE a.id = ANY (${ids.slice(start, start + batch)}::uuid[])
        ORDER BY a.id`;
    }
    const last = ids.at(-1);
    if (last === undefined || ids.length < search) return;
    after = last;
  }
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

async function findCandidates(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
  scope: Scope,
  { part, after, limit }: { readonly part: Part; readonly after: string; readonly limit: number },
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT a.id
    FROM asset a
    WHERE a.id > ${after}
      AND ${isWithin(sql, scope, sql`a.id`)}
      AND ${part === 'main' ? isSelected(sql, job) : sql`${isMotionOfMirror(sql, job)} AND NOT ${hasTwin(sql, job)}`}
      AND ${isOpen(sql, sql`${job.targetUserId}::uuid`)}
      AND (${pendingFor(sql, schema, job.features)}) IS NULL
    ORDER BY a.id
    LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

/** The columns of a Candidate, of the row `a` of asset. `isChecksumFree`: whether no other asset has the checksum that its mirror would have. */
export function candidateColumns(sql: Sql, schema: ImmichSchema, isChecksumFree: Fragment): Fragment {
  return sql`
    a.id,
    a."updateId",
    a."originalPath",
    a."libraryId",
    (extract(epoch FROM a."fileModifiedAt") * 1000)::float8 AS "fileModifiedAtMs",
    CASE WHEN ${
    isExtractedMotion(sql, 'a')
  } AND ${isChecksumFree} THEN encode(a.checksum, 'hex') END AS "motionChecksum",
    ${pathColumn(sql, schema, 'a', 'sidecarPath')} AS "sidecarPath",
    ${pathColumn(sql, schema, 'a', 'encodedVideoPath')} AS "encodedVideoPath",
    ${filesColumn(sql, schema, 'a')} AS files`;
}

/** The files of the row `alias` of asset, as JSON: a list of CandidateFile. */
export function filesColumn(sql: Sql, schema: ImmichSchema, alias: string): Fragment {
  const isEdited = schema.has('asset_file', 'isEdited') ? sql`f."isEdited"` : sql`false`;
  const copied = schema.columns.asset_file.map((column) => sql`f.${sql(column)}`);
  return sql`
    coalesce(
      (
        SELECT json_agg(json_build_object(
          'id', f.id, 'type', f.type, 'path', f.path, 'isEdited', ${isEdited},
          'copied', json_build_array(${commaSeparated(sql, copied)})
        ))
        FROM asset_file f
        WHERE f."assetId" = ${sql(alias)}.id
      ),
      '[]'
    )`;
}

/**
 * The ids of selected assets that have no mirror yet and are not settled either: Immich is still at work on them, or has just
 * finished. What makes them ready leaves no trace that can be read cheaply, so they are looked at again. At most `limit`.
 * One that is ready and failed does not wait for Immich.
 */
async function readWaiting(
  { sql, schema, scope }: Pick<View, 'sql' | 'schema' | 'scope'>,
  job: Job,
  limit: number,
  failed: readonly string[],
): Promise<string[]> {
  const isFailed = failed.length === 0 ? sql`false` : sql`a.id = ANY (${failed as string[]}::uuid[])`;
  const rows = await sql<{ id: string }[]>`
    SELECT a.id
    FROM asset a
    WHERE a."ownerId" = ${job.sourceUserId}
      AND ${isWithin(sql, scope, sql`a.id`)}
      AND (${isSelected(sql, job)} OR (${isMotionOfMirror(sql, job)} AND NOT ${hasTwin(sql, job)}))
      AND ${isOpen(sql, sql`${job.targetUserId}::uuid`)}
      AND CASE WHEN ${isFailed} THEN (${pendingFor(sql, schema, job.features)}) IS NOT NULL ELSE true END
    LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

/** The same of several jobs. One more than the limit of each says that there are too many. `failed`: by id, what is tried again when it is due. */
export async function readAllWaiting(
  view: Pick<View, 'sql' | 'schema' | 'scope'>,
  jobs: readonly Job[],
  limit: number,
  failed: ReadonlyMap<string, unknown>,
): Promise<string[]> {
  const waiting: string[] = [];
  for (const job of jobs) waiting.push(...await readWaiting(view, job, limit + 1, [...failed.keys()]));
  return waiting;
}

/** Whether the source `a` has no mirror in the account of a target, an expression, and nothing that was decided stands against one. */
export function isOpen(sql: Sql, target: Fragment): Fragment {
  return sql`(
    (
      SELECT m.mirror_asset_id
      FROM immich_sidecar.asset_map m
      WHERE m.source_asset_id = a.id AND m.target_user_id = ${target}
    ) IS NULL
    AND (
      SELECT w.source_asset_id
      FROM immich_sidecar.withdrawn w
      WHERE w.source_asset_id = a.id AND w.target_user_id = ${target}
    ) IS NULL
    AND (
      SELECT s.source_asset_id
      FROM immich_sidecar.skipped s
      WHERE s.source_asset_id = a.id
        AND s.target_user_id = ${target}
        AND (s.retry = 'never' OR (s.retry = 'when-changed' AND s.source_update_id = a."updateId"))
    ) IS NULL
  )`;
}

/**
 * Which of these sources the target's owner has uploaded, too: the same file name without extension (case aside) and
 * the same capture time to the second.
 */
export async function findOwnUploads(sql: Sql, job: Job, sourceAssetIds: readonly string[]): Promise<Set<string>> {
  const stem = (alias: string) => sql`lower(regexp_replace(${sql(alias)}."originalFileName", '\\.[^.]+$', ''))`;
  const rows = await sql<{ id: string }[]>`
    SELECT DISTINCT source.id
    FROM asset source
    JOIN asset_exif source_exif ON source_exif."assetId" = source.id
    JOIN asset upload
      ON upload."ownerId" = ${job.targetUserId}
      AND upload."libraryId" IS NULL
      AND upload."deletedAt" IS NULL
      AND upload.visibility::text <> ALL ('{hidden,locked}') -- what is in a locked folder shows in nothing that we say or do
      AND ${stem('upload')} = ${stem('source')}
    JOIN asset_exif upload_exif
      ON upload_exif."assetId" = upload.id
      AND date_trunc('second', upload_exif."dateTimeOriginal") = date_trunc('second', source_exif."dateTimeOriginal")
    WHERE source.id = ANY (${sourceAssetIds as string[]}::uuid[])
      AND source.visibility <> 'hidden'
      AND (
        SELECT w.source_asset_id
        FROM immich_sidecar_decisions.wanted w
        WHERE w.source_asset_id = source.id AND w.target_user_id = ${job.targetUserId}
      ) IS NULL`;
  return new Set(rows.map((row) => row.id));
}
