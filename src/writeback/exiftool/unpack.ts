import { createHash } from 'node:crypto';
import { parseTarGzip } from 'nanotar';
import { messageOf, UserError } from '../../errors.ts';
import { codeOf } from '../../files/problem.ts';

/** A packed directory: a gzipped tar with a list of its files among them. */
export interface Archive {
  /** Where it lies. In an executable that is inside of it, where only this program can read. */
  readonly location: URL;
  /** Its list's SHA-256, in hex. */
  readonly digest: string;
}

/** The list of files in an archive, as `sha256sum` writes it: what was unpacked can be checked with `sha256sum -c`. */
export const LIST_NAME = 'SHA256SUMS';

const UNFINISHED = 'unpacking';

/** What unpack returns. */
export function unpackedDirectory(cache: string, name: string, digest: string): string {
  return `${cache}/${name}-${digest.slice(0, 16)}`;
}

/**
 * The directory below `cache` with the content of an archive, which is unpacked when it is not there, or no longer what
 * it was. It gets its name when it is complete. Several instances may come at once: the others wait for the first.
 *
 * Throws UserError when `cache` cannot be written or the archive cannot be read.
 */
export async function unpack({ location, digest }: Archive, cache: string, name: string): Promise<string> {
  const directory = unpackedDirectory(cache, name, digest);
  try {
    if (await isComplete(directory, digest)) return directory;
    await Deno.mkdir(cache, { recursive: true, mode: 0o700 });
    // The lock goes with the process, however that ends, and with it everybody's claim to what is unfinished.
    using lock = await Deno.open(`${cache}/lock`, { create: true, write: true });
    await lock.lock(true);
    if (await isComplete(directory, digest)) return directory;
    const unfinished = `${cache}/${UNFINISHED}`;
    await removeIfThere(unfinished);
    await extract(location, unfinished);
    if (!await isComplete(unfinished, digest)) throw new Error('it is not what this program was built with');
    await removeIfThere(directory);
    await Deno.rename(unfinished, directory);
    return directory;
  } catch (error) {
    throw new UserError(`${name} cannot be unpacked to ${directory} (${codeOf(error) || messageOf(error)}).`, {
      problemCode: 'exiftool',
      remedy: 'Set XDG_CACHE_HOME to a directory that this program may write to, with 30 MB free. If that is not it, ' +
        'download this program again; or name an ExifTool of your own with EXIFTOOL_PATH.',
      cause: error,
    });
  }
}

/** Whether every file of the list is there with its content, and the list is the right one. */
export async function isComplete(directory: string, digest: string): Promise<boolean> {
  try {
    const list = await Deno.readFile(`${directory}/${LIST_NAME}`);
    if (sha256(list) !== digest) return false;
    for (const line of new TextDecoder().decode(list).trimEnd().split('\n')) {
      const [expected, path] = [line.slice(0, 64), line.slice(66)];
      if (sha256(await Deno.readFile(`${directory}/${path}`)) !== expected) return false;
    }
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error))) return false;
    throw error;
  }
}

/** SHA-256 in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function extract(archive: URL, directory: string): Promise<void> {
  for (const { name, type, data } of await parseTarGzip(await Deno.readFile(archive))) {
    if (type !== 'file') continue;
    const path = `${directory}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf('/')), { recursive: true, mode: 0o700 });
    await Deno.writeFile(path, data ?? new Uint8Array(), { createNew: true, mode: 0o700 });
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
