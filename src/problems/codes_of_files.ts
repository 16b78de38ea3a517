/** What a code means, for people. */
export interface ProblemKind {
  /** What happened, as the beginning of a sentence: no capital letter, no full stop. */
  readonly what: string;
  /** What to do. One or two sentences. */
  readonly remedy: string;
  /** It concerns one photo, which waits, while all others go on: no trouble of the service. */
  readonly waits?: true;
}

/** Why one file could not be linked, copied or removed. */
export const FILE_PROBLEMS = {
  'missing': {
    what: 'the file is not there',
    waits: true,
    remedy:
      'Look whether its disk is mounted and whether the file was moved; after a scan by Immich it is tried again.',
  },
  'outside-roots': {
    what: 'the path leads outside the configured directories',
    waits: true,
    remedy:
      'Name its directory in UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR or PATH_MAP if it may be shared; if a symbolic link leads there, replace it.',
  },
  'other-filesystem': {
    what: 'source and target are on different file systems, where no hard link can be made',
    remedy:
      'Put the target directory on the file system, and below the mount, of the originals; a nested mount needs a share and a target of its own (for shared albums another one in the list of directories), or placement: copy.',
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
    waits: true,
    remedy: 'Shorten the name of the file or of its folder.',
  },
  'not-a-file': {
    what: 'it is not a regular file',
    waits: true,
    remedy: 'Look what lies there; only regular files are shared.',
  },
  'occupied': {
    what: 'a file that is not ours is already there',
    waits: true,
    remedy: 'Move that file away if nobody needs it in this place.',
  },
  'no-space': { what: 'no space or no inodes left on the device', remedy: 'Make room on that disk.' },
  'too-many-links': {
    what: 'the file has as many hard links as the file system allows',
    waits: true,
    remedy: 'Remove links to it that nobody needs.',
  },
  'unreachable': {
    what: 'no symbolic link leads from here to the source',
    waits: true,
    remedy: 'Make the symbolic link again that leads from the target library to the source, or run setup.',
  },
  'changed': {
    what: 'the file or its directory was changed at that very moment',
    waits: true,
    remedy: 'It is tried again. Look who may rename directories there; kept list shows what was moved aside.',
  },
  'io': {
    what: 'the file system reported an error',
    remedy: 'Look at the disk and at the system log.',
  },
} as const satisfies Record<string, ProblemKind>;
