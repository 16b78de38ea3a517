import { basename, dirname } from 'node:path/posix';
import type { Config } from '../config/config.ts';
import { hostAndPort } from '../config/hosts.ts';
import { USUAL_MEDIA_LOCATIONS } from '../immich/layout.ts';
import { socketPath } from '../postgres/server_name.ts';
import { treeOf } from '../config/destination.ts';
import type { ExifToolNeeds } from '../writeback/exiftool/location.ts';
import type { Purpose } from './commands.ts';

/** All that a worker may do, in the form that Deno takes; anything else is refused. */
export interface Permissions {
  /** `host:port`, to connect to or to listen at, and `unix:` with the path of a socket. */
  readonly net: string[];
  /** Files, and directories with all that is in them. */
  readonly read: string[];
  readonly write: string[];
  /** Variables of the process environment. */
  readonly env: string[];
  /** Programs. */
  readonly run: string[];
  readonly sys: string[];
  readonly ffi: false;
  readonly import: false;
}

/** What the machine adds to a configuration. */
export interface Machine {
  /** The files that the configuration was read from, or looked for. */
  readonly configFiles: readonly string[];
  /** A directory for the temporary files of this run. */
  readonly temporary: string;
  readonly exifTool: ExifToolNeeds;
  /** The directory of the source, for a program that does not know its commit. */
  readonly source: string | undefined;
  /** A path with all symbolic links resolved; the path itself where there is nothing. */
  readonly realPathOf: (path: string) => string;
}

/** The log of write-back is kept in three files (cli/logging.ts). */
const LOG_SUFFIXES: readonly string[] = ['', '.1', '.2'];

/**
 * What a configuration names, for a command with this purpose; nothing else. Pure.
 *
 * For a directory that is a symbolic link, both the link and its destination. Where Immich keeps its media is known without the database
 * or not at all: UPLOAD_LOCATION, else UPLOAD_LOCATION_MOUNT, else the usual places.
 */
export function permissionsFor(config: Config, purpose: Purpose, machine: Machine): Permissions {
  const { startsExifTool, changesFiles, changesDatabaseOnly, named, resumes, serves, tells } = purpose;
  const { stateDirectory, logFile, photoDir } = config.write;
  const directories = [
    ...config.pathMap.map(({ local }) => local),
    ...[config.uploadLocation ?? config.uploadLocationMount ?? USUAL_MEDIA_LOCATIONS].flat(),
    config.externalLibraryDir ?? config.externalLibraryMount,
    ...(startsExifTool ? [photoDir, ...LOG_SUFFIXES.map((suffix) => logFile + suffix)] : []),
  ];
  const tree = treeOf(config.write.destination);
  const sidecars = startsExifTool && tree !== undefined ? [tree] : [];
  const exports = purpose.exportsTo === undefined ? [] : exportDirectories(purpose.exportsTo, machine);
  const database = databaseAccess(config.database, machine);
  const least = permissionsWithoutConfig(purpose, machine);
  const withRealPaths = (paths: readonly string[]) => realPathsToo(paths, machine);
  return {
    ...least,
    // How much is free is asked before each copy.
    sys: [
      ...new Set([
        ...least.sys,
        ...(changesFiles && [...config.jobs, config.sharedAlbums].some((share) => share?.placement === 'copy')
          ? ['statfs']
          : []),
        ...(resumes ? ['osUptime'] : []),
      ]),
    ],
    net: [
      ...new Set([
        ...database.net,
        addressOfUrl(config.immich.url),
        ...(serves ? serviceAddresses(config.service) : tells ? config.service.notify.map(hostAndPort) : []),
      ]),
    ],
    read: withRealPaths([
      ...least.read,
      ...directories,
      ...sidecars,
      ...exports,
      stateDirectory,
      ...named.read,
      ...database.sockets,
      ...(resumes && machine.source !== undefined ? [machine.source] : []),
    ]),
    write: withRealPaths([
      ...least.write,
      ...(changesFiles ? directories : []),
      ...sidecars,
      ...exports,
      ...(changesFiles || changesDatabaseOnly || startsExifTool ? [stateDirectory] : []),
      ...database.sockets,
      ...named.write,
    ]),
  };
}

/** By the absolute name that was given, and where that is; it may have to be made. */
function exportDirectories(path: string, { realPathOf }: Machine): string[] {
  return [path, `${realPathOf(dirname(path))}/${basename(path)}`.replace('//', '/')];
}

/** What of a configuration that is invalid is right all the same. */
export interface RightParts {
  /** Where serve says what is wrong. */
  readonly http?: Config['service']['http'] | undefined;
  /** From which locked photos are withdrawn. */
  readonly database?: Config['database'] | undefined;
}

/**
 * What is allowed when the configuration is invalid: to read it, to report why, over HTTP too where that is given, to reach the database where that is
 * given, and for doctor what it checks anyway. Pure.
 */
export function permissionsWithoutConfig(
  { startsExifTool, makesTemporary, asksSystem }: Purpose,
  { configFiles, exifTool, temporary, realPathOf }: Omit<Machine, 'source'>,
  { http, database }: RightParts = {},
): Permissions {
  const own = makesTemporary ? [temporary] : [];
  const { net, sockets } = database === undefined ? { net: [], sockets: [] } : databaseAccess(database, { realPathOf });
  return {
    net: [...net, ...(http === undefined || http.port === 0 ? [] : [hostAndPort(http)])],
    read: [...configFiles, ...own, ...sockets, ...(startsExifTool ? exifTool.read : [])],
    write: [...own, ...sockets, ...(startsExifTool ? exifTool.write : [])],
    env: startsExifTool ? [...exifTool.env] : [],
    run: startsExifTool ? [...exifTool.run] : [],
    sys: asksSystem ? ['uid', 'gid', 'statfs'] : [],
    ffi: false,
    import: false,
  };
}

/** How a database is reached. Deno 2.9 wants all three for a socket: net, read and write. */
function databaseAccess(
  database: Config['database'],
  machine: Pick<Machine, 'realPathOf'>,
): { readonly net: string[]; readonly sockets: string[] } {
  const socket = socketPath(database);
  if (socket === undefined) return { net: [hostAndPort(database)], sockets: [] };
  const sockets = realPathsToo([socket], machine);
  return { net: sockets.map((path) => `unix:${path}`), sockets };
}

function realPathsToo(paths: readonly string[], { realPathOf }: Pick<Machine, 'realPathOf'>): string[] {
  return [...new Set(paths.flatMap((path) => [path, realPathOf(path)]))].sort();
}

function serviceAddresses({ http, notify }: Config['service']): string[] {
  return [
    ...(http.port === 0 ? [] : [hostAndPort(http)]),
    ...notify.map(hostAndPort),
  ];
}

function addressOfUrl(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return hostAndPort({ hostname, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) });
}
