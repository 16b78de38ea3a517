import { isSameValue } from './compare_values.ts';
import { TAGS } from './fields/fields.ts';
import { distinct, entriesOf, entryKey } from './fields/lists.ts';
import { isList } from './fields/tag.ts';
import type { Tags, TagValue } from './fields/values.ts';
import { isBesideIptc } from './iptc.ts';
import type { TagChange } from './tags.ts';

/** What undoes changes in a file that may have been changed since. */
export interface TakenBack {
  readonly changes: readonly TagChange[];
  /** Tags that say something else now than what was written, which stays. */
  readonly left: readonly string[];
}

/**
 * Undoes changes tag by tag: what still says what was written says again what it said before. Of a list what was added goes and what was taken out comes back, whatever else is in it. Pure.
 *
 * @param current what is in the file now, of these tags at least
 */
export function takenBack(changes: readonly TagChange[], current: Tags): TakenBack {
  const left: string[] = [];
  const back: TagChange[] = [];
  for (const { tag, before, after } of changes) {
    if (isBesideIptc(tag)) continue;
    const now = current[tag] ?? null;
    const declared = TAGS.get(tag);
    const isOfList = declared !== undefined && isList(declared);
    if (isOfList && !isSameList(tag, now, after)) back.push(...listTakenBack({ tag, before, after }, current));
    else if (isOfList || isSameValue(tag, now, after)) back.push({ tag, before: now, after: before });
    else if (!isSameValue(tag, now, before)) left.push(tag);
  }
  // What is said about IPTC holds only where all of it is as it was.
  const isIptcBack = back.some(({ tag }) => tag.startsWith('IPTC:')) && !left.some((tag) => tag.startsWith('IPTC:'));
  const beside = changes.filter(({ tag }) => isIptcBack && isBesideIptc(tag));
  return {
    changes: [...back, ...beside.map(({ tag, before, after }) => ({ tag, before: after, after: before }))],
    left,
  };
}

function listTakenBack({ tag, before, after }: TagChange, current: Tags): TagChange[] {
  const [was, made, now] = [entriesIn(tag, before), entriesIn(tag, after), entriesOf(current, tag)];
  const [wasKeys, madeKeys, nowKeys] = [was, made, now].map((entries) => new Set(entries.map(entryKey)));
  const kept = now.filter((entry) => wasKeys?.has(entryKey(entry)) || !madeKeys?.has(entryKey(entry)));
  const missing = was.filter((entry) => !madeKeys?.has(entryKey(entry)) && !nowKeys?.has(entryKey(entry)));
  if (kept.length === now.length && missing.length === 0) return [];
  const entries = distinct([...kept, ...missing]);
  return [{ tag, before: current[tag] ?? null, after: entries.length === 0 ? null : entries }];
}

function isSameList(tag: string, one: TagValue | null, other: TagValue | null): boolean {
  const [a, b] = [one, other].map((value) => entriesIn(tag, value).map(entryKey).join('\0'));
  return a === b;
}

function entriesIn(tag: string, value: TagValue | null): string[] {
  return entriesOf({ [tag]: value }, tag);
}
