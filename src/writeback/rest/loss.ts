/** Something of others that a write would change, add or lose, so that it is not done. */
export interface Loss {
  /** What it is, for people: `XMP-dc:Description-de-DE`. */
  readonly what: string;
  /** The planned tags that are to blame; none when that is not known. */
  readonly tags: readonly string[];
}

/** What a look at the rest of a file has found: nothing but this. undefined: it could not be looked at. */
export type Losses = readonly Loss[];
