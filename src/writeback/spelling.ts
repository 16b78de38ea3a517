import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path/posix';
import { codeOf } from '../files/problem.ts';

/**
 * What files are really called: some file systems take capitals for small letters, or one form of an accent for another, and open a file under
 * names that are not its own. Remembers directories, so it is made anew for every few files.
 */
export class Spelling {
  /** undefined: it cannot be listed. */
  readonly #names = new Map<string, ReadonlySet<string> | undefined>();

  /** The path by which a file is called where it lies, if that is not this one; undefined when it is, or nothing is there. */
  otherThan(path: string): string | undefined {
    if (!hasOtherNames(path)) return undefined;
    const names = path.split('/');
    for (let length = names.length; length > 1; length--) {
      const [directory, name] = [names.slice(0, length - 1).join('/'), names[length - 1] ?? ''];
      const listed = this.#in(directory === '' ? '/' : directory);
      if (listed === undefined) break;
      if (listed.has(name)) continue;
      const found = [...listed].find((one) => folded(one) === folded(name));
      return found === undefined ? undefined : [directory, found, ...names.slice(length)].join('/');
    }
    return undefined;
  }

  #in(directory: string): ReadonlySet<string> | undefined {
    if (!this.#names.has(directory)) this.#names.set(directory, namesIn(directory));
    return this.#names.get(directory);
  }
}

/** Whether something is there under another spelling of its name. Inodes would not tell whether it is the same: some file systems make them up. */
function hasOtherNames(path: string): boolean {
  const name = basename(path);
  const spellings = new Set([swapped(name), name.normalize('NFC'), name.normalize('NFD')]);
  spellings.delete(name);
  return [...spellings].some((spelling) => existsSync(`${dirname(path)}/${spelling}`)) && existsSync(path);
}

/** Capitals for small letters, and the other way round. */
function swapped(name: string): string {
  return name.replace(/[a-zA-Z]/g, (letter) => letter < 'a' ? letter.toLowerCase() : letter.toUpperCase());
}

function folded(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** undefined when it may not be read: what lies above the configured directories. */
function namesIn(directory: string): ReadonlySet<string> | undefined {
  try {
    return new Set([...Deno.readDirSync(directory)].map(({ name }) => name));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || codeOf(error) !== '') return undefined;
    throw error;
  }
}
