import { dirname } from 'node:path/posix';
import { list, named } from '../config/words.ts';
import { lstatOr } from '../files/identity.ts';
import { isBelow, type PathMap } from '../files/path_map.ts';
import type { Job } from '../share/jobs/job.ts';
import { forEachJob } from './check.ts';
import { ok, type Verdict, warn } from './finding.ts';
import type { Subject } from './subject.ts';

/** A directory in which others may make and rename files: every user of this machine, or everybody in a group. */
export interface OpenDirectory {
  readonly local: string;
  readonly group: number | 'everybody';
}

/** Somebody who may rename in a target's directory may exchange it while a cycle works there (docs/invariants.md). */
export async function lookAtOthers(subject: Subject): Promise<readonly Verdict[]> {
  const paths = await subject.paths.use();
  const own = { uid: Deno.uid(), gid: Deno.gid() };
  return await forEachJob(subject, (job) => {
    const open = openDirectories(paths.toLocal(job.targetPathPrefix.slice(0, -1)), paths);
    return Promise.resolve(judgeOthers(job, open, own));
  });
}

/** From the configured directory down to this one. */
function openDirectories(local: string | undefined, paths: PathMap): OpenDirectory[] {
  const open: OpenDirectory[] = [];
  const isOurs = (step: string) => paths.roots.some((root) => step === root.local || isBelow(step, root.local));
  for (let step = local; step !== undefined && isOurs(step); step = dirname(step)) {
    const { mode = null, gid = null } = lstatOr(step, undefined) ?? {};
    // With the sticky bit only its owner may rename a file.
    if (mode === null || (mode & 0o1000) !== 0) continue;
    if ((mode & 0o002) !== 0) open.unshift({ local: step, group: 'everybody' });
    else if ((mode & 0o020) !== 0 && gid !== null) open.unshift({ local: step, group: gid });
  }
  return open;
}

/** The group of root, in which nobody is who could not do everything anyway. */
const ROOT_GROUP = 0;

/**
 * Who else is in a group cannot be seen from here, where it is a container's: that is said, and how the right is taken away. The group of this program is
 * usually the one that Immich writes with (PGID), and no reason to warn; one that is named after its only user is nobody else's. Pure.
 *
 * @param own as whom this program runs
 */
export function judgeOthers(
  job: Pick<Job, 'name'>,
  open: readonly OpenDirectory[],
  own: { readonly uid: number | null; readonly gid: number | null },
): Verdict[] {
  const name = named(job.name);
  const groups = Map.groupBy(open, ({ group }) => group);
  const verdicts = [...groups].flatMap(([group, directories]): Verdict[] => {
    const quoted = directories.map(({ local }) => named(local));
    const [into, command] = [list(quoted), (who: string) => `chmod ${who}-w ${quoted.join(' ')}`];
    if (group === 'everybody') {
      return [warn(
        `${name}: every user of this machine may write into ${into}, and exchange what is shared.`,
        `Take that right away: ${command('o')}`,
      )];
    }
    if (group === ROOT_GROUP || (group === own.gid && own.uid === own.gid)) return [];
    if (group === own.gid) {
      return [ok(
        `${name}: everybody in group ${group}, the one of this program, may write into ${into}. If somebody in it is not to exchange what is shared: ` +
          `${command('g')}.`,
      )];
    }
    return [warn(
      `${name}: everybody in group ${group}, which is not the one of this program, may write into ${into}, and exchange what is shared.`,
      `Take that right away, unless Immich needs it or nobody else is in it: ${command('g')}`,
    )];
  });
  return verdicts.length > 0 ? verdicts : [ok(`${name}: nobody else may write into the target's directories.`)];
}
