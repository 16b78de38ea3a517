import { EXIF_RATING, EXIF_RATING_PERCENT, RATING, RATING_PERCENT } from '../tag_names.ts';
import type { MappingInput, Wanted } from './mapping.ts';

/** Stars to Microsoft's percent: the middles of five bands, as Windows writes them. */
const PERCENT: readonly number[] = Object.freeze([0, 1, 25, 50, 75, 99]);

const FAVOURITE_STARS = 5;

/**
 * Immich's stars, else five for a favourite. A file without either keeps the rating it has, unless that is one that we
 * wrote: then it is unrated again.
 */
export function mapRating({ record, current, own }: MappingInput): Wanted {
  const stars = record.rating ?? (record.isFavorite ? FAVOURITE_STARS : undefined);
  const ours = own.values[RATING];
  const isOurs = ours !== undefined && String(ours) === String(current[RATING] ?? null);
  if (stars === undefined && !isOurs) return {};
  const rating = stars ?? 0;
  const percent = PERCENT[rating] ?? 0;
  const isThere = (tag: string) => (current[tag] ?? null) !== null;
  return {
    values: {
      [RATING]: rating,
      [RATING_PERCENT]: percent,
      // ExifTool, and with it Immich, may read these instead.
      ...(isThere(EXIF_RATING) ? { [EXIF_RATING]: rating } : {}),
      ...(isThere(EXIF_RATING_PERCENT) ? { [EXIF_RATING_PERCENT]: percent } : {}),
    },
  };
}
