import { quotedPath } from '../../config/quote.ts';
import { namedFiles } from '../../immich/asset_files.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import { ownerFolder } from '../../immich/layout.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isHidden, lastingDirectory, mayLink } from '../jobs/placement.ts';
import { asideDirectories, GOING, notRemoved, removeFiles } from '../mirrors/journal.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** Files of ours that no row names; paths as Immich sees them. */
export interface StrayPage {
  readonly paths: readonly string[];
  /** Directories that become empty are removed up to this one. */
  readonly keep: string;
  /** A link may have become the last name of its file meanwhile. */
  readonly sparesLast: boolean;
}

/**
 * Removes files of ours that no row of a restored, older database knows: links to originals in a job's hidden directory and, if
 * there are any, links to generated files in the target's folders. What their sources still select is linked anew in this
 * cycle. A file with a single name stays: it is not ours, or all that is left of a source.
 *
 * Generated files are looked for first: as long as an original is left over, a run that was killed comes back to them.
 */
export const strays = definePhase({
  name: 'strays',
  what: 'Removes files of ours in hidden directories that no row names, such as a restored backup leaves.',
  per: 'job',
  removesLeftovers: 'on disk',
  isFullOnly: true,
  counts: { straysRemoved: 'files of no shared photo removed' },
  plan: planStrays,
  apply: eachPage(({ files, database }, job: Job, { paths, keep, sparesLast }, tally: Tally<'straysRemoved'>) => {
    database.signal.throwIfAborted();
    // Each by a name of its own aside, so that none is in the way of the next if it stays there.
    const entries = paths.map((path) => ({ mirrorId: crypto.randomUUID(), path, keep }));
    const failed = removeFiles(entries, files, { sparesLast });
    for (const failure of failed) tally.problem(notRemoved(failure, { job: job.name }));
    tally.add('straysRemoved', paths.length - failed.length);
    return Promise.resolve();
  }),
  describe: ({ paths }: StrayPage) => linesOf('-', 'files of no shared photo to remove', paths, quotedPath),
});

async function* planStrays(view: View, job: Job): AsyncGenerator<StrayPage> {
  if (!mayLink(job) || !isHidden(job.targetPathPrefix)) return;
  const { sql, schema } = view;
  const keep = lastingDirectory(job.targetPathPrefix);
  const aside = await findLeftAside(view, keep);
  if (aside.length > 0) yield { paths: aside, keep, sparesLast: true };
  const findOriginals = () =>
    findStrays(view, job.targetPathPrefix.slice(0, -1), {
      readNamed: (files) => readNamedOriginals(sql, schema, job, files),
      isOurs: hasSecondName,
    });
  if (!await isAny(findOriginals())) return;
  const portraits = await readPortraits(view, job);
  for (const folder of ['thumbs', 'encoded-video'] as const) {
    const generated = findStrays(view, ownerFolder(job.mediaLocation, folder, job.targetUserId), {
      readNamed: (files) => readNamedGenerated(sql, schema, files),
      isOurs: (file) => hasSecondName(file) || portraits.has(file.size, file.mtime),
    });
    const keep = `${job.mediaLocation}/${folder}`;
    for await (const page of generated) {
      const [copies, links] = [true, false].map((is) => page.filter((path) => PORTRAIT_NAME.test(path) === is));
      if (copies !== undefined && copies.length > 0) yield { paths: copies, keep, sparesLast: false };
      if (links !== undefined && links.length > 0) yield { paths: links, keep, sparesLast: true };
    }
  }
  for await (const paths of findOriginals()) yield { paths, keep, sparesLast: true };
}

async function isAny(pages: AsyncGenerator<unknown>): Promise<boolean> {
  for await (const _ of pages) return true;
  return false;
}

/** Files that were on their way out when a run was killed, and of which no row tells: they were strays, or the database was restored since. */
async function findLeftAside({ sql, files: { paths } }: View, keep: string): Promise<string[]> {
  const found = asideDirectories(keep).flatMap((directory) => {
    const local = paths.toLocal(directory);
    if (local === undefined || !inspect(local)?.isDirectory) return [];
    return entriesOf(local).flatMap(({ name }) => {
      const match = LEFT_ASIDE.exec(name);
      const file = match === null ? undefined : inspect(`${local}/${name}`);
      if (file?.isFile !== true || !hasSecondName(file)) return [];
      return [{ path: `${directory}/${name}`, mirrorId: match?.[1] ?? null }];
    });
  });
  if (found.length === 0) return [];
  const known = await sql<{ id: string }[]>`
    SELECT DISTINCT mirror_id AS id
    FROM immich_sidecar.link
    WHERE mirror_id = ANY (${found.flatMap(({ mirrorId }) => mirrorId ?? [])}::uuid[])`;
  const ids = new Set<string | null>(known.map(({ id }) => id));
  return found.filter(({ mirrorId }) => !ids.has(mirrorId)).map(({ path }) => path);
}

/** Of which mirror it was, which earlier versions did not write of strays, and its ending. */
const LEFT_ASIDE = new RegExp(
  `^\\${GOING}([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?(?:\\.[A-Za-z0-9]{1,8})?$`,
);

/** What is known of files. */
interface Lookup {
  /** Which of these paths (as Immich sees them) rows name. */
  readNamed(files: readonly string[]): Promise<Set<string>>;
  /** Whether a file that no row names was put there by us. */
  isOurs(file: Deno.FileInfo): boolean;
}

/** Files of ours below a directory (as Immich sees it) that no row names. */
async function* findStrays(
  { files: { paths }, limits }: View,
  directory: string,
  lookup: Lookup,
): AsyncGenerator<string[]> {
  const local = paths.toLocal(directory);
  if (local === undefined || !inspect(local)?.isDirectory) return;
  const look = async (page: readonly string[]) => {
    const named = await lookup.readNamed(page);
    return page.filter((path) => {
      const file = named.has(path) ? undefined : inspect(local + path.slice(directory.length));
      return file !== undefined && lookup.isOurs(file);
    });
  };
  let page: string[] = [];
  for (const path of filesBelow(local)) {
    page.push(directory + path.slice(local.length));
    if (page.length < limits.strays) continue;
    const strays = await look(page);
    page = [];
    if (strays.length > 0) yield strays;
  }
  const strays = page.length > 0 ? await look(page) : [];
  if (strays.length > 0) yield strays;
}

/** Sizes and times of the thumbnails that people have: ours are copies of them. */
async function readPortraits({ sql, files: { paths } }: View, job: Job) {
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
  for (const entry of entriesOf(directory)) {
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
  const rows = await sql<{ path: string }[]>`
    SELECT "originalPath"::text AS path
    FROM asset
    WHERE "originalPath" = ANY (${files as string[]})
      AND "libraryId" = ${job.targetLibraryId}
    ${
    sidecars.length === 0 ? sql`` : sql`
      UNION ALL
      SELECT named.path FROM ${
      namedFiles(sql, schema)
    } named WHERE named.type = 'sidecar' AND named.path = ANY (${sidecars})`
  }
    UNION ALL
    ${leftOfLocked(sql, files)}`;
  return new Set(rows.map(({ path }) => path));
}

/** Generated files are named after the asset or person that has them. */
async function readNamedGenerated(sql: Sql, schema: ImmichSchema, files: readonly string[]): Promise<Set<string>> {
  const owners = files.map((path) => ({ path, id: UUID_NAME.exec(path)?.[1] ?? null }));
  const rows = await sql<{ path: string }[]>`
    SELECT file.path
    FROM jsonb_to_recordset(${sql.json(owners)}) AS file (path text, id uuid)
    WHERE file.id IS NULL
      OR EXISTS (
        SELECT 1 FROM ${namedFiles(sql, schema)} named WHERE named."assetId" = file.id AND named.path = file.path
      )
      OR EXISTS (SELECT 1 FROM asset a WHERE a.id = file.id AND a."originalPath" = file.path)
      OR EXISTS (
        SELECT 1
        FROM person p
        WHERE p.${sql(schema.people.personKey)} = file.id AND p."thumbnailPath" = file.path
      )
    UNION ALL
    ${leftOfLocked(sql, files)}`;
  return new Set(rows.map(({ path }) => path));
}

/** Files of locked photos that could not be removed yet: phases/unfinished.ts tries again, and says so. */
function leftOfLocked(sql: Sql, files: readonly string[]): Fragment {
  return sql`
    SELECT path
    FROM immich_sidecar.link
    WHERE locked_source_id IS NOT NULL
      AND path = ANY (${files as string[]})`;
}

/** The thumbnail of a person has no kind in its name. Ours are copies, with one name from the beginning. */
const PORTRAIT_NAME = /\/[-0-9a-f]{36}\.jpe?g$/;

const UUID_NAME = /\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})[^/]*$/;

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

/** None of a directory that has gone meanwhile. */
function entriesOf(directory: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(directory)];
  } catch {
    return [];
  }
}
