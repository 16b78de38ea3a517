import { isSameValue } from './compare_values.ts';
import type { Reading } from './exiftool/read.ts';
import { entriesOf, entryKey } from './mappings/lists.ts';
import { IPTC_DIGEST } from './tag_names.ts';
import type { FilePlan, TagChange, Tags } from './tags.ts';
import { WriteProblem } from './write_problem.ts';

/** Throws WriteProblem unless the new file says what the plan wants. */
export function verify(plan: FilePlan, reading: Reading | undefined): void {
  if (reading === undefined || reading.error !== undefined) {
    throw new WriteProblem('failed', plan.path, `what ExifTool wrote cannot be read: ${reading?.error ?? 'no file'}`);
  }
  const wrong = plan.changes.find((change) => change.tag !== IPTC_DIGEST && !isThere(change, reading.tags));
  if (wrong !== undefined) {
    throw new WriteProblem('unwritable', plan.path, `ExifTool cannot write ${wrong.tag} as wanted`);
  }
}

function isThere({ tag, after }: TagChange, tags: Tags): boolean {
  if (!Array.isArray(after)) return isSameValue(tag, tags[tag] ?? null, after);
  const [found, wanted] = [entriesOf(tags, tag).map(entryKey), after.map((entry) => entryKey(String(entry)))];
  return found.length === wanted.length && found.every((key, index) => key === wanted[index]);
}
