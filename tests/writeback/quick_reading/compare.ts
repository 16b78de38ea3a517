import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { locateExifTool } from '../../../src/writeback/exiftool/location.ts';
import { ExifToolPool } from '../../../src/writeback/exiftool/pool.ts';
import { type Reading, readTags } from '../../../src/writeback/exiftool/read.ts';
import { FIELD_NAMES } from '../../../src/writeback/fields/fields.ts';
import { tagsToRead } from '../../../src/writeback/tags_to_read.ts';
import { quickReading } from '../../../src/writeback/quick_reading/quick_reading.ts';
import { Scratch } from '../../../src/writeback/scratch.ts';
import type { Tags } from '../../../src/writeback/fields/values.ts';

/** Every tag that write-back ever reads. */
const TAGS = tagsToRead(FIELD_NAMES);

/** A file of which the two say different things. */
export interface Difference {
  readonly path: string;
  readonly seen: unknown;
  readonly expected: unknown;
}

/** ExifTool and the quick reading, side by side. */
export class Comparison implements AsyncDisposable {
  readonly directory: string;
  readonly pool: ExifToolPool;
  readonly #scratch: Scratch;
  #made = 0;
  /** Files that were compared, and those of which the quick reading said something. */
  readonly counts = { files: 0, answered: 0 };

  private constructor(directory: string, scratch: Scratch, pool: ExifToolPool) {
    this.directory = directory;
    this.#scratch = scratch;
    this.pool = pool;
  }

  static async open(): Promise<Comparison> {
    const scratch = await Scratch.make(undefined);
    const pool = new ExifToolPool({ workers: 2, command: await locateExifTool(undefined), config: scratch.config });
    return new Comparison(await Deno.makeTempDir({ prefix: 'quick-reading-' }), scratch, pool);
  }

  /** Where a file may be made that nobody else uses. */
  newPath(kind: 'jpg' | 'xmp'): string {
    return `${this.directory}/${++this.#made}.${kind}`;
  }

  /** Asserts that whatever the quick reading says of these files is what ExifTool says. Returns whether it says something. */
  async ofBytes(files: readonly { readonly kind: 'jpg' | 'xmp'; readonly bytes: Uint8Array }[]): Promise<boolean[]> {
    const paths = files.map(({ kind, bytes }) => {
      const path = this.newPath(kind);
      Deno.writeFileSync(path, bytes);
      return path;
    });
    const answers = await this.of(paths);
    paths.forEach((path) => Deno.removeSync(path));
    return answers;
  }

  async of(paths: readonly string[]): Promise<boolean[]> {
    const { answers, differences } = await this.#compare(paths);
    for (const { path, ...values } of differences) {
      const content = Deno.readTextFileSync(path).slice(0, 4_000);
      assert.deepEqual(values.seen, values.expected, `${content}\n${JSON.stringify(values, null, 1)}`);
    }
    return answers;
  }

  /** Where the quick reading says of these files what ExifTool does not say. */
  async differences(paths: readonly string[]): Promise<Difference[]> {
    return (await this.#compare(paths)).differences;
  }

  async #compare(paths: readonly string[]): Promise<{ answers: boolean[]; differences: Difference[] }> {
    const readings = await readTags(this.pool, paths, TAGS);
    const differences: Difference[] = [];
    const answers = await Promise.all(paths.map(async (path) => {
      const quick = await quickReading(path, kindOf(path), Deno.statSync(path).size);
      if (quick === undefined) return false;
      const [seen, expected] = [quick, readings.get(path)].map((reading) => reading && said(reading));
      if (!isDeepStrictEqual(seen, expected)) differences.push({ path, seen, expected });
      return true;
    }));
    this.counts.files += answers.length;
    this.counts.answered += answers.filter(Boolean).length;
    return { answers, differences };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool[Symbol.asyncDispose]();
    await this.#scratch[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}

function kindOf(path: string): 'media' | 'sidecar' {
  return path.endsWith('.xmp') ? 'sidecar' : 'media';
}

function said({ fileType, error, tags }: Reading) {
  return { fileType, error, tags: asked(tags) };
}

function asked(tags: Tags): Tags {
  return Object.fromEntries(TAGS.filter((tag) => tags[tag] !== undefined).map((tag) => [tag, tags[tag] ?? null]));
}
