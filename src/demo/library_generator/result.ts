import type { AlbumKey, LibraryKey, UserKey } from './accounts.ts';
import { ALBUM_KEYS, ALBUMS, LIBRARIES, LIBRARY_KEYS, USER_KEYS, USERS } from './accounts.ts';
import type { LibraryContext } from './context.ts';
import { albumIdOf, assetIdOf, libraryIdOf, personIdOf, userIdOf } from './ids.ts';
import { generatedImportPath } from './paths.ts';
import type { PersonKey } from './people.ts';
import { PEOPLE, PERSON_KEYS } from './people.ts';
import type { PlannedAsset } from './plan.ts';
import type { Expected } from './spec.ts';

export interface GeneratedUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly storageLabel: string | null;
}

export interface GeneratedLibraryRow {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  /** As Immich sees it. */
  readonly importPath: string;
  readonly localImportPath: string;
}

export interface GeneratedAlbum {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  /** Keys of its assets. */
  readonly assets: readonly string[];
}

export interface GeneratedPerson {
  /** `person.id` up to 3.1, `person."personGroupId"` from 3.2. */
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
}

export interface GeneratedAsset {
  /** A stable nickname: `family/beach`. */
  readonly key: string;
  readonly id: string;
  readonly ownerId: string;
  readonly kind: 'image' | 'video';
  readonly origin: 'external' | 'upload';
  /** As Immich sees it. */
  readonly originalPath: string;
  readonly localPath: string;
  readonly originalFileName: string;
  /** SHA-1 in hexadecimal, as in `asset.checksum`. */
  readonly checksum: string;
  /** mtime of the original, to the millisecond. */
  readonly modifiedAt: Date;
  /** What a share of `family/` and of all uploads must make of it. */
  readonly expected: Expected;
  /** On stills of live and motion photos. */
  readonly livePhotoVideoId: string | undefined;
}

/** What was generated, so that tests can name things and say what must happen to them. */
export interface GeneratedLibrary {
  readonly users: Readonly<Record<UserKey, GeneratedUser>>;
  readonly libraries: Readonly<Record<LibraryKey, GeneratedLibraryRow>>;
  readonly albums: Readonly<Record<AlbumKey, GeneratedAlbum>>;
  readonly people: Readonly<Record<PersonKey, GeneratedPerson>>;
  readonly assets: readonly GeneratedAsset[];
}

/** The asset with this nickname. Throws when there is none. */
export function assetOf(library: GeneratedLibrary, key: string): GeneratedAsset {
  const asset = library.assets.find((candidate) => candidate.key === key);
  if (asset === undefined) throw new Error(`The library has no asset ${JSON.stringify(key)}.`);
  return asset;
}

export type GeneratedAccounts = Pick<GeneratedLibrary, 'users' | 'libraries'>;

/** Users and their libraries. `locate` turns a path of Immich's into one of this machine. */
export function describeAccounts(context: LibraryContext, locate: (path: string) => string): GeneratedAccounts {
  return {
    users: recordOf(USER_KEYS, (key) => ({ id: userIdOf(context, key), ...USERS[key] })),
    libraries: recordOf(LIBRARY_KEYS, (key) => ({
      id: libraryIdOf(context, key),
      ownerId: userIdOf(context, LIBRARIES[key].owner),
      name: LIBRARIES[key].name,
      importPath: generatedImportPath(context, key),
      localImportPath: locate(generatedImportPath(context, key)),
    })),
  };
}

/** Describes a planned library. `locate` turns a path of Immich's into one of this machine. */
export function describe(
  assets: readonly PlannedAsset[],
  context: LibraryContext,
  locate: (path: string) => string,
): GeneratedLibrary {
  return {
    ...describeAccounts(context, locate),
    albums: recordOf(ALBUM_KEYS, (key) => ({
      id: albumIdOf(context, key),
      ownerId: userIdOf(context, ALBUMS[key].owner),
      name: ALBUMS[key].name,
      assets: ALBUMS[key].assets,
    })),
    people: recordOf(PERSON_KEYS, (key) => ({
      id: personIdOf(context, key),
      ownerId: userIdOf(context, PEOPLE[key].owner),
      name: PEOPLE[key].name,
    })),
    assets: assets.map((asset) => ({
      key: asset.spec.key,
      id: asset.id,
      ownerId: asset.ownerId,
      kind: asset.isVideo ? 'video' : 'image',
      origin: asset.libraryId === null ? 'upload' : 'external',
      originalPath: asset.originalPath,
      localPath: locate(asset.originalPath),
      originalFileName: asset.originalFileName,
      checksum: asset.checksum,
      modifiedAt: asset.modifiedAt,
      expected: asset.expected,
      livePhotoVideoId: asset.spec.livePhotoVideo === undefined
        ? undefined
        : assetIdOf(context, asset.spec.livePhotoVideo),
    })),
  };
}

function recordOf<Key extends string, Value>(keys: readonly Key[], valueOf: (key: Key) => Value): Record<Key, Value> {
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as Record<Key, Value>;
}
