import type { JobConfig, SharedAlbumsConfig, SharedPair } from '../../config/config.ts';
import { pairNameOf, SHARED_ALBUMS } from '../../config/shared_albums.ts';
import { isId } from '../../config/values.ts';
import type { PathMap } from '../../files/path_map.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { CriteriaSchema } from '../selection/criterion.ts';
import { Lookup } from '../selection/lookup.ts';
import { findNamed, namedUser, type NameReference, NOBODY_ID } from '../selection/names.ts';
import type { RememberedName } from '../selection/remembered.ts';
import { findLibraries, libraryKey, type PairLibrary } from './libraries.ts';
import { findMembers, type Member } from './members.ts';
import { mountsOf } from './mounts.ts';
import { type Chosen, findPairs, type PairsFound, type PlacedPair, readKnownPairs } from './pairs.ts';

/** What shared albums come down to: a job for each pair of members. */
export interface ExpandedAlbums extends PairsFound {
  readonly jobs: readonly JobConfig[];
  /** What names in the configuration stand for. */
  readonly remember: readonly RememberedName[];
  /** Whether any album is named in it, also one that is not there yet. */
  readonly namesAlbums: boolean;
  readonly members: readonly Member[];
  readonly libraries: readonly PairLibrary[];
}

export interface ExpandOptions {
  readonly paths: PathMap;
  readonly remembered: ReadonlyMap<string, readonly RememberedName[]>;
  /** Whether our own tables are there and up to date. */
  readonly hasOwnTables: boolean;
  /** Why libraries could not be made, as a sentence. */
  readonly libraryProblem?: string | undefined;
}

/** The job that stands for shared albums when their configuration fits nothing and no pair has mirrors. */
export const ALL_PAIRS = 'shared albums';

/** What makes the libraries that are missing. */
export const MAKE_LIBRARIES =
  'set IMMICH_API_KEY to the key of an administrator and run immich-sidecar sync --full, which makes it; the key may be taken away afterwards';

/**
 * Finds the pairs of members of shared albums, in all directions, and makes a job of each. The number of albums makes no difference. Reads only.
 */
export async function expandSharedAlbums(
  sql: Sql,
  schema: CriteriaSchema,
  config: SharedAlbumsConfig,
  { paths, remembered, hasOwnTables, libraryProblem }: ExpandOptions,
): Promise<ExpandedAlbums> {
  const lookup = new Lookup(sql, schema, remembered);
  const chosen = await choose(lookup, config);
  const mounts = mountsOf(config.directories, paths);
  const known = hasOwnTables ? await readKnownPairs(sql) : [];
  const isSick = lookup.problems.length > 0;
  const found = isSick ? [] : await findPairs(sql, schema, chosen, mounts, hasOwnTables);
  const users = [...new Set([...found, ...known].flatMap((pair) => [pair.sourceUserId, pair.targetUserId]))];
  const members = await findMembers(sql, users, hasOwnTables);
  const nameOf = ({ sourceUserId, targetUserId, directory }: PlacedPair) =>
    pairName(members.get(sourceUserId), members.get(targetUserId), config.directories, directory);
  const pairs = uniquePairs([
    ...found,
    ...known.flatMap(({ job, ...pair }) =>
      config.directories.map((_, directory) => ({ ...pair, directory })).filter((placed) =>
        nameOf(placed) === job && (isSick || receives(chosen, placed.targetUserId))
      )
    ),
  ]);
  const libraries = await findLibraries(
    sql,
    pairs.flatMap((pair) => {
      const [source, target] = [members.get(pair.sourceUserId), members.get(pair.targetUserId)];
      const directory = config.directories[pair.directory];
      return source === undefined || target === undefined || directory === undefined
        ? []
        : [{ source, target, directory }];
    }),
    hasOwnTables,
  );
  const jobs = pairs.flatMap((pair): JobConfig[] => {
    const library = libraries.get(libraryKey(pair.sourceUserId, pair.targetUserId, config.directories[pair.directory]));
    if (library === undefined) return [];
    const noLibrary = `${library.target.label} has no library for it yet: ${
      libraryProblem === undefined ? '' : `${libraryProblem} `
    }${MAKE_LIBRARIES}`;
    return [jobOf(config, nameOf(pair), library, {
      albums: chosen.albums,
      exceptAlbums: chosen.exceptAlbums,
      mount: mounts[pair.directory],
      ...config.into === undefined ? {} : { into: config.into },
      problems: isSick ? lookup.problems : library.id === undefined ? [noLibrary] : [],
    })];
  }).toSorted((one, other) => one.name < other.name ? -1 : 1);
  return {
    jobs: isSick && jobs.length === 0 ? [sickJob(config, lookup.problems)] : jobs,
    remember: lookup.remember,
    namesAlbums: config.albums !== 'all' || config.exceptAlbums.length > 0,
    members: [...members.values()].filter(({ userId }) => users.includes(userId)),
    libraries: [...libraries.values()],
    pairs,
    chosen,
    mounts,
  };
}

async function choose(lookup: Lookup, config: SharedAlbumsConfig): Promise<Chosen> {
  const album = (text: string): NameReference => ({ kind: 'album', ownerId: NOBODY_ID, text });
  const { albums, exceptAlbums, members, exceptMembers } = config;
  const wanted = (all: 'all' | readonly string[]) => all === 'all' ? [] : all;
  const found = await findNamed(
    lookup.sql,
    lookup.schema,
    [
      ...[...wanted(albums), ...exceptAlbums].map(album),
      ...[...wanted(members), ...exceptMembers].filter((text) => !isId(text)).map(namedUser),
    ],
    lookup.remembered,
  );
  const one = async (key: string, text: string, reference: NameReference) => {
    if (reference.kind === 'user' && isId(text)) return [text.toLowerCase()];
    const thing = await lookup.onlyOne(`${SHARED_ALBUMS}.${key}`, reference, found);
    return thing === undefined ? [] : [thing.id];
  };
  const each = async (all: 'all' | readonly string[], find: (text: string) => Promise<string[]>) => {
    if (all === 'all') return undefined;
    const ids: string[] = [];
    for (const text of all) ids.push(...await find(text));
    return ids;
  };
  return {
    albums: await each(albums, (text) => one('albums', text, album(text))),
    exceptAlbums: exceptAlbums.flatMap((text) =>
      lookup.all(`${SHARED_ALBUMS}.albums.except`, album(text), found).map(({ id }) => id)
    ),
    members: await each(members, (text) => one('members', text, namedUser(text))),
    exceptMembers: await each(exceptMembers, (text) => one('members.except', text, namedUser(text))) ?? [],
  };
}

function receives({ members, exceptMembers }: Chosen, userId: string): boolean {
  return members?.includes(userId) !== false && !exceptMembers.includes(userId);
}

function uniquePairs(pairs: readonly PlacedPair[]): PlacedPair[] {
  return [
    ...new Map(pairs.map((pair) => [`${pair.sourceUserId} ${pair.targetUserId} ${pair.directory}`, pair])).values(),
  ];
}

function pairName(
  source: Member | undefined,
  target: Member | undefined,
  directories: readonly string[],
  directory: number,
): string {
  const where = directory === 0 ? undefined : directories[directory]?.slice(0, -1);
  return pairNameOf(source?.label ?? '?', target?.label ?? '?', where);
}

function jobOf(config: SharedAlbumsConfig, name: string, library: PairLibrary, pair: SharedPair): JobConfig {
  const { placement, includeArchived, shareEdited, require, never } = config;
  const { source, target, importPath } = library;
  return {
    name,
    kind: 'any',
    sourceUserId: source.userId,
    targetUserId: target.userId,
    targetLibraryId: library.id ?? NOBODY_ID,
    sourcePathPrefix: undefined,
    targetPathPrefix: `${importPath}/.${source.directory}/`,
    albumId: undefined,
    placement,
    includeArchived,
    includeHidden: false,
    shareEdited,
    require,
    ...never === undefined ? {} : { never },
    pair,
  };
}

/** So that somebody hears of it. */
function sickJob(config: SharedAlbumsConfig, problems: readonly string[]): JobConfig {
  const nobody: Member = { userId: NOBODY_ID, label: '?', directory: '?', isNew: false };
  const [directory = '/'] = config.directories;
  const library = {
    source: nobody,
    target: nobody,
    directory,
    importPath: directory.slice(0, -1),
    id: undefined,
    isDeleted: false,
    isNew: false,
  };
  return jobOf(config, ALL_PAIRS, library, { albums: [], exceptAlbums: [], mount: undefined, problems });
}
