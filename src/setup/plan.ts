import { dotEnvValues } from '../config/dot_env.ts';
import { dirname, resolve } from 'node:path';
import { isSharing } from '../config/config.ts';
import { Secret } from '../config/secret.ts';
import type { SettingName } from '../config/settings.ts';
import { PathMap } from '../files/path_map.ts';
import type { Amount } from '../share/offers/amount.ts';
import type { AlbumsAnswer, Answers, DatabaseAnswer, LibraryChange, SelectionAnswer, ShareAnswer } from './answers.ts';
import type { Mount } from './compose/facts.ts';
import { type ComposeVariable, isComposeVariable } from './compose/variables.ts';
import type { ContainerAnswer } from './container.ts';
import type { Existing } from './existing.ts';
import type { SizedConfig } from './sizes.ts';
import { importPathOf } from '../immich/scan/crawler.ts';

/** All that setup will do, in this order. What is printed is what is applied. */
export interface SetupPlan {
  /** Directories that are made, the outer ones first. */
  readonly directories: readonly { readonly immich: string; readonly local: string }[];
  /** Symbolic links: where, and what they lead to. */
  readonly links: readonly { readonly immich: string; readonly local: string; readonly leadsTo: string }[];
  readonly libraries: readonly PlannedLibrary[];
  /** Libraries that get narrower import paths, and lose exclusion patterns which would take the shared photos offline. */
  readonly libraryChanges: readonly PlannedLibraryChange[];
  readonly albums: readonly PlannedAlbum[];
  readonly jobs: readonly PlannedJob[];
  /** What of shared albums reaches the members; left out: as it is. */
  readonly sharedAlbums?: AlbumsAnswer & { readonly now?: Amount };
  /** What is written into `.env`. */
  readonly settings: readonly PlannedSetting[];
  /** What becomes a comment in `.env`, as it means the same as something else or has moved. */
  readonly retired: readonly string[];
}

/** Something that has no id yet: its place among the libraries, or among the albums. */
export interface NewOrKnown {
  readonly new: number;
}

export interface PlannedLibrary {
  readonly name: string;
  readonly ownerId: string;
  readonly owner: string;
  readonly importPath: string;
}

export interface PlannedLibraryChange extends LibraryChange {
  readonly libraryId: string;
  readonly name: string;
  readonly ownerId: string;
}

export interface PlannedAlbum {
  readonly name: string;
  readonly owner: string;
  readonly apiKey: Secret;
}

export interface PlannedJob {
  readonly change: 'new' | 'changed' | 'moved';
  /** The name that it has in the file. */
  readonly replaces: string | undefined;
  readonly name: string;
  readonly kind: string;
  readonly source: { readonly id: string; readonly name: string };
  readonly target: { readonly id: string; readonly name: string };
  readonly library: string | NewOrKnown;
  readonly sourcePath: string | undefined;
  readonly targetPath: string;
  readonly album: string | NewOrKnown | undefined;
  /** Undefined: as PLACEMENT says. */
  readonly placement: string | undefined;
  readonly matchPeople?: 'name' | undefined;
  /** By what photos are chosen; left out: everything, as far as kind and path go. */
  readonly select?: SelectionAnswer;
  /** How much that is now; left out where the database could not be asked. */
  readonly now?: Amount;
}

export interface PlannedSetting {
  readonly name: SettingName | ComposeVariable;
  readonly value: string | Secret;
}

/** From answers to what has to be done. `exists` says whether a local path is there; otherwise pure. */
export function planSetup(answers: Answers, existing: Existing, exists: (path: string) => boolean): SetupPlan {
  const paths = new PathMap(answers.mounts);
  const libraries: PlannedLibrary[] = [];
  const albums: PlannedAlbum[] = [];
  const jobs = answers.shares.map((share): PlannedJob => ({
    change: share.replaces === undefined ? 'new' : 'changed',
    replaces: share.replaces?.name,
    name: share.name,
    kind: share.kind,
    source: share.source,
    target: share.target,
    library: share.library.kind === 'existing' ? share.library.id : { new: indexOfLibrary(libraries, share) },
    sourcePath: share.sourcePath,
    targetPath: share.targetPath,
    album: share.album === undefined ? undefined : share.album.kind === 'existing' ? share.album.id : {
      new: albums.push({ name: share.album.name, owner: share.target.name, apiKey: share.album.apiKey }) - 1,
    },
    placement: share.placement,
    ...share.matchesPeople ? { matchPeople: 'name' } : {},
    ...share.selection === undefined ? {} : { select: share.selection },
  }));
  return {
    directories: plannedDirectories(answers.shares, paths, exists),
    links: answers.shares.flatMap((share) => plannedLink(share, answers, paths, exists)),
    libraries,
    libraryChanges: plannedLibraryChanges(answers.shares),
    albums,
    jobs: [
      ...movedJobs(existing, answers),
      ...jobs.map(({ source, target, ...job }) => ({
        ...job,
        source: { id: source.id, name: source.name },
        target: { id: target.id, name: target.name },
      })),
    ],
    ...answers.albums === undefined ? {} : { sharedAlbums: answers.albums },
    ...plannedSettings(answers, existing),
  };
}

/** The same plan with how much each share is. Pure. */
export function withSizes(plan: SetupPlan, sizes: SizedConfig | undefined): SetupPlan {
  const amountOf = (sized: Amount | undefined) =>
    sized === undefined ? {} : { now: { photos: sized.photos, bytes: sized.bytes } };
  return {
    ...plan,
    jobs: plan.jobs.map((job) => ({ ...job, ...amountOf(sizes?.jobs.get(job.name)) })),
    ...plan.sharedAlbums === undefined
      ? {}
      : { sharedAlbums: { ...plan.sharedAlbums, ...amountOf(sizes?.sharedAlbums) } },
  };
}

/** Of two shares in one library the later knows of the earlier. */
function plannedLibraryChanges(shares: readonly ShareAnswer[]): readonly PlannedLibraryChange[] {
  const changes = shares.flatMap(({ library }) =>
    library.kind === 'existing' && library.change !== undefined
      ? [
        [library.id, {
          libraryId: library.id,
          name: library.name,
          ownerId: library.ownerId,
          ...library.change,
        }] as const,
      ]
      : []
  );
  return [...new Map(changes).values()];
}

/** Shares of one target in one directory share a library. */
function indexOfLibrary(libraries: PlannedLibrary[], { library, target }: ShareAnswer): number {
  if (library.kind === 'existing') throw new Error('this library exists');
  const { importPath } = library;
  const index = libraries.findIndex((one) => one.ownerId === target.id && one.importPath === importPath);
  if (index >= 0) return index;
  const name = freeLibraryName(library.name, [...library.taken, ...libraries.map((one) => one.name)]);
  return libraries.push({ name, importPath, ownerId: target.id, owner: target.name }) - 1;
}

/** `Shared by Alice`, `Shared by Alice (2)`, …: Immich would give two libraries one name, and nobody could tell them apart. */
function freeLibraryName(wanted: string, taken: readonly string[]): string {
  const isTaken = (name: string) => taken.some((other) => other.toLowerCase() === name.toLowerCase());
  let name = wanted;
  for (let number = 2; isTaken(name); number++) name = `${wanted} (${number})`;
  return name;
}

/** Those that links need. A hidden directory of hard links is made by the first cycle, which keeps a record of it. */
function plannedDirectories(
  shares: readonly ShareAnswer[],
  paths: PathMap,
  exists: (path: string) => boolean,
): SetupPlan['directories'] {
  const wanted = shares.flatMap(({ targetPath, placement }) => {
    const parent = targetPath.slice(0, -1).replace(/\/[^/]*$/, '');
    const last = placement === 'symlink' ? parent : importPathOf(targetPath);
    const parts = last.split('/').slice(1);
    return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
  });
  return [...new Set(wanted)].toSorted((a, b) => a.length - b.length).flatMap((immich) => {
    const local = paths.toLocal(immich);
    return local === undefined || exists(local) ? [] : [{ immich, local }];
  });
}

function plannedLink(
  { source, sourcePath, targetPath, placement }: ShareAnswer,
  { mediaLocation }: Answers,
  paths: PathMap,
  exists: (path: string) => boolean,
): SetupPlan['links'] {
  if (placement !== 'symlink') return [];
  const immich = targetPath.slice(0, -1);
  const from = sourcePath?.slice(0, -1) ?? `${mediaLocation}/upload/${source.id}`;
  const local = paths.toLocal(immich);
  if (local === undefined || exists(local)) return [];
  return [{ immich, local, leadsTo: linkText(immich, from, paths) }];
}

/** Relative within one mount, so that it leads to the same place in every container; else as Immich sees it. */
function linkText(link: string, target: string, paths: PathMap): string {
  const root = paths.rootOf(link);
  if (root === undefined || paths.rootOf(target) !== root) return target;
  const [from, to] = [link.split('/').slice(0, -1), target.split('/')];
  let common = 0;
  while (common < from.length && common < to.length && from[common] === to[common]) common++;
  return [...from.slice(common).map(() => '..'), ...to.slice(common)].join('/') || '.';
}

/** Jobs that were made of single settings: once there is a list of jobs, only those in it count. */
function movedJobs({ config, hasJobList }: Existing, { shares }: Answers): readonly PlannedJob[] {
  if (hasJobList || shares.length === 0) return [];
  const replaced = new Set(shares.map(({ replaces }) => replaces?.name));
  return config.jobs.filter(({ name }) => !replaced.has(name)).map((job) => ({
    change: 'moved',
    replaces: undefined,
    name: job.name,
    kind: job.kind,
    source: { id: job.sourceUserId, name: job.sourceUserId },
    target: { id: job.targetUserId, name: job.targetUserId },
    library: job.targetLibraryId,
    sourcePath: job.sourcePathPrefix,
    targetPath: job.targetPathPrefix,
    album: job.albumId,
    placement: job.placement === 'auto' ? undefined : job.placement,
  }));
}

/** The settings of single jobs, which a list of jobs takes the place of. */
const JOB_SETTINGS: readonly SettingName[] = [
  'SOURCE_USER_ID',
  'TARGET_USER_ID',
  'TARGET_LIBRARY_ID',
  'SHARED_PATH_PREFIX',
  'TARGET_PATH_PREFIX',
  'UPLOAD_SOURCE_USER_ID',
  'UPLOAD_TARGET_USER_ID',
  'UPLOAD_TARGET_LIBRARY_ID',
  'TARGET_UPLOAD_PATH_PREFIX',
  'TARGET_ALBUM_ID',
];

/** Whether it is a path that may start at the working directory. */
function isLocal(name: PlannedSetting['name']): boolean {
  return name === 'UPLOAD_LOCATION' || name === 'EXTERNAL_LIBRARY_DIR';
}

/** Whether DB_URL says it all, and nothing else has been answered: then it stays. */
function keepsUrl(existing: Existing, answer: DatabaseAnswer): boolean {
  const { hostname, port, username, password, name } = existing.config.database;
  return existing.find('DB_URL') !== undefined && hostname === answer.hostname && port === answer.port &&
    username === answer.username && password.reveal() === answer.password.reveal() && name === answer.name;
}

/** What compose.yaml needs to know. */
function variablesOf(
  { owner, network }: ContainerAnswer,
  { envPath, yamlPath }: Existing,
): readonly (readonly [ComposeVariable, string | undefined])[] {
  return [
    ['SIDECAR_CONFIG', dirname(envPath) === dirname(yamlPath) ? '.' : undefined],
    ['PUID', String(owner.uid)],
    ['PGID', String(owner.gid)],
    ['IMMICH_NETWORK', network],
  ];
}

/** What was answered; else, where nobody has said anything, what another file meant or what Immich itself goes by. */
function zoneOf({ write, immichTimeZone }: Answers, existing: Existing): string | undefined {
  if (write !== undefined) return write.timeZone;
  return existing.find('TZ') === undefined ? existing.config.write.timeZone ?? immichTimeZone : undefined;
}

/** A cycle in which nothing has happened costs milliseconds: what is put into an album is there before anybody looks for it. */
const INTERVAL_SECONDS = '5';

/** For a first share: who has had one for some time has their own idea of it, or the usual one. */
function intervalOf({ shares, albums }: Answers, existing: Existing): string | undefined {
  const isFirst = !isSharing(existing.config) && (shares.length > 0 || albums !== undefined);
  return isFirst && existing.find('SYNC_INTERVAL_SECONDS') === undefined ? INTERVAL_SECONDS : undefined;
}

function plannedSettings(answers: Answers, existing: Existing): Pick<SetupPlan, 'settings' | 'retired'> {
  const { database, mounts, mediaLocation, write, container } = answers;
  const media = mounts.find(({ immich }) => immich === mediaLocation);
  const others = mounts.filter((mount) => mount !== media);
  const external = others.find(({ immich }) => immich === existing.config.externalLibraryMount) ?? others[0];
  const more = others.filter((mount) => mount !== external);
  // In a container each further directory is mounted where Immich has it.
  const here = ({ immich, local }: Mount) => `${immich}=${container === undefined ? local : immich}`;
  const wanted: readonly (readonly [PlannedSetting['name'], string | Secret | undefined])[] = [
    ['IMMICH_API_URL', container?.immichUrl ?? answers.immichUrl],
    ['IMMICH_API_KEY', answers.keepsKey ? answers.apiKey : undefined],
    ...(keepsUrl(existing, database) ? [] : [
      ['DB_HOSTNAME', database.hostname],
      ['DB_PORT', String(database.port)],
      ['DB_USERNAME', database.username],
      ['DB_PASSWORD', database.password],
      ['DB_DATABASE_NAME', database.name],
      ['DB_SSL_MODE', database.tls?.mode],
    ] as const),
    ['UPLOAD_LOCATION', media?.local],
    ['UPLOAD_LOCATION_MOUNT', media?.immich],
    ['EXTERNAL_LIBRARY_DIR', external?.local],
    ['EXTERNAL_LIBRARY_MOUNT', external?.immich],
    ['PATH_MAP', more.length === 0 ? undefined : more.map(here).join(',')],
    ['WRITE_TO', write?.destination],
    ['WRITE_SOURCE', write?.source],
    ['WRITE_USER_IDS', write === undefined || write.userIds.length === 0 ? undefined : write.userIds.join(',')],
    ['HTTP_TOKEN', answers.dashboardToken],
    ['SYNC_INTERVAL_SECONDS', intervalOf(answers, existing)],
    ['TZ', zoneOf(answers, existing)],
    ...(container === undefined ? [] : variablesOf(container, existing)),
  ];
  const revealed = (value: string | Secret) => value instanceof Secret ? value.reveal() : value;
  const there = dotEnvValues(existing.envText ?? '');
  const isSet = (name: PlannedSetting['name'], value: string | Secret) => {
    const found = isComposeVariable(name) ? there[name] : existing.findWritten(name);
    if (found === undefined) return false;
    return found === revealed(value) || (isLocal(name) && resolve(existing.place.cwd, found) === revealed(value));
  };
  const settings = wanted.flatMap(([name, value]): PlannedSetting[] =>
    value === undefined || isSet(name, value) ? [] : [{ name, value }]
  );
  const isWritten = (name: SettingName) => settings.some((setting) => setting.name === name);
  const retired = [
    ...(isWritten('IMMICH_API_URL') ? ['IMMICH_INSTANCE_URL'] : []),
    ...(isWritten('IMMICH_API_KEY') ? ['IMMICH_API_KEY_FILE'] : []),
    ...(!answers.keepsKey ? ['IMMICH_API_KEY', 'IMMICH_API_KEY_FILE'] : []),
    ...(isWritten('DB_PASSWORD') ? ['DB_PASSWORD_FILE'] : []),
    ...(keepsUrl(existing, database) ? [] : ['DB_URL', 'DB_URL_FILE']),
    ...(write !== undefined && write.userIds.length === 0 ? ['WRITE_USER_IDS'] : []),
    ...(write !== undefined && write.timeZone === undefined ? ['TZ'] : []),
    ...(answers.shares.length > 0 && !existing.hasJobList ? JOB_SETTINGS : []),
  ];
  return { settings, retired: retired.filter((name) => there[name] !== undefined) };
}
