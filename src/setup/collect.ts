import { isSharing, type JobConfig } from '../config/config.ts';
import { timeZone } from '../config/values.ts';
import { UserError } from '../errors.ts';
import type { AlbumsAnswer, Answers, ShareAnswer, WriteAnswer } from './answers.ts';
import type { ComposeFacts } from './compose/facts.ts';
import { addressInNetwork, type ContainerAnswer, ownerOfMedia } from './container.ts';
import { askDashboardToken } from './questions/dashboard.ts';
import { askDatabase } from './questions/database.ts';
import { askDirectories } from './questions/directories.ts';
import { askInstallation } from './questions/installation.ts';
import { askServer } from './questions/server.ts';
import { fold } from '../config/fold.ts';
import { askShare, librariesOf } from './questions/share.ts';
import { SELECTION_FLAGS } from './questions/selection.ts';
import { askSharedAlbums } from './questions/shared_albums.ts';
import { Scans } from './scans.ts';
import { Sizes } from './sizes.ts';
import { askWriteBack } from './questions/write_back.ts';
import type { Existing } from './existing.ts';
import { assertComplete } from './missing.ts';
import type { Option } from './prompter.ts';
import type { Directories, Server, Session } from './session.ts';

/** Puts all questions; changes nothing. Throws Cancelled, and UserError when something was missing or wrong. */
export async function collect(
  session: Session,
): Promise<{ readonly answers: Answers; readonly server: Server; readonly scans: Scans; readonly sizes: Sizes }> {
  const { dialogue } = session;
  assertComplete(session);
  const compose = await askInstallation(session);
  if (compose !== undefined) dialogue.say(`Found: ${compose.file}`, 'success');
  const server = await askServer(session, compose);
  const directories = await askDirectories(session, compose, server);
  const { database, predecessorPhotos } = await askDatabase(session, compose, server);
  const reached = predecessorPhotos === undefined ? undefined : { ...session.existing.config.database, ...database };
  const scans = new Scans(reached, server, directories);
  const sizes = new Sizes(reached, (problem) => {
    session.warnings.push(problem);
    dialogue.say(problem, 'warning');
  });
  const { shares, albums, write } = await askWork(session, { server, scans, sizes, directories }, compose);
  const keepsKey = await dialogue.yesNo({
    flag: '--keep-key',
    message: 'Keep the API key in .env?',
    help: (albums === undefined
      ? 'Sharing works without the key.'
      : 'With the key the library that each new member needs is made by itself; everything else of sharing works without.') +
      ' doctor, write-back for its owner, and running setup again need one.',
    initial: true,
  });
  const dashboardToken = await askDashboardToken(session);
  if (dialogue.unused.length > 0) {
    const unused = `Nothing asked for ${dialogue.unused.join(', ')}.`;
    if (!dialogue.isAttended) {
      throw new UserError(unused, {
        problemCode: 'usage',
        remedy: 'Leave it out, or add what it belongs to (--share, --write-to). See setup --help.',
      });
    }
    dialogue.say(unused, 'warning');
  }
  const { url: immichUrl, apiKey } = server;
  const immichTimeZone = timeZone.schema.safeParse(compose?.timeZone).data;
  const given = { immichUrl, apiKey, keepsKey, dashboardToken, database, predecessorPhotos, ...directories };
  const container = containerFor(session, compose, { ...directories, database, isReached: reached !== undefined });
  const answers = { ...given, shares, albums, write, immichTimeZone, container };
  return { answers, server, scans, sizes };
}

/** Where the database is seen by containers in Immich's network only, one of them is to run what is set up. */
function containerFor(
  { existing }: Session,
  compose: ComposeFacts | undefined,
  { mounts, mediaLocation, database, isReached }: Directories & Pick<Answers, 'database'> & {
    readonly isReached: boolean;
  },
): ContainerAnswer | undefined {
  if (compose === undefined || isReached || existing.isInContainer) return undefined;
  if (database.hostname !== compose.database.hostname) return undefined;
  const media = mounts.find(({ immich }) => immich === mediaLocation);
  return {
    immichUrl: addressInNetwork(compose),
    network: compose.network,
    owner: ownerOfMedia(compose, media),
  };
}

type Work = { readonly share: ShareAnswer['kind']; readonly job?: JobConfig } | 'albums' | 'write' | 'done';

/** Asks what there is to set up until there is no more. */
async function askWork(
  session: Session,
  immich: Parameters<typeof askShare>[1],
  compose: ComposeFacts | undefined,
): Promise<Pick<Answers, 'shares' | 'albums' | 'write'>> {
  const { server } = immich;
  const shares: ShareAnswer[] = [];
  let write: WriteAnswer | undefined;
  let albums: AlbumsAnswer | undefined;
  while (true) {
    const next = await askNext(session, server, shares, {
      hasWrite: write !== undefined,
      hasAlbums: albums !== undefined,
    });
    if (next === 'done') return { shares, albums, write };
    if (next === 'albums') albums = await askSharedAlbums(session, immich);
    else if (next === 'write') write = await askWriteBack(session, server, compose);
    else {
      const others = jobsWithout(session, shares, next.job);
      shares.push(await askShare(session, immich, { kind: next.share, job: next.job, others }));
    }
  }
}

async function askNext(
  session: Session,
  server: Server,
  shares: readonly ShareAnswer[],
  { hasWrite, hasAlbums }: { readonly hasWrite: boolean; readonly hasAlbums: boolean },
): Promise<Work> {
  const { dialogue, existing } = session;
  const { jobs } = existing.config;
  const hasSomething = shares.length > 0 || hasWrite || hasAlbums || isSharing(existing.config);
  if (dialogue.has('--write-to') && !hasWrite) return 'write';
  if (dialogue.has('--shared-albums') && !hasAlbums) return 'albums';
  if (!dialogue.isAttended && !dialogue.has('--share')) {
    if (SELECTION_FLAGS.some((flag) => dialogue.has(flag))) return { share: 'any' };
    // Without a word about it there is nothing more to do; but doing nothing at all is no answer.
    if (hasSomething) return 'done';
  }
  const changed = new Set(shares.map(({ replaces }) => replaces));
  const others = jobsWithout(session, shares, undefined);
  const hasLibraries = server.users.some((user) => librariesOf(user, server, others).length > 0);
  const options: readonly Option<Work>[] = [
    // Who is asked is shown what can be done.
    ...(hasLibraries || dialogue.has('--share')
      ? [{ value: { share: 'external' as const }, label: 'share photos of an external library', words: ['external'] }]
      : []),
    { value: { share: 'upload' }, label: 'share what somebody uploads', words: ['upload', 'uploads'] },
    ...(hasAlbums ? [] : [{
      value: 'albums' as const,
      label: 'share albums: what is in a shared album reaches its members',
      words: ['albums'],
    }]),
    {
      value: { share: 'any' },
      label: 'share what somebody chooses: people, albums, tags, favourites',
      words: ['chosen', 'people', 'tags', 'favorites'],
    },
    ...jobs.filter((job) => !changed.has(job)).map((job) => ({
      value: { share: kindOf(job), job },
      label: `change the share "${job.name}"`,
      words: [job.name],
    })),
    { value: 'write', label: 'write what Immich knows into the files', words: [] },
    ...(hasSomething ? [{ value: 'done' as const, label: 'nothing more', words: ['done'] }] : []),
  ];
  const isBeginning = shares.length === 0 && !hasWrite && !hasAlbums;
  const done = options.find(({ value }) => value === 'done');
  return await dialogue.choose({
    flag: '--share',
    message: isBeginning ? 'What shall be set up?' : 'What else?',
    options,
    initial: !dialogue.isAttended ? undefined : done !== undefined ? 'done' : hasLibraries ? undefined : 'albums',
    check: (value) => {
      const isExternal = typeof value === 'object' && value.share === 'external' && value.job === undefined;
      if (isExternal && !hasLibraries) {
        throw new UserError('Nobody has an external library with photos to share.', {
          problemCode: 'setup-answer',
          remedy: 'In Immich, make one (Administration > External Libraries), or share what is uploaded.',
        });
      }
      if (value === 'write' && hasWrite) {
        throw new UserError('That was answered already.', {
          problemCode: 'setup-answer',
          remedy: 'Choose nothing more to see the plan.',
        });
      }
    },
  });
}

/** How a job is asked about. */
function kindOf({ select, sourcePathPrefix }: JobConfig): ShareAnswer['kind'] {
  return select !== undefined ? 'any' : sourcePathPrefix === undefined ? 'upload' : 'external';
}

/** The jobs as they will be, but for the one that is changed now. */
function jobsWithout(
  { existing }: Session,
  shares: readonly ShareAnswer[],
  changed: JobConfig | undefined,
): readonly JobConfig[] {
  const replaced = new Set(
    [...shares.map(({ replaces }) => replaces?.name), changed?.name].map((name) => fold(name ?? '')),
  );
  return [
    ...existing.config.jobs.filter(({ name }) => !replaced.has(fold(name))),
    ...shares.map((share) => jobOf(existing, share)),
  ];
}

/** A share as the job it will be, with what is not known yet left blank. */
function jobOf({ jobDefaults }: Existing, share: ShareAnswer): JobConfig {
  const { name, kind, source, target, library, sourcePath, targetPath, placement } = share;
  return {
    ...jobDefaults,
    name,
    kind,
    sourceUserId: source.id,
    targetUserId: target.id,
    targetLibraryId: library.kind === 'existing' ? library.id : '',
    sourcePathPrefix: sourcePath,
    targetPathPrefix: targetPath,
    albumId: undefined,
    placement,
  };
}
