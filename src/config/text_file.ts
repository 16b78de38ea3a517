import { type Stats, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { messageOf } from '../errors.ts';
import { readRegularFile } from '../files/regular.ts';
import { plain } from './quote.ts';

/** What became of an attempt to read a text file. */
export type TextFile =
  | { readonly state: 'read'; readonly text: string }
  | { readonly state: 'missing' | 'directory' | 'unreadable'; readonly complaint: string };

const asked = new Set<string>();

const proposed = new Map<string, string>();

/** From now on these files are read as if they held these texts: to see what a configuration would be, before it is written. */
export function proposeTexts(texts: Iterable<readonly [path: string, text: string]>): void {
  for (const [path, text] of texts) proposed.set(path, text);
}

/** Every path that this program has read, or looked for, as a text file: what a configuration that was just read consists of. */
export function textFilesAskedFor(): readonly string[] {
  return [...asked];
}

/** No configuration, key or certificate is nearly as long, and what is read is kept in memory. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Reads a UTF-8 file without its byte order mark. Never throws; `complaint` continues a sentence about the file. */
export function readTextFile(path: string): TextFile {
  asked.add(path);
  const text = proposed.get(path);
  if (text !== undefined) return { state: 'read', text };
  // What people write who mean no file; it has an end.
  if (path === devNull) return { state: 'read', text: '' };
  try {
    const bytes = readRegularFile(path, MOST_BYTES);
    return bytes === undefined ? noText(statSync(path)) : decoded(bytes);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { state: 'missing', complaint: 'does not exist' };
    if (code === 'ENXIO') return { state: 'unreadable', complaint: 'is a socket or a device, not a file' };
    if (code === 'EACCES' || code === 'EPERM') {
      return { state: 'unreadable', complaint: 'may not be read by this user' };
    }
    return { state: 'unreadable', complaint: `cannot be read (${plain(messageOf(error))})` };
  }
}

/** What is no file of text: a pipe would be waited for, and a device may have no end. */
function noText(found: Stats): TextFile {
  if (found.isDirectory()) return { state: 'directory', complaint: 'is a directory, not a file' };
  if (found.isFile()) return { state: 'unreadable', complaint: 'is longer than 16 MiB: it is another file' };
  return { state: 'unreadable', complaint: `is a ${found.isFIFO() ? 'pipe' : 'device'}, not a file` };
}

/** Windows PowerShell's `>` and old editors store text as UTF-16 or in the code page of a country. */
function decoded(bytes: Uint8Array): TextFile {
  const [first, second] = bytes;
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isMarked || bytes.includes(0)) {
    return { state: 'unreadable', complaint: 'is stored as UTF-16, or is no text: save it as UTF-8' };
  }
  try {
    return { state: 'read', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { state: 'unreadable', complaint: 'is not stored as UTF-8: save it as UTF-8' };
  }
}
