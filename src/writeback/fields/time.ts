import type { Field, MappingInput, Wanted } from './field.ts';
import { offsetAmong } from './file_offset.ts';
import { exif, makerNote, quickTime, xmp } from './tag.ts';
import type { OwnValues, Tags, TagValue } from './values.ts';
import { utcClockOf, type WallClock, wallClockOf } from './wall_clock.ts';

const DATE_TIME_ORIGINAL = 'ExifIFD:DateTimeOriginal';
const CREATE_DATE = 'ExifIFD:CreateDate';
const OFFSET_TIME_ORIGINAL = 'ExifIFD:OffsetTimeOriginal';
const OFFSET_TIME_DIGITIZED = 'ExifIFD:OffsetTimeDigitized';
const SUB_SEC_TIME_ORIGINAL = 'ExifIFD:SubSecTimeOriginal';
const SUB_SEC_TIME_DIGITIZED = 'ExifIFD:SubSecTimeDigitized';
const XMP_CREATE_DATE = 'XMP-xmp:CreateDate';
const XMP_DATE_CREATED = 'XMP-photoshop:DateCreated';
const XMP_DATE_TIME_ORIGINAL = 'XMP-exif:DateTimeOriginal';
const XMP_DATE_TIME_DIGITIZED = 'XMP-exif:DateTimeDigitized';
const XMP_OFFSET_TIME_ORIGINAL = 'XMP-exif:OffsetTimeOriginal';
const QUICKTIME_CREATE_DATE = 'QuickTime:CreateDate';
const CREATION_DATE = 'Keys:CreationDate';
const CANON_TIME_ZONE = 'Canon:TimeZone';
const NIKON_TIME_ZONE = 'Nikon:TimeZone';
/** Whether an hour has to be added to Nikon's zone. Read beside. */
export const NIKON_SUMMER_TIME = 'Nikon:DaylightSavings';

export const time = Object.freeze<Field>({
  flag: 'time',
  isUsual: true,
  help: 'when it was taken, with the offset from UTC',
  meaning:
    'the wall clock at the place, with its offset; `QuickTime:CreateDate` in UTC. Files and `ModifyDate` keep their times. A photo that says no date gets none: Immich shows the time of its file',
  tags: [
    exif(DATE_TIME_ORIGINAL, 0x9003, 'date'),
    exif(CREATE_DATE, 0x9004, 'date'),
    exif(OFFSET_TIME_ORIGINAL, 0x9011, 'text'),
    exif(OFFSET_TIME_DIGITIZED, 0x9012, 'text'),
    exif(SUB_SEC_TIME_ORIGINAL, 0x9291, 'fraction'),
    exif(SUB_SEC_TIME_DIGITIZED, 0x9292, 'fraction'),
    xmp(XMP_CREATE_DATE, 'xmp:CreateDate', 'date'),
    xmp(XMP_DATE_CREATED, 'photoshop:DateCreated', 'date'),
    xmp(XMP_DATE_TIME_ORIGINAL, 'exif:DateTimeOriginal', 'date'),
    xmp(XMP_DATE_TIME_DIGITIZED, 'exif:DateTimeDigitized', 'date'),
    xmp(XMP_OFFSET_TIME_ORIGINAL, 'exif:OffsetTimeOriginal', 'text'),
    quickTime(QUICKTIME_CREATE_DATE, 'date'),
    quickTime(CREATION_DATE, 'date'),
    makerNote(CANON_TIME_ZONE),
    makerNote(NIKON_TIME_ZONE),
  ],
  isKnown: ({ capturedAt }) => capturedAt !== undefined,
  map: mapTime,
  valuesOfOthers: offsetsOfOthers,
});

/** Where a file says its offset from UTC: tags of their own before the ends of dates. `QuickTime:CreateDate` is UTC by definition. */
const OFFSETS: readonly string[] = Object.freeze([
  OFFSET_TIME_ORIGINAL,
  OFFSET_TIME_DIGITIZED,
  XMP_OFFSET_TIME_ORIGINAL,
  XMP_DATE_TIME_ORIGINAL,
  XMP_DATE_TIME_DIGITIZED,
  XMP_DATE_CREATED,
  XMP_CREATE_DATE,
  CREATION_DATE,
]);

/** QuickTime counts seconds since 1904 in 32 bits. */
const FIRST_QUICKTIME_YEAR = '1904';
const LAST_QUICKTIME_YEAR = '2039';

/** When it was taken: the wall clock of its zone with its offset, in QuickTime's own field UTC. */
function mapTime(input: MappingInput): Wanted {
  const { record: { capturedAt }, kind, holds, current, options } = input;
  if (capturedAt === undefined || input.hasNoDate) return {};
  const isUnknown = capturedAt.timeZone === undefined;
  const inFile = isUnknown
    ? offsetAmong(OFFSETS, { ...current, ...offsetsOfOthers(current, input.own) }, input.beneath)
    : undefined;
  const fallbackZone = inFile?.offset ?? options.timeZone;
  const clock = wallClockOf(capturedAt, fallbackZone);
  if (clock === undefined) return { refused: [`the date ${capturedAt.localDateTime} is outside the years 1 to 9999`] };
  const stamp = clock.dateTime + (clock.fraction && `.${clock.fraction}`) + (clock.offset ?? '');
  const isThere = (tag: string) => (current[tag] ?? null) !== null;
  return {
    values: {
      [XMP_CREATE_DATE]: stamp,
      [XMP_DATE_CREATED]: stamp,
      // Immich's own sidecars have it, and it would win.
      ...(kind === 'sidecar' || isThere(XMP_DATE_TIME_ORIGINAL) ? { [XMP_DATE_TIME_ORIGINAL]: stamp } : {}),
      // Without it Immich takes the zone of the place for that of the clock, which a camera need not go by.
      ...(clock.offset !== undefined && (kind === 'sidecar' || isThere(XMP_OFFSET_TIME_ORIGINAL))
        ? { [XMP_OFFSET_TIME_ORIGINAL]: clock.offset }
        : {}),
      ...(isThere(XMP_DATE_TIME_DIGITIZED) ? { [XMP_DATE_TIME_DIGITIZED]: stamp } : {}),
      ...(holds.exif ? { ...exifDates(clock, isThere), ...zonesOfMakers(clock, current) } : {}),
      ...(holds.quickTime ? quickTimeDates(stamp, clock, utcClockOf(capturedAt, fallbackZone)) : {}),
    },
    // They stay somebody else's, whatever their value becomes: the next run is to find the offset there again, and maker notes are never taken away.
    own: {
      ...(isThere(CANON_TIME_ZONE) ? { [CANON_TIME_ZONE]: null } : {}),
      ...(isThere(NIKON_TIME_ZONE) ? { [NIKON_TIME_ZONE]: null } : {}),
      ...(inFile === undefined ? {} : { [inFile.tag]: null }),
    },
  };
}

/** Takes away what we set ourselves: an offset that came from the configuration says nothing about the place. */
function offsetsOfOthers(tags: Tags, { values }: OwnValues): Tags {
  const ours = OFFSETS.filter((tag) => values[tag] !== undefined && tags[tag] === values[tag]);
  return Object.fromEntries(ours.map((tag) => [tag, null]));
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

/** In minutes. Immich goes by the zone that the camera was set to before it looks at EXIF's offset (docs/immich.md#what-immich-reads-from-files). */
function zonesOfMakers({ offset }: WallClock, current: Tags): Record<string, number> {
  const [, sign, hours = '', minutes = ''] = /^([+-])(\d\d):(\d\d)$/.exec(offset ?? '') ?? [];
  if (sign === undefined) return {};
  const fromUtc = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const isSummerTime = Number(current[NIKON_SUMMER_TIME] ?? 0) === 1;
  return {
    ...((current[CANON_TIME_ZONE] ?? null) === null ? {} : { [CANON_TIME_ZONE]: fromUtc }),
    ...((current[NIKON_TIME_ZONE] ?? null) === null ? {} : { [NIKON_TIME_ZONE]: fromUtc - (isSummerTime ? 60 : 0) }),
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
