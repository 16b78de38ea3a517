import type { UserKey } from './accounts.ts';

export interface PersonSpec {
  readonly owner: UserKey;
  /** Empty: a cluster that nobody named yet. */
  readonly name: string;
  readonly birthDate?: string;
  /** As Immich's colour picker stores it. */
  readonly color?: string;
  readonly isHidden?: true;
  readonly isFavorite?: true;
  /** Key of the asset with the face on the cover. */
  readonly cover: string;
  /** The same human in another user's account; from 3.2 one group, if both users are in one cluster group. */
  readonly sameHumanAs?: string;
}

/** Everybody in the library. */
export const PEOPLE = Object.freeze(
  {
    'alice/dora': {
      owner: 'alice',
      name: 'Dora Example',
      birthDate: '1990-05-17',
      color: '#ea580c',
      isFavorite: true,
      cover: 'family/portrait',
    },
    'alice/emil': { owner: 'alice', name: 'Emil, Jr.', birthDate: '2019-12-31', cover: 'family/beach' },
    'alice/grandma': { owner: 'alice', name: 'Grandma', cover: 'family/wedding' },
    'alice/unnamed': { owner: 'alice', name: '', cover: 'family/picnic' },
    'alice/neighbour': { owner: 'alice', name: 'Neighbour', isHidden: true, cover: 'family/birthday' },
    /** All faces on a private photo: must never reach Bob. */
    'alice/secret': { owner: 'alice', name: 'Secret Friend', cover: 'private/party' },
    /** Cover on a private photo, faces on shared ones: Bob needs another cover. */
    'alice/gustav': { owner: 'alice', name: 'Gustav', birthDate: '1985-02-28', cover: 'private/party' },
    'bob/dora': { owner: 'bob', name: 'Dora', cover: 'bob/beach', sameHumanAs: 'alice/dora' },
    'bob/unnamed': { owner: 'bob', name: '', cover: 'bob/dog' },
    'carol/emil': { owner: 'carol', name: 'Emil', cover: 'carol/garden' },
  } as const satisfies Record<string, PersonSpec>,
);
export type PersonKey = keyof typeof PEOPLE;
export const PERSON_KEYS = Object.keys(PEOPLE) as PersonKey[];
