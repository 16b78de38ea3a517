import { named } from '../config/words.ts';
import { UserError } from '../errors.ts';

const UNITS: Readonly<Record<string, number>> = Object.freeze({
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
});

/** A moment that somebody has named, as ISO 8601: a day or a time, in UTC unless it says otherwise, or how long ago, such as `12h`. Throws UserError. */
export function momentOf(text: string, nowMs: number = Date.now()): string {
  const ago = /^(\d{1,5})\s*([mhdw])$/.exec(text.trim());
  const time = ago === null
    ? Date.parse(withZone(text.trim()))
    : nowMs - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? Number.NaN);
  if (Number.isFinite(time)) return new Date(time).toISOString();
  throw new UserError(`--since: ${named(text)} is no time.`, {
    problemCode: 'usage',
    remedy: 'Write a day (2026-12-01), a time (2026-12-01T18:00), or how long ago: 30m, 12h, 7d, 2w.',
  });
}

/** Only what ISO 8601 allows: a computer's reading of anything else is a guess. */
function withZone(text: string): string {
  const found = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  if (found === null) return '';
  const [, day = '', time, zone = 'Z'] = found;
  // JavaScript reads 30 February as 1 March.
  if (new Date(`${day}T00:00:00Z`).getUTCDate() !== Number(day.slice(8))) return '';
  return time === undefined ? `${day}T00:00:00Z` : `${day}T${time}${zone}`;
}
