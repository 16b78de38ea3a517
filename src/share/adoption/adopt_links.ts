import { ownerFolder, personThumbnailPath } from '../../immich/layout.ts';
import { isBelow } from '../../files/path_map.ts';
import type { Context } from '../cycle/context.ts';
import type { Job } from '../jobs/job.ts';
import { type JournalEntry, recordLinks } from '../mirrors/journal.ts';
import { lastingDirectory } from '../jobs/placement.ts';

/** A file that a mirror's rows name and the journal does not. */
interface NamedFile {
  readonly mirrorId: string;
  readonly path: string;
}

/**
 * Writes the files of mirrors into the journal again where they are missing from it. A file counts as ours if it lies where
 * we put files and has a second name: what Immich has made for the target itself, such as the sidecar of an edit, has one
 * name only, and so has all that is left of a source that was deleted. Looks at the disk. Returns how many were written.
 */
export async function adoptLinks(context: Context, job: Job): Promise<number> {
  let after: NamedFile = { mirrorId: '00000000-0000-0000-0000-000000000000', path: '' };
  let total = 0;
  while (true) {
    const files = await readUnknownFiles(context, job, after);
    const entries = files.flatMap((file): JournalEntry[] => {
      const keep = keepOf(file.path, job);
      return keep !== undefined && hasSecondName(context, file.path) ? [{ ...file, keep }] : [];
    });
    if (entries.length > 0) await context.transaction((tx) => recordLinks(tx, entries));
    total += entries.length;
    const last = files.at(-1);
    if (last === undefined || files.length < context.limits.adoptedFiles) return total;
    after = last;
  }
}

/** The same for the thumbnails of mirrored people, which are copies. */
export async function adoptThumbnails(context: Context, job: Job): Promise<number> {
  const { sql, schema } = context;
  const { personKey } = schema.people;
  const people = await sql<{ id: string; path: string }[]>`
    SELECT pm.mirror_person_id AS id, mirror."thumbnailPath" AS path
    FROM immich_sidecar.person_map pm
    JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    WHERE pm.target_user_id = ${job.targetUserId}
      AND pm.is_ours
      AND pm.cover_face_id IS NOT NULL
      AND mirror."faceAssetId" = pm.cover_face_id
      AND (
        SELECT l.path FROM immich_sidecar.link l WHERE l.mirror_id = pm.mirror_person_id AND l.path = mirror."thumbnailPath"
      ) IS NULL`;
  const entries = people.flatMap(({ id, path }): JournalEntry[] => {
    const own = personThumbnailPath(job.mediaLocation, job.targetUserId, id);
    return own.path === path && inspect(context, path) !== undefined ? [{ mirrorId: id, ...own }] : [];
  });
  if (entries.length > 0) await context.transaction((tx) => recordLinks(tx, entries));
  return entries.length;
}

/** One page of them, after the file `after`. With symbolic links the originals and their sidecars are the source's own. */
async function readUnknownFiles(
  { sql, schema, limits }: Context,
  job: Job,
  after: NamedFile,
): Promise<NamedFile[]> {
  const isLinked = job.placement === 'hardlink';
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
        AND m.mirror_asset_id >= ${after.mirrorId}
    ),
    named AS (
      SELECT f."assetId" AS mirror_id, f.path::text AS path
      FROM mirrors
      JOIN asset_file f ON f."assetId" = mirrors.id
      ${isLinked ? sql`` : sql`WHERE f.type::text <> 'sidecar'`}
      ${inColumns.reduce((all, column) => sql`${all} ${column}`, sql``)}
    )
    SELECT named.mirror_id AS "mirrorId", named.path
    FROM named
    LEFT JOIN immich_sidecar.link l ON l.mirror_id = named.mirror_id AND l.path = named.path
    WHERE l.path IS NULL
      AND (named.mirror_id, named.path) > (${after.mirrorId}::uuid, ${after.path}::text)
    ORDER BY named.mirror_id, named.path
    LIMIT ${limits.adoptedFiles}`;
}

/** Up to where directories above one of our files are removed with it; undefined where we put none. */
function keepOf(path: string, job: Job): string | undefined {
  if (path.startsWith(job.targetPathPrefix)) return lastingDirectory(job.targetPathPrefix);
  const folder = (['thumbs', 'encoded-video'] as const).find((name) =>
    isBelow(path, ownerFolder(job.mediaLocation, name, job.targetUserId))
  );
  return folder === undefined ? undefined : `${job.mediaLocation}/${folder}`;
}

function hasSecondName(context: Context, path: string): boolean {
  return (inspect(context, path)?.nlink ?? 0) > 1;
}

function inspect({ paths }: Context, path: string): Deno.FileInfo | undefined {
  const local = paths.toLocal(path);
  if (local === undefined) return undefined;
  try {
    const info = Deno.lstatSync(local);
    return info.isFile ? info : undefined;
  } catch {
    return undefined; // a mirror whose file is gone: phases/files.ts mends it
  }
}
