import type { SharedPair } from '../../config/config.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { inAlbums } from './criteria/albums.ts';
import { takenBetween } from './criteria/date.ts';
import { isFavorite } from './criteria/favorites.ts';
import { liesOnMount } from './criteria/mount.ts';
import { liesBelow } from './criteria/paths.ts';
import { showsPeople } from './criteria/people.ts';
import { isRated } from './criteria/rating.ts';
import { inSharedAlbums } from './criteria/shared_albums.ts';
import { hasTags } from './criteria/tags.ts';
import { isOfType } from './criteria/types.ts';
import type { CriteriaSchema, Criterion, Ranges, ReasonsFound } from './criterion.ts';

/** What of a pair of members of shared albums says what is meant. */
export interface PairToChoose {
  readonly pair: SharedPair;
  readonly sourceUserId: string;
  readonly targetUserId: string;
}

/** What a job means among the photos of its kind and path. */
export interface JobSelection {
  /** Any of these is enough; undefined = nothing has to be true. Without any, nothing is selected: all that it named is gone. */
  readonly anyOf: readonly Criterion[] | undefined;
  /** None of these may be true. */
  readonly noneOf: readonly Criterion[];
  /** All of these must be true. */
  readonly allOf: readonly Criterion[];
}

/** The criteria of what a job says, with what its names stand for. Pure. */
export function selectionOf(
  schema: CriteriaSchema,
  { select, pair, except, ranges }: {
    readonly select: ReasonsFound | undefined;
    readonly pair?: PairToChoose | undefined;
    readonly except: readonly ReasonsFound[];
    readonly ranges: Ranges;
  },
): JobSelection {
  const { since, until, minRating, types } = ranges;
  return {
    anyOf: pair !== undefined
      ? [inSharedAlbums(schema, pair.pair, pair)]
      : select === undefined
      ? undefined
      : criteriaOf(schema, select),
    noneOf: except.flatMap((reasons) => criteriaOf(schema, reasons)),
    allOf: [
      ...since === undefined && until === undefined ? [] : [takenBetween(since, until)],
      ...minRating === undefined ? [] : [isRated(minRating)],
      ...types === undefined ? [] : [isOfType(types)],
      ...pair?.pair.mount === undefined ? [] : [liesOnMount(pair.pair.mount)],
    ],
  };
}

/** Whether somebody who is recognised later may be a reason not to share a photo. */
export function dependsOnWhoElse({ anyOf, noneOf }: JobSelection): boolean {
  return noneOf.some(({ name }) => name === 'people') ||
    (anyOf ?? []).some(({ isAboutOthers }) => isAboutOthers === true);
}

/** Everything that is asked of a photo, for whatever purpose. */
export function allCriteria({ anyOf, noneOf, allOf }: JobSelection): readonly Criterion[] {
  return [...anyOf ?? [], ...noneOf, ...allOf];
}

function criteriaOf(schema: CriteriaSchema, reasons: ReasonsFound): Criterion[] {
  const { albums, people, peopleMatch, peopleGone, tags, favorites, paths } = reasons;
  return [
    ...albums.length === 0 ? [] : [inAlbums(schema, albums)],
    ...people.length === 0 ? [] : [showsPeople(schema, people, peopleMatch, peopleGone)],
    ...tags.length === 0 ? [] : [hasTags(schema, tags)],
    ...favorites ? [isFavorite] : [],
    ...paths.length === 0 ? [] : [liesBelow(paths)],
  ];
}

/** Whether a selection means the row `alias` of `asset`. */
export function isChosen(sql: Sql, { anyOf, noneOf, allOf }: JobSelection, alias: string): Fragment {
  const any = anyOf === undefined ? sql`true` : anyOf.reduce(
    (conditions, criterion) => sql`${conditions} OR ${criterion.matches(sql, alias)}`,
    sql`false`,
  );
  const none = noneOf.reduce(
    (conditions, criterion) => sql`${conditions} AND NOT ${criterion.matches(sql, alias)}`,
    sql`true`,
  );
  const all = allOf.reduce(
    (conditions, criterion) => sql`${conditions} AND ${criterion.matches(sql, alias)}`,
    sql`true`,
  );
  return sql`((${any}) AND ${none} AND ${all})`;
}
