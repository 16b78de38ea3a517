import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { UserError } from '../../errors.ts';
import { nearestDirectory } from '../../files/nearest.ts';
import type { Linker } from '../../files/linker.ts';
import type { PathMap, Root } from '../../files/path_map.ts';
import { describeLinkObstacle, linkObstacle } from '../../files/link_obstacle.ts';
import { asFileProblem, FileProblem } from '../../files/problem.ts';
import { TEST_LINK } from '../../files/test_link.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { ownerFolder } from '../../immich/layout.ts';
import type { Files } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isSelected } from '../selection/selection.ts';

/** How many source files are looked for; if none of them is there, the mount is wrong rather than the files. */
const SAMPLE = 20;

/**
 * Checks that the directories of a job are mounted here, hold the source's files, can be written to, and that a hard
 * link can be made between them, by making one. Leaves nothing behind.
 *
 * @param selected a condition on the rows `a` of `asset`
 *
 * Throws UserError (exit 2) naming the directories and the remedy.
 */
export async function checkMounts(
  sql: Sql,
  job: Job,
  files: Files,
  selected: Fragment = isSelected(sql, job),
): Promise<void> {
  const { linker, paths } = files;
  for (const root of rootsOf(job, paths)) {
    assertDirectory(root.local, root.immich);
    if (root.immich === job.mediaLocation) assertNotEmpty(root);
  }
  const name = `share ${JSON.stringify(job.name)}`;
  const target = localOrThrow(job.targetPathPrefix.slice(0, -1), paths, name);
  const thumbs = localOrThrow(ownerFolder(job.mediaLocation, 'thumbs', job.targetUserId), paths, name);
  let sample = await readSample(sql, selected, 'first');
  let present = sample.find(({ original }) => isThere(original, linker, paths));
  if (present === undefined && sample.length > 0) {
    // The first ones may lie in one folder that was removed: only a random sample says that the mount is wrong.
    sample = await readSample(sql, selected, 'random');
    present = sample.find(({ original }) => isThere(original, linker, paths));
  }
  if (sample.length > 0 && present === undefined) {
    throw new UserError(
      `${name}: none of ${sample.length} sampled files of the source is here, for example ` +
        `${JSON.stringify(sample[0]?.original)}.`,
      {
        problemCode: 'originals-away',
        remedy: 'Check that the directory is mounted, and UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR or PATH_MAP: ' +
          paths.roots.map((root) =>
            `${root.immich} is looked for in ${root.local}${isEmpty(root.local) ? ', which is empty' : ''}`
          ).join(', ') + '.',
      },
    );
  }
  const isCopy = job.placement === 'copy';
  if (present !== undefined && job.placement === 'hardlink') {
    // What takes photos from everywhere may have some on other disks: these are left out, each with its reason, and the rest is shared.
    const sources = job.kind === 'any' ? onePerRoot(sample, files) : [present.original];
    probeAny(sources.map((source) => ({ name, source, directory: target, isOriginal: true, isCopy, job })), files);
  }
  // Generated files are linked to generated files: the originals may lie on another file system.
  const thumbnail = sample.find((files) => files.thumbnail !== null && isThere(files.thumbnail, linker, paths))
    ?.thumbnail;
  if (thumbnail) probe({ name, source: thumbnail, directory: thumbs, isOriginal: false, isCopy, job }, files);
  // An original may be a film of gigabytes; a small file tells as well whether one can be written there.
  if (thumbnail && isCopy) probe({ name, source: thumbnail, directory: target, isOriginal: true, isCopy, job }, files);
}

/** The directories that a job needs: another job's disk may be away. What says nothing of its sources may have them anywhere. */
function rootsOf(job: Job, paths: PathMap): readonly Root[] {
  if (job.kind !== 'upload' && job.sourcePathPrefix === undefined) return paths.roots;
  const directories = [job.sourcePathPrefix, job.targetPathPrefix, `${job.mediaLocation}/`];
  const needed = directories.map((path) => path === undefined ? undefined : paths.rootOf(path.slice(0, -1)));
  return paths.roots.filter((root) => needed.includes(root));
}

/** Some sources of a job; paths as Immich sees them. */
async function readSample(
  sql: Sql,
  selected: Fragment,
  order: 'first' | 'random',
): Promise<{ original: string; thumbnail: string | null }[]> {
  return await sql<{ original: string; thumbnail: string | null }[]>`
    SELECT
      a."originalPath" AS original,
      (SELECT f.path FROM asset_file f WHERE f."assetId" = a.id AND f.type = 'thumbnail' LIMIT 1) AS thumbnail
    FROM asset a
    WHERE ${selected}
    ${order === 'random' ? sql`ORDER BY random()` : sql``}
    LIMIT ${SAMPLE}`;
}

function isThere(path: string, linker: Linker, paths: PathMap): boolean {
  try {
    linker.inspect(paths.toLocal(path) ?? path);
    return true;
  } catch {
    return false;
  }
}

function assertDirectory(local: string, immich: string): void {
  try {
    if (Deno.statSync(local).isDirectory) return;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw refused(local, immich, error);
    // reported below
  }
  throw new UserError(
    `The directory ${JSON.stringify(local)}, which is ${JSON.stringify(immich)} in Immich, is not here.`,
    {
      problemCode: 'directory-away',
      remedy: 'Mount it, or set UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR or PATH_MAP to where it is mounted.',
    },
  );
}

/** Immich's own directory always has something in it: Docker makes an empty one for what is not there, and a mount point is empty without its disk. */
function assertNotEmpty({ local, immich }: Root): void {
  if (!isEmpty(local)) return;
  throw new UserError(
    `The directory ${JSON.stringify(local)}, which is to be Immich's own ${JSON.stringify(immich)}, is empty.`,
    {
      problemCode: 'directory-away',
      remedy: 'Mount its disk, or set UPLOAD_LOCATION to the directory that holds "upload" and "thumbs" ' +
        "(UPLOAD_LOCATION in Immich's .env).",
    },
  );
}

function isEmpty(local: string): boolean {
  try {
    return readdirSync(local).length === 0;
  } catch {
    return false;
  }
}

/** Where Deno lets nobody in whose permissions have limits, whatever they name (2.9). */
const CLOSED = /^\/(dev|proc|sys)\//;

/** What only Immich's database names gives this process no permission. */
function refused(local: string, immich: string, cause: unknown): UserError {
  const [here, there] = [JSON.stringify(local), JSON.stringify(immich)];
  return CLOSED.test(`${local}/`)
    ? new UserError(`${here}, which is ${there} in Immich, is in a place where Deno lets this program do nothing.`, {
      problemCode: 'permissions',
      remedy: 'Keep or mount it anywhere but below /dev, /proc and /sys.',
      cause,
    })
    : new UserError(`Immich keeps its media in ${there}, and no setting names ${here} here.`, {
      problemCode: 'not-named',
      remedy: 'Set UPLOAD_LOCATION to that directory as this program sees it; nothing else may be touched.',
      cause,
    });
}

function localOrThrow(immichPath: string, paths: PathMap, name: string): string {
  const local = paths.toLocal(immichPath);
  if (local !== undefined) return local;
  throw new UserError(`${name}: ${JSON.stringify(immichPath)} lies outside the configured directories.`, {
    problemCode: 'outside-roots',
    remedy: `Configured are ${paths.roots.map((root) => root.immich).join(', ')}; add a pair to PATH_MAP.`,
  });
}

/** A test link, or copy: from a file of Immich's to the nearest directory that exists above the one that links will go to. */
interface Probe {
  readonly name: string;
  readonly source: string;
  readonly directory: string;
  readonly isOriginal: boolean;
  readonly isCopy: boolean;
  readonly job: Job;
}

/** Of each root one that is there. */
function onePerRoot(sample: readonly { readonly original: string }[], { linker, paths }: Files): string[] {
  const there = sample.map(({ original }) => original).filter((path) => isThere(path, linker, paths));
  return [...new Map(there.map((path) => [paths.rootOf(path), path])).values()];
}

/** One of them must be possible. */
function probeAny(tests: readonly Probe[], files: Files): void {
  let failure: unknown;
  for (const test of tests) {
    try {
      return probe(test, files);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** Makes and removes one hard link, or one copy. */
function probe(test: Probe, { linker, paths }: Files): void {
  const source = paths.toLocal(test.source) ?? test.source;
  const existing = nearestDirectory(test.directory, isNamed);
  const target = `${existing}/${TEST_LINK}`;
  try {
    removeLeftOver(existing, linker);
    const file = linker.inspect(source);
    if (test.isCopy) linker.copy(file, target);
    else linker.link(file, target);
    linker.remove(target, existing);
  } catch (error) {
    throw explain(asFileProblem(error, target), test, dirname(source), existing);
  }
}

/** Removes probes of runs that were killed. They lie in a directory that was the nearest then: in this one or above it. */
function removeLeftOver(directory: string, linker: Linker): void {
  for (; linker.contains(directory); directory = dirname(directory)) {
    if (existsSync(`${directory}/${TEST_LINK}`)) linker.remove(`${directory}/${TEST_LINK}`, directory);
  }
}

/** A link that leads nowhere, too: nothing is to be made above it. */
function isNamed(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A remedy for shared albums. */
const ANOTHER_DIRECTORY =
  'List a directory on that disk, too (in a container: below that mount), in directory of shared_albums; or set placement: copy there, which copies what ' +
  'no hard link can lead to, and takes its space a second time (docs/placements.md).';

function explain(problem: FileProblem, { name, isOriginal, job }: Probe, source: string, directory: string): UserError {
  const [from, to] = [JSON.stringify(source), JSON.stringify(directory)];
  const problemAndRemedy = (message: string, remedy: string) =>
    new UserError(`${name}: ${message}`, { problemCode: problem.reason, remedy, cause: problem });
  const obstacle = linkObstacle(problem, directory);
  if (obstacle !== undefined) {
    const { message, remedy } = describeLinkObstacle(obstacle, from, to);
    return problemAndRemedy(message, remedy);
  }
  switch (problem.reason) {
    case 'other-filesystem':
      return problemAndRemedy(
        `no hard link can be made from ${from} to ${to}: they are on different file systems.`,
        job.pair !== undefined
          ? ANOTHER_DIRECTORY
          : isOriginal
          ? 'Put target_path_prefix on the file system of the originals (in a container: below the same mount), ' +
            'or set placement: copy for this share, which takes the space a second time (docs/placements.md).'
          : "Immich's media directory must be one file system, mounted here as a whole (UPLOAD_LOCATION); or set placement: copy for this share.",
      );
    case 'outside-roots':
      return problemAndRemedy(
        `${to} is, or lies behind, a symbolic link, so files there would land elsewhere.`,
        isOriginal
          ? 'With placement hardlink or copy, target_path_prefix must be a directory of its own, such as a new hidden directory ' +
            'beside the link; or set placement: symlink for this share.'
          : "Let UPLOAD_LOCATION (or PATH_MAP) name the directory that Immich's media really is in.",
      );
    case 'read-only':
    case 'permission':
      return problemAndRemedy(
        `nothing can be written to ${to} (${
          problem.reason === 'read-only' ? 'it is mounted read-only' : 'permission denied'
        }).`,
        'Mount it read-write and run as a user who may write there (in a container: PUID and PGID).',
      );
    default:
      return problemAndRemedy(
        `a test link from ${from} to ${to} failed: ${problem.message}.`,
        'Check the two directories and that both can be read and written.',
      );
  }
}
