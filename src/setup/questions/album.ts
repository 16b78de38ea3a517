import { quote } from '../../config/quote.ts';
import { albumId } from '../../config/values.ts';
import { UserError } from '../../errors.ts';
import { listOwnAlbums, type OwnAlbum } from '../../immich/api/album_create.ts';
import { identify } from '../../immich/api/server.ts';
import type { ImmichUser } from '../../immich/api/users.ts';
import type { Secret } from '../../config/secret.ts';
import type { AlbumAnswer } from '../answers.ts';
import type { Server, Session } from '../session.ts';
import { apiOf, parse, SECRET_KEY } from './server.ts';

const PERMISSIONS: readonly string[] = Object.freeze(['user.read', 'album.read', 'album.create', 'album.delete']);

const NONE = 'none';
const NEW = 'new';
const BY_ID = 'id';

/** Whether everything shared also goes into an album of the receiving user; undefined = none. */
export async function askAlbum(
  session: Session,
  server: Server,
  target: ImmichUser,
  current: string | undefined,
): Promise<AlbumAnswer | undefined> {
  const { dialogue } = session;
  const own = target.id === server.me.id ? await ownAlbums(server) : [];
  const kept = current === undefined
    ? []
    : [{ value: current, label: 'the one it has', hint: current, words: [current] }];
  const chosen = await dialogue.choose({
    flag: '--album',
    message: `Put everything into an album of ${target.name}, too?`,
    options: [
      { value: NONE, label: 'no album', words: [NONE] },
      ...kept,
      { value: NEW, label: 'a new album', words: [] },
      ...own.map(({ id, name }) => ({ value: id, label: name, words: [id, name] })),
      ...(own.length === 0 ? [{ value: BY_ID, label: 'an album that is there …', words: [] }] : []),
    ],
    initial: current ?? NONE,
    other: (text) => text.startsWith('new:') ? text : albumIn(text),
  });
  if (chosen === NONE) return undefined;
  if (chosen === BY_ID) {
    const id = await dialogue.text({
      flag: '--album',
      message: `Address of the album, as in ${target.name}'s browser`,
      check: albumIn,
    });
    return { kind: 'existing', id };
  }
  if (chosen !== NEW && !chosen.startsWith('new:')) return { kind: 'existing', id: chosen };
  const isOwnKeyEnough = target.id === server.me.id && !dialogue.has('--album-key-file') &&
    await mayMakeAlbums(server);
  const apiKey = isOwnKeyEnough ? server.apiKey : await askKey(session, server, target);
  const name = chosen === NEW
    ? await dialogue.text({
      flag: '--album-name',
      message: 'Name of the new album',
      initial: 'Shared with me',
      check: albumName,
    })
    : albumName(chosen.slice('new:'.length));
  return { kind: 'new', name, apiKey };
}

/** Without album.read there are none to choose from. */
async function ownAlbums({ api, me }: Server): Promise<readonly OwnAlbum[]> {
  try {
    return await listOwnAlbums(api, me.id);
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** The permissions that setup asks for say nothing of albums. */
async function mayMakeAlbums({ api }: Server): Promise<boolean> {
  try {
    await identify(api, () => PERMISSIONS);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

async function askKey({ dialogue, onSecret }: Session, server: Server, target: ImmichUser): Promise<Secret> {
  return await dialogue.secret({
    flag: '--album-key-file',
    message: `API key of ${target.name}`,
    help:
      `An album belongs to the user who makes it, so this takes a key of ${target.name}, with ${
        PERMISSIONS.join(', ')
      }. ` +
      'It is used once and not kept.',
    check: async (text) => {
      const key = parse(SECRET_KEY, text.trim());
      onSecret(key);
      const { userId, userName } = await identify(apiOf(server.url, key), () => PERMISSIONS);
      if (userId === target.id) return key;
      throw new UserError(`This key belongs to ${quote(userName)}.`, {
        problemCode: 'setup-answer',
        remedy: `Log in as ${target.name} and create one there.`,
      });
    },
  });
}

/** The id at the end of an address, or by itself. */
function albumIn(text: string): string {
  return parse(albumId, text.trim().replace(/[?#].*$/, '').replace(/\/+$/, '').replace(/^.*\//, ''));
}

function albumName(text: string): string {
  const name = text.trim();
  if (name !== '' && name.length <= 200 && !/\p{Cc}/u.test(name)) return name;
  throw new UserError('This is no name for an album.', {
    problemCode: 'setup-answer',
    remedy: 'Write a few words on one line.',
  });
}
