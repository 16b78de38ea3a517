import type { Field, MappingInput, Wanted } from './field.ts';
import { exif, xmp } from './tag.ts';

const RATING = 'XMP-xmp:Rating';
const RATING_PERCENT = 'XMP-microsoft:RatingPercent';
const EXIF_RATING = 'IFD0:Rating';
const EXIF_RATING_PERCENT = 'IFD0:RatingPercent';

export const rating = Object.freeze<Field>({
  flag: 'rating',
  isUsual: true,
  help: 'stars; a favourite without stars gets five',
  meaning:
    "Immich's stars, else 5 for a favourite, else nothing; a 5 of ours goes back to 0 with the favourite. EXIF's are " +
    'kept in step where they are',
  tags: [
    xmp(RATING, 'xmp:Rating', 'number'),
    xmp(RATING_PERCENT, 'MicrosoftPhoto:Rating', 'number'),
    exif(EXIF_RATING, 0x4746, 'number'),
    exif(EXIF_RATING_PERCENT, 0x4749, 'number'),
  ],
  isKnown: ({ rating, isFavorite }) => rating !== undefined || isFavorite,
  map: mapRating,
});

/** Stars to Microsoft's percent: the middles of five bands, as Windows writes them. */
const PERCENT: readonly number[] = Object.freeze([0, 1, 25, 50, 75, 99]);

const FAVOURITE_STARS = 5;

/**
 * Immich's stars, else five for a favourite. A file without either keeps the rating it has, unless that is one that we
 * wrote: then it is unrated again.
 */
function mapRating({ record, current, own }: MappingInput): Wanted {
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
