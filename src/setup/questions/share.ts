import { quote } from '../../config/quote.ts';
import type { JobConfig } from '../../config/config.ts';
import { jobName } from '../../config/values.ts';
import { UserError } from '../../errors.ts';
import { HOW_TO_HIDE_A_PARTNER } from '../../immich/partners.ts';
import type { ImmichUser } from '../../immich/api/users.ts';
import type { ShareAnswer } from '../answers.ts';
import type { Option } from '../prompter.ts';
import type { Scans } from '../scans.ts';
import type { Directories, Server, Session } from '../session.ts';
import { askAlbum } from './album.ts';
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
  immich: { readonly server: Server; readonly scans: Scans; readonly directories: Directories },
  start: ShareStart,
): Promise<ShareAnswer> {
  const { dialogue } = session;
  const { server, directories } = immich;
  const { kind } = start;
  let { job, others } = start;
  const jobs = [...others, ...job === undefined ? [] : [job]];
  const source = await dialogue.choose({
    flag: '--from',
    message: kind === 'upload' ? 'Whose uploads are shared?' : 'Whose external library is shared?',
    // Somebody who was named on the command line is told what is missing.
    options: server.users
      .filter((user) => kind === 'upload' || !dialogue.isAttended || librariesOf(user, server, jobs).length > 0)
      .map(userOption),
    initial: server.users.find(({ id }) => id === job?.sourceUserId),
    check: (user) => {
      if (kind === 'external' && librariesOf(user, server, jobs).length === 0) {
        throw new UserError(`${user.name} has no external library with photos to share.`, {
          problemCode: 'setup-answer',
          remedy: 'Choose somebody else, or share what is uploaded.',
        });
      }
    },
  });
  const sourcePath = kind === 'upload' ? undefined : await askSourcePath(session, directories, {
    source,
    libraries: librariesOf(source, server, jobs),
    initial: job?.sourcePathPrefix,
  });
  const target = await dialogue.choose({
    flag: '--to',
    message: 'Who shall see these photos as their own?',
    // On the command line the source can be named too, and is told why not.
    options: server.users.filter(({ id }) => !dialogue.isAttended || id !== source.id).map(userOption),
    initial: server.users.find(({ id }) => id === job?.targetUserId && id !== source.id),
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
    others.includes(one) && one.sourceUserId === source.id && one.targetUserId === target.id &&
    one.sourcePathPrefix === sourcePath
  );
  if (job === undefined && same !== undefined) {
    dialogue.say(`That is the share ${quote(same.name)}, which is changed now.`);
    [job, others] = [same, others.filter((other) => other !== same)];
  }
  const place = await askTarget(session, immich, { kind, source, target, sourcePath, job, others });
  dialogue.say(
    `A photo that ${source.name} has cropped in Immich is shared with its whole original, which ${target.name} can see. ` +
      'share_edited: skip in config.yaml leaves such photos out.',
  );
  const album = await askAlbum(session, server, target, job?.albumId);
  const matchesPeople = await dialogue.yesNo({
    flag: '--match-people',
    message: `Are people whom both call the same also the same, for ${target.name}?`,
    help:
      `Then ${target.name}'s own "Anna" gets the faces of ${source.name}'s "Anna". Otherwise there are two, who can be merged in Immich.`,
    initial: job?.matchPeople === 'name',
  });
  const name = await dialogue.text({
    flag: '--job',
    message: 'Name of this share, for messages and commands',
    initial: job?.name ?? freeName(kind, source, target, others),
    check: (text) => {
      const wanted = parse(jobName, text);
      if (!others.some((other) => fold(other.name) === fold(wanted))) return wanted;
      throw new UserError(`There is a job called ${quote(wanted)} already.`, {
        problemCode: 'setup-answer',
        remedy: `Give this one another name. To change the other, run setup with --share ${quote(wanted)}.`,
      });
    },
  });
  return { name, replaces: job, kind, source, target, sourcePath, ...place, album, matchesPeople };
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

export function fold(name: string): string {
  return name.trim().normalize('NFC').toLowerCase();
}
