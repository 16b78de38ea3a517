/** What a code means, for people. */
export interface ProblemKind {
  /** What happened, as the beginning of a sentence: no capital letter, no full stop. */
  readonly what: string;
  /** What to do. One or two sentences. */
  readonly remedy: string;
}

/** Why one file could not be linked, copied or removed. */
const FILES = {
  'missing': {
    what: 'the file is not there',
    remedy:
      'Look whether its disk is mounted and whether the file was moved; after a scan by Immich it is tried again.',
  },
  'outside-roots': {
    what: 'the path leads outside the configured directories',
    remedy:
      'Name its directory in UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR or PATH_MAP if it may be shared; if a symbolic link leads there, replace it.',
  },
  'other-filesystem': {
    what: 'source and target are on different file systems, where no hard link can be made',
    remedy:
      'Put the target directory on the file system, and below the mount, of the originals; a nested mount needs a job and a target of its own.',
  },
  'permission': {
    what: 'permission denied',
    remedy: 'Let the user that immich-sidecar runs as read the originals and write into the target directory.',
  },
  'read-only': {
    what: 'the target is mounted read-only',
    remedy: 'Mount the target directory for writing; the originals may stay read-only.',
  },
  'name-too-long': {
    what: 'the name is too long for the file system',
    remedy: 'Shorten the name of the file or of its folder.',
  },
  'not-a-file': {
    what: 'it is not a regular file',
    remedy: 'Look what lies there; only regular files are shared.',
  },
  'occupied': {
    what: 'a file that is not ours is already there',
    remedy: 'Move that file away if nobody needs it in this place.',
  },
  'no-space': {
    what: 'no space or no inodes left on the device',
    remedy: 'Make room on that disk.',
  },
  'too-many-links': {
    what: 'the file has as many hard links as the file system allows',
    remedy: 'Remove links to it that nobody needs.',
  },
  'unreachable': {
    what: 'no symbolic link leads from here to the source',
    remedy: 'Make the symbolic link again that leads from the target library to the source, or run setup.',
  },
  'changed': {
    what: 'the file or its directory was changed at that very moment',
    remedy: 'It is tried again. If it happens often, look who may rename directories there.',
  },
  'io': {
    what: 'the file system reported an error',
    remedy: 'Look at the disk and at the system log.',
  },
} as const satisfies Record<string, ProblemKind>;

/** Everything else that may happen to one photo or job, or to the service. */
const OTHERS = {
  'not-removed': {
    what: 'a file of a shared photo could not be removed; the photo stays, and the next cycle tries again',
    remedy: 'Let the user that immich-sidecar runs as write into that directory, and look what the file is.',
  },
  'kept': {
    what: 'a file that may be the last copy of a photo, or that somebody else has put there, was kept aside',
    remedy: 'immich-sidecar kept list shows such files, kept restore puts them back, kept delete deletes them.',
  },
  'constraint': {
    what: 'PostgreSQL refuses a row',
    remedy: 'It is tried again when the photo changes. If Immich shows nothing odd about it, report this message.',
  },
  'changed-meanwhile': {
    what: 'Immich changed or deleted it at the same moment',
    remedy: 'Nothing needs to be done; the next cycle tries it again.',
  },
  'conflict': {
    what: 'its place is taken by another shared photo',
    remedy:
      'It is shared as soon as the other one is gone; confirm withdrawals that the brake holds, if they are right.',
  },
  'duplicate': {
    what: 'the receiving user has the same picture',
    remedy: 'Nothing needs to be done; forget shares it all the same.',
  },
  'brake': {
    what: 'withdrawals are held back until they are confirmed',
    remedy:
      'If it is a mistake, undo it, and everything stays. If it is right, run immich-sidecar sync --confirm-withdrawals.',
  },
  'photos-failed': {
    what: 'some photos or files failed in the last cycle',
    remedy: 'status and the log name them; most are tried again in every cycle.',
  },
  'cannot-run': {
    what: 'what was asked for cannot be done as things are',
    remedy: 'The message says what to do.',
  },
  'refused': {
    what: 'this database, or this moment, is not one to work on; nothing was changed',
    remedy: 'The message says what to do.',
  },
  'internal': {
    what: 'something happened that nobody foresaw',
    remedy: 'Report the message, with the log of that moment.',
  },
} as const satisfies Record<string, ProblemKind>;

/**
 * Everything that can be wrong while sharing goes on: the closed list from which reports, logs, `/api/status`, metrics and
 * docs/problems.md are made. A code is stable; its words are not.
 */
export const PROBLEMS = Object.freeze({ ...FILES, ...OTHERS });

export type FileReason = keyof typeof FILES;

export type ProblemCode = keyof typeof PROBLEMS;

/** What happened, as the beginning of a sentence. */
export function wordsFor(code: ProblemCode): string {
  return PROBLEMS[code].what;
}
