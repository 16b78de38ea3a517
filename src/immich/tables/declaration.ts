/**
 * What this program knows of one table of Immich. All of it stands here: what is copied, what is watched, and what a database must have
 * follow from these declarations, and a table that is not declared is unknown.
 */
export interface TableDeclaration {
  /** The first release that has it; 2.0 where left out. One that came later may be missing. */
  readonly from?: Version;
  readonly copied: Copied;
  readonly watched: Watched;
  /**
   * Columns that statements name, that a trigger of Immich fills in when a statement writes, or that something would go wrong without. A
   * part of the program that is left out does not need the table.
   */
  readonly needed: Needed;
  /**
   * What our statements do with it, and Immich's triggers in our name. Where this is left out, it is read if anybody needs it, and not
   * written.
   */
  readonly rights?: readonly Verb[];
  /** The same, for some columns only. */
  readonly rightsToColumns?: Readonly<Partial<Record<Verb, readonly string[]>>>;
  /** The trigger on deletions from the table `of` that works with its rows: without it the deletion fails, also in a release that had it not yet. */
  readonly usedByTrigger?: { readonly of: string; readonly function: string };
  /** The columns by which it refers to other tables, where their names have changed: for each table, the newest name first. */
  readonly keys?: Readonly<Record<string, readonly [newest: string, ...former: string[]]>>;
}

/** Of a release line of Immich, such as 2.4. */
export type Version = `${number}.${number}`;

/** How the rows of a source reach its mirror. */
export type Copied =
  /** As they are, over their `assetId`. */
  | {
    readonly how: 'rows';
    /** Left at their default: what belongs to the row and not to what it is about. */
    readonly except?: readonly string[];
  }
  /** By a statement of its own in share/, which fills in these columns or leaves them at their default on purpose; the others are copied. */
  | { readonly how: 'statement'; readonly filled: readonly string[] }
  /** They belong to a user, to playback or to housekeeping. */
  | { readonly how: 'never'; readonly because: string };

/** How share/cycle/changes.ts learns that something has changed. */
export type Watched =
  /**
   * Each change gives a row a new `updateId`; `asset` is the column that tells whose row it is. Where that has no index or, in some
   * releases, no trigger that sets it, the table is read only if PostgreSQL has counted writes to it.
   */
  | {
    readonly by: 'update-id';
    readonly asset: 'id' | 'assetId';
    readonly isIndexed: boolean;
    readonly hasTrigger: boolean;
    /** The column of asset_job_status that says when Immich wrote them: read in releases where the rows have no `updateId`. */
    readonly noted?: string;
  }
  /** Its rows are deletions from the table `of`, written by a trigger that calls this function; `id` is the time. */
  | { readonly by: 'audit'; readonly of: string; readonly function: string }
  /** It has no `updateId`: only PostgreSQL's count of writes tells of them. */
  | { readonly by: 'count' }
  /** It leaves no trace but PostgreSQL's count of writes: what a selection takes from it is then compared with what is shared. */
  | { readonly by: 'comparison' }
  /** By a statement of its own, over its `updateId` or, of an audit table, its `id`. `isCounted`: only if PostgreSQL has counted writes. */
  | {
    readonly by: 'statement';
    readonly isCounted: boolean;
    /** A count that stays at 0 is believed: many never write to it, and the statement finds something each time it is asked. */
    readonly isBelievedUnwritten?: true;
    readonly of?: string;
    readonly function?: string;
  }
  /** Whatever changes makes the next cycle a full one. */
  | { readonly by: 'foundation' }
  /** Nothing that sharing depends on is in there, or it shows elsewhere. */
  | { readonly by: 'nothing'; readonly because: string };

/**
 * A part of the program that cannot work on a database that lacks what it needs. `locking` is the part of sharing that withdraws locked
 * photos: it needs as little as it can, and goes on where the rest cannot.
 */
export type User = 'sharing' | 'locking' | 'writeBack';

export type Needed = Readonly<Partial<Record<User, readonly string[]>>>;

export type Verb = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

/** For whatever mirrors consist of: their rows are made, follow and go. */
export const ALL_RIGHTS: readonly Verb[] = Object.freeze(['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const);

export const NOBODY: Needed = Object.freeze({});
