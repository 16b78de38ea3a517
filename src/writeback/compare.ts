import { distinct, entriesOf, entryKey } from './fields/lists.ts';
import type { MappingInput, Wanted } from './fields/field.ts';
import { TAGS_LIST, withShield } from './fields/keywords.ts';
import { isSameValue } from './compare_values.ts';
import { IPTC_TEXT } from './fields/iptc.ts';
import { changesBeside } from './iptc.ts';
import { FIELD_NAMES, type FieldName, fieldOf, singleTagsOf } from './fields/fields.ts';
import type { OwnEntry, OwnValues, Tags, TagValue } from './fields/values.ts';
import type { TagChange } from './tags.ts';

/** What to do to one file, and what of it will be ours. */
export interface Comparison {
  readonly changes: readonly TagChange[];
  readonly own: OwnValues;
  /** The tags that say already what they are to say. */
  readonly present: readonly string[];
  readonly refused: readonly string[];
}

/** What a file has against what the fields want in it. Pure. */
export function compare(input: MappingInput): Comparison {
  const takingPart = FIELD_NAMES.filter((name) => input.options.fields.includes(name));
  const mapped: Wishes = new Map(takingPart.map((name) => [name, fieldOf(name).map(input)]));
  const ofKeywords = new Map([...mapped].filter(([name]) => fieldOf(name).tags.some((tag) => tag.name === TAGS_LIST)));
  const wanted: Wishes = new Map([...mapped, ...withShield(input, ofKeywords)]);
  const lists = compareLists(input.current, input.own, wanted);
  const values = compareValues(input.current, input.own, wanted);
  // What earlier versions put into one of several blocks stays: ExifTool would take it out of all of them.
  const isClosed = input.current[IPTC_TEXT] === 'several';
  const changes = [...lists.changes, ...values.changes].filter(({ tag }) => !(isClosed && tag.startsWith('IPTC:')));
  return {
    changes: [...changes, ...changesBeside(input.current, changes, input.holds)],
    own: { lists: lists.own, values: values.own },
    present: [...lists.present, ...values.present],
    refused: [...wanted.values()].flatMap(({ refused }) => refused ?? []),
  };
}

/** What each field that takes part wants. */
type Wishes = ReadonlyMap<FieldName, Wanted>;

function takesPart(wanted: Wishes, field: string): boolean {
  return (wanted as ReadonlyMap<string, Wanted>).has(field);
}

/** Adds what is wanted, and takes away what we once added and nobody wants any more. Everything else keeps its place. */
function compareLists(
  current: Tags,
  own: OwnValues,
  wanted: Wishes,
): { changes: TagChange[]; present: string[]; own: Record<string, readonly OwnEntry[]> } {
  const tags = new Set(Object.keys(own.lists));
  for (const { lists } of wanted.values()) Object.keys(lists ?? {}).forEach((tag) => tags.add(tag));
  const changes: TagChange[] = [];
  const saysAlready: string[] = [];
  const ownAfter: Record<string, readonly OwnEntry[]> = {};
  for (const tag of tags) {
    const before = entriesOf(current, tag);
    const ours = own.lists[tag] ?? [];
    const ourKeys = new Set(ours.map(({ value }) => entryKey(value)));
    const users = new Map<string, Set<string>>();
    const use = (value: string, field: string) => {
      const key = entryKey(value);
      users.set(key, (users.get(key) ?? new Set()).add(field));
    };
    // A field that does not take part keeps what it wanted when it last did.
    for (const { value, fields } of ours) {
      fields.filter((field) => !takesPart(wanted, field)).forEach((field) => use(value, field));
    }
    const wishes: string[] = [];
    for (const [field, { lists }] of wanted) {
      for (const value of lists?.[tag] ?? []) {
        wishes.push(value);
        use(value, field);
      }
    }
    const present = new Set(before.map(entryKey));
    const kept = before.filter((entry) => !ourKeys.has(entryKey(entry)) || users.has(entryKey(entry)));
    const added = distinct(wishes).filter((entry) => !present.has(entryKey(entry)));
    if (wishes.length > 0 && added.length === 0) saysAlready.push(tag);
    if (added.length > 0 || kept.length < before.length) {
      const after = [...kept, ...added];
      changes.push({ tag, before: before.length === 0 ? null : before, after: after.length === 0 ? null : after });
    }
    const owned = [...kept.filter((entry) => ourKeys.has(entryKey(entry))), ...added];
    if (owned.length > 0) {
      ownAfter[tag] = owned.map((value) => ({ value, fields: [...users.get(entryKey(value)) ?? []].sort() }));
    }
  }
  return { changes, present: saysAlready, own: ownAfter };
}

/** Sets what is wanted, and takes away what we once set if it is still what we set and its field has nothing to say. */
function compareValues(
  current: Tags,
  own: OwnValues,
  wanted: Wishes,
): { changes: TagChange[]; present: string[]; own: Record<string, TagValue> } {
  const changes: TagChange[] = [];
  const present: string[] = [];
  const ownAfter: Record<string, TagValue> = { ...own.values };
  const set = (tag: string, after: TagValue | null) => {
    const before = current[tag] ?? null;
    const isSame = isSameValue(tag, before, after);
    if (!isSame) changes.push({ tag, before, after });
    return !isSame;
  };
  const mentioned = new Set<string>();
  for (const wish of wanted.values()) {
    for (const [tag, after] of Object.entries(wish.values ?? {})) {
      mentioned.add(tag);
      const isChanged = set(tag, after);
      if (!isChanged && after !== null) present.push(tag);
      const ours = wish.own !== undefined && Object.hasOwn(wish.own, tag) ? wish.own[tag] ?? null : undefined;
      if (ours === null || (ours === undefined && after === null)) delete ownAfter[tag];
      else if (ours !== undefined) ownAfter[tag] = ours;
      else if (isChanged && after !== null) ownAfter[tag] = after;
      // Somebody has since set it to what Immich says too: whether it is ours is of no account while they agree.
    }
  }
  for (const [tag, value] of Object.entries(own.values)) {
    if (mentioned.has(tag) || ![...wanted.keys()].some((field) => singleTagsOf(field).has(tag))) continue;
    if (isSameValue(tag, current[tag] ?? null, value)) set(tag, null);
    delete ownAfter[tag];
  }
  return { changes, present, own: ownAfter };
}
