import { ALBUM_ROOT, EVENT, USER_COMMENT } from '../tag_names.ts';
import type { TagValue } from '../tags.ts';
import { hierarchicalSubjects, shieldedTags } from './keywords.ts';
import type { MappingInput, Wanted } from './mapping.ts';
import { writableEntries } from './text.ts';

/**
 * The first album as event, all of them below `Albums` in the hierarchy and, where there is EXIF, as comment. An event
 * or a comment that somebody else wrote stays.
 */
export function mapAlbums(input: MappingInput): Wanted {
  const { entries: albums, refused } = writableEntries(input.record.albums ?? [], 'the album');
  const subjects = hierarchicalSubjects(input, albums.map((album) => `${ALBUM_ROOT}|${album}`));
  const [first] = albums;
  if (first === undefined) return { lists: shieldedTags(input, subjects), refused };
  return {
    lists: { ...shieldedTags(input, subjects), ...subjects },
    values: {
      ...unlessForeign(input, EVENT, first),
      ...(input.holds.exif ? unlessForeign(input, USER_COMMENT, albums.join(', ')) : {}),
    },
    refused,
  };
}

function unlessForeign({ current, own }: MappingInput, tag: string, value: string): Record<string, TagValue> {
  const before = current[tag] ?? null;
  const isEmpty = before === null || String(before).trim() === '';
  return isEmpty || String(before) === String(own.values[tag]) ? { [tag]: value } : {};
}
