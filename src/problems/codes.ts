import { FILE_PROBLEMS, type ProblemKind } from './codes_of_files.ts';

/** Everything else that may happen to one photo or job, or to the service. */
const OTHERS = {
  'not-removed': {
    what: 'a file of a shared photo could not be removed; the photo stays, and the next sync tries again',
    remedy: 'Let the user that immich-sidecar runs as write into that directory, and look what the file is.',
  },
  'not-a-copy': {
    what:
      "it is the source's own file behind a symbolic link, so it cannot be left to its receiver; it stays a shared photo",
    remedy:
      'Download it in the account of its receiver and upload it there, or set placement: hardlink and run sync first.',
  },
  'locked-file-left': {
    what:
      'the photo was locked and is not shown to anybody else any more, but a file of it could not be removed yet; the next sync tries again',
    remedy: 'Let the user that immich-sidecar runs as write into that directory, and look what the file is.',
  },
  'not-remembered': {
    what:
      'photos were removed, and what their receivers had done to them could not be remembered: it is not given back when they are shared again',
    remedy: 'Report the message. The photos are gone, as they should be.',
  },
  'job-left-out': {
    what: 'the share is left out; what it has shared stays as it is, but for photos that their owner locks',
    remedy: 'The message says what to do. The other shares go on.',
  },
  'stopped-by-recipient': {
    what:
      'the recipient has deleted the library of what is shared with them in Immich: the share is stopped, and nothing of it counts as declined',
    remedy:
      'If it was meant, take the share out. If not, give the share a library again and run immich-sidecar reshare --job with its name.',
  },
  'kept': {
    what: 'a file that may be the last copy of a photo, or that somebody else has put there, was kept aside',
    waits: true,
    remedy: 'immich-sidecar kept list shows such files, kept restore puts them back, kept delete deletes them.',
  },
  'constraint': {
    what: 'PostgreSQL refuses a row',
    waits: true,
    remedy: 'It is tried again when the photo changes. If Immich shows nothing odd about it, report this message.',
  },
  'changed-meanwhile': {
    what: 'Immich changed or deleted it at the same moment',
    waits: true,
    remedy: 'Nothing needs to be done; the next sync tries it again.',
  },
  'conflict': {
    what: 'its place is taken by another shared photo',
    waits: true,
    remedy: 'It is shared as soon as the other one is gone; confirm removals that are held back, if they are right.',
  },
  'duplicate': {
    what: 'the receiving user has the same picture',
    waits: true,
    remedy: 'Nothing needs to be done; reshare shares it all the same.',
  },
  'both-ways-needs-key': {
    what:
      'what recipients have changed cannot be written into the originals: until Immich 2.3 only Immich itself can do that so that it stays, as the owner',
    remedy:
      'Set IMMICH_API_KEY to a key of the source user with the permissions asset.update and user.read, update Immich, or take both_ways out.',
  },
  'brake': {
    what: 'removals are held back until they are confirmed',
    remedy:
      'If it is a mistake, undo it, and everything stays. If it is right, run immich-sidecar sync --confirm-withdrawals.',
  },
  'photos-failed': {
    what: 'some photos or files failed in the last sync',
    remedy: 'status and the log name them; most are tried again in every sync.',
  },
} as const satisfies Record<string, ProblemKind>;

/** Why a command, or a cycle, could not do its work: the codes of errors, whose own messages name what they are about. */
const ERRORS = {
  'internal': {
    what: 'a fault in immich-sidecar itself',
    remedy: 'Report the message with the log of that moment, and what immich-sidecar doctor --report prints.',
  },
  'interrupted': {
    what: 'the command was interrupted',
    remedy: 'What was begun is finished or undone by the next run.',
  },
  'usage': {
    what: 'options or arguments of the command are missing, or do not fit together',
    remedy: 'See --help of the command.',
  },
  'configuration': {
    what: 'the configuration has problems',
    remedy: 'Correct what is listed and start again. docs/configuration.md explains every setting.',
  },
  'machine': {
    what: 'this machine does not allow it now: a disk is full, read-only or broken, or a limit is reached',
    remedy: 'The message says which it is. Repair that, and try again.',
  },
  'database-machine': {
    what: 'PostgreSQL has no room or memory left, or its disk has errors',
    remedy: "Look at the disk and the log of Immich's database. Nothing is lost.",
  },
  'not-named': {
    what: 'the configuration does not name a directory or an address that this needs',
    remedy:
      'Name it: UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR or PATH_MAP for directories, DB_HOSTNAME or IMMICH_API_URL for addresses; then start again.',
  },
  'permissions': {
    what: 'Deno does not let the program do what the configuration asks for',
    remedy:
      'Start it with deno task, or with the flags in the first line of immich-sidecar.js; keep directories out of /dev, /proc and /sys.',
  },
  'own-files': {
    what: 'the configuration would let the program write what decides about its own permissions',
    remedy: 'Keep configuration and program out of the directories that it may write to.',
  },
  'unknown-name': {
    what: 'there is no share, user, photo, conflict or kept file of the name that was given',
    remedy: 'The message lists what is known.',
  },
  'unreadable': {
    what: 'a file that was named cannot be read, or is another kind of file',
    remedy: 'Check its name, and let this user read it.',
  },
  'not-writable': {
    what: 'a file or directory of the program cannot be written',
    remedy: 'Let this user write there, or name another place.',
  },
  'not-included': {
    what: 'this is not part of this download',
    remedy: 'Run it from source; README.md says how.',
  },
  'no-answer': {
    what: 'a disk, a network share or a database did not answer in time',
    remedy: 'Look at what it waits for, and try again.',
  },
  'busy': {
    what: 'another run, or another program, is working on the same database or files',
    remedy: 'Wait until it has finished, or stop it.',
  },
  'newer-version': {
    what: 'a newer immich-sidecar has worked with this database or history',
    remedy: 'Install that version or a later one.',
  },
  'older-tables': {
    what: 'the tables of immich-sidecar are of an earlier version',
    remedy: 'Run a sync first, which brings them up to date.',
  },
  'database-away': {
    what: 'PostgreSQL does not answer, or the connection was lost',
    remedy:
      'Check DB_HOSTNAME and DB_PORT, and that Immich is running; what was begun is finished or undone by the next run.',
  },
  'database-login': {
    what: 'PostgreSQL does not let this user in',
    remedy:
      'Set DB_USERNAME and DB_PASSWORD to the values in the .env of Immich; the message says what PostgreSQL asks for.',
  },
  'database-name': {
    what: 'the server has no database of this name',
    remedy: 'Set DB_DATABASE_NAME to the value in the .env of Immich.',
  },
  'database-tls': {
    what: 'there is no encrypted connection to PostgreSQL that can be trusted',
    remedy: 'Look at DB_SSL_MODE and DB_SSL_ROOT_CERT.',
  },
  'database-pooler': {
    what: 'a connection pooler is in front of PostgreSQL',
    remedy: 'Set DB_HOSTNAME and DB_PORT to PostgreSQL itself.',
  },
  'database-rights': {
    what: 'the database user lacks rights',
    remedy: 'immich-sidecar doctor names those that are missing, and the statements that grant them.',
  },
  'database-not-immich': {
    what: 'the database is not one of Immich (2.0 or later)',
    remedy: 'Set DB_DATABASE_NAME to the value in the .env of Immich.',
  },
  'database-schema': {
    what: "Immich's tables are not as they are known",
    remedy: 'Update immich-sidecar, or report the names together with the version of Immich.',
  },
  'immich-at-work': {
    what: 'Immich changes its tables, or is being maintained',
    remedy: 'Try again when it has finished; serve waits by itself.',
  },
  'immich-no-key': {
    what: 'Immich asks for an API key, and none is configured',
    remedy: 'Make one in Immich (Account Settings > API Keys) and set IMMICH_API_KEY.',
  },
  'immich-version': {
    what: 'this Immich is older than 2.0',
    remedy: 'Update Immich.',
  },
  'immich-wrong-key': {
    what: 'Immich does not know the API key',
    remedy: 'Set IMMICH_API_KEY to a key of this Immich.',
  },
  'immich-missing-permission': {
    what: 'the API key lacks permissions',
    remedy: 'Edit the key in Immich and allow what the message names.',
  },
  'immich-forbidden': {
    what: 'Immich does not let this API key do that',
    remedy: 'Use a key of the user whose photos are to be written.',
  },
  'immich-bad-request': {
    what: 'Immich did not accept a request',
    remedy: 'Update immich-sidecar, or report the message together with the version of Immich.',
  },
  'immich-unknown-route': {
    what: 'Immich does not know a request',
    remedy: 'Set IMMICH_API_URL to the address at which you open Immich in a browser.',
  },
  'immich-redirected': {
    what: 'the address of Immich leads elsewhere',
    remedy: 'Set IMMICH_API_URL to the address that it leads to.',
  },
  'immich-not-immich': {
    what: 'what answers at the address is not Immich',
    remedy: 'Set IMMICH_API_URL to the address at which you open Immich in a browser.',
  },
  'immich-not-understood': {
    what: 'Immich answered in a way that is not known',
    remedy: 'Update immich-sidecar, or report the message together with the version of Immich.',
  },
  'immich-busy': {
    what: 'Immich, or the proxy in front of it, has too much to do',
    remedy: 'Try again later.',
  },
  'immich-unreachable': {
    what: 'Immich cannot be reached',
    remedy: 'Check IMMICH_API_URL, and that Immich is running.',
  },
  'immich-certificate': {
    what: 'the certificate of Immich is not trusted',
    remedy: 'Use the http:// address inside your network, or add the authority with DENO_CERT.',
  },
  'immich-timeout': {
    what: 'Immich gave no answer in time',
    remedy: 'Check that Immich is running and has finished starting.',
  },
  'job-unfit': {
    what: 'a share does not fit this Immich: a user, library or album that is not there',
    remedy: 'Correct the ids of the share; the message says where they are in Immich.',
  },
  'directory-away': {
    what: 'a directory that is needed is not here',
    remedy: 'Mount it, or correct UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR or PATH_MAP.',
  },
  'originals-away': {
    what: 'originals are not where they should be',
    remedy: 'Mount their disk, or correct UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR or PATH_MAP.',
  },
  'tree-away': {
    what: 'the directory for the tree of sidecars is not there, or lies among the originals',
    remedy: 'Mount its disk, make the directory, or name another one with WRITE_TO=tree:DIRECTORY.',
  },
  'export-directory': {
    what: 'the directory of an export is not there, not empty, among the originals, or cannot be written',
    remedy: 'Name an empty directory outside of the library, or go on with an export by --update.',
  },
  'exposed': {
    what: "a scan of Immich would import originals of others into the receiver's account",
    remedy: 'Narrow the import paths of the library as the message says, or run setup.',
  },
  'takeover-unfit': {
    what: 'the configuration does not fit what immich-shared-library has shared',
    remedy: 'Correct what is listed, and run takeover again.',
  },
  'setup-answer': {
    what: 'an answer to a question of setup does not fit',
    remedy: 'Give another one; the message says which are possible.',
  },
  'setup-stopped': {
    what: 'setup ended before everything was done',
    remedy: 'Run setup again; the message says what is left of it.',
  },
  'compose-file': {
    what: "Immich's Compose file cannot be used",
    remedy:
      'Name the directory in which you run docker compose for Immich, and check the file with docker compose config.',
  },
  'exiftool': {
    what: 'ExifTool cannot be run',
    remedy: 'Install Perl 5, or name an ExifTool of your own with EXIFTOOL_PATH.',
  },
  'ledger-unwritable': {
    what: 'the history of write-back cannot be written',
    remedy: 'Make room, or set WRITE_STATE_DIR to a directory that this program may write to.',
  },
  'ledger-damaged': {
    what: 'the history of write-back is damaged',
    remedy: 'Move it away; the next run compares every file and begins a new one.',
  },
  'nothing-to-undo': {
    what: 'the history knows of no change that could be undone',
    remedy: 'Check WRITE_STATE_DIR, the path and the number of the run.',
  },
  'other-options': {
    what: 'the run that was interrupted had other options',
    remedy: 'Give the same options, or begin anew with --clear-checkpoint.',
  },
  'http-address': {
    what: 'HTTP cannot be answered at this address',
    remedy: 'Set HTTP_HOST and HTTP_PORT to a free address, or HTTP_PORT=0 to do without.',
  },
  'not-at-work': {
    what: 'this instance does not work on the database',
    remedy: 'Wait until it does, or ask the instance that works.',
  },
} as const satisfies Record<string, ProblemKind>;

/**
 * Everything that can be wrong while sharing goes on: the closed list from which reports, logs, `/api/status`, metrics and
 * docs/problems.md are made. A code is stable; its words are not.
 */
export const PROBLEMS: Readonly<Record<FileReason | keyof typeof OTHERS | keyof typeof ERRORS, ProblemKind>> = Object
  .freeze({ ...FILE_PROBLEMS, ...OTHERS, ...ERRORS });

export type FileReason = keyof typeof FILE_PROBLEMS;

export type ProblemCode = keyof typeof PROBLEMS;

/** What happened, as the beginning of a sentence. */
export function wordsFor(code: ProblemCode): string {
  return PROBLEMS[code].what;
}

/** Whether a problem's own message is that of an error, which may name paths and ids. */
export function isSaidByErrors(code: ProblemCode): boolean {
  return Object.hasOwn(ERRORS, code);
}
