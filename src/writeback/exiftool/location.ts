import { UserError } from '../../errors.ts';
import { BUILD } from '../../version.ts';
import type { Launch } from './process.ts';
import { unpack } from './unpack.ts';

/** What starts an ExifTool. */
export type ExifToolCommand = Pick<Launch, 'program' | 'args'>;

/**
 * The ExifTool to use: the one of EXIFTOOL_PATH, else the one that comes with this program. From source that is the npm
 * package; the packaged program unpacks its own into the user's cache first, because Perl cannot read inside an executable.
 *
 * Throws UserError when it cannot be unpacked.
 */
export async function locateExifTool(path: string | undefined): Promise<ExifToolCommand> {
  if (path !== undefined) return { program: path, args: [] };
  if (BUILD.exiftool === null) {
    // Loaded here and not above: in the packaged program there is no such package.
    const { default: script } = await import('exiftool-vendored.pl');
    return perl(script);
  }
  const { archive, digest, entry, needsPerl } = BUILD.exiftool;
  const location = new URL(`./${archive}`, import.meta.url);
  const program = `${await unpack({ location, digest }, cacheDirectory(Deno.env, Deno.build.os), 'exiftool')}/${entry}`;
  return needsPerl ? perl(program) : { program, args: [] };
}

/** The script is not executable in every package cache, so Perl is named. */
function perl(script: string): ExifToolCommand {
  return { program: 'perl', args: [script] };
}

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
    remedy: 'Set XDG_CACHE_HOME to a directory that this program may write to, or EXIFTOOL_PATH to an ExifTool.',
  });
}
