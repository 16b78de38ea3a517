import type { FilePlan, FileStamp } from './tags.ts';
import type { FileState, SeenAsset } from './file_state.ts';

/** What has to be on record before a file is touched. */
export interface Intent {
  readonly plan: FilePlan;
  /** Where the new content is made: in the same directory, under a name that `isTemporary` knows. */
  readonly temporaryPath: string;
  /** The whole sidecar as it is; undefined for media files and for a sidecar that is made. */
  readonly bytesBefore: Uint8Array | undefined;
}

/** What has to be known to take a write back. */
export interface Undoable {
  readonly plan: FilePlan;
  readonly bytesBefore: Uint8Array | undefined;
  /** The file as the write left it. */
  readonly written: FileStamp;
}

/**
 * Reads and writes files. It plans nothing (planFiles does, without touching a file) and remembers nothing (the ledger
 * does). Calls may overlap; as many ExifTool processes as configured work at a time.
 */
export interface Writer {
  /** Reads these originals with their sidecars, in the same order. Never throws for a file: its state says what is wrong. */
  look(originals: readonly string[]): Promise<SeenAsset[]>;

  /** Reads one file again. */
  lookAt(path: string, kind: FilePlan['kind']): Promise<FileState>;

  /**
   * Does what the plan says: new content in a temporary file, compared with the plan, then renamed over the original.
   * `begin` is called before the temporary file is made and has to have it on record when it resolves.
   * Throws WriteProblem; then the file is what it was, and the temporary file is gone.
   */
  apply(plan: FilePlan, begin: (intent: Intent) => void | Promise<void>): Promise<FileStamp>;

  /**
   * Takes a write back: a sidecar gets its bytes back or goes, a media file its tags. Returns the file as it is then,
   * undefined when it is gone. Throws WriteProblem when the file is no longer as we left it, or cannot be written.
   */
  undo(change: Undoable, begin: (intent: Intent) => void | Promise<void>): Promise<FileStamp | undefined>;

  close(): Promise<void>;
}
