import { isDeepStrictEqual } from 'node:util';
import type { Config, JobConfig } from '../../config/config.ts';
import { isBehindLink } from '../../files/behind_link.ts';
import type { PathMap } from '../../files/path_map.ts';
import type { ImmichInstance } from '../../immich/instance.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { CriteriaSchema } from '../selection/criterion.ts';
import { hasLinksBelow } from '../mirrors/journal.ts';
import { readRememberedNames } from '../selection/remembered.ts';
import { resolveNames } from '../selection/resolve.ts';
import { type ExpandedAlbums, expandSharedAlbums } from '../shared_albums/expand.ts';
import { type Job, renamedJob, resolveJob } from './job.ts';

/** What is to be shared, as it is configured. */
export type Shares = Pick<Config, 'jobs' | 'sharedAlbums'> & { readonly immich: Pick<Config['immich'], 'apiKey'> };

/** All jobs, those of shared albums behind the others. */
export interface CompletedJobs {
  readonly jobs: readonly Job[];
  readonly sharedAlbums: ExpandedAlbums | undefined;
}

/** What jobs are completed with. */
export interface Surroundings {
  readonly instance: ImmichInstance;
  readonly paths: PathMap;
  /** Whether our own tables are there and up to date. */
  readonly hasOwnTables: boolean;
  /** Why libraries for shared albums could not be made. */
  readonly libraryProblem?: string | undefined;
}

/** Completes the configured jobs, and makes those of shared albums, with what the database and the disk say. Reads only. */
export async function completeJobs(
  sql: Sql,
  schema: CriteriaSchema,
  shares: Shares,
  { instance, paths, hasOwnTables, libraryProblem }: Surroundings,
): Promise<CompletedJobs> {
  const remembered = hasOwnTables ? await readRememberedNames(sql) : new Map();
  const sharedAlbums = shares.sharedAlbums === undefined
    ? undefined
    : await expandSharedAlbums(sql, schema, shares.sharedAlbums, { paths, remembered, hasOwnTables, libraryProblem });
  const configs = allOf(shares, sharedAlbums);
  const names = await resolveNames(sql, schema, configs, remembered);
  const jobs: Job[] = [];
  for (const [index, config] of configs.entries()) {
    const resolved = names[index];
    if (resolved === undefined) continue;
    // A symbolic link that somebody puts in the place of a directory of ours is no choice of another placement.
    const isChosen = config.placement === 'auto' && isBehindLink(config.targetPathPrefix, paths) &&
      !(hasOwnTables && await hasLinksBelow(sql, config.targetPathPrefix.slice(0, -1)));
    jobs.push(resolveJob(config, instance, resolved, () => isChosen));
  }
  return { jobs: withFavorites(jobs).map((job) => oneWayWithoutMeans(job, schema, shares)), sharedAlbums };
}

/** Whether favourites follow, or go both ways, is said of two users: a mirror may be meant by several of their jobs. */
function withFavorites(jobs: readonly Job[]): readonly Job[] {
  const usersOf = ({ sourceUserId, targetUserId }: Job) => `${sourceUserId} ${targetUserId}`;
  const pairs = Map.groupBy(jobs, usersOf);
  return jobs.map((job) => {
    const said = pairs.get(usersOf(job))?.map(({ favorites }) => favorites);
    return { ...job, favorites: FAVORITES.find((favorites) => said?.includes(favorites)) };
  });
}

/** Who says more is heard. */
const FAVORITES: readonly JobConfig['favorites'][] = Object.freeze(['both', 'follow']);

/** Without locks only Immich itself can write into a photo so that its next extraction keeps it: as the owner, with their key. People are in no file. */
function oneWayWithoutMeans(job: Job, schema: CriteriaSchema, { immich }: Shares): Job {
  const { bothWays = [], nameWarnings } = job;
  const people = bothWays.filter((field) => field === 'people');
  if (
    bothWays.length === people.length || immich.apiKey !== undefined || schema.has('asset_exif', 'lockedProperties')
  ) return job;
  const warning =
    'both_ways: until Immich 2.3 this takes an API key of the source user (IMMICH_API_KEY); the share goes one way';
  return { ...job, bothWays: people, nameWarnings: [...nameWarnings, warning] };
}

function allOf({ jobs }: Pick<Shares, 'jobs'>, sharedAlbums: ExpandedAlbums | undefined): readonly JobConfig[] {
  return [...jobs, ...sharedAlbums?.jobs ?? []];
}

/**
 * The same jobs with what their names stand for today: the very same where nothing is called otherwise. `something-else` where they mean something else than when they were prepared,
 * or others share albums with one another. Reads only.
 */
export async function readNamesAgain(
  sql: Sql,
  shares: Shares,
  { schema, jobs, sharedAlbums: known, files: { paths } }: {
    readonly schema: CriteriaSchema;
    readonly jobs: readonly Job[];
    readonly sharedAlbums?: ExpandedAlbums | undefined;
    readonly files: { readonly paths: PathMap };
  },
): Promise<readonly Job[] | 'something-else'> {
  if (shares.sharedAlbums === undefined && !jobs.some(({ isByName }) => isByName)) return jobs;
  const remembered = await readRememberedNames(sql);
  const sharedAlbums = shares.sharedAlbums === undefined
    ? undefined
    : await expandSharedAlbums(sql, schema, shares.sharedAlbums, { paths, remembered, hasOwnTables: true });
  if (!isDeepStrictEqual(sharedAlbums?.remember, known?.remember)) return 'something-else';
  const resolved = await resolveNames(sql, schema, allOf(shares, sharedAlbums), remembered);
  const pairs = jobs.map((job, index) => [job, resolved[index]] as const);
  const again: Job[] = [];
  for (const [job, names] of pairs) {
    if (names === undefined || names.fingerprint.meant !== job.names.meant) return 'something-else';
    again.push(names.fingerprint.called === job.names.called ? job : renamedJob(job, names));
  }
  if (resolved.length !== jobs.length) return 'something-else';
  return again.every((job, index) => job === jobs[index]) ? jobs : again;
}
