import { createTarGzip } from 'nanotar';
import { LIST_NAME, sha256 } from '../src/writeback/exiftool/unpack.ts';

/** What the packages of ExifTool are for: everything but Windows has Perl, or can have it. */
export type ExifToolKind = 'perl' | 'windows';

export interface ExifToolArchive {
  /** A gzipped tar with a list of its files. */
  readonly bytes: Uint8Array;
  /** The list's SHA-256, in hex. */
  readonly digest: string;
  /** What is started, below the directory that it is unpacked to. */
  readonly entry: string;
}

/** Packs an npm package of ExifTool, which is downloaded if it has to be. */
export async function packExifTool(kind: ExifToolKind, version: string): Promise<ExifToolArchive> {
  const specifier = `npm:exiftool-vendored.${kind === 'perl' ? 'pl' : 'exe'}@${version}`;
  const { default: entryPath }: { default: string } = await import(specifier);
  const separator = Math.max(entryPath.lastIndexOf('/'), entryPath.lastIndexOf('\\'));
  const files = await filesBelow(entryPath.slice(0, separator));
  const list = new TextEncoder().encode(files.map(({ name, data }) => `${sha256(data)}  ${name}\n`).join(''));
  const attrs = { mtime: 0, uid: 0, gid: 0 }; // the same every time
  return {
    bytes: await createTarGzip([{ name: LIST_NAME, data: list }, ...files], { attrs }),
    digest: sha256(list),
    entry: entryPath.slice(separator + 1),
  };
}

interface File {
  readonly name: string;
  readonly data: Uint8Array;
}

async function filesBelow(directory: string, prefix = ''): Promise<File[]> {
  const files: File[] = [];
  for (const { name, isDirectory } of [...Deno.readDirSync(directory)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = `${directory}/${name}`;
    if (isDirectory) files.push(...await filesBelow(path, `${prefix}${name}/`));
    else files.push({ name: prefix + name, data: await Deno.readFile(path) });
  }
  return files;
}
