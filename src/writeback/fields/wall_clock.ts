import type { CaptureTime } from './record.ts';

/** A moment as a clock at the place showed it. */
export interface WallClock {
  /** `2023:07:14 15:30:01` */
  readonly dateTime: string;
  /** Milliseconds as decimals of a second without trailing zeros: `53`, `` when there are none. */
  readonly fraction: string;
  /** `+02:00`; undefined when nobody knows it. */
  readonly offset: string | undefined;
}

/** EXIF and QuickTime have four digits for the year, and 0000 means unknown. */
const FIRST_YEAR = 1;
const LAST_YEAR = 9999;

/**
 * The clock at the place; undefined when it is outside the years that files can hold, or no date at all.
 *
 * @param fallbackZone where the photo was taken if Immich does not know it
 */
export function wallClockOf(time: CaptureTime, fallbackZone: string | undefined): WallClock | undefined {
  const zoned = zonedDateTime(time, fallbackZone);
  if (zoned !== undefined) return fromDateTime(zoned.toPlainDateTime(), zoned.offset);
  const local = attempt(() => Temporal.PlainDateTime.from(time.localDateTime.replace(/Z$/, '')));
  return local === undefined ? undefined : fromDateTime(local, undefined);
}

/** The same moment in UTC. */
export function utcClockOf(time: CaptureTime, fallbackZone: string | undefined): WallClock | undefined {
  const instant = zonedDateTime(time, fallbackZone)?.toInstant() ?? attempt(() => Temporal.Instant.from(time.instant));
  if (instant === undefined) return undefined;
  return fromDateTime(instant.toZonedDateTimeISO('UTC').toPlainDateTime(), '+00:00');
}

function zonedDateTime(
  { instant, timeZone, localDateTime }: CaptureTime,
  fallbackZone: string | undefined,
): Temporal.ZonedDateTime | undefined {
  const zone = timeZone === undefined ? undefined : zoneId(timeZone);
  if (zone !== undefined) return attempt(() => Temporal.Instant.from(instant).toZonedDateTimeISO(zone));
  const fallback = fallbackZone === undefined ? undefined : zoneId(fallbackZone);
  if (fallback === undefined) return undefined;
  return attempt(() => Temporal.PlainDateTime.from(localDateTime.replace(/Z$/, '')).toZonedDateTime(fallback));
}

/** Immich has IANA names and, as Luxon writes them, fixed offsets: `UTC+2`, `UTC-3:30`. Temporal wants `+02:00`. */
function zoneId(zone: string): string | undefined {
  const fixed = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/i.exec(zone.trim());
  if (fixed) return `${fixed[1]}${(fixed[2] ?? '').padStart(2, '0')}:${fixed[3] ?? '00'}`;
  return attempt(() => Temporal.Now.zonedDateTimeISO(zone.trim()).timeZoneId);
}

function fromDateTime(local: Temporal.PlainDateTime, offset: string | undefined): WallClock | undefined {
  if (local.year < FIRST_YEAR || local.year > LAST_YEAR) return undefined;
  const digits = (value: number, length = 2) => String(value).padStart(length, '0');
  return {
    dateTime: `${digits(local.year, 4)}:${digits(local.month)}:${digits(local.day)} ` +
      `${digits(local.hour)}:${digits(local.minute)}:${digits(local.second)}`,
    fraction: digits(local.millisecond, 3).replace(/0+$/, ''),
    // Before about 1900 places had offsets with seconds, which no format knows.
    offset: offset === undefined || offset.length > '+00:00'.length ? undefined : offset,
  };
}

function attempt<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
