import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import manifest from '../deno.json' with { type: 'json' };
import facts from './build.json' with { type: 'json' };

/** The ExifTool that lies beside the packaged program. */
export interface PackedExifTool {
  /** Its file's name. */
  readonly archive: string;
  /** SHA-256, in hex, of the list of its files. */
  readonly digest: string;
  /** What is started, below the directory that it is unpacked to. */
  readonly entry: string;
  /** Whether Perl starts it, or it starts by itself. */
  readonly needsPerl: boolean;
}

/** What packaging/compile.ts and the Dockerfile write into build.json; the file in the repository is that of the source. */
export interface Build {
  /** The commit it was built from; null: unknown. */
  readonly commit: string | null;
  /** Null: the npm package is at hand. */
  readonly exiftool: PackedExifTool | null;
}

export const BUILD: Build = facts;

/** The directory of the source, for a program that is started from it and does not know its commit. */
export const SOURCE: string | undefined = BUILD.commit === null && import.meta.url.endsWith('/version.ts')
  ? fileURLToPath(new URL('.', import.meta.url))
  : undefined;

/** The version of this program. */
export const VERSION: string = manifest.version;

/** What `--version` prints: `1.2.3 (commit 0123abcd)`, or only the version where the commit is not known. */
export const VERSION_LINE: string = BUILD.commit === null ? VERSION : `${VERSION} (commit ${BUILD.commit})`;

/** The rooms of which sharing consists. */
const ROOMS = ['share', 'immich', 'postgres', 'files', 'xmp', 'config'];

/**
 * What changes with the rules that this program shares by: the commit that it was built from, or else a digest of its files. Undefined
 * when neither can be told. Needs to read SOURCE.
 */
export function readRules(): string | undefined {
  return BUILD.commit ?? (SOURCE === undefined ? undefined : digestOfFiles(SOURCE, ROOMS));
}

/** A digest of the files in these folders of a directory, their names included. */
export function digestOfFiles(directory: string, folders: readonly string[]): string {
  const digest = createHash('sha256');
  for (const folder of folders) {
    const names = readdirSync(join(directory, folder), { recursive: true, encoding: 'utf8' }).sort();
    for (const name of names.filter((one) => /\.\w+$/.test(one))) {
      digest.update(`${folder}/${name}\0`).update(readFileSync(join(directory, folder, name)));
    }
  }
  return digest.digest('hex');
}
