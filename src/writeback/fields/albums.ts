import type { Field, MappingInput, Wanted } from './field.ts';
import { ALBUM_ROOT, hierarchicalSubjects, KEYWORD_TAGS } from './keywords.ts';
import { exif, xmp } from './tag.ts';
import { writableEntries } from './text.ts';
import type { TagValue } from './values.ts';

const EVENT = 'XMP-iptcExt:Event';
const USER_COMMENT = 'ExifIFD:UserComment';

export const albums = Object.freeze<Field>({
  flag: 'albums',
  isUsual: false,
  isPrivate: true,
  help: 'names of albums (not part of --all)',
  meaning:
    'the first album as event, all of them below `Albums|` and as comment, unless somebody else wrote one. Albums are ' +
    'remembered for a day (`IMMICH_ALBUM_CACHE_TTL`)',
  asks: 'albums',
  tags: [xmp(EVENT, 'Iptc4xmpExt:Event', 'alt'), exif(USER_COMMENT, 0x9286, 'comment'), ...KEYWORD_TAGS],
  isKnown: ({ albums }) => (albums ?? []).length > 0,
  map: mapAlbums,
});

/**
 * The first album as event, all of them below `Albums` in the hierarchy and, where there is EXIF, as comment. An event
 * or a comment that somebody else wrote stays.
 */
function mapAlbums(input: MappingInput): Wanted {
  const { entries: albums, refused } = writableEntries(input.record.albums ?? [], 'the album');
  const lists = hierarchicalSubjects(input, albums.map((album) => `${ALBUM_ROOT}|${album}`));
  const [first] = albums;
  if (first === undefined) return { lists, refused };
  return {
    lists,
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
