import type { OwnValues, TagValue } from './fields/values.ts';

/** One change to one file, as a dry run shows it (`+ ~ -`) and the writer makes it. */
export interface TagChange {
  readonly tag: string;
  readonly before: TagValue | null;
  readonly after: TagValue | null;
}

/** Everything that will be done to one file (a media file or a sidecar). A dry run prints it; the writer consumes it. */
export interface WritePlan {
  /** As this program sees it. */
  readonly path: string;
  readonly kind: 'media' | 'sidecar';
  /** The sidecar has to be made. */
  readonly isNew: boolean;
  readonly changes: readonly TagChange[];
  /** What will be ours once the plan is applied. */
  readonly own: OwnValues;
  /** The file as it was when the plan was made; a file that changed since is not written. undefined for a new sidecar. */
  readonly seen: FileStamp | undefined;
  /** In journals of versions up to 0.1.0: all of IPTC was written anew in another encoding, and has to be once more. */
  readonly recodesIptc?: boolean;
}

/** Whether nothing is in the file that is to be changed: it has to be made, or is a sidecar without a byte. */
export function isFromNothing({ isNew, seen }: Pick<WritePlan, 'isNew' | 'seen'>): boolean {
  return isNew || seen?.size === 0;
}

export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
}
