import type { Field, MappingInput, Wanted } from './field.ts';
import { belowPeople, hierarchicalSubjects, KEYWORD_TAGS } from './keywords.ts';
import { writableEntries } from './text.ts';

export const peopleHierarchy = Object.freeze<Field>({
  flag: 'people-hierarchy',
  isUsual: false,
  help: 'names of people below People, as digiKam has them (not part of --all)',
  meaning: 'named people below `People|` in the hierarchy, where digiKam looks for them',
  tags: KEYWORD_TAGS,
  isKnown: ({ people }) => people.length > 0,
  map: mapHierarchy,
});

function mapHierarchy(input: MappingInput): Wanted {
  const { entries, refused } = writableEntries(input.record.people.map(({ name }) => name), 'the name');
  return { lists: hierarchicalSubjects(input, entries.map(belowPeople)), refused };
}
