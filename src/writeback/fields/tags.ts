import type { Field, MappingInput, Wanted } from './field.ts';
import { flatKeywords, KEYWORD_TAGS, TAGS_LIST, tagsIn } from './keywords.ts';
import { writableEntries } from './text.ts';

export const tags = Object.freeze<Field>({
  flag: 'tags',
  isUsual: false,
  isPrivate: true,
  help: "Immich's tags with their hierarchy (not part of --all)",
  meaning: "Immich's tags with all levels, but for names of people and albums that are written beside them",
  asks: 'tags',
  tags: KEYWORD_TAGS,
  isKnown: ({ tags }) => (tags ?? []).length > 0,
  map: mapTags,
});

/** Immich's tags with all their levels, in TagsList and as keywords. */
function mapTags(input: MappingInput): Wanted {
  const { entries, refused } = writableEntries(tagsIn(input), 'the tag');
  return { lists: entries.length > 0 ? { ...flatKeywords(input, entries), [TAGS_LIST]: entries } : {}, refused };
}
