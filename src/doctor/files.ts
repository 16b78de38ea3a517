import { existsSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { bytes, count, list, named, plural } from '../config/words.ts';
import { type PathMap, type Root } from '../files/path_map.ts';
import type { Fragment, Sql } from '../postgres/connect.ts';
import type { Placement } from '../config/config.ts';
import type { Job } from '../share/jobs/job.ts';
import { mayLink, wayOf } from '../share/jobs/placement.ts';
import { checkMounts } from '../share/checks/mounts.ts';
import { fittingRoot } from '../writeback/mount_check.ts';
import { type Check, forEachJob } from './check.ts';
import { lookAtOthers } from './others.ts';
import { lookAtOwnDirectories } from './own_directories.ts';
import { type Directory, lookAt } from './directories.ts';
import { fail, ok, type Verdict, warn } from './finding.ts';
import type { Subject } from './subject.ts';
import { nearestDirectory } from '../files/nearest.ts';

/** The directories, and whether the files of Immich are found in them. */
export const FILE_CHECKS: readonly Check[] = [
  { group: 'files', name: 'files.directories', look: lookAtDirectories },
  { group: 'files', name: 'files.space', look: lookAtSpace },
  { group: 'files', name: 'files.originals', look: lookAtOriginals },
  { group: 'files', name: 'files.links', look: lookAtLinks },
  { group: 'files', name: 'files.others', look: lookAtOthers },
  { group: 'files', name: 'files.own', look: lookAtOwnDirectories },
];

async function lookAtDirectories(subject: Subject): Promise<readonly Verdict[]> {
  return (await subject.directories.get()).map(judgeDirectory);
}

export function judgeDirectory({ immich, local, problem }: Pick<Directory, 'immich' | 'local' | 'problem'>): Verdict {
  const what = local === immich ? named(local) : `${named(local)}, which is ${named(immich)} in Immich,`;
  if (problem === undefined) return ok(`${what} is here.`);
  return fail(
    `${what} ${problem}.`,
    'Mount it, or set UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR or PATH_MAP to where it is mounted.',
  );
}

/** Links need hardly any room; but Immich's database and thumbnails, and ExifTool's copies, lie there as well. */
const LITTLE_BYTES = 1024 ** 3;
const HARDLY_ANY_BYTES = 64 * 1024 ** 2;
const FEW_INODES = 10_000;

async function lookAtSpace(subject: Subject): Promise<readonly Verdict[]> {
  const directories = (await subject.directories.use()).filter(({ space }) => space !== undefined);
  const byDevice = Map.groupBy(directories, ({ space }) => space?.device);
  return [...byDevice.values()].flatMap((same) => judgeSpace(same, byDevice.size === 1));
}

/**
 * @param directories of one file system
 * @param isOnly whether there is no other
 */
export function judgeSpace(
  directories: readonly Pick<Directory, 'local' | 'space'>[],
  isOnly: boolean,
): readonly Verdict[] {
  const space = directories[0]?.space;
  if (space === undefined) return [];
  const where = isOnly ? 'there' : `at ${list(directories.map(({ local }) => named(local)))}`;
  const free = `${bytes(space.freeBytes)} of ${bytes(space.totalBytes)} are free ${where}.`;
  const remedy = 'Make room on that disk.';
  if (space.freeBytes < HARDLY_ANY_BYTES) return [fail(free, remedy)];
  if (space.freeBytes < LITTLE_BYTES) return [warn(free, remedy)];
  if (space.freeInodes !== undefined && space.freeInodes < FEW_INODES) {
    return [warn(`Only ${count(space.freeInodes, 'file')} can be made ${where} (inodes).`, remedy)];
  }
  return [ok(free)];
}

/** On a disk that is asleep each of them may take 10 ms. */
const SAMPLE = 50;

/** A file that Immich knows, by what it is. Paths as Immich sees them. */
interface Sample {
  readonly original: string;
  readonly thumbnail: string | null;
}

async function lookAtOriginals(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, paths, selects] = [await subject.sql.use(), await subject.paths.use(), await subject.selection.use()];
  await subject.linker.use(); // the directories are there
  return await forEachJob(subject, async (job) => {
    const samples = await sql<Sample[]>`
      SELECT
        a."originalPath" AS original,
        (SELECT f.path FROM asset_file f WHERE f."assetId" = a.id AND f.type = 'thumbnail' LIMIT 1) AS thumbnail
      FROM asset a
      WHERE ${selects(job)}
      ORDER BY random()
      LIMIT ${SAMPLE}`;
    const originals = lookFor(samples.map(({ original }) => original), paths);
    const thumbnails = lookFor(samples.flatMap(({ thumbnail }) => thumbnail ?? []), paths);
    const problems = [...judgeFound(job, 'originals', originals), ...judgeFound(job, 'thumbnails', thumbnails)];
    const all = `${count(originals.sought, 'sampled original')} and ${count(thumbnails.sought, 'thumbnail')}`;
    return problems.length > 0 ? problems : [ok(`${named(job.name)}: ${all} were looked for and found.`)];
  });
}

/** What became of looking for some files. */
export interface Found {
  readonly sought: number;
  /** Paths as Immich sees them. */
  readonly missing: readonly string[];
  /** Where the first of them was looked for. */
  readonly lookedAt: string | undefined;
  readonly roots: readonly Root[];
  /** The pair of directories under which most of them would be found. */
  readonly fit: Root | undefined;
}

function lookFor(files: readonly string[], paths: PathMap): Found {
  const missing = files.filter((path) => {
    const local = paths.toLocal(path);
    return local === undefined || !existsSync(local);
  });
  const [first] = missing;
  return {
    sought: files.length,
    missing,
    lookedAt: first === undefined ? undefined : paths.toLocal(first),
    roots: paths.roots,
    fit: missing.length * 2 > files.length ? fittingRoot(missing, paths.roots.map(({ local }) => local)) : undefined,
  };
}

/** Empty when all were found. */
export function judgeFound(job: Pick<Job, 'name'>, what: 'originals' | 'thumbnails', found: Found): Verdict[] {
  const { sought, missing, lookedAt, roots, fit } = found;
  const name = named(job.name);
  const [example] = missing;
  if (example === undefined) return [];
  const which = missing.length === sought
    ? `none of ${sought} sampled ${what} is here`
    : `${missing.length} of ${sought} sampled ${what} ${plural(missing.length, 'is', 'are')} not here`;
  const where = lookedAt === undefined
    ? 'which lies in none of the configured directories'
    : `looked for at ${named(lookedAt)}`;
  const message = `${name}: ${which}, for example ${named(example)}, ${where}.`;
  if (fit !== undefined) return [fail(message, `This would fit: PATH_MAP=${fit.immich}=${fit.local}`)];
  if (missing.length * 2 > sought) {
    const map = roots.map((root) => `${root.immich} is looked for in ${root.local}`);
    return [fail(
      message,
      `Check that the directory is mounted, and UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR or PATH_MAP: ${list(map)}.`,
    )];
  }
  return [warn(
    message,
    what === 'originals'
      ? 'They are not shared. A library scan in Immich marks them offline; put them back, or delete them in Immich.'
      : 'Let Immich make them anew (Administration > Jobs > Generate Thumbnails > Missing, or All).',
  )];
}

const WAYS: Readonly<Record<Placement, string>> = Object.freeze({
  hardlink: 'hard links',
  symlink: 'hard links of thumbnails',
  copy: 'copies',
});

/** Makes a test link, or copy, and removes it, where they would be made. */
async function lookAtLinks(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, paths, selects] = [await subject.sql.use(), await subject.paths.use(), await subject.selection.use()];
  const linker = await subject.linker.use();
  return await forEachJob(subject, async (job) => {
    await checkMounts(sql, job, { linker, paths }, selects(job));
    const way = wayOf(job);
    const what = way === 'link-or-copy' ? 'hard links, or copies where no link leads,' : WAYS[job.placement];
    const sampled = mayLink(job) ? await sampleDevices(sql, job, paths, selects(job)) : [];
    const problems = way === 'link' ? judgeDevices(job, sampled) : [];
    if (problems.length > 0) return problems;
    const isCopied = way === 'copy' || (way === 'link-or-copy' && sampled.some(({ isTargets }) => !isTargets));
    const room = isCopied ? judgeRoom(job, await readRoom(subject, job)) : undefined;
    if (room !== undefined) return [room];
    return [ok(`${named(job.name)}: ${what} can be made (one was made and removed).`)];
  });
}

interface Room {
  /** Size of the originals that have no copy yet. */
  readonly neededBytes: number;
  /** Undefined where nobody knows. */
  readonly freeBytes: number | undefined;
}

async function readRoom(subject: Subject, job: Job): Promise<Room> {
  const [sql, paths, selects] = [await subject.sql.use(), await subject.paths.use(), await subject.selection.use()];
  const isShared = await subject.ownVersion.get() > 0
    ? sql`EXISTS (
        SELECT FROM immich_sidecar.asset_map m WHERE m.source_asset_id = a.id AND m.target_user_id = ${job.targetUserId}
      )`
    : sql`false`;
  const [row] = await sql<{ bytes: number }[]>`
    SELECT coalesce(sum(e."fileSizeInByte"), 0)::float8 AS bytes
    FROM asset a
    JOIN asset_exif e ON e."assetId" = a.id
    WHERE ${selects(job)}
      AND NOT ${isShared}`;
  const target = paths.toLocal(job.targetPathPrefix.slice(0, -1));
  const space = target === undefined ? undefined : (await lookAt(nearestDirectory(target))).space;
  return { neededBytes: row?.bytes ?? 0, freeBytes: space?.freeBytes };
}

/** Undefined when there is room, or nothing is known. A gigabyte is to stay free. Pure. */
export function judgeRoom(job: Pick<Job, 'name'>, { neededBytes, freeBytes }: Room): Verdict | undefined {
  if (freeBytes === undefined || neededBytes + LITTLE_BYTES <= freeBytes) return undefined;
  return warn(
    `${named(job.name)}: ${bytes(neededBytes)} are still to be copied, and only ${bytes(freeBytes)} are free there.`,
    'Make room on that disk: what does not fit is left out, as a gigabyte stays free.',
  );
}

/** A directory of sampled originals, and whether it is on the disk of the target. */
interface OnDevice {
  readonly directory: string;
  readonly isTargets: boolean;
}

/** One test link says nothing about another disk that is mounted inside the source. */
async function sampleDevices(sql: Sql, job: Job, paths: PathMap, selected: Fragment): Promise<readonly OnDevice[]> {
  const rows = await sql<{ path: string }[]>`
    SELECT a."originalPath" AS path
    FROM asset a
    WHERE ${selected}
    ORDER BY random()
    LIMIT ${DEVICE_SAMPLE}`;
  const target = paths.toLocal(job.targetPathPrefix.slice(0, -1));
  const device = target === undefined ? undefined : Deno.statSync(nearestDirectory(target)).dev;
  return rows.flatMap(({ path }) => {
    const local = paths.toLocal(path);
    if (local === undefined || !existsSync(local)) return []; // told by another check
    return [{ directory: dirname(path), isTargets: Deno.statSync(local).dev === device }];
  });
}

/** A stat of a file that is not cached takes a disk some 10 ms. */
const DEVICE_SAMPLE = 200;

/** Empty when all is well. */
export function judgeDevices(job: Pick<Job, 'name'>, sampled: readonly OnDevice[]): Verdict[] {
  const others = sampled.filter(({ isTargets }) => !isTargets);
  const [first] = others;
  if (first === undefined) return [];
  return [warn(
    `${named(job.name)}: ${others.length} of ${
      count(sampled.length, 'sampled original')
    } lie on another file system than the ` +
      `target, for example in ${named(first.directory)}: no hard link can be made to them, so they are not shared.`,
    'Share that disk with a share of its own, whose target_path_prefix lies on it (in a container: below the same mount), or set ' +
      'placement: copy, which takes the space a second time.',
  )];
}
