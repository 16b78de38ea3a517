import { dayOf, plural } from '../../config/words.ts';
import { plain } from '../../config/quote.ts';
import type { JobCounts } from './explain.ts';

const ROLES = Object.freeze({ select: 'shared', except: 'left out', range: 'only' } as const);

/** `shared: 118 are in the album "Family", since 2026-11-30`, and below it each album where it is about several. */
export function describeCriterion({ role, words, photos, since, by = [] }: JobCounts['criteria'][number]): string[] {
  const isOne = by.length === 1 && by[0]?.words === words;
  const when = since === undefined ? '' : `, since ${dayOf(since)}`;
  return [
    `${ROLES[role]}: ${photos} ${plural(photos, 'is', 'are')} ${plain(words)}${when}`,
    ...isOne
      ? []
      : by.slice(0, MOST_THINGS).map((one) => `  ${one.photos} ${plain(one.words)}, since ${dayOf(one.since)}`),
    ...by.length > MOST_THINGS ? [`  and ${by.length - MOST_THINGS} more`] : [],
  ];
}

/** More albums than this nobody reads one by one; --json has all of them. */
const MOST_THINGS = 20;
