import { plural } from '../../config/words.ts';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { ImmichApi } from './client.ts';
import { allowRemedy } from './failure.ts';

/** The first release whose API is as this program knows it. */
const OLDEST_MAJOR = 2;

export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** The server at the other end, and whose key it is. */
export interface Account {
  readonly version: ServerVersion;
  readonly userId: string;
  readonly userName: string;
  /** What the key may do; `all` stands for everything. */
  readonly permissions: readonly string[];
}

const versionAnswer = z.object({ major: z.int(), minor: z.int(), patch: z.int() });
const keyAnswer = z.object({ permissions: z.array(z.string()) });
const userAnswer = z.object({ id: z.guid(), name: z.string() });

/**
 * Finds out which Immich this is and whose key this is, with three small requests.
 *
 * @param needed permissions as Immich calls them (`asset.read`), for its release
 * @throws {UserError} when it is no Immich, too old, or the key is refused or lacks a permission (all of them are named)
 */
export async function identify(
  api: ImmichApi,
  needed: (version: ServerVersion) => readonly string[],
): Promise<Account> {
  // Needs no key, so a wrong address is told from a wrong key.
  const version = await readServerVersion(api);
  if (version.major < OLDEST_MAJOR) {
    throw new UserError(
      `Immich at ${api.url} is version ${versionText(version)}, and 2.0 is the oldest that is supported.`,
      { problemCode: 'immich-version', remedy: 'Update Immich.' },
    );
  }
  const permissions = await readPermissions(api);
  const missing = needed(version).filter((permission) => !isAllowed(permissions, permission));
  if (missing.length > 0) {
    const what = plural(missing.length, 'the permission');
    throw new UserError(`The API key for Immich at ${api.url} lacks ${what} ${missing.join(', ')}.`, {
      problemCode: 'immich-missing-permission',
      remedy: allowRemedy(missing),
    });
  }
  const { id, name } = await readUser(api);
  return { version, userId: id, userName: name, permissions };
}

/** Which Immich this is. */
export async function readServerVersion(api: ImmichApi): Promise<ServerVersion> {
  return await api.get('/server/version', versionAnswer);
}

/** What the key may do. */
export async function readPermissions(api: ImmichApi): Promise<readonly string[]> {
  return (await api.get('/api-keys/me', keyAnswer)).permissions;
}

/** Whose key it is. Needs the permission user.read. */
export async function readUser(api: ImmichApi): Promise<{ readonly id: string; readonly name: string }> {
  return await api.get('/users/me', userAnswer);
}

/** Whether a key with these permissions has this one. */
export function isAllowed(permissions: readonly string[], permission: string): boolean {
  return permissions.includes('all') || permissions.includes(permission);
}

export function versionText({ major, minor, patch }: ServerVersion): string {
  return `${major}.${minor}.${patch}`;
}
