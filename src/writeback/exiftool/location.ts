import { fileURLToPath } from 'node:url';
import { UserError } from '../../errors.ts';
import { BUILD, type PackedExifTool } from '../../version.ts';
import { variablesFor } from './environment.ts';
import type { Launch } from './process.ts';
import { unpack, unpackedDirectory } from './unpack.ts';

/** What starts an ExifTool. */
export type ExifToolCommand = Pick<Launch, 'program' | 'args' | 'variables'>;

/**
 * The ExifTool to use: the one of EXIFTOOL_PATH, else the one that comes with this program. From source that is the npm
 * package; the packaged program unpacks its own into the user's cache first, because Perl cannot read inside an executable.
 *
 * Throws UserError when it cannot be unpacked.
 */
export async function locateExifTool(path: string | undefined): Promise<ExifToolCommand> {
  const variables = variablesFor(path);
  if (path !== undefined) return { program: path, args: [], variables };
  if (BUILD.exiftool === null) {
    // Loaded here and not above: in the packaged program there is no such package.
    const { default: script } = await import('exiftool-vendored.pl');
    return perl(script, variables);
  }
  const { digest, entry, needsPerl } = BUILD.exiftool;
  const archive = { location: packedLocation(BUILD.exiftool), digest };
  const program = `${await unpack(archive, cacheDirectory(Deno.env, Deno.build.os), 'exiftool')}/${entry}`;
  return needsPerl ? perl(program, variables) : { program, args: [], variables };
}

/**
 * What starting ExifTool takes: what locateExifTool reads, writes and asks the environment for, and the program. Where it would not know
 * where to unpack to, nothing but what it needs to report that.
 */
export interface ExifToolNeeds {
  readonly run: readonly string[];
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly env: readonly string[];
}

/** @param path EXIFTOOL_PATH */
export function exifToolNeeds(
  path: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): ExifToolNeeds {
  const nothing = { run: [], read: [], write: [], env: variablesFor(path) };
  if (path !== undefined) return { ...nothing, run: [path] };
  if (BUILD.exiftool === null) return { ...nothing, run: ['perl'] };
  const { digest, entry, needsPerl } = BUILD.exiftool;
  const env = [...variablesFor(path), ...CACHE_VARIABLES];
  try {
    const cache = cacheDirectory({ get: (name) => environment[name] }, Deno.build.os);
    return {
      run: [needsPerl ? 'perl' : `${unpackedDirectory(cache, 'exiftool', digest)}/${entry}`],
      read: [fileURLToPath(packedLocation(BUILD.exiftool)), cache],
      write: [cache],
      env,
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...nothing, env };
  }
}

function packedLocation({ archive }: PackedExifTool): URL {
  return new URL(`./${archive}`, import.meta.url);
}

/** The script is not executable in every package cache, so Perl is named. */
function perl(script: string, variables: readonly string[]): ExifToolCommand {
  return { program: 'perl', args: [script], variables };
}

/** What cacheDirectory looks at. */
const CACHE_VARIABLES: readonly string[] = ['CACHE_DIRECTORY', 'XDG_CACHE_HOME', 'LOCALAPPDATA', 'HOME'];

/**
 * Where programs of this user keep what they can make again: CacheDirectory= of systemd, or as each system has it.
 * Throws UserError when the environment names none.
 */
export function cacheDirectory(environment: Pick<Deno.Env, 'get'>, system: typeof Deno.build.os): string {
  const below = (name: string, path: string): string[] => {
    const value = environment.get(name);
    return value === undefined || value === '' ? [] : [value + path];
  };
  const [directory] = [
    ...below('CACHE_DIRECTORY', ''),
    ...below('XDG_CACHE_HOME', '/immich-sidecar'),
    ...(system === 'windows' ? below('LOCALAPPDATA', '/immich-sidecar') : []),
    ...below('HOME', system === 'darwin' ? '/Library/Caches/immich-sidecar' : '/.cache/immich-sidecar'),
  ];
  if (directory !== undefined) return directory;
  throw new UserError('There is no directory to unpack ExifTool to: neither HOME nor XDG_CACHE_HOME is set.', {
    problemCode: 'exiftool',
    remedy: 'Set XDG_CACHE_HOME to a directory that this program may write to, or EXIFTOOL_PATH to an ExifTool.',
  });
}
