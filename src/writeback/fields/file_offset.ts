import type { Tags } from './values.ts';

/** An offset from UTC such as `+02:00`, and the tag that says it. */
export interface FileOffset {
  readonly tag: string;
  readonly offset: string;
}

/**
 * The offset from UTC that a file says: what stands in a tag of its own, or at the end of a date. Pure.
 *
 * @param names of tags, the most trusted first
 * @param places tags of the file, and of the one beneath it; the first that says an offset counts
 */
export function offsetAmong(names: readonly string[], ...places: readonly Tags[]): FileOffset | undefined {
  for (const tags of places) {
    for (const tag of names) {
      const offset = offsetIn(tags[tag]);
      if (offset !== undefined) return { tag, offset };
    }
  }
  return undefined;
}

/** The farthest that clocks are from UTC: Kiribati has +14:00. Cameras that know nothing write blanks or 99s. */
const FARTHEST_HOURS = 14;

function offsetIn(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const [, utc, sign, hours = '', minutes = ''] =
    /(?:^|:\d\d(?:\.\d+)?)\s*(?:(Z)|([+-])(\d{1,2}):([0-5]\d))\s*$/.exec(value) ?? [];
  if (utc !== undefined) return '+00:00';
  if (sign === undefined || Number(hours) > FARTHEST_HOURS) return undefined;
  return `${sign}${hours.padStart(2, '0')}:${minutes}`;
}
