import type { SettingName } from './settings.ts';
import {
  albumId,
  choice,
  day,
  flag,
  jobName,
  libraryId,
  mediaTypes,
  names,
  pathPrefix,
  pathPrefixes,
  peopleMatch,
  placement,
  requirement,
  shareEdited,
  twoWayFields,
  userId,
  userReference,
  type ValueType,
  wholeNumber,
} from './values.ts';

/** One key of a job in the YAML file; `require.clip` is the key `clip` of the mapping `require`. */
export interface JobFieldDefinition {
  /** What it is called on a screen: a few words that stand alone. */
  readonly label: string;
  readonly type: ValueType<unknown>;
  readonly description: string;
  readonly required?: true;
  /** The setting that is used when the key is missing. */
  readonly default?: SettingName;
  /** It may be written as a list. An empty value is a problem and not the same as none: it would share what was to be left out. */
  readonly isList?: true;
}

/** Reasons for which photos are left out: by a job, and by all of them. */
export const REASON_FIELDS = Object.freeze(
  {
    albums: {
      label: 'Albums',
      type: names,
      isList: true,
      description: 'Photos in any of these albums, by name or id.',
    },
    people: {
      label: 'People',
      type: names,
      isList: true,
      description: 'Photos that show any of these people, by name or id.',
    },
    tags: {
      label: 'Tags',
      type: names,
      isList: true,
      description: 'Photos with any of these tags, or with one below them.',
    },
    paths: {
      label: 'Folders',
      type: pathPrefixes,
      isList: true,
      description: "Photos whose file lies below any of these paths (Immich's view).",
    },
  } as const satisfies Record<string, JobFieldDefinition>,
);

export type ReasonField = keyof typeof REASON_FIELDS;
export const REASON_FIELD_NAMES = Object.freeze(Object.keys(REASON_FIELDS) as ReasonField[]);

/** Every key of a job. */
export const JOB_FIELDS = Object.freeze(
  {
    name: {
      label: 'Name',
      type: jobName,
      required: true,
      description: 'What logs and commands call the share; unique, at most 64 characters.',
    },
    kind: {
      label: 'Kind of share',
      type: choice('external', 'upload', 'any', 'auto'),
      description:
        'external: files of external libraries below source_path_prefix. upload: everything the user uploaded. any: both, ' +
        'which is the default with select. auto, the default without: upload if there is no source_path_prefix, else decided ' +
        'by whether that path lies in the upload location.',
    },
    source: {
      label: 'Owner',
      type: userReference,
      description: 'The user who shares, by e-mail, name or id; instead of source_user_id.',
    },
    target: {
      label: 'Recipient',
      type: userReference,
      description: 'The user who receives, by e-mail, name or id; instead of target_user_id.',
    },
    source_user_id: { label: 'Owner, by id', type: userId, required: true, description: 'The user who shares.' },
    target_user_id: { label: 'Recipient, by id', type: userId, required: true, description: 'The user who receives.' },
    target_library_id: {
      label: 'Library of the recipient',
      type: libraryId,
      required: true,
      description:
        'An external library of the receiving user, made for this share: its import path contains nothing else.',
    },
    source_path_prefix: {
      label: 'Folder that is shared',
      type: pathPrefix,
      description: "Only what lies below this path is shared (Immich's view).",
    },
    target_path_prefix: {
      label: 'Folder of the shared photos',
      type: pathPrefix,
      required: true,
      description: "Where the shared files appear for the receiving user (Immich's view).",
    },
    'select.albums': {
      label: 'Albums',
      type: names,
      isList: true,
      description:
        'Shares what the source user has put into these albums, of their own or shared with them; names or ids.',
    },
    'select.people': {
      label: 'People',
      type: names,
      isList: true,
      description: 'Shares photos that show these people of the source user; names or ids.',
    },
    'select.people_match': {
      label: 'Which people must be on a photo',
      type: peopleMatch,
      description:
        'any, the default: one of them is enough. all: all of them must be on it. only: one of them, and nobody else who has a name.',
    },
    'select.tags': {
      label: 'Tags',
      type: names,
      isList: true,
      description: 'Shares photos with these tags, or with one below them: share/bob; values or ids.',
    },
    'select.favorites': {
      label: 'Favourites',
      type: flag,
      description: 'true shares the favourites of the source user.',
    },
    'select.paths': {
      label: 'Folders',
      type: pathPrefixes,
      isList: true,
      description: "Shares files below these paths (Immich's view), of uploads and external libraries.",
    },
    'except.albums': {
      ...REASON_FIELDS.albums,
      label: 'Not these albums',
      description: 'Not what is in these albums.',
    },
    'except.people': {
      ...REASON_FIELDS.people,
      label: 'Not these people',
      description: 'Not what shows these people.',
    },
    'except.tags': {
      ...REASON_FIELDS.tags,
      label: 'Not these tags',
      description: 'Not what has these tags, or one below them.',
    },
    'except.paths': {
      ...REASON_FIELDS.paths,
      label: 'Not these folders',
      description: 'Not what lies below these paths.',
    },
    since: {
      label: 'Taken since',
      type: day,
      description: 'Only what was taken on this day or later, such as 2015-01-01.',
    },
    until: { label: 'Taken until', type: day, description: 'Only what was taken on this day or earlier.' },
    min_rating: { label: 'Least stars', type: wholeNumber(1, 5), description: 'Only what has at least so many stars.' },
    types: { label: 'Photos or videos', type: mediaTypes, isList: true, description: 'image, video or both.' },
    album_id: {
      label: 'Album for what is shared',
      type: albumId,
      description: 'An album of the receiving user into which everything shared is put.',
    },
    placement: {
      label: 'Kind of the shared files',
      type: placement,
      default: 'PLACEMENT',
      description: 'hardlink, symlink, copy or auto.',
    },
    include_archived: {
      label: 'Share archived photos',
      type: flag,
      default: 'INCLUDE_ARCHIVED',
      description: 'true or false.',
    },
    include_hidden: {
      label: 'Share hidden photos',
      type: flag,
      default: 'INCLUDE_HIDDEN',
      description: 'true or false.',
    },
    share_edited: {
      label: 'Cropped and turned photos',
      type: shareEdited,
      default: 'SHARE_EDITED',
      description: 'original or skip.',
    },
    share_tags: {
      label: 'Give tags to the recipient',
      type: flag,
      description:
        'true, the default, gives the receiving user the tags of shared photos, as tags of their own; false gives none. Tags by which anything is chosen, with select, except or never, are never given. For some of them:',
    },
    'share_tags.under': {
      label: 'Only these tags are given',
      type: names,
      isList: true,
      description: 'Only these tags and those below them: {under: [family]}; values, such as family/2024.',
    },
    match_people: {
      label: 'Same name is the same person',
      type: choice('none', 'name'),
      description:
        'name: a person whom the receiving user has themselves, under exactly the same name, gets the shared faces, instead of a second person of that name; only if that name is unique with both, and neither is hidden. ' +
        'none, the default: each gets a person of their own. It counts for people who are not there yet.',
    },
    favorites: {
      label: 'Favourites of the recipient',
      type: choice('ignore', 'follow', 'both'),
      description:
        'follow: what the source user marks as a favourite is one of the receiving user as well, until they decide otherwise about a photo; one share with it between the two users is enough. ' +
        'both: what either of them marks, or does not mark any more, counts for both. ' +
        'ignore, the default: each has favourites of their own.',
    },
    both_ways: {
      label: 'Corrections that go back to the owner',
      type: twoWayFields,
      isList: true,
      description:
        'What the receiving user corrects on a shared photo, so that the source user gets it, too: description, date, position, rating, tags (from Immich 2.5 on), people (names and birth dates, where the source user has none, and faces that they add, move to somebody else or delete); some of them as a list. ' +
        'Where both have changed the same thing differently, nothing is overwritten, and a person decides. Unset means: nothing; the originals are never changed. Until Immich 2.3 it takes an API key of the source user.',
    },
    'require.clip': {
      label: 'Wait for smart search',
      type: requirement,
      default: 'REQUIRE_CLIP',
      description: 'auto, required or ignored.',
    },
    'require.faces': {
      label: 'Wait for face detection',
      type: requirement,
      default: 'REQUIRE_FACES',
      description: 'auto, required or ignored.',
    },
    'require.ocr': {
      label: 'Wait for text recognition',
      type: requirement,
      default: 'REQUIRE_OCR',
      description: 'auto, required or ignored.',
    },
  } as const satisfies Record<string, JobFieldDefinition>,
);

export type JobField = keyof typeof JOB_FIELDS;
export const JOB_FIELD_NAMES = Object.freeze(Object.keys(JOB_FIELDS) as JobField[]);

/** The keys that stand in groups, by the name of the group: `require` has `clip`, `faces` and `ocr`. */
export const JOB_FIELD_GROUPS: ReadonlyMap<string, readonly string[]> = new Map(
  [...Map.groupBy(JOB_FIELD_NAMES.filter((field) => field.includes('.')), (field) => field.replace(/\..*/, ''))]
    .map(([group, fields]) => [group, fields.map((field) => field.slice(group.length + 1))]),
);
