import { pathPrefix } from '../../config/values.ts';
import { count, list, named } from '../../config/words.ts';
import { UserError } from '../../errors.ts';
import { PathMap } from '../../files/path_map.ts';
import type { SharedAlbum } from '../../share/offers/shared_albums.ts';
import { NOBODY_ID } from '../../share/selection/names.ts';
import type { AlbumsAnswer } from '../answers.ts';
import { draftConfig, draftSharedAlbums } from '../drafts.ts';
import type { Option } from '../prompter.ts';
import type { Directories, Session } from '../session.ts';
import type { Sizes } from '../sizes.ts';
import { amountText, namesIn, valuesIn } from './listed.ts';
import { parse } from './server.ts';

interface Immich {
  readonly sizes: Sizes;
  readonly directories: Directories;
}

/** Asks which albums reach their members, and where that lies. */
export async function askSharedAlbums(session: Session, immich: Immich): Promise<AlbumsAnswer> {
  const { dialogue, existing } = session;
  const { mounts, mediaLocation } = immich.directories;
  const before = existing.config.sharedAlbums;
  const usual = before?.directories[0] ?? `${mediaLocation}/shared/albums/`;
  const albums = await askWhich(session, immich, usual);
  const directory = await dialogue.text({
    flag: '--target-dir',
    message: 'In which directory do the shared files lie?',
    help: 'As Immich sees it, and on the disk of the originals. What is in it is made and removed by this program.',
    initial: usual.slice(0, -1),
    check: (text) => {
      const path = parse(pathPrefix, text);
      if (path.includes('/.') || new PathMap(mounts).toLocal(path.slice(0, -1)) === undefined) {
        throw new UserError(`${named(path)} is hidden, or not in a directory of Immich that is here.`, {
          problemCode: 'setup-answer',
          remedy: `Choose one below ${
            list(mounts.map(({ immich }) => immich), 'or')
          }, no part of which begins with a dot.`,
        });
      }
      return path;
    },
  });
  return { albums, directory };
}

/** So many members of an album are named. */
const MOST_MEMBERS = 3;

const ALL = 'all';
const SOME = 'some';

/** All of them, or some from the list; where the database cannot be asked, names. */
async function askWhich(
  { dialogue, existing }: Session,
  { sizes, directories }: Immich,
  directory: string,
): Promise<AlbumsAnswer['albums']> {
  const flag = dialogue.has('--shared-albums') ? '--shared-albums' : '--albums';
  const before = existing.config.sharedAlbums?.albums ?? ALL;
  const config = { ...draftConfig(existing, directories), sharedAlbums: draftSharedAlbums(existing, directory) };
  const known = await sizes.sharedAlbums(config);
  if (known === undefined) {
    return await dialogue.text({
      flag,
      message: 'Which shared albums reach their members? all, or names separated by commas',
      initial: before === ALL ? ALL : before.join(', '),
      check: (text) =>
        isAll(text) ? ALL : someOf(namesIn(text, before === ALL ? [] : before)).map((name) => ({ text: name })),
    });
  }
  if (known.albums.length === 0 && !dialogue.has(flag)) {
    dialogue.say('Nobody shares an album yet. As soon as somebody does in Immich, its photos reach the members.');
    return ALL;
  }
  const options = known.albums.map(optionOf);
  const named = before === ALL ? [] : before.map((text) => ({ kind: 'album' as const, text }));
  const kept = await sizes.meant(config, NOBODY_ID, named);
  const ids = options.map(({ value }) => value).filter((id) => kept.has(id));
  const which = await dialogue.choose<typeof ALL | typeof SOME | readonly string[]>({
    flag,
    message: 'Which shared albums reach their members?',
    options: [
      {
        value: ALL,
        label: 'all of them, and what is shared later',
        hint: `${count(options.length, 'album')}: ${amountText(known.all)}`,
        words: [ALL],
      },
      { value: SOME, label: 'some of them …', words: [] },
    ],
    initial: before === ALL ? ALL : dialogue.isAttended ? SOME : ids,
    other: (text) => someOf(valuesIn(text, options, 'shared album')),
  });
  if (which === ALL) return ALL;
  const chosen = which !== SOME ? which : await dialogue.chooseMany({
    flags: [{ flag, read: (text, shown) => valuesIn(text, shown, 'shared album') }],
    message: 'Which of them?',
    options: async () => (await sizes.sharedAlbums(config))?.albums.map(optionOf) ?? [],
    initial: ids,
    check: (values) => void someOf(values),
  });
  const albums = (await sizes.sharedAlbums(config))?.albums ?? known.albums;
  return await sizes.namesFor(config, NOBODY_ID, albums.filter(({ id }) => chosen.includes(id)), kept);
}

function optionOf(album: SharedAlbum): Option<string> {
  const { id, name, members } = album;
  const shown = members.slice(0, MOST_MEMBERS);
  const more = members.length - shown.length;
  return {
    value: id,
    label: name === '' ? '(without a name)' : name,
    hint: `${amountText(album)}; ${list([...shown, ...more > 0 ? [`${more} more`] : []])}`,
    words: [name, id],
  };
}

function isAll(text: string): boolean {
  return text.trim().toLowerCase() === ALL;
}

/** Throws UserError when it is none. */
function someOf<T>(albums: readonly T[]): readonly T[] {
  if (albums.length > 0) return albums;
  throw new UserError('No album is chosen.', { problemCode: 'setup-answer', remedy: 'Choose at least one, or all.' });
}
