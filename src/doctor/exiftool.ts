import { type ExifToolCommand, locateExifTool } from '../writeback/exiftool/location.ts';
import { ExifToolPool } from '../writeback/exiftool/pool.ts';
import { readTags } from '../writeback/exiftool/read.ts';
import { isNameable } from '../writeback/exiftool/arguments.ts';
import { Scratch } from '../writeback/scratch.ts';

/** The ExifTool that write-back would use, to try it on files. Everything that it makes is gone at the end. */
export class ExifTool implements AsyncDisposable {
  private constructor(
    readonly version: string,
    readonly command: ExifToolCommand,
    readonly pool: ExifToolPool,
    readonly scratch: Scratch,
  ) {}

  /** Throws UserError when it cannot be run. */
  static async open(path: string | undefined): Promise<ExifTool> {
    const command = await locateExifTool(path);
    const scratch = await Scratch.make(undefined);
    const pool = new ExifToolPool({ workers: 1, command, config: scratch.config });
    try {
      return new ExifTool(await pool.version(), command, pool, scratch);
    } catch (error) {
      await pool[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What these files are, by ExifTool's `FileType`; undefined of those that it makes no sense of. In the same order. */
  async typesOf(paths: readonly string[]): Promise<(string | undefined)[]> {
    const readings = await readTags(this.pool, paths.filter(isNameable), []);
    return paths.map((path) => {
      const { fileType, error } = readings.get(path) ?? {};
      // Whatever is not a picture is text to it.
      return error !== undefined || fileType === 'TXT' ? undefined : fileType;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool[Symbol.asyncDispose]();
    await this.scratch[Symbol.asyncDispose]();
  }
}
