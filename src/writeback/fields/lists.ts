import type { OwnValues, Tags, TagValue } from './values.ts';

/** The entries of a list tag; ExifTool shows a list of one as the entry itself. */
export function entriesOf(tags: Tags, tag: string): string[] {
  const value = Object.hasOwn(tags, tag) ? tags[tag] ?? null : null;
  if (value === null) return [];
  return (Array.isArray(value) ? value : [value]).map(entryText);
}

/** ExifTool's JSON has no other way to show the words true and false than as these, in small letters. */
function entryText(value: TagValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Equal for entries that are the same text, composed or decomposed, and for the words that JSON takes for a truth value. */
export function entryKey(entry: string): string {
  const normal = entry.normalize('NFC');
  return /^(?:true|false)$/i.test(normal) ? normal.toLowerCase() : normal;
}

/** The entries that are not ours. */
export function entriesOfOthers(tags: Tags, tag: string, own: OwnValues): string[] {
  const ours = Object.hasOwn(own.lists, tag) ? own.lists[tag] ?? [] : [];
  const keys = new Set(ours.map(({ value }) => entryKey(value)));
  return entriesOf(tags, tag).filter((entry) => !keys.has(entryKey(entry)));
}

/** Without entries of an equal key, the first of each kept. */
export function distinct(entries: readonly string[]): string[] {
  const seen = new Set<string>();
  return entries.filter((entry) => {
    const key = entryKey(entry);
    return !seen.has(key) && seen.add(key);
  });
}
