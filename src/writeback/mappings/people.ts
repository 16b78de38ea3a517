import { PERSON_IN_IMAGE } from '../tag_names.ts';
import { flatKeywords, shieldedTags } from './keywords.ts';
import type { MappingInput, Wanted } from './mapping.ts';
import { writableEntries } from './text.ts';

/** Named people as keywords and as people, one entry each. */
export function mapPeople(input: MappingInput): Wanted {
  const { entries, refused } = writableEntries(input.record.people.map(({ name }) => name), 'the name');
  const keywords = flatKeywords(input, entries);
  return { lists: { ...shieldedTags(input, keywords), ...keywords, [PERSON_IN_IMAGE]: entries }, refused };
}
