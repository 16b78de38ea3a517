/** What an export has done. */
export interface ExportReport {
  readonly directory: string;
  readonly startedAt: string;
  readonly seconds: number;
  /** Photos and videos that were looked at, without mirrors. */
  readonly assets: number;
  /** Copies made by sharing, whose originals are exported. */
  readonly mirrors: number;
  /** Files and links that were made, or made anew. */
  readonly made: Readonly<Record<'originals' | 'sidecars' | 'links', number>>;
  /** What was there already, as it has to be. */
  readonly unchanged: number;
  /** What Immich does not have any more. */
  readonly removed: number;
  /** Files that were compared with what they were made from. */
  readonly verified: number;
  readonly complete: boolean;
  readonly interrupted: boolean;
  /** The first hundred. */
  readonly troubles: readonly { readonly path: string; readonly reason: string }[];
  readonly troubleCount: number;
}

const MOST_TROUBLES = 100;

/** Counts while an export goes on. */
export class ExportTally {
  assets = 0;
  mirrors = 0;
  unchanged = 0;
  removed = 0;
  verified = 0;
  troubleCount = 0;
  readonly made = { originals: 0, sidecars: 0, links: 0 };
  readonly troubles: { path: string; reason: string }[] = [];

  trouble(path: string, reason: string): void {
    this.troubleCount++;
    if (this.troubles.length < MOST_TROUBLES) this.troubles.push({ path, reason });
  }
}
