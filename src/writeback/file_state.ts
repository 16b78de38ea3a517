import type { FileTimes } from './settled.ts';
import type { FileStamp } from './tags.ts';
import type { Tags } from './fields/values.ts';

/** A media file or a sidecar as it is. */
export interface FileState {
  /** As this program sees it. */
  readonly path: string;
  readonly kind: 'media' | 'sidecar';
  /** undefined when there is no such file: a sidecar that would have to be made, or an original that vanished. */
  readonly stamp: FileStamp | undefined;
  /** undefined when there is no such file. */
  readonly times: FileTimes | undefined;
  /** ExifTool's `FileType`, from the content: `JPEG`, `HEIC`, `MP4`. undefined when it does not know the content. */
  readonly fileType: string | undefined;
  /** What is in it of the tags that write-back reads, numbers as text. */
  readonly tags: Tags;
  /** Why nothing can be written into it; undefined when nothing speaks against it. */
  readonly obstacle: Obstacle | undefined;
}

export interface Obstacle {
  /** A sentence without full stop: `ExifTool cannot write AVI files`. */
  readonly reason: string;
  /** Not before the file itself changes: remembered, and not logged every run. */
  readonly isPermanent: boolean;
}

/** An original with its sidecar. */
export interface SeenAsset {
  readonly media: FileState;
  /** The one that may be written: that which Immich reads, or would, or one in a tree of their own. */
  readonly sidecar: FileState;
  /** With a tree: the one that Immich reads, or would, which is never written. */
  readonly beside?: FileState | undefined;
}
