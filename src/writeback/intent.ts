import type { FileStamp, WritePlan } from './tags.ts';
import type { UndoDelta } from './undo_delta/undo_delta.ts';

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
  /** Of a media file, what makes the old one out of the new one; undefined where that was not kept, as up to version 0.1. */
  readonly delta: UndoDelta | undefined;
  /** The file as the write left it. */
  readonly written: FileStamp;
}

/** Puts an intent on record; when it resolves, it has to be on the disk. */
export type Begin = (intent: Intent) => void | Promise<void>;

/** Keeps what a media file can be made what it was from; when it resolves, that has to be on the disk. */
export type Keep = (delta: UndoDelta) => Promise<void>;
