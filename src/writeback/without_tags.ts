import { FIELD_NAMES, fieldOf, singleTagsOf, TAGS } from './fields/fields.ts';
import { isList } from './fields/tag.ts';
import type { OwnValues } from './fields/values.ts';
import { isBesideIptc } from './iptc.ts';
import type { WritePlan } from './tags.ts';
import { TagProblem } from './write_problem.ts';

/** What has become of a plan. */
export interface Applied<T> {
  /** undefined when nothing could be written, and the file holds other things that are wanted. */
  readonly result: T | undefined;
  /** What was carried out of it. */
  readonly applied: WritePlan;
}

/**
 * Carries out a plan; without the values that cannot be written into this file, as the others can. A file that holds the rest of what is wanted, in XMP too (a camera writes
 * none of that), is one that can be written into: what it lacks is left out, as it was when the rest was written, whether the ledger knows of that or not.
 *
 * Throws TagProblem when nothing of what is wanted can be in this file, or it is not known which values are to blame.
 *
 * @param before what was ours before
 * @param present the tags that say already what they are to say
 * @param apply carries out one plan. Is called again with less when it throws TagProblem
 * @param onLeft is told which tags are left out, and why
 */
export async function applyWhatCanBe<T>(
  plan: WritePlan,
  before: OwnValues,
  present: readonly string[],
  apply: (plan: WritePlan) => Promise<T>,
  onLeft: (tags: readonly string[], reason: string) => void,
): Promise<Applied<T>> {
  let there = present;
  for (let applied = plan;;) {
    try {
      return { result: await apply(applied), applied };
    } catch (error) {
      if (!(error instanceof TagProblem)) throw error;
      const left = new Set(error.tags.flatMap(wholeOf));
      const rest = withoutTags(applied, left, before);
      there = there.filter((tag) => !left.has(tag));
      const isNothingLeft = rest.changes.length === 0;
      if (rest.changes.length === applied.changes.length || (isNothingLeft && !there.some(isXmp))) throw error;
      const kept = new Set(rest.changes.map(({ tag }) => tag));
      onLeft(applied.changes.map(({ tag }) => tag).filter((tag) => !kept.has(tag)), error.reason);
      if (isNothingLeft) return { result: undefined, applied: rest };
      applied = rest;
    }
  }
}

/**
 * A plan without the values that these tags belong to, as half of a value would be worse than none: a latitude goes with its longitude,
 * a date in EXIF with the one in XMP, a list of keywords with the others.
 *
 * @param left these tags, whole values
 * @param before what was ours before the plan
 */
function withoutTags(plan: WritePlan, left: ReadonlySet<string>, before: OwnValues): WritePlan {
  const kept = plan.changes.filter(({ tag }) => !left.has(tag));
  const hasIptc = kept.some(({ tag }) => tag.startsWith('IPTC:') && !isBesideIptc(tag));
  return {
    ...plan,
    changes: kept.filter(({ tag }) => hasIptc || !isBesideIptc(tag)),
    own: { lists: mixed(plan.own.lists, before.lists, left), values: mixed(plan.own.values, before.values, left) },
  };
}

function isXmp(tag: string): boolean {
  return tag.startsWith('XMP-');
}

/** All tags that say parts of the same value. */
function wholeOf(name: string): string[] {
  const tag = TAGS.get(name);
  if (tag === undefined) return [name];
  if (isList(tag)) return [...TAGS.values()].filter(isList).map((list) => list.name);
  const fields = FIELD_NAMES.filter((field) => fieldOf(field).tags.some((own) => own.name === name));
  return fields.flatMap((field) => [...singleTagsOf(field)]);
}

/** What is ours of these tags stays as it was. */
function mixed<T>(
  after: Readonly<Record<string, T>>,
  before: Readonly<Record<string, T>>,
  left: ReadonlySet<string>,
): Readonly<Record<string, T>> {
  return Object.fromEntries([
    ...Object.entries(after).filter(([tag]) => !left.has(tag)),
    ...Object.entries(before).filter(([tag]) => left.has(tag)),
  ]);
}
