import { albums } from './albums.ts';
import { caption } from './caption.ts';
import { faceRegions } from './faces.ts';
import type { Asked, Field } from './field.ts';
import { gps } from './gps.ts';
import { namedPeople } from './people.ts';
import { peopleHierarchy } from './people_hierarchy.ts';
import { rating } from './rating.ts';
import { isList, type Tag } from './tag.ts';
import { tags } from './tags.ts';
import { time } from './time.ts';

/** What can be written, in the order in which it is listed. A new field is one file and one line here. */
export const FIELDS = Object.freeze(
  {
    people: namedPeople,
    gps,
    caption,
    time,
    rating,
    albums,
    faces: faceRegions,
    tags,
    hierarchy: peopleHierarchy,
  } as const satisfies Readonly<
    Record<string, Field>
  >,
);

export type FieldName = keyof typeof FIELDS;

export const FIELD_NAMES: readonly FieldName[] = Object.freeze(Object.keys(FIELDS) as FieldName[]);

export function fieldOf(name: FieldName): Field {
  return FIELDS[name];
}

/** What `--all` means; the others are asked for by name. */
export const USUAL_FIELDS: readonly FieldName[] = Object.freeze(FIELD_NAMES.filter((name) => FIELDS[name].isUsual));

/** Every tag of these fields, once. */
export function tagsOf(names: readonly FieldName[]): Tag[] {
  return [...new Map(names.flatMap((name) => fieldOf(name).tags).map((tag) => [tag.name, tag])).values()];
}

/** Every tag that is read or written, by its name. */
export const TAGS: ReadonlyMap<string, Tag> = new Map(tagsOf(FIELD_NAMES).map((tag) => [tag.name, tag]));

/** Names of the tags that a field sets and takes away as a whole. */
export function singleTagsOf(name: FieldName): ReadonlySet<string> {
  return SINGLE_TAGS.get(name) ?? new Set();
}

const SINGLE_TAGS: ReadonlyMap<FieldName, ReadonlySet<string>> = new Map(
  FIELD_NAMES.map((field) => {
    const tags = fieldOf(field).tags.filter((tag) => !isList(tag));
    return [field, new Set(tags.map(({ name }) => name))];
  }),
);

/** Whether one of these fields needs what Immich tells by itself. */
export function asksFor(names: readonly FieldName[], asked: Asked): boolean {
  return names.some((name) => fieldOf(name).asks === asked);
}

/** Columns of `asset_exif` that fields want beside those of every record. */
export const MORE_COLUMNS: readonly string[] = Object.freeze([
  ...new Set(FIELD_NAMES.flatMap((name) => fieldOf(name).columns ?? [])),
]);
