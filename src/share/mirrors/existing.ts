import { isEditUnfinished, pathColumn } from '../../immich/asset_files.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { type Candidate, candidateColumns, type CandidateFile, filesColumn } from '../selection/candidates.ts';
import { fieldGroups, groupSum } from './fields.ts';
import { type JournalEntry, stampColumns } from './journal.ts';
import type { Job } from '../jobs/job.ts';
import { type MirrorPage, mirrorsOn, unguessed } from './pages.ts';
import { isSidecarField } from './row_differences.ts';
import { isMissed } from '../../immich/presence.ts';
import { jobsMeaning } from '../selection/job_rows.ts';
import { isMeant } from '../selection/selection.ts';

/** A mirror as it stands, and its source as a candidate for one. */
export interface ExistingMirror extends Candidate {
  readonly mirrorAssetId: string;
  readonly mirrorPath: string;
  readonly mirrorLibraryId: string | null;
  /** Hexadecimal. */
  readonly mirrorChecksum: string;
  /** What Immich believes that to be the hash of; null before 2.7. Its own migration takes all that is external for hashed by path. */
  readonly mirrorChecksumAlgorithm: string | null;
  /** Milliseconds since the epoch. */
  readonly mirrorModifiedAtMs: number;
  /** The mirror's row has the very time of the source's. */
  readonly hasSourceTime: boolean;
  /** A scan could not find the file. */
  readonly isOffline: boolean;
  readonly mirrorSidecarPath: string | null;
  readonly mirrorEncodedVideoPath: string | null;
  readonly mirrorFiles: readonly CandidateFile[];
  /** The job that made it selects it no more, or is not configured: it belongs to the first one that does. */
  readonly isAdopted: boolean;
  /** The target's owner has changed something that Immich writes into a sidecar of their own. */
  readonly hasOwnSidecar: boolean;
  /** They have cropped or turned it: the edited files are theirs. */
  readonly hasOwnEdits: boolean;
  /** The source has been cropped or turned anew, and Immich has not made the pictures yet. */
  readonly isEditUnfinished: boolean;
  /** The source is cropped or turned. */
  readonly isSourceEdited: boolean;
  /** What the journal says. */
  readonly links: readonly Omit<JournalEntry, 'mirrorId'>[];
}

/** The mirrors on a page that belong to this job. Reads only. One that only the brake keeps is left as it is. */
export async function readExistingMirrors(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
  jobs: readonly Job[],
  page: MirrorPage,
): Promise<ExistingMirror[]> {
  const groups = fieldGroups(schema);
  const isTouched = (isAsked: (name: string) => boolean) =>
    groups.filter(({ name }) => isAsked(name)).reduce(
      (any, group) =>
        sql`${any} OR ${groupSum(sql, group, 'mirror', 'mirror_exif')} IS DISTINCT FROM m.${sql(group.base)}`,
      sql`false`,
    );
  return await sql<ExistingMirror[]>`
    SELECT
      ${candidateColumns(sql, schema, isChecksumFree(sql, job))},
      m.mirror_asset_id AS "mirrorAssetId",
      mirror."originalPath" AS "mirrorPath",
      mirror."libraryId" AS "mirrorLibraryId",
      encode(mirror.checksum, 'hex') AS "mirrorChecksum",
      ${
    schema.has('asset', 'checksumAlgorithm') ? sql`mirror."checksumAlgorithm"::text` : sql`NULL`
  } AS "mirrorChecksumAlgorithm",
      (extract(epoch FROM mirror."fileModifiedAt") * 1000)::float8 AS "mirrorModifiedAtMs",
      mirror."fileModifiedAt" = a."fileModifiedAt" AS "hasSourceTime",
      ${isMissed(sql, 'mirror')} AS "isOffline",
      ${pathColumn(sql, schema, 'mirror', 'sidecarPath')} AS "mirrorSidecarPath",
      ${pathColumn(sql, schema, 'mirror', 'encodedVideoPath')} AS "mirrorEncodedVideoPath",
      ${filesColumn(sql, schema, 'mirror')} AS "mirrorFiles",
      m.job_name <> ${job.name} AS "isAdopted",
      (${isTouched(isSidecarField)}) AS "hasOwnSidecar",
      (${isTouched((name) => name === 'edits')}) AS "hasOwnEdits",
      ${isEditUnfinished(sql, schema)} AS "isEditUnfinished",
      ${schema.has('asset', 'isEdited') ? sql`a."isEdited"` : sql`false`} AS "isSourceEdited",
      coalesce(
        (
          SELECT json_agg(json_build_object('path', l.path, 'keep', l.keep, 'stamp', ${stampColumns(sql)}))
          FROM immich_sidecar.link l
          WHERE l.mirror_id = m.mirror_asset_id
        ),
        '[]'
      ) AS links
    FROM ${mirrorsOn(sql, job, page)}
    JOIN asset a ON a.id = m.source_asset_id
    JOIN asset mirror ON mirror.id = m.mirror_asset_id
    LEFT JOIN asset_exif mirror_exif ON mirror_exif."assetId" = mirror.id
    WHERE ${unguessed(sql, 'last' in page && page.madeBy === job.name ? isMeant(sql, job) : isOwn(sql, job, jobs))}`;
}

/**
 * Whether the mirror of the source `a`, with the mapping `m`, belongs to a job: to the one that made it while that means it, then to the first in
 * the configuration that does.
 */
function isOwn(sql: Sql, job: Job, jobs: readonly Job[]): Fragment {
  const ofPair = jobs.filter(({ sourceUserId, targetUserId }) =>
    sourceUserId === job.sourceUserId && targetUserId === job.targetUserId
  );
  if (ofPair.length === 1) return isMeant(sql, job);
  return sql`(
    SELECT meaning.name
    FROM (${jobsMeaning(sql, ofPair)}) AS meaning
    ORDER BY meaning.name = m.job_name DESC, meaning.place
    LIMIT 1
  ) IS NOT DISTINCT FROM ${job.name}`;
}

/** Mirrors of two sources with the same bytes come from an earlier version: only one can have their checksum. */
function isChecksumFree(sql: Sql, job: Job): Fragment {
  return sql`NOT EXISTS (
    SELECT 1
    FROM asset other
    WHERE other."ownerId" = m.target_user_id
      AND other."libraryId" = ${job.targetLibraryId}
      AND other.checksum = a.checksum
      AND other.id <> m.mirror_asset_id
  )`;
}
