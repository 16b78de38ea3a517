import {
  ALBUM_ROOT,
  HIERARCHICAL_SUBJECT,
  KEYWORD_TAGS,
  KEYWORDS,
  LEVEL,
  PEOPLE_ROOT,
  SUBJECT,
  TAGS_LIST,
  toTag,
} from '../fields/keywords.ts';
import { entriesOf, entriesOfOthers } from '../fields/lists.ts';
import { PERSON_IN_IMAGE } from '../fields/people.ts';
import type { OwnValues, Tags } from '../fields/values.ts';

const ROOTS = [ALBUM_ROOT + LEVEL, PEOPLE_ROOT + LEVEL];

/**
 * The tags that Immich makes of the names and albums among what is ours in a file. They are known by the lists that hold nothing but names: keywords of ours may also be what others have written into another list of
 * keywords, so that each of them says all.
 */
export function tagsOfNames({ lists }: OwnValues): string[] {
  const people = lists[PERSON_IN_IMAGE] ?? [];
  const hierarchy = (lists[HIERARCHICAL_SUBJECT] ?? []).filter(({ value }) =>
    ROOTS.some((root) => value.startsWith(root))
  );
  return [
    ...people.map(({ value }) => asTag(PERSON_IN_IMAGE, value)),
    ...hierarchy.map(({ value }) => asTag(HIERARCHICAL_SUBJECT, value)),
  ].filter((tag) => tag !== '');
}

/** What others have written into any list of keywords, as tags. */
export function tagsOfOthers(current: Tags, own: OwnValues): string[] {
  return KEYWORD_TAGS.flatMap(({ name }) => entriesOfOthers(current, name, own).map((entry) => asTag(name, entry)));
}

/** The tags that Immich reads from a file and its sidecar: those of the first list that is there. */
export function tagsRead(media: Tags, sidecar: Tags): string[] {
  for (const name of READ_IN_ORDER) {
    const [first, second] = [entriesOf(sidecar, name), entriesOf(media, name)];
    const entries = first.length > 0 ? first : second;
    if (entries.length > 0) return entries.map((entry) => asTag(name, entry)).filter((tag) => tag !== '');
  }
  return [];
}

/** docs/immich.md#what-immich-reads-from-files */
const READ_IN_ORDER = [TAGS_LIST, HIERARCHICAL_SUBJECT, SUBJECT, KEYWORDS];

/** Without empty levels, as Immich has it; empty for what is no tag. */
function asTag(list: string, entry: string): string {
  const tag = list === HIERARCHICAL_SUBJECT ? toTag(entry) : entry;
  return tag.split('/').filter(Boolean).join('/');
}
