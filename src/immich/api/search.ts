import { getLogger } from '@logtape/logtape';
import { z } from 'zod';
import type { ImmichApi } from './client.ts';
import { hasFilter, type SearchFilter, searchRequest, type Window } from './search_request.ts';
import type { ServerVersion } from './server.ts';

export type { SearchFilter } from './search_request.ts';

const logger = getLogger(['immich-sidecar', 'immich']);

/** A box as Immich gives it: pixels of a picture of this size. */
export const boxAnswer = z.object({
  boundingBoxX1: z.number(),
  boundingBoxY1: z.number(),
  boundingBoxX2: z.number(),
  boundingBoxY2: z.number(),
  imageWidth: z.number(),
  imageHeight: z.number(),
});

/** Loose, as write-back's fields may want more of it. */
const exifAnswer = z.looseObject({
  description: z.string().nullish(),
  dateTimeOriginal: z.string().nullish(),
  timeZone: z.string().nullish(),
  latitude: z.number().nullish(),
  longitude: z.number().nullish(),
  rating: z.number().nullish(),
  exifImageWidth: z.number().nullish(),
  exifImageHeight: z.number().nullish(),
  orientation: z.string().nullish(),
});

/** An asset as `POST /search/metadata` tells it; what differs by release is optional. */
const assetAnswer = z.object({
  id: z.guid(),
  ownerId: z.guid(),
  libraryId: z.guid().nullish(),
  type: z.string(),
  originalPath: z.string(),
  fileCreatedAt: z.string(),
  localDateTime: z.string(),
  updatedAt: z.string(),
  isFavorite: z.boolean(),
  isTrashed: z.boolean().optional(),
  isOffline: z.boolean().optional(),
  isEdited: z.boolean().optional(),
  exifInfo: exifAnswer.nullish(),
  people: z.array(z.object({
    id: z.guid(),
    name: z.string(),
    isHidden: z.boolean(),
    /** Until 2.7. */
    faces: z.array(boxAnswer).optional(),
  })).optional(),
  /** No release up to 3.1 tells them here. */
  tags: z.array(z.object({ value: z.string() })).optional(),
});

export type FoundAsset = z.output<typeof assetAnswer>;

const pageAnswer = z.object({
  assets: z.object({
    items: z.array(assetAnswer),
    nextPage: z.string().nullish(),
    /** From 3.2 on. */
    nextCursor: z.string().nullish(),
  }),
});

interface Answer {
  readonly items: readonly FoundAsset[];
  /** To ask for what follows; undefined at the end. */
  readonly next: string | undefined;
}

export interface SearchOptions {
  /** Of the server. */
  readonly version: ServerVersion;
  /** Assets per request, at most 1,000. */
  readonly size: number;
  /** Whether EXIF data and people come with each asset. */
  readonly withDetails: boolean;
}

/**
 * All assets that match, page by page in the order of their capture time, each exactly once however many share a time.
 * Includes what partners show in the user's timeline.
 *
 * The next page is asked for by the time of the last asset, not by its number or a cursor: assets that come or go meanwhile shift
 * nothing, and the last page of a million costs Immich no more than the first. Those are used within one moment only.
 */
export async function* searchAssets(
  api: ImmichApi,
  filter: SearchFilter,
  { version, size, withDetails }: SearchOptions,
): AsyncGenerator<readonly FoundAsset[]> {
  const ask = async (window: Window, token: string | undefined): Promise<Answer> => {
    const body = searchRequest(version, filter, window, { size, withDetails, next: token });
    const { items, nextPage, nextCursor } = (await api.post('/search/metadata', body, pageAnswer)).assets;
    return { items, next: (hasFilter(version) ? nextCursor : nextPage) ?? undefined };
  };
  let window: Window = {};
  let token: string | undefined;
  /** Those already told of the moment at which the window begins. */
  let known: ReadonlySet<string> = new Set();
  for (;;) {
    const { items, next } = await ask(window, token);
    const fresh = items.filter(({ id }) => !known.has(id));
    if (fresh.length > 0) yield fresh;
    const last = items.at(-1);
    if (last === undefined || next === undefined) return;
    const moment = last.fileCreatedAt;
    if (!CAN_BE_ASKED_FOR.test(moment)) {
      token = next;
      continue;
    }
    token = undefined;
    if (items[0]?.fileCreatedAt !== moment) {
      known = new Set(items.filter(({ fileCreatedAt }) => fileCreatedAt === moment).map(({ id }) => id));
      window = { takenAfter: moment };
      continue;
    }
    // A whole page of one moment.
    const told = new Set([...known, ...items.map(({ id }) => id)]);
    const end = endOf(moment);
    const askMoment: AskMoment = (updated, from) => ask({ takenAfter: moment, takenBefore: end, ...updated }, from);
    for await (const found of oneMoment(askMoment, Date.parse(filter.updatedAfter ?? '') || 0, Infinity)) {
      const rest = found.filter(({ id }) => !told.has(id));
      for (const { id } of rest) told.add(id);
      if (rest.length > 0) yield rest;
    }
    window = { takenAfter: end };
    known = told;
  }
}

/** Immich takes years of four digits only; a later one has six in its answers. */
const CAN_BE_ASKED_FOR = /^\d{4}-/;

type AskMoment = (
  updated: Pick<Window, 'updatedAfter' | 'updatedBefore'>,
  token: string | undefined,
) => Promise<Answer>;

/**
 * The assets of one moment that were updated between two times, in milliseconds, some of them more than once. Until 2.7
 * assets of the same time come in no certain order, so that their pages by number repeat one asset and leave another
 * out (PostgreSQL 15: one of 4,000, whatever the size of the pages). So the moment is divided by the time of the last
 * update, again and again, until each part fits into a page.
 */
async function* oneMoment(ask: AskMoment, from: number, to: number): AsyncGenerator<readonly FoundAsset[]> {
  const updated = {
    updatedAfter: new Date(from).toISOString(),
    ...(to === Infinity ? {} : { updatedBefore: new Date(to).toISOString() }),
  };
  const first = await ask(updated, undefined);
  yield first.items;
  if (first.next === undefined) return;
  if (to - from > 1) {
    const times = first.items.map(({ updatedAt }) => Date.parse(updatedAt)).sort((a, b) => a - b);
    const cut = Math.min(Math.max(times[times.length >> 1] ?? from, from + 1), to - 1);
    yield* oneMoment(ask, from, cut);
    yield* oneMoment(ask, cut, to);
    return;
  }
  const ids = new Set(first.items.map(({ id }) => id));
  let count = ids.size;
  for (let token: string | undefined = first.next; token !== undefined;) {
    const { items, next } = await ask(updated, token);
    yield items;
    for (const { id } of items) ids.add(id);
    count += items.length;
    token = next;
  }
  if (count === ids.size) return;
  logger.warn('Immich left out {missing} of {count} assets that share the time of capture and of the last update.', {
    missing: count - ids.size,
    count,
  });
}

/** The millisecond after a time. Immich's own times are finer than those it tells: the window ends after them. */
function endOf(moment: string): string {
  return new Date(Date.parse(moment) + 1).toISOString();
}
