import type { WriteLimits } from '../limits.ts';

/** A directory is listed when it is asked about for so many times: uploads spread over 65,536 of them. */
const WORTH_LISTING = 8;

/** Changes within this time may leave a directory with the same modification time: it is not listed while it may be changing. */
const CLOCK_GRANULARITY_MS = 2_000;

/** In bytes: about 200,000 names, which are all in memory for a moment. */
const LARGEST_DIRECTORY = 8 << 20;

interface Known {
  asked: number;
  /** The page for which it was last looked at. */
  page: number;
  /** When it had changed last before it was listed; undefined when it was not. */
  mtimeMs: number | undefined;
  hasNone: boolean;
}

/**
 * Which directories have no sidecar at all, which is most of them where photos are written into: to ask the file system for
 * both sidecars of each photo takes 12 µs, a quarter of all that a photo costs that has not changed.
 */
export class SidecarDirectories {
  readonly #known = new Map<string, Known>();
  readonly #most: number;
  #page = 0;

  /** Memory must stay flat: with more directories than `limits` says all are forgotten. */
  constructor({ directories }: Pick<WriteLimits, 'directories'>) {
    this.#most = directories;
  }

  /** Directories that have changed are listed again. */
  nextPage(): void {
    this.#page++;
    if (this.#known.size > this.#most) this.#known.clear();
  }

  /** Whether there is surely no sidecar in this directory, by whatever spelling of its ending. */
  hasNone(directory: string): boolean {
    const known = this.#known.get(directory) ?? { asked: 0, page: -1, mtimeMs: undefined, hasNone: false };
    if (known.asked++ === 0) this.#known.set(directory, known);
    if (known.asked >= WORTH_LISTING && known.page !== this.#page) this.#look(directory, known);
    return known.hasNone;
  }

  #look(directory: string, known: Known): void {
    known.page = this.#page;
    try {
      const { mtime, size } = Deno.statSync(directory);
      const mtimeMs = mtime?.getTime() ?? Infinity;
      if (mtimeMs === known.mtimeMs) return;
      const isWorthIt = mtimeMs < Date.now() - CLOCK_GRANULARITY_MS && size <= LARGEST_DIRECTORY;
      known.hasNone = isWorthIt && !Deno.readDirSync(directory).some(({ name }) => /\.xmp$/i.test(name));
      known.mtimeMs = isWorthIt ? mtimeMs : undefined;
    } catch {
      // Each photo in it is asked for by itself.
      known.hasNone = false;
      known.mtimeMs = undefined;
    }
  }
}
