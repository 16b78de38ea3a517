import { getLogger } from '@logtape/logtape';
import type { ImmichSchema } from '../../immich/schema.ts';
import { ownerFolder } from '../../immich/layout.ts';
import { FileProblem } from '../../files/problem.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Context } from '../cycle/context.ts';
import type { Job } from '../jobs/job.ts';
import { isHidden, lastingDirectory } from '../jobs/placement.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/**
 * Removes files of ours that no row of a restored, older database knows: links to originals in a job's hidden directory and, if
 * there are any, links to generated files in the target's folders. What their sources still select is linked anew in this
 * cycle. A file with a single name stays: it is not ours, or all that is left of a source.
 *
 * Generated files are looked for first: as long as an original is left over, a run that was killed comes back to them.
 * Returns how many were removed.
 */
export async function removeStrays(context: Context, job: Job): Promise<number> {
  if (job.placement !== 'hardlink' || !isHidden(job.targetPathPrefix)) return 0;
  const { sql, schema } = context;
  const originals = await findStrays(context, job.targetPathPrefix.slice(0, -1), {
    readNamed: (files) => readNamedOriginals(sql, schema, job, files),
    isOurs: hasSecondName,
  });
  if (originals.length === 0) return 0;
  let removed = 0;
  const portraits = await readPortraits(context, job);
  for (const folder of ['thumbs', 'encoded-video'] as const) {
    const generated = await findStrays(context, ownerFolder(job.mediaLocation, folder, job.targetUserId), {
      readNamed: (files) => readNamedGenerated(sql, schema, files),
      isOurs: (file) => hasSecondName(file) || portraits.has(file.size, file.mtime),
    });
    const [copies, links] = [true, false].map((is) => generated.filter((path) => PORTRAIT_NAME.test(path) === is));
    removed += remove(context, copies ?? [], `${job.mediaLocation}/${folder}`, { sparesLast: false });
    removed += remove(context, links ?? [], `${job.mediaLocation}/${folder}`, { sparesLast: true });
  }
  removed += remove(context, originals, lastingDirectory(job.targetPathPrefix), { sparesLast: true });
  logger.info('{job}: removed {count} links that no mirror has, such as a restored backup leaves', {
    job: job.name,
    count: removed,
  });
  return removed;
}

/** What is known of files. */
interface Lookup {
  /** Which of these paths (as Immich sees them) rows name. */
  readNamed(files: readonly string[]): Promise<Set<string>>;
  /** Whether a file that no row names was put there by us. */
  isOurs(file: Deno.FileInfo): boolean;
}

/** Files of ours below a directory (as Immich sees it) that no row names. */
async function findStrays({ paths, limits }: Context, directory: string, lookup: Lookup): Promise<string[]> {
  const local = paths.toLocal(directory);
  if (local === undefined || !inspect(local)?.isDirectory) return [];
  const strays: string[] = [];
  let page: string[] = [];
  const look = async () => {
    const named = await lookup.readNamed(page);
    strays.push(...page.filter((path) => {
      const file = named.has(path) ? undefined : inspect(local + path.slice(directory.length));
      return file !== undefined && lookup.isOurs(file);
    }));
    page = [];
  };
  for (const path of filesBelow(local)) {
    page.push(directory + path.slice(local.length));
    if (page.length === limits.strays) await look();
  }
  if (page.length > 0) await look();
  return strays;
}

/** Sizes and times of the thumbnails that people have: ours are copies of them. */
async function readPortraits({ sql, paths }: Context, job: Job) {
  const rows = await sql<{ path: string }[]>`
    SELECT DISTINCT "thumbnailPath" AS path
    FROM person
    WHERE "ownerId" <> ${job.targetUserId}
      AND "thumbnailPath" <> ''`;
  const keyOf = (size: number, modified: Date | null) => `${size} ${modified?.getTime()}`;
  const known = new Set(rows.flatMap(({ path }) => {
    const info = inspect(paths.toLocal(path) ?? path);
    return info === undefined ? [] : [keyOf(info.size, info.mtime)];
  }));
  return { has: (size: number, modified: Date | null) => known.has(keyOf(size, modified)) };
}

/** Symbolic links are not followed: what lies behind one is somebody else's. */
function* filesBelow(directory: string): Generator<string> {
  for (const entry of Deno.readDirSync(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) yield* filesBelow(path);
    else if (entry.isFile) yield path;
  }
}

/** Originals of the target's library, and sidecars. */
async function readNamedOriginals(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
  files: readonly string[],
): Promise<Set<string>> {
  const sidecars = files.filter((path) => path.toLowerCase().endsWith('.xmp'));
  const inColumn = schema.has('asset', 'sidecarPath')
    ? sql`UNION ALL SELECT "sidecarPath"::text FROM asset WHERE "sidecarPath" = ANY (${sidecars})`
    : sql``;
  const rows = await sql<{ path: string }[]>`
    SELECT "originalPath"::text AS path
    FROM asset
    WHERE "originalPath" = ANY (${files as string[]})
      AND "libraryId" = ${job.targetLibraryId}
    ${
    sidecars.length === 0 ? sql`` : sql`
      UNION ALL SELECT path::text FROM asset_file WHERE type = 'sidecar' AND path = ANY (${sidecars}) ${inColumn}`
  }`;
  return new Set(rows.map(({ path }) => path));
}

/** Generated files are named after the asset or person that has them. */
async function readNamedGenerated(sql: Sql, schema: ImmichSchema, files: readonly string[]): Promise<Set<string>> {
  const owners = files.map((path) => ({ path, id: UUID_NAME.exec(path)?.[1] ?? null }));
  const column = schema.has('asset', 'encodedVideoPath') ? sql`OR a."encodedVideoPath" = file.path` : sql``;
  const rows = await sql<{ path: string }[]>`
    SELECT file.path
    FROM jsonb_to_recordset(${sql.json(owners)}) AS file (path text, id uuid)
    WHERE file.id IS NULL
      OR EXISTS (SELECT 1 FROM asset_file f WHERE f."assetId" = file.id AND f.path = file.path)
      OR EXISTS (SELECT 1 FROM asset a WHERE a.id = file.id AND (a."originalPath" = file.path ${column}))
      OR EXISTS (
        SELECT 1
        FROM person p
        WHERE p.${sql(schema.people.personKey)} = file.id AND p."thumbnailPath" = file.path
      )`;
  return new Set(rows.map(({ path }) => path));
}

/** The thumbnail of a person has no kind in its name. Ours are copies, with one name from the beginning. */
const PORTRAIT_NAME = /\/[-0-9a-f]{36}\.jpe?g$/;

const UUID_NAME = /\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})[^/]*$/;

/** Returns how many went. `options`: see Linker.remove; a link may have become the last name of its file meanwhile. */
function remove(
  { linker, paths }: Context,
  strays: readonly string[],
  keep: string,
  options: { readonly sparesLast: boolean },
): number {
  return strays.filter((path) => {
    const [local, keepLocal] = [paths.toLocal(path), paths.toLocal(keep)];
    if (local === undefined || keepLocal === undefined) return false;
    try {
      linker.remove(local, keepLocal, options);
      return true;
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      logger.warn('a file of no mirror stays: {problem}', { problem: error.message });
      return false;
    }
  }).length;
}

function hasSecondName({ nlink }: Deno.FileInfo): boolean {
  return (nlink ?? 0) > 1;
}

function inspect(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch {
    return undefined; // it has gone meanwhile
  }
}
