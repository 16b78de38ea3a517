import { z } from 'zod';
import type { ImmichApi } from './client.ts';

/** An album of the user whose key it is. */
export interface OwnAlbum {
  readonly id: string;
  readonly name: string;
}

const albumAnswer = z.object({
  id: z.guid(),
  albumName: z.string(),
  /** Until 2.7. */
  ownerId: z.guid().optional(),
  /** With the owner since 3.0. */
  albumUsers: z.array(z.object({ user: z.object({ id: z.guid() }), role: z.string() })).optional(),
});

/** The albums that this user owns; those that are shared with them are left out. Needs album.read. */
export async function listOwnAlbums(api: ImmichApi, userId: string): Promise<readonly OwnAlbum[]> {
  const albums = await api.get('/albums', z.array(albumAnswer));
  return albums
    .filter(({ ownerId, albumUsers = [] }) =>
      ownerId === userId || albumUsers.some(({ user, role }) => user.id === userId && role === 'owner')
    )
    .map(({ id, albumName }) => ({ id, name: albumName }));
}

/** Creates an empty album of the user whose key it is. Needs album.create. */
export async function createAlbum(api: ImmichApi, name: string): Promise<OwnAlbum> {
  const { id, albumName } = await api.post('/albums', { albumName: name }, albumAnswer);
  return { id, name: albumName };
}

/** Needs album.delete. */
export async function deleteAlbum(api: ImmichApi, id: string): Promise<void> {
  await api.delete(`/albums/${id}`);
}
