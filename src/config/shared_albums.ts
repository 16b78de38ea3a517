import type { z } from 'zod';
import type { JobConfig, SharedAlbumsConfig } from './config.ts';
import { JOB_FIELDS } from './job_fields.ts';
import { reportAt } from './job_selection.ts';
import type { JobDefaults } from './jobs.ts';
import { parseRaw } from './parse.ts';
import type { ConfigProblem } from './problems.ts';
import { quote } from './quote.ts';
import type { Raw } from './sources.ts';
import { choice, names, pathPrefixes, type ValueType } from './values.ts';

/** The group of the configuration file that shares albums. */
export const SHARED_ALBUMS = 'shared_albums';

/** How the names of all pairs begin. */
export const PAIR_PREFIX = 'shared albums: ';

/** The name of what one member has from another. `directory`: where it lies, unless it is the first. Pure. */
export function pairNameOf(from: string, to: string, directory?: string): string {
  return `${PAIR_PREFIX}${from} → ${to}${directory === undefined ? '' : ` (${directory})`}`;
}

/** The two in such a name; undefined in the name of anything else. Pure. */
export function usersInPairName(name: string): { readonly from: string; readonly to: string } | undefined {
  const [, from, to] =
    /^(.+?) → (.+?)(?: \(\/.*\))?$/.exec(name.startsWith(PAIR_PREFIX) ? name.slice(PAIR_PREFIX.length) : '') ??
      [];
  return from === undefined || to === undefined ? undefined : { from, to };
}

/** One key below `shared_albums`; `members.except` is the key `except` of a group `members`. */
export interface SharedAlbumsFieldDefinition {
  /** What it is called on a screen: a few words that stand alone. */
  readonly label: string;
  readonly type: ValueType<unknown>;
  readonly description: string;
  readonly required?: true;
  /** What is meant when the key is missing. */
  readonly default?: string;
  readonly isList?: true;
}

/** Every key below `shared_albums`. */
export const SHARED_ALBUMS_FIELDS = Object.freeze(
  {
    albums: {
      label: 'Shared albums',
      type: names,
      isList: true,
      default: 'all',
      description:
        'all, or names or ids of albums: those in which photos reach the other members as photos of their own.',
    },
    'albums.except': { label: 'Not these albums', type: names, isList: true, description: 'All but these albums.' },
    except: {
      label: 'Not these albums, another name',
      type: names,
      isList: true,
      description: 'The same as albums.except, beside albums: all.',
    },
    members: {
      label: 'Who receives',
      type: names,
      isList: true,
      default: 'all',
      description:
        'all, or users by e-mail, name or id: who receives. The photos of everybody in the album reach them.',
    },
    'members.except': {
      label: 'Who does not receive',
      type: names,
      isList: true,
      description: 'Everybody but these users receives.',
    },
    directory: {
      label: 'Directory of the shared photos',
      type: pathPrefixes,
      isList: true,
      required: true,
      description:
        "Where the shared files appear (Immich's view), below a directory for each member. A list where originals are on several " +
        'file systems or mounts, one directory on each, as hard links cannot lead from one to another.',
    },
    placement: {
      label: 'Kind of the shared files',
      type: choice('hardlink', 'copy'),
      default: 'hardlink',
      description:
        'hardlink, or copy: hard links, and a copy of each photo to which none can be made, which takes its space a second time. ' +
        'PLACEMENT=copy means copy here as well.',
    },
    into: {
      label: 'An album for each recipient',
      type: choice('same-name'),
      description:
        'same-name: what reaches a member is also put into an album of their own that is called as the shared one, and that only they see. ' +
        'Without it nothing is added to albums: they see the shared album anyway.',
    },
    include_archived: JOB_FIELDS.include_archived,
    share_edited: JOB_FIELDS.share_edited,
  } as const satisfies Record<string, SharedAlbumsFieldDefinition>,
);

export type SharedAlbumsField = keyof typeof SHARED_ALBUMS_FIELDS;
export const SHARED_ALBUMS_FIELD_NAMES = Object.freeze(Object.keys(SHARED_ALBUMS_FIELDS) as SharedAlbumsField[]);

/** The group as it was written, and where. */
export interface SharedAlbumsDraft {
  readonly place: string;
  readonly fields: ReadonlyMap<SharedAlbumsField, Raw>;
}

/** Reads and checks the group `shared_albums`. Undefined when there is none, or something in it was refused (reported). */
export function readSharedAlbums(
  draft: SharedAlbumsDraft | undefined,
  defaults: JobDefaults,
  jobs: readonly JobConfig[],
  problems: ConfigProblem[],
): SharedAlbumsConfig | undefined {
  if (draft === undefined) return undefined;
  const before = problems.length;
  type Value<F extends SharedAlbumsField> = z.output<(typeof SHARED_ALBUMS_FIELDS)[F]['type']['schema']> | undefined;
  const read = <F extends SharedAlbumsField>(field: F): Value<F> => {
    const raw = draft.fields.get(field);
    return raw === undefined
      ? undefined
      : parseRaw<unknown>(raw, SHARED_ALBUMS_FIELDS[field].type, problems, false) as Value<F>;
  };
  const chosen = (field: 'albums' | 'members') => {
    const raw = draft.fields.get(field)?.value;
    // A list with that word in it names something that is called so.
    const isAll = raw === undefined || (typeof raw === 'string' && raw.trim().toLowerCase() === 'all');
    return isAll ? 'all' : read(field) ?? [];
  };
  const directories = read('directory') ?? [];
  if (!draft.fields.has('directory')) {
    problems.push({
      key: `${SHARED_ALBUMS}.directory`,
      place: draft.place,
      message: 'it is not said where the shared files lie',
      remedy: 'Write a directory as Immich sees it, on the file system of the originals, such as /data/shared.',
    });
  }
  reportHidden(draft, directories, problems);
  const named = jobs.find(({ name }) => name.startsWith(PAIR_PREFIX));
  if (named !== undefined) {
    problems.push({
      key: SHARED_ALBUMS,
      place: draft.place,
      message: `the share ${quote(named.name)} is called as what this group makes`,
      remedy: 'Give that share another name.',
    });
  }
  const config: SharedAlbumsConfig = {
    albums: chosen('albums'),
    exceptAlbums: [...read('albums.except') ?? [], ...read('except') ?? []],
    members: chosen('members'),
    exceptMembers: read('members.except') ?? [],
    directories,
    placement: read('placement') ?? (defaults.placement === 'copy' ? 'copy' : 'hardlink'),
    ...draft.fields.has('into') ? { into: read('into') } : {},
    includeArchived: read('include_archived') ?? defaults.includeArchived,
    shareEdited: read('share_edited') ?? defaults.shareEdited,
    require: defaults.require,
    ...defaults.never === undefined ? {} : { never: defaults.never },
  };
  return problems.length > before ? undefined : config;
}

/** The import path of a library ends above the first hidden directory, which would be above the members' own here. */
function reportHidden(draft: SharedAlbumsDraft, directories: readonly string[], problems: ConfigProblem[]): void {
  const hidden = directories.find((path) => path.includes('/.'));
  if (hidden === undefined) return;
  reportAt(draft.fields.get('directory'), problems, {
    message: `a part of ${quote(hidden)} begins with a dot`,
    remedy: 'Choose one without: what is hidden is made below it, for each pair of users.',
  });
}
