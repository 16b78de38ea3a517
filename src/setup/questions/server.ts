import { z } from 'zod';
import { quote } from '../../config/quote.ts';
import { Secret } from '../../config/secret.ts';
import { httpUrl } from '../../config/hosts.ts';
import { apiKey, type ValueType } from '../../config/values.ts';
import { count } from '../../config/words.ts';
import { UserError } from '../../errors.ts';
import { ImmichApi } from '../../immich/api/client.ts';
import { listLibraries } from '../../immich/api/libraries.ts';
import { type FailureKind, ImmichApiError } from '../../immich/api/failure.ts';
import { identify, versionText } from '../../immich/api/server.ts';
import { listUsers, readOwnUser } from '../../immich/api/users.ts';
import type { ComposeFacts } from '../compose/facts.ts';
import { addressInNetwork } from '../container.ts';
import type { Server, Session } from '../session.ts';

/** What the key of setup must be allowed to do. Nothing of it reads or changes a photo. */
export const PERMISSIONS: readonly string[] = Object.freeze([
  'user.read',
  'adminUser.read',
  'library.read',
  'library.create',
  'library.update',
  'library.delete',
  'library.statistics',
]);

/** As the setting, but never quoted. */
export const SECRET_KEY = Object.freeze({ ...apiKey, mayHoldSecret: () => true });

/** Somebody waits for the answer. */
const TIMEOUT_MS = 15_000;

/** Enough to see that this is Immich; `identify` looks closer. */
const versionAnswer = z.object({ major: z.int() });

/** Asks for Immich's address and an administrator's key, and looks at who and what there is. */
export async function askServer(session: Session, compose: ComposeFacts | undefined): Promise<Server> {
  const { dialogue, existing } = session;
  const written = existing.find('IMMICH_API_URL') ?? existing.find('IMMICH_INSTANCE_URL');
  const inNetwork = compose === undefined ? undefined : addressInNetwork(compose);
  const isInside = existing.isInContainer;
  // What an earlier run wrote for the container is of no use outside of it.
  const configured = written === inNetwork && !isInside ? undefined : written;
  const usual = isInside ? inNetwork ?? 'http://immich_server:2283' : `http://localhost:${compose?.immichPort ?? 2283}`;
  const url = await dialogue.text({
    flag: '--immich-url',
    message: 'Address of Immich',
    help: isInside
      ? "As containers in Immich's network see it: the name of Immich's container, and its port."
      : 'As you would type it into a browser on this machine.',
    initial: configured ?? usual,
    check: async (text) => {
      const address = parse(httpUrl, text);
      await inOtherWords(() => apiOf(address, new Secret('none')).get('/server/version', versionAnswer));
      return address;
    },
  });
  const server = await dialogue.secret({
    flag: '--api-key-file',
    message: 'API key of an administrator',
    help:
      'In Immich: click on your picture > Account Settings > API Keys > New API Key. These permissions are enough: ' +
      `${PERMISSIONS.join(', ')}. "all" works too.`,
    existing: existing.config.immich.apiKey?.reveal(),
    check: (text) => inOtherWords(() => enter(session, url, parse(SECRET_KEY, text.trim()))),
  });
  const { users, libraries } = server;
  dialogue.say(
    `Immich ${versionText(server.version)} with ${count(users.length, 'user')} and ` +
      `${count(libraries.length, 'external library', 'external libraries')}. The key belongs to ${server.me.name}.`,
    'success',
  );
  return server;
}

/** Throws UserError when the key is wrong, lacks a permission, or is nobody's who may manage libraries. */
async function enter({ onSecret }: Session, url: string, key: Secret): Promise<Server> {
  onSecret(key);
  const api = apiOf(url, key);
  const { version } = await identify(api, () => PERMISSIONS);
  const me = await readOwnUser(api);
  if (!me.isAdmin) {
    throw new UserError(`This key belongs to ${quote(me.name)}, who is not an administrator of Immich.`, {
      problemCode: 'setup-answer',
      remedy: 'External libraries can only be made by an administrator: log in as one and create a key there.',
    });
  }
  return { api, url, apiKey: key, version, me, users: await listUsers(api), libraries: await listLibraries(api) };
}

/** What to do about a request that failed, for somebody who has just typed the address or the key. */
const REMEDIES: Readonly<Partial<Record<FailureKind, string>>> = Object.freeze({
  'unreachable': 'Check that Immich is running, and the address: open it in a browser on this machine.',
  'timeout': 'Check that Immich is running, and the address: open it in a browser on this machine.',
  'not-immich': 'Use the address at which you open Immich in a browser, such as http://192.168.1.10:2283.',
  'redirected': 'Use the address that your browser shows once Immich is open.',
  'wrong-key': 'Immich shows a key only once, when it is made: make a new one and copy all of it.',
});

async function inOtherWords<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof ImmichApiError)) throw error;
    const remedy = REMEDIES[error.kind];
    if (remedy === undefined) throw error;
    throw new UserError(error.message, { problemCode: error.problemCode, remedy, cause: error });
  }
}

export function apiOf(url: string, key: Secret): ImmichApi {
  return new ImmichApi({ url, apiKey: key, concurrency: 2, retries: 0, timeoutMs: TIMEOUT_MS });
}

/** The value that a setting of this type would get. Throws UserError, which never shows a secret. */
export function parse<T>({ schema, remedy, mayHoldSecret }: ValueType<T>, text: string): T {
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  const isShown = mayHoldSecret?.(text) !== true;
  const what = text.trim() === '' ? 'An empty answer' : isShown ? quote(text) : 'This';
  throw new UserError(`${what} ${result.error.issues[0]?.message}.`, { problemCode: 'setup-answer', remedy });
}
