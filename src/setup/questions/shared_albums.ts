import { bytes, count, list, named } from '../../config/words.ts';
import { pathPrefix } from '../../config/values.ts';
import { UserError } from '../../errors.ts';
import { PathMap } from '../../files/path_map.ts';
import type { SharedAlbum } from '../../share/shared_albums/sizes.ts';
import type { AlbumsAnswer } from '../answers.ts';
import type { Scans } from '../scans.ts';
import type { Directories, Session } from '../session.ts';
import { parse } from './server.ts';
import { fold } from './share.ts';

/** So many albums are shown to choose from. */
const MOST_ALBUMS = 40;

/** Asks which albums reach their members, and where that lies. */
export async function askSharedAlbums(
  { dialogue, existing }: Session,
  { scans, directories: { mounts, mediaLocation } }: { readonly scans: Scans; readonly directories: Directories },
): Promise<AlbumsAnswer> {
  const known = await scans.sharedAlbums();
  if (known !== undefined) dialogue.say(describe(known));
  const before = existing.config.sharedAlbums;
  const albums = await dialogue.text({
    flag: '--albums',
    message: 'Which shared albums reach their members? all, or names separated by commas',
    initial: before === undefined || before.albums === 'all' ? 'all' : before.albums.join(', '),
    check: (text) => chosen(text, known),
  });
  const directory = await dialogue.text({
    flag: '--target-dir',
    message: 'In which directory do the shared files lie, as Immich sees it? (on the disk of the originals)',
    initial: (before?.directories[0] ?? `${mediaLocation}/shared/albums/`).slice(0, -1),
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
  const meant = known?.filter(({ name, id }) =>
    albums === 'all' || albums.some((one) => one === id || same(one, name))
  );
  return {
    albums,
    directory,
    photos: meant?.reduce((sum, { photos }) => sum + photos, 0),
    bytes: meant?.reduce((sum, one) => sum + one.bytes, 0),
  };
}

function describe(albums: readonly SharedAlbum[]): string {
  if (albums.length === 0) {
    return 'Nobody shares an album yet. As soon as somebody does in Immich, its photos reach the members.';
  }
  const lines = albums.slice(0, MOST_ALBUMS).map(({ name, members, photos, bytes: size }) =>
    `  ${named(name)}: ${count(photos, 'photo or video', 'photos and videos')}, ${bytes(size)}; ${list(members)}`
  );
  const more = albums.length - lines.length;
  return ['Albums that are shared in Immich:', ...lines, ...more > 0 ? [`  and ${more} more`] : []].join('\n');
}

function chosen(text: string, known: readonly SharedAlbum[] | undefined): AlbumsAnswer['albums'] {
  if (text.trim().toLowerCase() === 'all') return 'all';
  const names = text.split(',').map((name) => name.trim()).filter((name) => name !== '');
  const strange = known === undefined
    ? []
    : names.filter((one) => !known.some(({ name, id }) => id === one || same(name, one)));
  if (names.length > 0 && strange.length === 0) return names;
  throw new UserError(
    names.length === 0 ? 'No album is named.' : `No shared album is called ${list(strange.map(named), 'or')}.`,
    {
      problemCode: 'setup-answer',
      remedy: known === undefined || known.length === 0
        ? 'Write all.'
        : `Write all, or some of ${list(known.slice(0, MOST_ALBUMS).map(({ name }) => named(name)))}.`,
    },
  );
}

function same(one: string, other: string): boolean {
  return fold(one) === fold(other);
}
