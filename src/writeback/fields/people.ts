import type { Field, MappingInput, Wanted } from './field.ts';
import { flatKeywords, KEYWORD_TAGS } from './keywords.ts';
import { xmp } from './tag.ts';
import { writableEntries } from './text.ts';

export const PERSON_IN_IMAGE = 'XMP-iptcExt:PersonInImage';

export const namedPeople = Object.freeze<Field>({
  flag: 'people',
  isUsual: true,
  help: 'names of people, as keywords and as persons in the image',
  meaning: 'named people who are not hidden, one entry each; `TagsList` and `HierarchicalSubject` as below',
  tags: [xmp(PERSON_IN_IMAGE, 'Iptc4xmpExt:PersonInImage', 'bag'), ...KEYWORD_TAGS],
  isKnown: ({ people }) => people.length > 0,
  map: mapPeople,
});

/** Named people as keywords and as people, one entry each. */
function mapPeople(input: MappingInput): Wanted {
  const { entries, refused } = writableEntries(input.record.people.map(({ name }) => name), 'the name');
  return { lists: { ...flatKeywords(input, entries), [PERSON_IN_IMAGE]: entries }, refused };
}
