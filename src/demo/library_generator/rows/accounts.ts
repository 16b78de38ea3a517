import type { AlbumSpec, UserKey } from '../accounts.ts';
import { ALBUM_KEYS, ALBUMS, EXCLUSION_PATTERNS, LIBRARIES, LIBRARY_KEYS, USER_KEYS, USERS } from '../accounts.ts';
import type { LibraryContext } from '../context.ts';
import { albumIdOf, assetIdOf, clusterGroupIdOf, libraryIdOf, userIdOf } from '../ids.ts';
import type { Row } from '../insert.ts';
import { generatedImportPath } from '../paths.ts';

/** A bcrypt hash that belongs to no password. */
const NO_PASSWORD = '$2b$10$0000000000000000000000000000000000000000000000000000.';

export function userRows(context: LibraryContext): readonly Row[] {
  return USER_KEYS.map((key) => ({
    id: userIdOf(context, key),
    ...USERS[key],
    password: NO_PASSWORD,
    shouldChangePassword: false,
    clusterGroupId: clusterGroupIdOf(context, key),
  }));
}

export function libraryRows(context: LibraryContext): readonly Row[] {
  return LIBRARY_KEYS.map((key) => ({
    id: libraryIdOf(context, key),
    ownerId: userIdOf(context, LIBRARIES[key].owner),
    name: LIBRARIES[key].name,
    importPaths: [generatedImportPath(context, key)],
    exclusionPatterns: key === 'alice' ? EXCLUSION_PATTERNS : [],
    refreshedAt: '2024-11-10T00:00:05.000Z',
  }));
}

export function albumRows(context: LibraryContext): readonly Row[] {
  return ALBUM_KEYS.map((key) => {
    const album: AlbumSpec = ALBUMS[key];
    const [cover] = album.assets;
    return {
      id: albumIdOf(context, key),
      ownerId: userIdOf(context, album.owner),
      albumName: album.name,
      description: album.description,
      albumThumbnailAssetId: cover === undefined ? null : assetIdOf(context, cover),
    };
  });
}

/** From 3.0 the owner is a member too. */
export function albumUserRows(context: LibraryContext): readonly Row[] {
  return ALBUM_KEYS.flatMap((key) => {
    const album: AlbumSpec = ALBUMS[key];
    const owner = context.traits.hasAlbumOwnerColumn ? [] : [[album.owner, 'owner'] as const];
    const members = Object.entries(album.members) as [UserKey, 'editor' | 'viewer'][];
    return [...owner, ...members].map(([user, role]) => ({
      albumId: albumIdOf(context, key),
      userId: userIdOf(context, user),
      role,
    }));
  });
}

export function albumAssetRows(context: LibraryContext): readonly Row[] {
  return ALBUM_KEYS.flatMap((key) =>
    ALBUMS[key].assets.map((asset) => ({
      albumId: albumIdOf(context, key),
      assetId: assetIdOf(context, asset),
    }))
  );
}
