import { codeOf, type FileProblem } from './problem.ts';

/**
 * Why no hard link could be made where writing is allowed. `no-hard-links`: the file system has none (FAT, exFAT, some network shares).
 * `foreign-owner`: the kernel keeps users from linking what is not theirs (fs.protected_hardlinks), or the file is immutable.
 */
export type LinkObstacle = 'no-hard-links' | 'foreign-owner' | 'too-many-links';

/** What link() says on a file system without hard links; EPERM is also said of a file that is somebody else's. */
const UNSUPPORTED: ReadonlySet<string> = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * What kept a link from being made in this directory; undefined for anything else, which the problem itself tells. Links an empty file
 * of its own there to tell the two meanings of EPERM apart, and removes it.
 */
export function linkObstacle(problem: FileProblem, directory: string): LinkObstacle | undefined {
  if (problem.reason === 'too-many-links') return 'too-many-links';
  const code = codeOf(problem.cause);
  if (UNSUPPORTED.has(code) || / os error (38|95)\b/.test(String(problem.cause))) return 'no-hard-links';
  if (code !== 'EPERM' && !/os error 1\)/.test(String(problem.cause))) return undefined;
  let own: string;
  try {
    own = Deno.makeTempFileSync({ dir: directory, prefix: '.immich-sidecar-' });
  } catch {
    return undefined; // nothing can be written there at all
  }
  try {
    Deno.linkSync(own, `${own}-link`);
    Deno.removeSync(`${own}-link`);
    return 'foreign-owner';
  } catch {
    return 'no-hard-links';
  } finally {
    Deno.removeSync(own);
  }
}

/** What happened, and what to do. `from`, `to`: directories, in quotes. Pure. */
export function describeLinkObstacle(
  obstacle: LinkObstacle,
  from: string,
  to: string,
): { readonly message: string; readonly remedy: string } {
  switch (obstacle) {
    case 'no-hard-links':
      return {
        message: `no hard link can be made in ${to}: its file system has none (FAT, exFAT, some network shares).`,
        remedy:
          'Put target_path_prefix, with the originals, on a disk with ext4, XFS, btrfs, ZFS or APFS, or set placement: copy, which takes the space a second time.',
      };
    case 'foreign-owner':
      return {
        message: `files in ${from} may not be linked to ${to}: they belong to another user, or are immutable.`,
        remedy:
          'Linux lets only the owner of a file, or root, link it (fs.protected_hardlinks): run as the user who owns the originals ' +
          '(in a container: PUID and PGID), or set placement: copy, which takes the space a second time.',
      };
    case 'too-many-links':
      return {
        message: `a file in ${from} has as many hard links as its file system allows.`,
        remedy: 'ext4 allows 65,000 names for a file, NTFS 1,023: remove some, or copy the file to its own place.',
      };
  }
}
