import { TAGS_LIST } from '../tag_names.ts';
import { flatKeywords } from './keywords.ts';
import type { MappingInput, Wanted } from './mapping.ts';
import { writableEntries } from './text.ts';

/** Immich's tags with all their levels, in TagsList and as keywords. */
export function mapTags(input: MappingInput): Wanted {
  const { entries, refused } = writableEntries(input.record.tags ?? [], 'the tag');
  if (entries.length === 0) return { refused };
  return { lists: { ...flatKeywords(input, entries), [TAGS_LIST]: entries }, refused };
}
