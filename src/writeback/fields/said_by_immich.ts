import type { AssetRecord } from './record.ts';
import type { Tags } from './values.ts';

/** A degree is a hundred kilometres: what is further apart is another place. */
const SAME_PLACE_DEGREES = 0.001;

/** The zone of a date is not always known where it is read. */
const SAME_DATE_MS = 15 * 60 * 60 * 1000;

/**
 * Whether Immich, once it has read this sidecar, can know of a photo what it does: nothing that it reads there is anything else. Of what it
 * reads in other places, too, or in several ways, nothing is said here.
 */
export function saysTheSame(tags: Tags, { description, rating, position, capturedAt }: AssetRecord): boolean {
  const said = tags['XMP-tiff:ImageDescription'] ?? tags['XMP-dc:Description'];
  if (said !== undefined && String(said).trim() !== description.trim()) return false;
  const stars = Number(tags['XMP-xmp:Rating'] ?? NaN);
  if (!Number.isNaN(stars) && (stars >= 1 && stars <= 5 ? stars : undefined) !== rating) return false;
  const place = [tags['XMP-exif:GPSLatitude'], tags['XMP-exif:GPSLongitude']].map((angle) => Number(angle ?? NaN));
  const known = [position?.latitude, position?.longitude];
  if (place.some((angle, index) => Math.abs(angle - (known[index] ?? Infinity)) > SAME_PLACE_DEGREES)) return false;
  const date = instantOf(tags['XMP-exif:DateTimeOriginal']);
  return date === undefined || capturedAt === undefined ||
    Math.abs(date - Date.parse(capturedAt.instant)) < SAME_DATE_MS;
}

/** Milliseconds; undefined when it is no date. */
function instantOf(value: Tags[string] | undefined): number | undefined {
  const [, date = '', time = '', offset = 'Z'] =
    /^(\d{4}[:-]\d\d[:-]\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)?([+-]\d\d:\d\d|Z)?$/.exec(String(value ?? '')) ?? [];
  const instant = Date.parse(`${date.replaceAll(':', '-')}T${time}${offset}`);
  return Number.isNaN(instant) ? undefined : instant;
}
