import { uuidFor } from './media/random.ts';
import type { AlbumKey, LibraryKey, UserKey } from './accounts.ts';
import type { LibraryContext } from './context.ts';
import type { PersonKey, PersonSpec } from './people.ts';
import { PEOPLE, PERSON_KEYS } from './people.ts';

/** The id of anything that has a name of its own. */
export function idOf(context: LibraryContext, name: string): string {
  return uuidFor(context.seed, name);
}

export function userIdOf(context: LibraryContext, user: UserKey): string {
  return idOf(context, `user:${user}`);
}

export function libraryIdOf(context: LibraryContext, library: LibraryKey): string {
  return idOf(context, `library:${library}`);
}

export function albumIdOf(context: LibraryContext, album: AlbumKey): string {
  return idOf(context, `album:${album}`);
}

/** The id of the asset with this nickname. */
export function assetIdOf(context: LibraryContext, key: string): string {
  return idOf(context, `asset:${key}`);
}

/** The id of an asset's n-th face, counted from 0. */
export function faceIdOf(context: LibraryContext, assetKey: string, index: number): string {
  return idOf(context, `face:${assetKey}:${index}`);
}

/** Every user has a cluster group of their own, unless Alice and Bob are to be clustered together. */
export function clusterGroupIdOf(context: LibraryContext, user: UserKey): string {
  return idOf(context, `cluster-group:${context.sameClusterGroup && user === 'bob' ? 'alice' : user}`);
}

/** `person.id` up to 3.1, the id of the person_group from 3.2, which two users of one cluster group may share. */
export function personIdOf(context: LibraryContext, key: PersonKey): string {
  const person: PersonSpec = PEOPLE[key];
  const original = PERSON_KEYS.find((candidate) => candidate === person.sameHumanAs);
  const sharesGroup = context.traits.hasPersonGroups && original !== undefined &&
    clusterGroupIdOf(context, PEOPLE[original].owner) === clusterGroupIdOf(context, person.owner);
  return sharesGroup ? personIdOf(context, original) : idOf(context, `person:${key}`);
}
