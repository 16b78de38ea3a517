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

/** The version of this program. */
export const VERSION: string = manifest.version;

/** What `--version` prints: `1.2.3 (commit 0123abcd)`, or only the version where the commit is not known. */
export const VERSION_LINE: string = BUILD.commit === null ? VERSION : `${VERSION} (commit ${BUILD.commit})`;
