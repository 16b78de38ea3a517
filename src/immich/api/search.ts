import { z } from 'zod';
import type { ImmichApi } from './client.ts';

/** A box as Immich gives it: pixels of a picture of this size. */
export const boxAnswer = z.object({
  boundingBoxX1: z.number(),
  boundingBoxY1: z.number(),
  boundingBoxX2: z.number(),
  boundingBoxY2: z.number(),
  imageWidth: z.number(),
  imageHeight: z.number(),
});

const exifAnswer = z.object({
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
  assets: z.object({ items: z.array(assetAnswer), nextPage: z.string().nullish() }),
});

/** What to look for. Without it: everything of this visibility. */
export interface SearchFilter {
  readonly visibility: 'timeline' | 'archive';
  readonly albumIds?: readonly string[];
  readonly tagIds?: readonly string[];
  /** ISO 8601: only what Immich changed since. */
  readonly updatedAfter?: string;
}

export interface SearchOptions {
  /** Assets per request, at most 1,000. */
  readonly size: number;
  /** Whether EXIF data and people come with each asset. */
  readonly withDetails: boolean;
}

/**
 * All assets that match, page by page in the order of their capture time, each exactly once however many share a time.
 * Includes what partners show in the user's timeline.
 *
 * The next page is asked for by the time of the last asset, not by its number: assets that come or go meanwhile shift
 * nothing, and the last page of a million costs Immich no more than the first. Numbers are used within one moment only.
 */
export async function* searchAssets(
  api: ImmichApi,
  filter: SearchFilter,
  { size, withDetails }: SearchOptions,
): AsyncGenerator<readonly FoundAsset[]> {
  const ask = async (window: Window, page: number, pageSize: number) => {
    const details = withDetails ? { withExif: true, withPeople: true } : {};
    const body = { ...filter, ...window, ...details, order: 'asc', page, size: pageSize };
    return (await api.post('/search/metadata', body, pageAnswer)).assets;
  };
  let window: Window = {};
  let page = 1;
  /** Those already told of the moment at which the window begins. */
  let known: ReadonlySet<string> = new Set();
  for (;;) {
    const { items, nextPage } = await ask(window, page, size);
    const fresh = items.filter(({ id }) => !known.has(id));
    if (fresh.length > 0) yield fresh;
    const last = items.at(-1);
    if (last === undefined || !nextPage) return;
    const moment = last.fileCreatedAt;
    if (!CAN_BE_ASKED_FOR.test(moment)) {
      page++;
      continue;
    }
    page = 1;
    if (items[0]?.fileCreatedAt !== moment) {
      known = new Set(items.filter(({ fileCreatedAt }) => fileCreatedAt === moment).map(({ id }) => id));
      window = { takenAfter: moment };
      continue;
    }
    // A whole page of one moment.
    const told = new Set([...known, ...items.map(({ id }) => id)]);
    const end = endOf(moment);
    const askMoment = (number: number, pageSize: number) =>
      ask({ takenAfter: moment, takenBefore: end }, number, pageSize);
    for await (const found of oneMoment(askMoment, size)) {
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

interface Window {
  readonly takenAfter?: string;
  readonly takenBefore?: string;
}

/** How often one moment is gone through before what was not seen is given up. */
const MOST_SWEEPS = 8;

/**
 * The pages of one moment, by number. Releases before 3.0 put assets of the same time into no certain order, so that
 * one page may repeat an asset and leave another out: as long as that happens, the moment is gone through once more,
 * with pages of another size, which gives another order.
 */
async function* oneMoment(
  ask: (page: number, size: number) => Promise<z.output<typeof pageAnswer>['assets']>,
  size: number,
): AsyncGenerator<readonly FoundAsset[]> {
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    const seen = new Set<string>();
    let repeated = false;
    for (let page = 1;; page++) {
      const { items, nextPage } = await ask(page, Math.max(1, size - sweep));
      for (const { id } of items) {
        repeated ||= seen.has(id);
        seen.add(id);
      }
      yield items;
      if (!nextPage) break;
    }
    if (!repeated) return;
  }
}

/** The millisecond after a time. Immich's own times are finer than those it tells: the window ends after them. */
function endOf(moment: string): string {
  return new Date(Date.parse(moment) + 1).toISOString();
}
