import type { CaptureTime } from './fields/record.ts';
import type { Tags } from './fields/values.ts';
import type { FileState } from './file_state.ts';

/** Tags by which Immich knows when a photo was taken, in whatever group (docs/immich.md#what-immich-reads-from-files). */
const DATES: ReadonlySet<string> = new Set([
  ...['DateTimeOriginal', 'CreateDate', 'CreationDate', 'DateCreated', 'DateTimeDigitized', 'MediaCreateDate'],
  ...['GPSDateStamp', 'DateTimeUTC', 'SonyDateTime2', 'SourceImageCreateTime'],
]);

/** Those of them that no field writes, by any of their groups: what has to be read beside. */
export const OTHER_DATES: readonly string[] = Object.freeze([
  'QuickTime:MediaCreateDate',
  'GPS:GPSDateStamp',
  'GoPro:DateTimeUTC',
  'Sony:SonyDateTime2',
  'Samsung:SourceImageCreateTime',
]);

/** File systems and Immich round in different ways. */
const SAME_MOMENT_MS = 2_000;

/**
 * Whether Immich's date is only the time of the file, which it takes when it finds no other: nothing says one here, and Immich knows no
 * zone for it, or it is the very moment at which the file was changed.
 *
 * @param files the original, and what there is of sidecars
 */
export function hasNoDate(
  files: readonly [FileState, ...FileState[]],
  time: CaptureTime | undefined,
): boolean {
  if (time === undefined || files.some(({ tags }) => saysDate(tags))) return false;
  const changedMs = files[0].times?.mtimeMs ?? NaN;
  return time.timeZone === undefined || Math.abs(Date.parse(time.instant) - changedMs) < SAME_MOMENT_MS;
}

function saysDate(tags: Tags): boolean {
  return Object.entries(tags).some(([tag, value]) =>
    DATES.has(tag.slice(tag.indexOf(':') + 1)) && /^\s*(?!0000)\d{4}/.test(String(value ?? ''))
  );
}
