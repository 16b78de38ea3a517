/** A value as ExifTool takes and gives it: text, a number, a list, or a structure. */
export type TagValue = string | number | boolean | readonly TagValue[] | { readonly [field: string]: TagValue };

/** Tags by their full names in ExifTool's notation, group included: `XMP-dc:Subject`. null takes a tag away. */
export type Tags = Readonly<Record<string, TagValue | null>>;

/** What of a file's tags is ours: the ledger keeps it, so that a value we wrote can be undone, and no other. */
export interface OwnValues {
  /** Entries of list tags that we added, by tag. */
  readonly lists: Readonly<Record<string, readonly OwnEntry[]>>;
  /** Tags with a single value that we set, by tag. Of a tag that we only added to (face regions), what we added. */
  readonly values: Readonly<Record<string, TagValue>>;
}

/** An entry may be wanted by several fields (a person and a tag of the same name); it goes when none wants it any more. */
export interface OwnEntry {
  readonly value: string;
  /** Names of fields. */
  readonly fields: readonly string[];
}

export const NOTHING_OWN: OwnValues = Object.freeze({ lists: Object.freeze({}), values: Object.freeze({}) });

/** A value with fields of its own. */
export type Structure = { readonly [field: string]: TagValue };

/** The structure that a tag holds; without fields where it holds none. */
export function structureIn(tags: Tags, tag: string): Structure {
  const value = tags[tag];
  return isStructure(value) ? value : {};
}

/** The structures in a list that is a field of the structure which a tag holds. */
export function structuresIn(tags: Tags, tag: string, field: string): readonly Structure[] {
  const list = structureIn(tags, tag)[field];
  return (Array.isArray(list) ? list : []).filter((entry): entry is Structure => isStructure(entry));
}

function isStructure(value: TagValue | null | undefined): value is Structure {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
