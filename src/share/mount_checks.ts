import { UserError } from '../errors.ts';
import type { Linker } from '../files/linker.ts';
import { parentOf, type PathMap } from '../files/path_map.ts';
import { asFileProblem, FileProblem } from '../files/problem.ts';
import type { Sql } from '../postgres/connect.ts';
import { ownerFolder } from '../immich/layout.ts';
import type { Job } from './job.ts';
import { isSelected } from './selection.ts';

/** How many source files are looked for; if none of them is there, the mount is wrong rather than the files. */
const SAMPLE = 20;

/**
 * Checks that the directories of a job are mounted here, hold the source's files, can be written to, and that a hard
 * link can be made between them, by making one. Leaves nothing behind.
 *
 * Throws UserError (exit 2) naming the directories and the remedy.
 */
export async function checkMounts(sql: Sql, job: Job, linker: Linker, paths: PathMap): Promise<void> {
  for (const root of paths.roots) assertDirectory(root.local, root.immich);
  const name = `job ${JSON.stringify(job.name)}`;
  const target = localOrThrow(job.targetPathPrefix.slice(0, -1), paths, name);
  const thumbs = localOrThrow(ownerFolder(job.mediaLocation, 'thumbs', job.targetUserId), paths, name);
  const sample = await sql<{ path: string }[]>`
    SELECT a."originalPath" AS path
    FROM asset a
    WHERE ${isSelected(sql, job)}
    LIMIT ${SAMPLE}`;
  const sources = sample.flatMap(({ path }) => paths.toLocal(path) ?? []);
  const present = sources.find((path) => isThere(path, linker));
  if (sample.length > 0 && present === undefined) {
    throw new UserError(
      `${name}: none of ${sample.length} sampled files of the source is here, for example ` +
        `${JSON.stringify(sources[0] ?? sample[0]?.path)}.`,
      {
        remedy: 'Check that the directory is mounted, and UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR or PATH_MAP: ' +
          paths.roots.map((root) => `${root.immich} is looked for in ${root.local}`).join(', ') + '.',
      },
    );
  }
  const directories = job.placement === 'hardlink' ? [target, thumbs] : [thumbs];
  for (const directory of directories) probe(directory, present, linker, paths, name);
}

function isThere(path: string, linker: Linker): boolean {
  try {
    linker.inspect(path);
    return true;
  } catch {
    return false;
  }
}

function assertDirectory(local: string, immich: string): void {
  try {
    if (Deno.statSync(local).isDirectory) return;
  } catch {
    // reported below
  }
  throw new UserError(
    `The directory ${JSON.stringify(local)}, which is ${JSON.stringify(immich)} in Immich, is not here.`,
    {
      remedy: 'Mount it, or set UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR or PATH_MAP to where it is mounted.',
    },
  );
}

function localOrThrow(immichPath: string, paths: PathMap, name: string): string {
  const local = paths.toLocal(immichPath);
  if (local !== undefined) return local;
  throw new UserError(`${name}: ${JSON.stringify(immichPath)} lies outside the configured directories.`, {
    remedy: `Configured are ${paths.roots.map((root) => root.immich).join(', ')}; add a pair to PATH_MAP.`,
  });
}

/** Makes and removes one hard link to `source` in the nearest directory that exists above `directory`. */
function probe(directory: string, source: string | undefined, linker: Linker, paths: PathMap, name: string): void {
  if (source === undefined) return;
  const existing = nearestDirectory(directory);
  const target = `${existing}/.immich-sidecar-probe-${crypto.randomUUID()}`;
  try {
    const file = linker.inspect(source);
    linker.link(file, target);
    linker.remove(target, existing);
  } catch (error) {
    throw explain(asFileProblem(error, target), source, existing, name, paths);
  }
}

function nearestDirectory(directory: string): string {
  while (directory !== '/') {
    try {
      Deno.lstatSync(directory);
      return directory;
    } catch {
      directory = parentOf(directory);
    }
  }
  return directory;
}

function explain(problem: FileProblem, source: string, directory: string, name: string, paths: PathMap): UserError {
  const [from, to] = [JSON.stringify(parentOf(source)), JSON.stringify(directory)];
  switch (problem.reason) {
    case 'other-filesystem':
      return new UserError(
        `${name}: no hard link can be made from ${from} to ${to}: they are on different file systems.`,
        {
          remedy:
            'Put the target directory on the file system of the originals (in a container: below the same mount), ' +
            'or set placement: symlink for this job.',
          cause: problem,
        },
      );
    case 'outside-roots':
      return new UserError(
        `${name}: ${to} is, or lies behind, a symbolic link, so hard links there would land elsewhere.`,
        {
          remedy:
            'With placement hardlink the target prefix must be a directory of its own, such as a new hidden directory ' +
            'beside the link; or set placement: symlink for this job.',
          cause: problem,
        },
      );
    case 'read-only':
    case 'permission':
      return new UserError(`${name}: nothing can be written to ${to}: ${problem.message}.`, {
        remedy: 'Mount it read-write and run as a user who may write there (in a container: PUID and PGID).',
        cause: problem,
      });
    default:
      return new UserError(`${name}: a test link from ${from} to ${to} failed: ${problem.message}.`, {
        remedy: `Check these directories; configured are ${paths.roots.map((root) => root.local).join(', ')}.`,
        cause: problem,
      });
  }
}
