import type { Module } from './module.ts';
import * as tag from './tag_names.ts';

interface ModuleTags {
  /** Tags with one value that the module sets, and takes back. */
  readonly values: readonly string[];
  /** What else has to be known of a file: lists, and what others may have written. */
  readonly others: readonly string[];
}

const KEYWORD_LISTS: readonly string[] = [tag.SUBJECT, tag.KEYWORDS, tag.TAGS_LIST, tag.HIERARCHICAL_SUBJECT];

/** Which tags each module deals with: what is read of a file before it is compared. */
export const MODULE_TAGS: Readonly<Record<Module, ModuleTags>> = Object.freeze({
  people: { values: [], others: [...KEYWORD_LISTS, tag.PERSON_IN_IMAGE] },
  tags: { values: [], others: KEYWORD_LISTS },
  albums: { values: [tag.EVENT, tag.USER_COMMENT], others: KEYWORD_LISTS },
  gps: {
    values: [
      tag.GPS_LATITUDE,
      tag.GPS_LATITUDE_REF,
      tag.GPS_LONGITUDE,
      tag.GPS_LONGITUDE_REF,
      tag.XMP_GPS_LATITUDE,
      tag.XMP_GPS_LONGITUDE,
      ...tag.QUICKTIME_COORDINATES,
    ],
    others: [],
  },
  caption: {
    values: [tag.DESCRIPTION, tag.XMP_IMAGE_DESCRIPTION, tag.EXIF_IMAGE_DESCRIPTION, tag.CAPTION_ABSTRACT],
    others: [],
  },
  time: {
    values: [
      tag.DATE_TIME_ORIGINAL,
      tag.CREATE_DATE,
      tag.OFFSET_TIME_ORIGINAL,
      tag.OFFSET_TIME_DIGITIZED,
      tag.SUB_SEC_TIME_ORIGINAL,
      tag.SUB_SEC_TIME_DIGITIZED,
      tag.XMP_CREATE_DATE,
      tag.XMP_DATE_CREATED,
      tag.XMP_DATE_TIME_ORIGINAL,
      tag.XMP_DATE_TIME_DIGITIZED,
      tag.QUICKTIME_CREATE_DATE,
      tag.CREATION_DATE,
    ],
    others: [],
  },
  rating: { values: [tag.RATING, tag.RATING_PERCENT, tag.EXIF_RATING, tag.EXIF_RATING_PERCENT], others: [] },
  faces: { values: [tag.REGION_INFO], others: [] },
});

/** What has to be read of a file for these modules. */
export function tagsToRead(modules: readonly Module[]): string[] {
  const wanted = modules.flatMap((module) => [...MODULE_TAGS[module].values, ...MODULE_TAGS[module].others]);
  const iptc = wanted.some((name) => name.startsWith('IPTC:'))
    ? [tag.IPTC_CHARSET, tag.IPTC_DIGEST, tag.IPTC_PRESENCE]
    : [];
  return [...new Set([...wanted, ...iptc])];
}
