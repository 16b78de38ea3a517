import { locateExifTool } from './exiftool/location.ts';
import { ExifToolPool } from './exiftool/pool.ts';
import type { FileState, SeenAsset } from './file_state.ts';
import { lookAtFile, lookAtOriginals, type Original } from './look.ts';
import type { FieldName } from './fields/fields.ts';
import { tagsToRead } from './tags_to_read.ts';
import { Scratch } from './scratch.ts';
import type { Begin, Keep, Undoable } from './intent.ts';
import type { FileStamp, WritePlan } from './tags.ts';
import { undoFile, type Undone } from './undo_file.ts';
import { writeFile, type WriteTools } from './write_file.ts';

export interface WriterOptions {
  /** How many ExifTools work at a time. */
  readonly workers: number;
  /** EXIFTOOL_PATH; undefined: the one that comes with this program. */
  readonly exifToolPath: string | undefined;
  /** What these fields need to know is read of each file. */
  readonly fields: readonly FieldName[];
  /** Where a directory for what is told to ExifTool is made; undefined: among the system's temporary files. */
  readonly scratchParent: string | undefined;
}

/**
 * Reads and writes files. It plans nothing (planFiles does, without touching a file) and remembers nothing (the ledger
 * does). Calls may overlap, and should: as many ExifTools as configured work at a time, and each is fed ahead.
 */
export class Writer implements AsyncDisposable {
  readonly #tools: WriteTools;
  readonly #tags: readonly string[];

  private constructor(tools: WriteTools, fields: readonly FieldName[]) {
    this.#tools = tools;
    this.#tags = tagsToRead(fields);
  }

  /** ExifTool is started when it is needed. What needs it throws UserError when it cannot be run, and so does this when it cannot be unpacked. */
  static async open({ workers, exifToolPath, fields, scratchParent }: WriterOptions): Promise<Writer> {
    const command = await locateExifTool(exifToolPath);
    const scratch = await Scratch.make(scratchParent);
    const pool = new ExifToolPool({ workers, command, config: scratch.config });
    return new Writer({ pool, scratch }, fields);
  }

  /** The version of ExifTool. Throws UserError when it cannot be run. */
  version(): Promise<string> {
    return this.#tools.pool.version();
  }

  /** Reads these originals with their sidecars, in the same order. Never throws for a file: its state says what is wrong. */
  look(originals: readonly Original[]): Promise<SeenAsset[]> {
    return lookAtOriginals(this.#tools.pool, originals, this.#tags);
  }

  /** Reads one file again. */
  lookAt(path: string, kind: WritePlan['kind']): Promise<FileState> {
    return lookAtFile(this.#tools.pool, path, kind, this.#tags);
  }

  /**
   * Does what the plan says: new content in a temporary file, compared with the plan, then renamed over the original.
   * `begin` is called before the temporary file is made. Throws WriteProblem; then the file is what it was, and the
   * temporary file is gone.
   *
   * @param keep is given what undo needs of a media file, before that is replaced; undefined: its tags alone can come back
   */
  apply(plan: WritePlan, begin: Begin, keep?: Keep): Promise<FileStamp> {
    return writeFile(this.#tools, plan, begin, keep);
  }

  /**
   * Takes a write back: a sidecar gets its bytes back or goes, a media file its bytes where what
   * makes them was kept and it is still the one that was written, else its tags, as far as they still say what was written. Throws WriteProblem when nothing of that is left, a sidecar is no longer as we left it, or it cannot be written.
   */
  undo(change: Undoable, begin: Begin): Promise<Undone> {
    return undoFile(this.#tools, change, begin);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tools.pool[Symbol.asyncDispose]();
    await this.#tools.scratch[Symbol.asyncDispose]();
  }
}
