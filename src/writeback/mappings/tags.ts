import { TAGS_LIST } from '../tag_names.ts';
import { flatKeywords, shieldedTags } from './keywords.ts';
import type { MappingInput, Wanted } from './mapping.ts';
import { writableEntries } from './text.ts';

/** Immich's tags with all their levels, in TagsList and as keywords. */
export function mapTags(input: MappingInput): Wanted {
  const { entries, refused } = writableEntries(input.record.tags ?? [], 'the tag');
  const lists = entries.length > 0
    ? { ...flatKeywords(input, entries), [TAGS_LIST]: entries }
    // A TagsList of ours goes now, and what other modules wrote, which do not take part, would come to the fore.
    : shieldedTags(input, {});
  return { lists, refused };
}
