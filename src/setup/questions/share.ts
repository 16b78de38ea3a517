import { quote } from '../../config/quote.ts';
import type { JobConfig } from '../../config/config.ts';
import { jobName } from '../../config/values.ts';
import { UserError } from '../../errors.ts';
import { HOW_TO_HIDE_A_PARTNER } from '../../immich/partners.ts';
import type { ImmichUser } from '../../immich/api/users.ts';
import type { ShareAnswer } from '../answers.ts';
import { draftConfig, draftJob } from '../drafts.ts';
import { fold } from '../../config/fold.ts';
import type { Option } from '../prompter.ts';
import type { Scans } from '../scans.ts';
import type { Directories, Server, Session } from '../session.ts';
import type { Sizes } from '../sizes.ts';
import { isCalled } from '../users.ts';
import { askAlbum } from './album.ts';
import { askMatchPeople } from './match_people.ts';
import { askSelection, assertChoosable, isSameSelection } from './selection.ts';
import { parse } from './server.ts';
import { askSourcePath } from './source_path.ts';
import { askTarget } from './target.ts';

/** What is known of a share before the first question about it. */
export interface ShareStart {
  readonly kind: ShareAnswer['kind'];
  /** The job that is changed. */
  readonly job: JobConfig | undefined;
  /** All jobs as they will be without it. */
  readonly others: readonly JobConfig[];
}

/** Asks for one share: who gives what to whom, and where it lies. */
export async function askShare(
  session: Session,
  immich: { readonly server: Server; readonly scans: Scans; readonly sizes: Sizes; readonly directories: Directories },
  start: ShareStart,
): Promise<ShareAnswer> {
  const { dialogue } = session;
  const { server, directories } = immich;
  const { kind } = start;
  let { job, others } = start;
  const jobs = [...others, ...job === undefined ? [] : [job]];
  const source = await dialogue.choose({
    flag: '--from',
    message: {
      upload: 'Whose uploads are shared?',
      external: 'Whose external library is shared?',
      any: 'Whose photos are shared?',
    }[kind],
    // Somebody who was named on the command line is told what is missing.
    options: server.users
      .filter((user) => kind !== 'external' || !dialogue.isAttended || librariesOf(user, server, jobs).length > 0)
      .map(userOption),
    initial: server.users.find((user) => isCalled(user, job?.sourceUserId)),
    check: async (user) => {
      if (kind === 'any') await assertChoosable(session, immich, user);
      if (kind === 'external' && librariesOf(user, server, jobs).length === 0) {
        throw new UserError(`${user.name} has no external library with photos to share.`, {
          problemCode: 'setup-answer',
          remedy: 'Choose somebody else, or share what is uploaded.',
        });
      }
    },
  });
  const selection = kind === 'any' ? await askSelection(session, immich, { source, job }) : undefined;
  const sourcePath = kind === 'any'
    ? job?.sourcePathPrefix
    : kind === 'upload'
    ? undefined
    : await askSourcePath(session, directories, {
      source,
      libraries: librariesOf(source, server, jobs),
      initial: job?.sourcePathPrefix,
    });
  const target = await dialogue.choose({
    flag: '--to',
    message: 'Who shall see these photos as their own?',
    // On the command line the source can be named too, and is told why not.
    options: server.users.filter(({ id }) => !dialogue.isAttended || id !== source.id).map(userOption),
    initial: server.users.find((user) => isCalled(user, job?.targetUserId) && user.id !== source.id),
    check: (user) => {
      if (user.id === source.id) {
        throw new UserError(`${user.name} is the one who shares.`, {
          problemCode: 'setup-answer',
          remedy: 'Choose somebody else.',
        });
      }
    },
  });
  if (await immich.scans.isPartnerInTimeline(source.id, target.id) === true) {
    const twice =
      `${source.name} also shares with ${target.name} as a partner, shown in the timeline: each shared photo will be there twice. ` +
      HOW_TO_HIDE_A_PARTNER;
    session.warnings.push(twice);
    dialogue.say(twice, 'warning');
  }
  // The same share a second time is the one that is there, so that running setup again changes nothing.
  const same = session.existing.config.jobs.find((one) =>
    others.includes(one) && isCalled(source, one.sourceUserId) && isCalled(target, one.targetUserId) &&
    one.sourcePathPrefix === sourcePath &&
    (selection === undefined ? one.select === undefined : isSameSelection(one, selection))
  );
  if (job === undefined && same !== undefined) {
    dialogue.say(`That is the share ${quote(same.name)}, which is changed now.`);
    [job, others] = [same, others.filter((other) => other !== same)];
  }
  const originals = selection === undefined ? [] : await placesOf(session, immich, source, selection);
  const place = await askTarget(session, immich, { kind, source, target, sourcePath, job, others, originals });
  dialogue.say(
    `A photo that ${source.name} has cropped in Immich is shared with its whole original, which ${target.name} can see. ` +
      'share_edited: skip in config.yaml leaves such photos out.',
  );
  const album = await askAlbum(session, server, target, job?.albumId);
  const matchesPeople = await askMatchPeople(session, immich, { source, target, job });
  const name = await dialogue.text({
    flag: '--job',
    message: 'Name of this share, for messages and commands',
    initial: job?.name ?? freeName(kind, source, target, others),
    check: (text) => {
      const wanted = parse(jobName, text);
      if (!others.some((other) => fold(other.name) === fold(wanted))) return wanted;
      throw new UserError(`There is a share called ${quote(wanted)} already.`, {
        problemCode: 'setup-answer',
        remedy: `Give this one another name. To change the other, run setup with --share ${quote(wanted)}.`,
      });
    },
  });
  return {
    name,
    replaces: job,
    kind: kind === 'any' && job !== undefined && job.kind !== 'auto' ? job.kind : kind,
    source,
    target,
    sourcePath,
    ...place,
    album,
    matchesPeople,
    ...selection === undefined ? {} : { selection },
  };
}

/** In which of Immich's directories most of what is chosen lies; it decides where a hard link can lead. */
async function placesOf(
  { existing }: Session,
  { sizes, directories }: { readonly sizes: Sizes; readonly directories: Directories },
  source: ImmichUser,
  { albums, people, tags, favorites }: NonNullable<ShareAnswer['selection']>,
): Promise<readonly string[]> {
  const textsOf = (names: readonly { readonly text: string }[]) => names.map(({ text }) => text);
  const select = {
    albums: textsOf(albums),
    people: textsOf(people),
    tags: textsOf(tags),
    favorites,
    paths: [],
    peopleMatch: 'any' as const,
  };
  const places = await sizes.places(
    draftConfig(existing, directories),
    { ...draftJob(existing, source.id), select },
    directories.mounts.map(({ immich }) => immich),
  );
  return places.map(({ directory }) => directory);
}

/** The external libraries of a user that are no place for shared copies. */
export function librariesOf(user: ImmichUser, { libraries }: Server, jobs: readonly JobConfig[]) {
  return libraries.filter(({ id, ownerId, importPaths }) =>
    ownerId === user.id && importPaths.length > 0 && !jobs.some(({ targetLibraryId }) => targetLibraryId === id)
  );
}

function userOption(user: ImmichUser): Option<ImmichUser> {
  return { value: user, label: user.name, hint: user.email, words: [user.name, user.email, user.id] };
}

function freeName(
  kind: ShareAnswer['kind'],
  source: ImmichUser,
  target: ImmichUser,
  jobs: readonly JobConfig[],
): string {
  const start = `${source.name}${kind === 'upload' ? ' uploads' : ''} to ${target.name}`.toLowerCase().slice(0, 60);
  for (let number = 1;; number++) {
    const name = number === 1 ? start : `${start} ${number}`;
    if (!jobs.some((job) => fold(job.name) === fold(name))) return name;
  }
}
