import type { FileStamp, WritePlan } from './tags.ts';

/** What has to be on record before a file is touched. */
export interface Intent {
  readonly plan: WritePlan;
  /** Where the new content is made: in the same directory, under a name that `isTemporary` knows. */
  readonly temporaryPath: string;
  /** The whole sidecar as it is; undefined for media files and for a sidecar that is made. */
  readonly bytesBefore: Uint8Array | undefined;
}

/** What has to be known to take a write back. */
export interface Undoable {
  readonly plan: WritePlan;
  readonly bytesBefore: Uint8Array | undefined;
  /** The file as the write left it. */
  readonly written: FileStamp;
}

/** Puts an intent on record; when it resolves, it has to be on the disk. */
export type Begin = (intent: Intent) => void | Promise<void>;
