import { PERSON_IN_IMAGE } from '../tag_names.ts';
import { flatKeywords, shieldedTags } from './keywords.ts';
import type { MappingInput, Wanted } from './mapping.ts';
import { writableEntries } from './text.ts';

/** Named people as keywords and as people, one entry each. */
export function mapPeople(input: MappingInput): Wanted {
  const { entries, refused } = writableEntries(input.record.people.map(({ name }) => name), 'the name');
  if (entries.length === 0) return { refused };
  const lists = { ...shieldedTags(input), ...flatKeywords(input, entries), [PERSON_IN_IMAGE]: entries };
  return { lists, refused };
}
