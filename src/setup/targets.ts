import type { JobConfig, Placement } from '../config/config.ts';
import { isBelow } from '../files/path_map.ts';
import { importPathOf } from '../immich/scan/crawler.ts';
import { MANAGED_FOLDERS } from '../immich/layout.ts';
import type { ImmichUser } from '../immich/api/users.ts';
import type { Mount } from './compose/facts.ts';

/**
 * Directories in which shared copies could lie, the best first, as Immich sees them: hidden, in the mount that holds the
 * originals, else in another one. Pure; says nothing about whether a link can be made there. See docs/placements.md.
 *
 * @param sourcePath the directory that is shared, with a slash at the end; undefined for uploads, and for what lies in `originals`
 */
export function proposeTargets(
  { source, target, sourcePath, originals: [most] = [] }: {
    readonly source: ImmichUser;
    readonly target: ImmichUser;
    readonly sourcePath: string | undefined;
    readonly originals?: readonly string[];
  },
  { mounts, mediaLocation }: { readonly mounts: readonly Mount[]; readonly mediaLocation: string },
  users: readonly ImmichUser[],
  jobs: readonly JobConfig[],
): readonly string[] {
  const [from, to] = [directoryName(source, users), directoryName(target, users)];
  const inMedia = `${mediaLocation}/shared/${to}/.${from}/`;
  const inMount = ({ immich }: Mount) =>
    immich === mediaLocation ? inMedia : `${immich === '/' ? '' : immich}/${to}_shared/.${from}/`;
  // immich-shared-library has told people to make the usual one a symbolic link to the originals.
  const otherwise = mounts.filter(({ immich }) => immich !== mediaLocation)
    .map(({ immich }) => `${immich === '/' ? '' : immich}/shared_with_${to}/.${from}/`);
  const originals = sourcePath ?? (most === undefined ? `${mediaLocation}/upload/` : `${most === '/' ? '' : most}/`);
  const holding = mounts
    .filter(({ immich }) => originals.startsWith(immich === '/' ? '/' : `${immich}/`))
    .toSorted((a, b) => b.immich.length - a.immich.length);
  const proposals = [...new Set([...[...holding, ...mounts].map(inMount), ...otherwise])];
  return proposals
    .map((path) => withFreeName(path, jobs))
    .filter((path) => sourcePath === undefined || !(path.startsWith(sourcePath) || sourcePath.startsWith(path)));
}

/** `.alice`, `.alice-2`, … below a directory, whichever no job uses. */
function withFreeName(path: string, jobs: readonly JobConfig[]): string {
  for (let number = 1;; number++) {
    const candidate = number === 1 ? path : `${path.slice(0, -1)}-${number}/`;
    if (!jobs.some(({ targetPathPrefix }) => overlap(targetPathPrefix, candidate))) return candidate;
  }
}

/** What a user is called in a path: their name as plain lower-case letters, with more where two are called the same. */
export function directoryName(user: ImmichUser, users: readonly ImmichUser[]): string {
  const plain = (text: string) =>
    text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
  // The shortest of these that means nobody else.
  const names = ({ name, email, id }: ImmichUser) => {
    const mailbox = email.split('@')[0] ?? '';
    return [name, mailbox, `${name} ${mailbox}`, `${name} ${mailbox} ${id}`].map(plain);
  };
  const others = users.filter(({ id }) => id !== user.id).flatMap(names);
  return names(user).find((name) => name !== '' && !others.includes(name)) ?? user.id;
}

/** Why shared copies cannot lie in a directory (with its slash), as a sentence and what to do; undefined if they can. Pure. */
export function objectionTo(
  path: string,
  { sourcePath, mediaLocation, mounts, jobs, placement }: {
    readonly sourcePath: string | undefined;
    readonly mediaLocation: string;
    readonly mounts: readonly Mount[];
    /** All others. */
    readonly jobs: readonly JobConfig[];
    readonly placement: Placement;
  },
): { readonly what: string; readonly remedy: string } | undefined {
  const directory = path.slice(0, -1);
  const mounted = mounts.map(({ immich }) => immich).join(', ');
  if (!mounts.some(({ immich }) => isBelow(directory, immich))) {
    return {
      what: 'lies in no directory that Immich and this machine have in common',
      remedy: `Choose one below ${mounted}.`,
    };
  }
  if (placement !== 'symlink' && sourcePath !== undefined && overlap(path, sourcePath)) {
    return {
      what: `and ${sourcePath}, which is shared, contain one another, so copies would be shared again`,
      remedy: 'Choose a directory outside of what is shared.',
    };
  }
  const managed = MANAGED_FOLDERS.find((folder) => isBelow(path, `${mediaLocation}/${folder}`));
  if (managed !== undefined) {
    return { what: `lies in Immich's own folder ${managed}`, remedy: `Choose one below ${mediaLocation}/shared.` };
  }
  if (!/\/\.[^/]/.test(path) || !hasDirectoryAbove(path)) {
    return {
      what: 'has no hidden directory in it, so Immich would import the copies as new photos',
      remedy:
        'Let one part of it begin with a dot, and a visible directory be above it, as in /external_library/bob_shared/.alice.',
    };
  }
  const other = jobs.find(({ targetPathPrefix }) => overlap(targetPathPrefix, path));
  if (other !== undefined) {
    return { what: `is used by the share ${JSON.stringify(other.name)}`, remedy: 'Choose another one.' };
  }
  return undefined;
}

function hasDirectoryAbove(path: string): boolean {
  return importPathOf(path) !== '';
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
