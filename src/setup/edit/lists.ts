import type { JobConfig } from '../../config/config.ts';
import { JOB_FIELDS, type JobFieldDefinition } from '../../config/job_fields.ts';
import { SHARED_ALBUMS_FIELDS, type SharedAlbumsFieldDefinition } from '../../config/shared_albums.ts';
import { list } from '../../config/words.ts';
import type { FieldOption, FieldView } from '../../service/settings/desk.ts';
import type { OfferedUser } from '../../share/offers/users.ts';
import { draftSharedAlbums } from '../drafts.ts';
import type { Existing } from '../existing.ts';
import { amountText } from '../questions/listed.ts';
import { type NamesThere, Sizes } from '../sizes.ts';
import { isCalled } from '../users.ts';
import { ALBUMS_FIELDS, ALBUMS_LISTS, MODES } from './yaml_albums.ts';
import { EDITABLE_FIELDS, isListField, PLACE_FIELDS, valuesOfText } from './yaml_job.ts';

/** What of a job is chosen from a list, and of what kind that is. */
const LISTED = Object.freeze(
  {
    'select.albums': 'album',
    'select.people': 'person',
    'select.tags': 'tag',
    'except.albums': 'album',
    'except.people': 'person',
    'except.tags': 'tag',
  } as const satisfies Record<string, NamesThere['kind']>,
);
type ListedField = keyof typeof LISTED;

/** Fields, and why nothing can be chosen from lists. */
export interface ListedFields {
  readonly fields: readonly FieldView[];
  readonly noLists: string | undefined;
}

/** The fields of a share, without what has to be looked up. */
export function plainFields(
  values: Readonly<Record<string, string>>,
  names: readonly ((typeof EDITABLE_FIELDS)[number] | (typeof PLACE_FIELDS)[number])[] = EDITABLE_FIELDS,
): FieldView[] {
  return names.map((field) => {
    const { label, description, type }: JobFieldDefinition = JOB_FIELDS[field];
    const options = type.words?.map(wordOption);
    return { field, label, description, value: values[field] ?? '', isList: isListField(field), options };
  });
}

/** The fields with lists of what the job's source can choose by, each thing with its photos and their size. */
export async function withLists(
  existing: Existing,
  job: JobConfig,
  fields: readonly FieldView[],
): Promise<ListedFields> {
  let noLists: string | undefined;
  const sizes = new Sizes(existing.config.database, (problem) => noLists = problem);
  const there = new Map<ListedField, NamesThere>();
  for (const { field, value } of fields) {
    if (isListed(field)) there.set(field, { kind: LISTED[field], texts: valuesOfText(value) });
  }
  const lists = await sizes.lists(existing.config, job, there);
  if (lists === undefined) return { fields, noLists };
  return {
    noLists,
    fields: fields.map((view) => {
      const { field, value } = view;
      if (field === 'source' || field === 'target') return { ...view, options: lists.users.map(userOption(value)) };
      if (field === 'select.favorites') return { ...view, options: favoriteOptions(amountText(lists.favorites)) };
      if (!isListed(field)) return view;
      return { ...view, options: withStrangers(value, (lists.at.get(field) ?? []).map(thingOption)) };
    }),
  };
}

/** The fields of shared albums, without what has to be looked up: of the lists each has before it how it is meant. */
export function plainAlbumsFields(values: Readonly<Record<string, string>>): FieldView[] {
  return ALBUMS_FIELDS.flatMap((field): FieldView[] => {
    const { label, description, type, isList }: SharedAlbumsFieldDefinition = SHARED_ALBUMS_FIELDS[field];
    const view = { field, label, description, value: values[field] ?? '', isList: isList === true };
    if (!ALBUMS_LISTS.some((one) => one === field)) return [{ ...view, options: type.words?.map(wordOption) }];
    const mode = {
      field: `${field}.mode`,
      label: `${label}: which`,
      description: 'The list says which ones, if not all.',
      value: values[`${field}.mode`] ?? 'all',
      isList: false,
      isSure: true,
      options: MODES.map((value) => ({ value, label: MODE_LABELS[value] })),
    };
    return [mode, view];
  });
}

/** The fields of shared albums with lists of them, each with its photos and their size, and of users. */
export async function withAlbumLists(existing: Existing, fields: readonly FieldView[]): Promise<ListedFields> {
  let noLists: string | undefined;
  const sizes = new Sizes(existing.config.database, (problem) => noLists = problem);
  const valueOf = (name: string) => fields.find(({ field }) => field === name)?.value ?? '';
  const [directory = '/'] = valuesOfText(valueOf('directory'));
  const config = { ...existing.config, sharedAlbums: draftSharedAlbums(existing, directory) };
  const lists = await sizes.sharedLists(config, valuesOfText(valueOf('albums')));
  if (lists === undefined) return { fields, noLists };
  const albums = lists.albums.map(({ id, name, text, members, ...amount }) => ({
    // That word alone means all of them.
    value: text.trim().toLowerCase() === 'all' ? id : text,
    label: name || NAMELESS,
    hint: `${amountText(amount)}; ${list(members)}`,
  }));
  const optionsOf: Readonly<Record<string, (value: string) => FieldOption[]>> = {
    albums: (value) => withStrangers(value, albums),
    members: (value) => withStrangers(value, lists.users.map(userOption(value))),
  };
  return {
    noLists,
    fields: fields.map((view) => ({ ...view, options: optionsOf[view.field]?.(view.value) ?? view.options })),
  };
}

const NAMELESS = '(without a name)';

const MODE_LABELS: Readonly<Record<(typeof MODES)[number], string>> = Object.freeze({
  all: 'all, also those that come later',
  these: 'only those in the list',
  except: 'all but those in the list',
});

function isListed(field: string): field is ListedField {
  return Object.hasOwn(LISTED, field);
}

function wordOption(word: string): FieldOption {
  return { value: word, label: { true: 'yes', false: 'no' }[word] ?? word };
}

function favoriteOptions(amount: string): FieldOption[] {
  return ['true', 'false'].map((word) => ({ ...wordOption(word), ...word === 'true' ? { hint: amount } : {} }));
}

function thingOption(
  { text, name, ...amount }: {
    readonly text: string;
    readonly name: string;
    readonly photos: number;
    readonly bytes: number;
  },
): FieldOption {
  return { value: text, label: name || NAMELESS, hint: amountText(amount) };
}

/** `value`: what is written for some of them already, one on a line. */
function userOption(value: string): (user: OfferedUser) => FieldOption {
  const written = valuesOfText(value);
  return (user) => ({
    value: written.find((one) => isCalled(user, one)) ?? user.email,
    label: user.name,
    hint: user.email,
  });
}

/** What is written and in no list stays a choice: it may be the name of something that is not there yet, or any more. */
function withStrangers(value: string, options: readonly FieldOption[]): FieldOption[] {
  const known = new Set(options.map((option) => option.value));
  const strangers = valuesOfText(value).filter((line) => !known.has(line));
  return [...strangers.map((line) => ({ value: line, label: line, hint: 'not found in Immich' })), ...options];
}
