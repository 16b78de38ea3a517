/** How an asset ended a run. A closed list; the counts of a run add up to the assets it looked at. */
export const OUTCOMES = Object.freeze(
  [
    'written',
    /** Neither the record nor the file has changed since we last looked: nothing was opened. */
    'unchanged',
    /** The file was compared and has all of it already. */
    'already-right',
    /** A dry run would write it. */
    'would-write',
    /** Somebody who was asked did not want it written. */
    'not-wanted',
    /** Not there, or outside every configured directory. */
    'not-found',
    /** ExifTool cannot write it, ever: remembered until the file changes. */
    'unwritable',
    /** Somebody may still be at work on it: it has no end yet, or changed a moment ago. Tried again next time. */
    'still-changing',
    /** Changed since it was planned; tried again next time. */
    'changed-meanwhile',
    /** Something went wrong; tried again next time. */
    'failed',
    /** A mirror made by sharing: its source is the one that is written. */
    'mirror',
    /** An upload that may have a sidecar elsewhere, of which the API does not tell: left alone. */
    'sidecar-unknown',
    /** Another asset has the same original, as when two users import one directory: that one is written. */
    'same-file',
    /** Immich says nothing that could be written. */
    'nothing-known',
  ] as const,
);

export type Outcome = typeof OUTCOMES[number];
