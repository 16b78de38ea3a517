import { accessSync, constants } from 'node:fs';
import { count, list, named } from '../config/words.ts';
import { lstatOr } from '../files/identity.ts';
import { isBelow, type PathMap } from '../files/path_map.ts';
import type { Job } from '../share/jobs/job.ts';
import { lastingDirectory } from '../share/jobs/placement.ts';
import { KEPT_DIRECTORY } from '../share/mirrors/journal.ts';
import { forEachJob } from './check.ts';
import { fail, ok, type Verdict } from './finding.ts';
import type { Subject } from './subject.ts';

/** More than these are not looked at. */
const MOST_DIRECTORIES = 10_000;

/** Named in one finding. */
const EXAMPLES = 3;

/** A directory in which files of ours are removed, and why none can be. */
export interface Blocked {
  readonly local: string;
  readonly why: 'is a symbolic link' | 'is no directory' | 'cannot be written to';
}

/** Somebody who may write into the target's directory can keep files of ours in it, and so what is shared, where it is. */
export async function lookAtOwnDirectories(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, paths, version] = [await subject.sql.use(), await subject.paths.use(), await subject.ownVersion.get()];
  return await forEachJob(subject, async (job) => {
    if (job.placement === 'symlink') return []; // no original of it is ours
    const rows = version === 0 ? [] : await sql<{ directory: string }[]>`
      SELECT DISTINCT left(path, length(path) - strpos(reverse(path), '/')) AS directory
      FROM immich_sidecar.link
      WHERE starts_with(path, ${job.targetPathPrefix})
      ORDER BY 1
      LIMIT ${MOST_DIRECTORIES}`;
    return [judgeOwnDirectories(job, findBlocked(job, rows.map(({ directory }) => directory), paths))];
  });
}

/** Those of these directories, of those above them, and of where files lie aside, in which nothing can be removed. */
function findBlocked(job: Job, directories: readonly string[], paths: PathMap): Blocked[] {
  const top = lastingDirectory(job.targetPathPrefix);
  const all = new Set([top, `${top}/${KEPT_DIRECTORY}`]);
  for (const directory of directories) {
    for (let step = directory; isBelow(step, top); step = step.slice(0, step.lastIndexOf('/'))) all.add(step);
  }
  return [...all].flatMap((directory) => {
    const local = paths.toLocal(directory);
    const why = local === undefined ? undefined : obstacleIn(local);
    return local === undefined || why === undefined ? [] : [{ local, why }];
  });
}

function obstacleIn(local: string): Blocked['why'] | undefined {
  const info = lstatOr(local, undefined);
  if (info === undefined) return undefined; // it is made when it is needed
  if (info.isSymlink) return 'is a symbolic link';
  if (!info.isDirectory) return 'is no directory';
  try {
    accessSync(local, constants.W_OK | constants.X_OK);
    return undefined;
  } catch {
    return 'cannot be written to';
  }
}

/** Pure. */
export function judgeOwnDirectories(job: Pick<Job, 'name'>, blocked: readonly Blocked[]): Verdict {
  const name = named(job.name);
  if (blocked.length === 0) return ok(`${name}: files can be removed from all directories that it has made.`);
  const examples = list(blocked.slice(0, EXAMPLES).map(({ local, why }) => `${named(local)} ${why}`));
  const others = blocked.length > EXAMPLES ? ` (and ${count(blocked.length - EXAMPLES, 'other')})` : '';
  const moved = blocked.filter(({ why }) => why !== 'cannot be written to');
  const closed = blocked.length > moved.length;
  return fail(
    `${name}: what is not shared any more cannot be removed as it should be: ${examples}${others}.`,
    [
      ...moved.slice(0, EXAMPLES).map(({ local }) =>
        `Move it away, sync makes a directory there: mv ${named(local)} ${named(`${local}.away`)}`
      ),
      ...(closed
        ? ['Let the user write there whom this program runs as, and take that right away from others (chown, chmod).']
        : []),
    ].join(' '),
  );
}
