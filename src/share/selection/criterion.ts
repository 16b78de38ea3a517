import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { PeopleMatch } from '../../config/config.ts';

/** A reason for which photos are in or out, or a range that they must be in. A closed list; each has a file in criteria/. */
export type CriterionName =
  | 'albums'
  | 'shared-albums'
  | 'people'
  | 'tags'
  | 'favorites'
  | 'paths'
  | 'date'
  | 'rating'
  | 'types'
  | 'mount';

/** One reason or range of a job, with the ids that its names stand for. */
export interface Criterion {
  readonly name: CriterionName;
  /** For people, after "is": `in the album "Family"`. */
  readonly words: string;
  /** Of the albums, people or tags that it is about. */
  readonly ids?: readonly string[];
  /** It also depends on the names of people whom it is not about. */
  readonly isAboutOthers?: boolean;
  /** Whether it is true of the row `alias` of `asset`. One condition, however many albums or people it is about. */
  matches(sql: Sql, alias: string): Fragment;
  /**
   * Which of its albums, people, tags or paths make it true of the row `alias` of `asset`: a query for one column of text, ids or paths. Left
   * out: it is about nothing that has a name.
   */
  things?(sql: Sql, alias: string): Fragment;
}

/** Something in Immich that a job names. */
export interface Named {
  readonly id: string;
  /** What Immich calls it now. */
  readonly name: string;
}

/** What a job names as reasons, as far as it is there. */
export interface ReasonsFound {
  readonly albums: readonly Named[];
  readonly people: readonly Named[];
  readonly peopleMatch: PeopleMatch;
  /** How many of the people are there no more. */
  readonly peopleGone: number;
  readonly tags: readonly Named[];
  readonly favorites: boolean;
  readonly paths: readonly string[];
}

/** What photos must be like, whatever the reason. */
export interface Ranges {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly minRating?: number | undefined;
  readonly types?: readonly ('image' | 'video')[] | undefined;
}

/** The columns of Immich's that criteria name. */
export type CriteriaSchema = Pick<ImmichSchema, 'catalog' | 'people' | 'has'>;
