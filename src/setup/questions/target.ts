import { existsSync } from 'node:fs';
import type { JobConfig, Placement } from '../../config/config.ts';
import { quote } from '../../config/quote.ts';
import { pathPrefix } from '../../config/values.ts';
import { list } from '../../config/words.ts';
import { UserError } from '../../errors.ts';
import { describeLinkObstacle } from '../../files/link_obstacle.ts';
import { PathMap } from '../../files/path_map.ts';
import type { ImmichUser } from '../../immich/api/users.ts';
import { isBehindLink } from '../../files/behind_link.ts';
import type { LibraryAnswer, ShareAnswer } from '../answers.ts';
import { type LinkTest, otherDisksIn, testLink } from '../link_test.ts';
import type { Scans } from '../scans.ts';
import type { Directories, Server, Session } from '../session.ts';
import { libraryFor } from '../target_library.ts';
import { objectionTo, proposeTargets } from '../targets.ts';
import { isCalled } from '../users.ts';
import { parse } from './server.ts';

interface Share {
  readonly kind: ShareAnswer['kind'];
  readonly source: ImmichUser;
  readonly target: ImmichUser;
  readonly sourcePath: string | undefined;
  readonly job: JobConfig | undefined;
  readonly others: readonly JobConfig[];
  /** Directories of Immich's in which most of the originals lie, the first the most; empty: as its kind and path say. */
  readonly originals: readonly string[];
}

interface Target {
  readonly targetPath: string;
  readonly placement: Placement;
  readonly library: LibraryAnswer;
}

/** Why no hard link can be made that another directory of the same disk does not help against. */
const OF_DISKS_AND_OWNERS: ReadonlySet<string> = new Set(['other-filesystem', 'no-hard-links', 'foreign-owner']);

/**
 * Where the copies lie, how they are made, and in which library. The first proposal in which a hard link can be made is
 * what is proposed; a symbolic link is only offered when there is none.
 */
export async function askTarget(
  session: Session,
  { server, scans, directories }: { readonly server: Server; readonly scans: Scans; readonly directories: Directories },
  share: Share,
): Promise<Target> {
  const { dialogue } = session;
  const paths = new PathMap(directories.mounts);
  const source = localSource(share, directories, paths);
  const test = (path: string): LinkTest => {
    const local = paths.toLocal(path.slice(0, -1));
    if (source === undefined || local === undefined) {
      return { isPossible: false, reason: 'missing', from: source ?? '?', to: path };
    }
    return testLink(source, local, paths);
  };
  const proposals = share.job !== undefined && isCalled(share.target, share.job.targetUserId) &&
      isCalled(share.source, share.job.sourceUserId)
    ? [share.job.targetPathPrefix]
    : proposeTargets(share, directories, server.users, share.others);
  const wantedLibrary = dialogue.has('--library')
    ? await dialogue.text({ flag: '--library', message: 'Library', check: (text) => idOf(text, server) })
    : undefined;
  const check = async (text: string, placement: Placement) => {
    const targetPath = parse(pathPrefix, text);
    const objection = objectionTo(targetPath, { ...share, ...directories, jobs: share.others, placement });
    if (objection !== undefined) {
      throw new UserError(`${quote(targetPath)} ${objection.what}.`, {
        problemCode: 'setup-answer',
        remedy: objection.remedy,
      });
    }
    const wanted = { ...share, targetPath, mediaLocation: directories.mediaLocation };
    const library = await libraryFor({ server, scans }, wanted, wantedLibrary);
    if (placement === 'hardlink') assertPossible(test(targetPath));
    else if (placement === 'symlink') assertLinkable(targetPath, paths, share);
    return { targetPath, placement, library };
  };
  const current = placementNow(share.job, paths);
  const best = await firstPossible(proposals, (path) => check(path, current ?? 'hardlink'));
  const tests = proposals.map(test);
  // Anything else that is wrong is said about the directory that is asked for next.
  const canLink = best !== undefined || !tests.every((one) => !one.isPossible && OF_DISKS_AND_OWNERS.has(one.reason));
  if (best !== undefined && share.job === undefined && !dialogue.has('--placement')) {
    dialogue.say(
      'A test link worked: each shared photo gets a second name (a hard link). Nothing is stored twice, and each side can ' +
        'delete its own.',
      'success',
    );
  }
  const placement = await askPlacement(session, share, { canLink, current, tests });
  const target = await dialogue.text({
    flag: '--target-dir',
    message: `Where shall the files for ${share.target.name} lie?`,
    help:
      "A directory as Immich's container knows it. The part that begins with a dot hides it from Immich's scans, and what is " +
      'in it is made and removed by this program.',
    initial: best ?? proposals[0],
    check: (text) => check(text, placement),
  });
  if (target.placement === 'hardlink') warnOfOtherDisks(session, share, target.targetPath, source, paths);
  if (target.library.kind === 'new' && target.library.insteadOf !== undefined) {
    session.warnings.push(
      `The library ${
        quote(target.library.insteadOf)
      } of ${share.target.name} is left as it is, because without its exclusion ` +
        'patterns Immich would import what is not meant for them. When sync has moved what was shared into it, delete it in Immich.',
    );
  }
  return target;
}

/**
 * What was chosen by album or person may lie anywhere. Of the rest another disk may be mounted inside the directory of the originals, which is
 * `source` here.
 */
function warnOfOtherDisks(
  { dialogue, warnings }: Session,
  { originals }: Share,
  targetPath: string,
  source: string | undefined,
  paths: PathMap,
): void {
  const to = paths.toLocal(targetPath.slice(0, -1));
  const inside = () => source === undefined ? [] : otherDisksIn(source).map((path) => paths.toImmich(path) ?? path);
  const unreachable = (originals.length > 0 ? originals : inside()).filter((directory) => {
    const from = paths.toLocal(directory);
    return from === undefined || to === undefined || !existsSync(from) || !testLink(from, to, paths).isPossible;
  });
  if (unreachable.length === 0) return;
  const warning =
    `Some of these photos lie in ${
      list(unreachable)
    }, from where no hard link leads to ${targetPath}: they will be left out. ` +
    'With --placement copy all of them are shared.';
  warnings.push(warning);
  dialogue.say(warning, 'warning');
}

async function askPlacement(
  { dialogue }: Session,
  { kind, source, target }: Share,
  { canLink, current, tests }: {
    readonly canLink: boolean;
    readonly current: Placement | undefined;
    readonly tests: readonly LinkTest[];
  },
): Promise<Placement> {
  if (canLink && !dialogue.has('--placement')) return current ?? 'hardlink';
  const failed = tests.find(({ isPossible }) => !isPossible);
  const why = failed?.isPossible === false ? `${explain(failed).what} ` : '';
  const isNamed = dialogue.has('--target-dir');
  if (!canLink && !isNamed && current === undefined && !dialogue.isAttended && !dialogue.has('--placement')) {
    const isDisk = failed?.isPossible !== false || failed.reason === 'other-filesystem';
    throw new UserError(`--target-dir, --placement: ${why}`.trim(), {
      problemCode: 'setup-answer',
      remedy: isDisk
        ? 'Name a directory on the file system of the originals (in a container: in the same mount) with --target-dir, ' +
          'or use --placement copy, which takes the space a second time (docs/placements.md).'
        : explain(failed).remedy,
    });
  }
  return await dialogue.choose({
    flag: '--placement',
    message: 'How shall the shared photos get there?',
    help: canLink
      ? undefined
      : kind === 'any'
      ? `${why}Copies work everywhere and take the space a second time.`
      : `${why}Copies work everywhere and take the space a second time. A symbolic link takes none, but then ${target.name}'s photo is ${source.name}'s file: if ${target.name} deletes one ` +
        `for good while this program is not running, ${source.name} loses it.`,
    options: ([
      { value: 'hardlink', label: 'hard links', hint: 'safe; in another directory', words: ['hardlink'] },
      { value: 'copy', label: 'copies', hint: 'safe; take the space twice', words: ['copy'] },
      { value: 'symlink', label: 'one symbolic link', hint: 'see above', words: ['symlink'] },
    ] as const).filter(({ value }) => value !== 'symlink' || kind !== 'any'),
    initial: canLink || (isNamed && !dialogue.isAttended) ? 'hardlink' : dialogue.isAttended ? 'copy' : current,
  });
}

/** What a job is placed by, which it may leave to the disk. */
function placementNow(job: JobConfig | undefined, paths: PathMap): Placement | undefined {
  if (job?.placement !== 'auto') return job?.placement;
  return isBehindLink(job.targetPathPrefix, paths) ? 'symlink' : 'hardlink';
}

async function firstPossible(
  proposals: readonly string[],
  check: (path: string) => Promise<unknown>,
): Promise<string | undefined> {
  for (const path of proposals) {
    try {
      await check(path);
      return path;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return undefined;
}

/** Where originals of the share are on this machine. */
function localSource(
  { source, sourcePath, originals: [most] }: Share,
  { mediaLocation }: Directories,
  paths: PathMap,
): string | undefined {
  const candidates = sourcePath === undefined && most !== undefined && most !== mediaLocation
    ? [most]
    : sourcePath === undefined
    ? [`${mediaLocation}/upload/${source.id}`, `${mediaLocation}/library`, `${mediaLocation}/upload`, mediaLocation]
    : [sourcePath.slice(0, -1)];
  return candidates.map((path) => paths.toLocal(path)).find((path) => path !== undefined && existsSync(path));
}

function assertPossible(test: LinkTest): void {
  if (test.isPossible) return;
  const { what, remedy } = explain(test);
  throw new UserError(what, { problemCode: 'setup-answer', remedy });
}

function explain(
  { reason, from, to }: Exclude<LinkTest, { isPossible: true }>,
): { readonly what: string; readonly remedy: string } {
  const remedy = 'Let this user write there (in a container: PUID and PGID), or choose another directory.';
  switch (reason) {
    case 'other-filesystem':
      return {
        what: `No hard link can be made from ${quote(from)} to ${quote(to)}: they are on different file systems.`,
        remedy:
          'Choose a directory on the file system of the originals (in a container: in the same mount), or --placement copy.',
      };
    case 'outside-roots':
      return { what: `${quote(to)} is, or lies behind, a symbolic link.`, remedy };
    case 'permission':
    case 'read-only':
      return {
        what: `Nothing can be written to ${quote(to)} (${
          reason === 'permission' ? 'permission denied' : 'mounted read-only'
        }).`,
        remedy,
      };
    case 'no-hard-links':
    case 'foreign-owner':
    case 'too-many-links': {
      const { message, remedy } = describeLinkObstacle(reason, quote(from), quote(to));
      return { what: `${message.slice(0, 1).toUpperCase()}${message.slice(1)}`, remedy };
    }
    default:
      return { what: `A test link from ${quote(from)} to ${quote(to)} failed (${reason}).`, remedy };
  }
}

/** A symbolic link takes a place of its own. */
function assertLinkable(targetPath: string, paths: PathMap, { job }: Share): void {
  const local = paths.toLocal(targetPath.slice(0, -1));
  if (local === undefined || job?.targetPathPrefix === targetPath) return;
  try {
    if (Deno.lstatSync(local).isSymlink) return;
  } catch {
    return;
  }
  throw new UserError(`${quote(local)} is there already, and is no symbolic link.`, {
    problemCode: 'setup-answer',
    remedy: 'Choose another directory.',
  });
}

/** The id of the library that was named, or `new`. */
function idOf(text: string, { libraries }: Server): string {
  const said = text.trim().toLowerCase();
  if (said === 'new') return said;
  const named = libraries.filter(({ id, name }) => id === said || name.toLowerCase() === said);
  const [only, second] = named;
  if (only !== undefined && second === undefined) return only.id;
  throw new UserError(
    only === undefined ? `There is no library ${quote(text)}.` : `Several libraries are called ${quote(text)}.`,
    {
      problemCode: 'setup-answer',
      remedy: 'Write its id (the end of its address in Immich), or new to have one made.',
    },
  );
}
