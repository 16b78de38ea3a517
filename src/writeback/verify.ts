import { isSameValue } from './compare_values.ts';
import { entriesOf, entryKey } from './fields/lists.ts';
import { IPTC_DIGEST } from './iptc.ts';
import type { TagChange, WritePlan } from './tags.ts';
import type { Tags } from './fields/values.ts';

/** The changes of the plan that these tags do not show. */
export function missingChanges(plan: WritePlan, tags: Tags): TagChange[] {
  // ExifTool computes the digest.
  return plan.changes.filter((change) => change.tag !== IPTC_DIGEST && !isThere(change, tags));
}

function isThere({ tag, after }: TagChange, tags: Tags): boolean {
  if (!Array.isArray(after)) return isSameValue(tag, tags[tag] ?? null, after);
  // ExifTool puts a new entry where it took one away.
  const [found, wanted] = [
    entriesOf(tags, tag).map(entryKey).sort(),
    after.map((entry) => entryKey(String(entry))).sort(),
  ];
  return found.length === wanted.length && found.every((key, index) => key === wanted[index]);
}
