import { deserialize, serialize } from 'node:v8';
import { PICTURES } from '../../src/demo/library_generator/media/media.ts';

/** What the drawn pictures depend on. */
const SOURCES = ['media/media.ts', 'media/picture.ts', 'media/jpeg.ts', 'media/random.ts'];

/**
 * Runs `generate` with the pictures that earlier runs have drawn, and leaves those that it draws for later ones: to encode the sixty of a
 * library takes two seconds, which is most of what a test waits for before it begins. They lie in a file of the user's cache directory whose name has the
 * hash of all that they depend on; without such a directory they are drawn anew.
 */
export async function withPictures<T>(generate: () => Promise<T>, caches = cacheDirectory()): Promise<T> {
  if (caches === undefined) return await generate();
  const file = `${caches}/immich-sidecar-tests/${await nameOfCache()}`;
  if (PICTURES.size === 0) { for (const [name, jpeg] of await read(file)) PICTURES.set(name, jpeg); }
  const known = PICTURES.size;
  const result = await generate();
  if (PICTURES.size > known) await write(file);
  return result;
}

function cacheDirectory(): string | undefined {
  const home = Deno.env.get('HOME');
  return Deno.env.get('XDG_CACHE_HOME') ?? (home === undefined ? undefined : `${home}/.cache`);
}

async function nameOfCache(): Promise<string> {
  const read = (path: string) => Deno.readTextFile(new URL(path, import.meta.url));
  const texts = await Promise.all(SOURCES.map((path) => read(`../../src/demo/library_generator/${path}`)));
  const [encoder = ''] = /"npm:jpeg-js@[^"]+"/.exec(await read('../../harness.lock')) ?? [];
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode([...texts, encoder].join('\0')));
  return `pictures-${new Uint8Array(hash).toHex().slice(0, 16)}`;
}

async function read(file: string): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  try {
    return deserialize(await Deno.readFile(file));
  } catch {
    return new Map(); // none were drawn yet
  }
}

/** Another process must never read half of it. Where nothing can be written, the next one draws them again. */
async function write(file: string): Promise<void> {
  const unfinished = `${file}.${crypto.randomUUID()}`;
  try {
    await Deno.mkdir(file.slice(0, file.lastIndexOf('/')), { recursive: true });
    await Deno.writeFile(unfinished, new Uint8Array(serialize(PICTURES)));
    await Deno.rename(unfinished, file);
  } catch {
    await Deno.remove(unfinished).catch(() => {});
  }
}
