import type { ServerVersion } from './server.ts';

/** What to look for. Without it: everything of this visibility. */
export interface SearchFilter {
  readonly visibility: 'timeline' | 'archive';
  readonly albumIds?: readonly string[];
  readonly tagIds?: readonly string[];
  /** ISO 8601: only what Immich changed since. */
  readonly updatedAfter?: string;
}

/** A part of time; both ends belong to it. ISO 8601. */
export interface Window {
  readonly takenAfter?: string;
  readonly takenBefore?: string;
  readonly updatedAfter?: string;
  readonly updatedBefore?: string;
}

export interface Page {
  /** Assets per request, at most 1,000. */
  readonly size: number;
  /** Whether EXIF data and people come with each asset. */
  readonly withDetails: boolean;
  /** What the answer before has given to ask for what follows; none for the first page. */
  readonly next: string | undefined;
}

/** The first release whose requests for assets have `filter`, `orderBy` and `cursor`; the flat fields are said to go with 4.0. */
const WITH_FILTER: ServerVersion = { major: 3, minor: 2, patch: 2 };

/** The body of `POST /search/metadata` as this release wants it: assets that are not in the trash, in the order of their capture time. Pure. */
export function searchRequest(version: ServerVersion, filter: SearchFilter, window: Window, page: Page) {
  return hasFilter(version) ? filterRequest(filter, window, page) : flatRequest(filter, window, page);
}

/** Whether requests to a server of this version have `filter`, and its answers `nextCursor`. */
export function hasFilter({ major, minor, patch }: ServerVersion): boolean {
  const { major: fromMajor, minor: fromMinor, patch: fromPatch } = WITH_FILTER;
  return major !== fromMajor ? major > fromMajor : minor !== fromMinor ? minor > fromMinor : patch >= fromPatch;
}

function flatRequest(filter: SearchFilter, window: Window, { size, withDetails, next }: Page) {
  return { ...filter, ...window, ...detailsOf(withDetails), order: 'asc', page: Number(next ?? 1), size };
}

function filterRequest({ visibility, albumIds, tagIds, updatedAfter }: SearchFilter, window: Window, page: Page) {
  const { size, withDetails, next } = page;
  return {
    filter: {
      visibility: { eq: visibility },
      // Here the trash is not left out by itself.
      trashedAt: { eq: null },
      ...(albumIds === undefined ? {} : { albumIds: { all: albumIds } }),
      ...(tagIds === undefined ? {} : { tagIds: { all: tagIds } }),
      ...between('takenAt', window.takenAfter, window.takenBefore),
      ...between('updatedAt', window.updatedAfter ?? updatedAfter, window.updatedBefore),
    },
    orderBy: { field: 'fileCreatedAt', direction: 'asc' },
    ...detailsOf(withDetails),
    ...(next === undefined ? {} : { cursor: next }),
    size,
  };
}

function between(field: string, from: string | undefined, to: string | undefined) {
  if (from === undefined && to === undefined) return {};
  return { [field]: { ...(from === undefined ? {} : { gte: from }), ...(to === undefined ? {} : { lte: to }) } };
}

function detailsOf(withDetails: boolean) {
  return withDetails ? { withExif: true, withPeople: true } : {};
}
