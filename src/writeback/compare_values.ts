import { TAGS } from './fields/fields.ts';
import { isSameAngle, isSamePlace } from './fields/place.ts';
import type { TagValue } from './fields/values.ts';

const REGION_TOLERANCE = 1e-5;

/**
 * Whether a file already says what is wanted, though ExifTool may show it in other words: EXIF rounds angles, XMP may have
 * finer seconds than Immich, and the order of a structure's fields means nothing.
 *
 * @param shown as ExifTool shows it, numbers as text
 */
export function isSameValue(tag: string, shown: TagValue | null, wanted: TagValue | null): boolean {
  if (shown === null || wanted === null) return shown === wanted;
  if (typeof shown === 'object' || typeof wanted === 'object') return isSameStructure(shown, wanted);
  switch (TAGS.get(tag)?.form) {
    case 'angle':
      return isSameAngle(shown, wanted);
    case 'place':
      return String(shown) === String(wanted) || isSamePlace(String(shown), String(wanted));
    case 'date':
      return dateKey(String(shown)) === dateKey(String(wanted));
    case 'fraction':
      return fractionKey(String(shown)) === fractionKey(String(wanted));
    default:
      return typeof wanted === 'number' ? Number(shown) === wanted : textKey(shown) === textKey(wanted);
  }
}

/** Formats pad text with spaces at its end, and ExifTool's JSON has `True` as a truth value. */
function textKey(value: TagValue): string {
  const text = String(value).replace(/\s+$/, '');
  return typeof value === 'boolean' || /^(?:true|false)$/i.test(text) ? text.toLowerCase() : text;
}

/** A date to the millisecond, Immich's precision, in one spelling. */
function dateKey(text: string): string {
  const match = /^(\d{4}[:-]\d\d[:-]\d\d)[ T](\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?\s*(Z|[+-]\d\d:\d\d)?$/.exec(text.trim());
  if (!match) return text;
  const [, date = '', time = '', fraction = '', offset = ''] = match;
  const clock = time.length === 5 ? `${time}:00` : time;
  return `${date.replaceAll('-', ':')} ${clock}.${fractionKey(fraction)}${offset === 'Z' ? '+00:00' : offset}`;
}

function fractionKey(digits: string): string {
  return digits.trim().slice(0, 3).replace(/0+$/, '');
}

function isSameStructure(a: TagValue, b: TagValue): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    const rest = [...b];
    return a.length === b.length && a.every((entry) => {
      const index = rest.findIndex((candidate) => isSameStructure(entry, candidate));
      if (index < 0) return false;
      rest.splice(index, 1);
      return true;
    });
  }
  if (isFields(a) && isFields(b)) {
    const names = Object.keys(a);
    return names.length === Object.keys(b).length && names.every((name) => {
      const [x, y] = [a[name], b[name]];
      return x !== undefined && y !== undefined && isSameStructure(x, y);
    });
  }
  if (typeof a === 'object' || typeof b === 'object') return false;
  if (typeof b === 'number') return Math.abs(Number(a) - b) <= REGION_TOLERANCE;
  return textKey(a) === textKey(b);
}

function isFields(value: TagValue): value is { readonly [field: string]: TagValue } {
  return typeof value === 'object' && !Array.isArray(value);
}
