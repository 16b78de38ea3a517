import { FIELD_NAMES, fieldOf, singleTagsOf, TAGS } from './fields/fields.ts';
import { isList } from './fields/tag.ts';
import type { OwnValues } from './fields/values.ts';
import { isBesideIptc } from './iptc.ts';
import type { WritePlan } from './tags.ts';
import { TagProblem } from './write_problem.ts';

/**
 * Carries out a plan; without the values that cannot be written into this file, as the others can.
 *
 * @param before what was ours before
 * @param apply carries out one plan. Is called again with less when it throws TagProblem
 * @param onLeft is told which tags are left out, and why
 */
export async function applyWhatCanBe<T>(
  plan: WritePlan,
  before: OwnValues,
  apply: (plan: WritePlan) => Promise<T>,
  onLeft: (tags: readonly string[], reason: string) => void,
): Promise<{ readonly result: T; readonly applied: WritePlan }> {
  for (let applied = plan;;) {
    try {
      return { result: await apply(applied), applied };
    } catch (error) {
      if (!(error instanceof TagProblem)) throw error;
      const rest = withoutTags(applied, error.tags, before);
      if (rest === undefined) throw error;
      const kept = new Set(rest.changes.map(({ tag }) => tag));
      onLeft(applied.changes.map(({ tag }) => tag).filter((tag) => !kept.has(tag)), error.reason);
      applied = rest;
    }
  }
}

/**
 * A plan without the values that these tags belong to, as half of a value would be worse than none: a latitude goes with its longitude,
 * a date in EXIF with the one in XMP, a list of keywords with the others. undefined when nothing would be left.
 *
 * @param before what was ours before the plan
 */
function withoutTags(plan: WritePlan, tags: readonly string[], before: OwnValues): WritePlan | undefined {
  const left = new Set(tags.flatMap(wholeOf));
  const kept = plan.changes.filter(({ tag }) => !left.has(tag));
  const hasIptc = kept.some(({ tag }) => tag.startsWith('IPTC:') && !isBesideIptc(tag));
  const changes = kept.filter(({ tag }) => hasIptc || !isBesideIptc(tag));
  if (changes.length === 0 || changes.length === plan.changes.length) return undefined;
  return {
    ...plan,
    changes,
    own: { lists: mixed(plan.own.lists, before.lists, left), values: mixed(plan.own.values, before.values, left) },
  };
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
