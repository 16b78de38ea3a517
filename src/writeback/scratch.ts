import { OWN_TAGS } from './exiftool/own_tags.ts';
import { END_WITH_PROGRAM } from './exiftool/process.ts';
import { REAL_PATHS_ONLY } from './exiftool/real_paths.ts';

/** What an XMP file without content looks like. ExifTool makes new sidecars from it. */
const EMPTY_SIDECAR = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF " +
  "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'></rdf:RDF></x:xmpmeta>\n";

/** A file to write into, for one command at a time. */
export interface Slot extends Disposable {
  readonly path: string;
  write(text: string): void;
}

/** A directory of our own for what is told to ExifTool in files. It is removed at the end. */
export class Scratch implements AsyncDisposable {
  readonly #directory: string;
  readonly #free: string[] = [];
  #count = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** @param parent where it is made; undefined: among the system's temporary files */
  static async make(parent: string | undefined): Promise<Scratch> {
    const directory = await Deno.makeTempDir({
      prefix: 'immich-sidecar-',
      ...(parent === undefined ? {} : { dir: parent }),
    });
    const scratch = new Scratch(await Deno.realPath(directory));
    await Deno.writeTextFile(scratch.emptySidecar, EMPTY_SIDECAR);
    await Deno.writeTextFile(scratch.config, OWN_TAGS + REAL_PATHS_ONLY + END_WITH_PROGRAM);
    return scratch;
  }

  /** ExifTool's configuration. */
  get config(): string {
    return `${this.#directory}/exiftool.config`;
  }

  /** An XMP file without content. */
  get emptySidecar(): string {
    return `${this.#directory}/%.xmp`;
  }

  /**
   * A path as ExifTool's option -o takes it when it copies the empty sidecar. `%` begins a code there and cannot be
   * escaped, but `%f` is the name of the source: `%`.
   */
  asTarget(path: string): string {
    return path.replaceAll('%', '%f');
  }

  /** A file that nobody else uses until it is disposed of. Files are used again: making one takes longer than writing. */
  slot(): Slot {
    const path = this.#free.pop() ?? `${this.#directory}/${++this.#count}.json`;
    return {
      path,
      write: (text) => Deno.writeTextFileSync(path, text),
      [Symbol.dispose]: () => void this.#free.push(path),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true });
  }
}
