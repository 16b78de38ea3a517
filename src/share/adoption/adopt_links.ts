import { ownerFolder, personThumbnailPath } from '../../immich/layout.ts';
import { dirname } from 'node:path/posix';
import type { FoundFile } from '../../files/identity.ts';
import { isBelow, isPlainPath } from '../../files/path_map.ts';
import { FileProblem } from '../../files/problem.ts';
import { readHeadOf } from '../../files/regular.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Files, View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import type { JournalEntry } from '../mirrors/journal.ts';
import { HEAD_BYTES, isCutHere } from '../people/portrait.ts';
import { isHidden, lastingDirectory } from '../jobs/placement.ts';

/** A file that a mirror's rows name and the journal does not. */
interface NamedFile {
  readonly mirrorId: string;
  readonly path: string;
  /** Where its mirror's original is. */
  readonly originalPath: string;
}

/** Whose mirrors are looked at, and where their files may be. */
interface Owner extends Pick<Job, 'name' | 'targetUserId' | 'mediaLocation'> {
  /** Null of a job that is not configured any more: then a hidden directory in which the mirror's original lies is ours. */
  readonly targetPathPrefix: string | null;
  readonly placement: Job['placement'] | null;
}

/**
 * Jobs that have mirrors and are not configured any more, with their targets. What they have shared goes in this very cycle, and its files
 * would stay if the journal did not know them. Reads only.
 */
export async function readFormerJobs({ sql, jobs, mediaLocation }: View): Promise<Owner[]> {
  const rows = await sql<Pick<Owner, 'name' | 'targetUserId'>[]>`
    SELECT DISTINCT job_name AS name, target_user_id AS "targetUserId"
    FROM immich_sidecar.asset_map
    WHERE job_name <> ALL (${jobs.map(({ name }) => name)}::text[])`;
  return rows.map((row) => ({ ...row, mediaLocation, targetPathPrefix: null, placement: null }));
}

/**
 * Finds files of mirrors that are missing from the journal. A file counts as ours if it lies where
 * we put files and has a second name: what Immich has made for the target itself, such as the sidecar of an edit, has one
 * name only, and so has all that is left of a source that was deleted. Looks at the disk; reads only.
 */
export async function* planAdoptedLinks(view: View, job: Owner): AsyncGenerator<JournalEntry[]> {
  const { adoptedFiles: size } = view.limits;
  const pages = searchPages((after?: NamedFile) => readUnknownFiles(view, job, after), size);
  for await (const files of pages) {
    const entries = files.flatMap((file): JournalEntry[] => {
      const { mirrorId, path } = file;
      const [keep, info] = [keepOf(file, job), inspect(view.files, path)];
      const hasSecondName = (info?.names ?? 0) > 1;
      return keep !== undefined && hasSecondName ? [{ mirrorId, path, keep, saves: info?.size ?? null }] : [];
    });
    if (entries.length > 0) yield entries;
  }
}

/** The same for the thumbnails of mirrored people, which are copies, or were cut out of a photo here; Immich's own are none of ours. */
export async function* planAdoptedThumbnails(view: View, targetUserId: string): AsyncGenerator<JournalEntry[]> {
  const { adoptedFiles: size } = view.limits;
  const pages = searchPages((after?: Thumbnail) => readUnknownThumbnails(view, targetUserId, after), size);
  for await (const people of pages) {
    const entries = people.flatMap(({ id, path, isCopy }): JournalEntry[] => {
      const own = personThumbnailPath(view.mediaLocation, targetUserId, id);
      const isOurs = own.path === path &&
        (isCopy ? inspect(view.files, path) !== undefined : isCutHere(readHead(view.files, path)));
      return isOurs ? [{ mirrorId: id, ...own }] : [];
    });
    if (entries.length > 0) yield entries;
  }
}

/** The thumbnail of a mirrored person. */
interface Thumbnail {
  readonly id: string;
  readonly path: string;
  /** Of the source's. */
  readonly isCopy: boolean;
}

async function readUnknownThumbnails(
  { sql, schema, limits }: View,
  targetUserId: string,
  after: Thumbnail | undefined,
): Promise<Thumbnail[]> {
  const { personKey } = schema.people;
  return await sql<Thumbnail[]>`
    SELECT pm.mirror_person_id AS id, mirror."thumbnailPath" AS path, pm.cover_face_id IS NOT NULL AS "isCopy"
    FROM immich_sidecar.person_map pm
    JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    WHERE pm.target_user_id = ${targetUserId}
      AND pm.is_ours
      AND ${after === undefined ? sql`true` : sql`pm.mirror_person_id > ${after.id}`}
      AND mirror."thumbnailPath" <> ''
      AND mirror."faceAssetId" = coalesce(pm.cover_face_id, mirror."faceAssetId")
      AND (
        SELECT l.path FROM immich_sidecar.link l WHERE l.mirror_id = pm.mirror_person_id AND l.path = mirror."thumbnailPath"
      ) IS NULL
    ORDER BY pm.mirror_person_id
    LIMIT ${limits.adoptedFiles}`;
}

/** One page of them, after the file `after`. With symbolic links the originals and their sidecars are the source's own. */
async function readUnknownFiles(
  { sql, schema, limits }: View,
  job: Owner,
  after: NamedFile | undefined,
): Promise<NamedFile[]> {
  const isLinked = job.placement !== 'symlink';
  const columns = ['originalPath', 'sidecarPath', 'encodedVideoPath']
    .filter((column) => schema.has('asset', column) && (isLinked || column === 'encodedVideoPath'));
  const inColumns = columns.map((column) =>
    sql`
      UNION ALL
      SELECT mirror.id, mirror.${sql(column)}::text
      FROM mirrors
      JOIN asset mirror ON mirror.id = mirrors.id
      WHERE mirror.${sql(column)} <> ''`
  );
  return await sql<NamedFile[]>`
    WITH mirrors AS (
      SELECT m.mirror_asset_id AS id
      FROM immich_sidecar.asset_map m
      WHERE m.job_name = ${job.name}
        AND m.target_user_id = ${job.targetUserId}
        AND ${after === undefined ? sql`true` : sql`m.mirror_asset_id >= ${after.mirrorId}`}
    ),
    named AS (
      SELECT f."assetId" AS mirror_id, f.path::text AS path
      FROM mirrors
      JOIN asset_file f ON f."assetId" = mirrors.id
      ${isLinked ? sql`` : sql`WHERE f.type::text <> 'sidecar'`}
      ${inColumns.reduce((all, column) => sql`${all} ${column}`, sql``)}
    )
    SELECT named.mirror_id AS "mirrorId", named.path, mirror."originalPath"
    FROM named
    JOIN asset mirror ON mirror.id = named.mirror_id
    LEFT JOIN immich_sidecar.link l ON l.mirror_id = named.mirror_id AND l.path = named.path
    WHERE l.path IS NULL
      AND ${
    after === undefined
      ? sql`true`
      : sql`(named.mirror_id, named.path) > (${after.mirrorId}::uuid, ${after.path}::text)`
  }
    ORDER BY named.mirror_id, named.path
    LIMIT ${limits.adoptedFiles}`;
}

/** Up to where directories above one of our files are removed with it; undefined where we put none. */
function keepOf({ path, originalPath }: NamedFile, job: Owner): string | undefined {
  const { targetPathPrefix } = job;
  if (targetPathPrefix !== null && path.startsWith(targetPathPrefix)) return lastingDirectory(targetPathPrefix);
  if (targetPathPrefix === null && isPlainPath(path) && dirname(path) === dirname(originalPath)) {
    return isHidden(path) ? lastingDirectory(path) : undefined;
  }
  const folder = (['thumbs', 'encoded-video'] as const).find((name) =>
    isBelow(path, ownerFolder(job.mediaLocation, name, job.targetUserId))
  );
  return folder === undefined ? undefined : `${job.mediaLocation}/${folder}`;
}

function readHead(files: Files, path: string): Uint8Array {
  const local = files.paths.toLocal(path);
  if (local === undefined || inspect(files, path) === undefined) return new Uint8Array();
  return readHeadOf(local, HEAD_BYTES) ?? new Uint8Array();
}

/** What lies behind a symbolic link is somebody else's. */
function inspect({ linker, paths }: Files, path: string): FoundFile | undefined {
  const local = paths.toLocal(path);
  if (local === undefined) return undefined;
  try {
    const found = linker.look(local);
    return found?.isFile ? found : undefined; // a mirror whose file is gone: phases/files.ts repairs it
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    return undefined;
  }
}
