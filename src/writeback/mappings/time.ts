import {
  CREATE_DATE,
  CREATION_DATE,
  DATE_TIME_ORIGINAL,
  OFFSET_TIME_DIGITIZED,
  OFFSET_TIME_ORIGINAL,
  QUICKTIME_CREATE_DATE,
  SUB_SEC_TIME_DIGITIZED,
  SUB_SEC_TIME_ORIGINAL,
  XMP_CREATE_DATE,
  XMP_DATE_CREATED,
  XMP_DATE_TIME_DIGITIZED,
  XMP_DATE_TIME_ORIGINAL,
} from '../tag_names.ts';
import type { TagValue } from '../tags.ts';
import type { MappingInput, Wanted } from './mapping.ts';
import { utcClockOf, type WallClock, wallClockOf } from './wall_clock.ts';

/** QuickTime counts seconds since 1904 in 32 bits. */
const FIRST_QUICKTIME_YEAR = '1904';
const LAST_QUICKTIME_YEAR = '2039';

/** When it was taken: the wall clock of its zone with its offset, in QuickTime's own field UTC. */
export function mapTime(input: MappingInput): Wanted {
  const { record: { capturedAt }, kind, holds, current, options } = input;
  if (capturedAt === undefined) return {};
  const clock = wallClockOf(capturedAt, options.timeZone);
  if (clock === undefined) return { refused: [`the date ${capturedAt.localDateTime} is outside the years 1 to 9999`] };
  const stamp = clock.dateTime + (clock.fraction && `.${clock.fraction}`) + (clock.offset ?? '');
  const isThere = (tag: string) => (current[tag] ?? null) !== null;
  return {
    values: {
      [XMP_CREATE_DATE]: stamp,
      [XMP_DATE_CREATED]: stamp,
      // Immich's own sidecars have it, and it would win.
      ...(kind === 'sidecar' || isThere(XMP_DATE_TIME_ORIGINAL) ? { [XMP_DATE_TIME_ORIGINAL]: stamp } : {}),
      ...(isThere(XMP_DATE_TIME_DIGITIZED) ? { [XMP_DATE_TIME_DIGITIZED]: stamp } : {}),
      ...(holds.exif ? exifDates(clock, isThere) : {}),
      ...(holds.quickTime ? quickTimeDates(stamp, clock, utcClockOf(capturedAt, options.timeZone)) : {}),
    },
  };
}

function exifDates(clock: WallClock, isThere: (tag: string) => boolean): Record<string, TagValue | null> {
  const fraction = (tag: string) => {
    if (clock.fraction !== '') return { [tag]: clock.fraction };
    return isThere(tag) ? { [tag]: null } : {};
  };
  return {
    [DATE_TIME_ORIGINAL]: clock.dateTime,
    [CREATE_DATE]: clock.dateTime,
    ...fraction(SUB_SEC_TIME_ORIGINAL),
    ...fraction(SUB_SEC_TIME_DIGITIZED),
    ...(clock.offset === undefined
      ? {}
      : { [OFFSET_TIME_ORIGINAL]: clock.offset, [OFFSET_TIME_DIGITIZED]: clock.offset }),
  };
}

function quickTimeDates(stamp: string, clock: WallClock, utc: WallClock | undefined): Record<string, TagValue> {
  const year = utc?.dateTime.slice(0, 4) ?? '';
  return {
    ...(utc !== undefined && year >= FIRST_QUICKTIME_YEAR && year <= LAST_QUICKTIME_YEAR
      ? { [QUICKTIME_CREATE_DATE]: utc.dateTime }
      : {}),
    ...(clock.offset === undefined ? {} : { [CREATION_DATE]: stamp }),
  };
}
