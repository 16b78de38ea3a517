import { type Deeds, type Scene, traced } from './scene.ts';

/** What is lost with a photo that is withdrawn, besides fields, albums and stacks; and photos that come back. */
export const RETURNING_DEEDS: Deeds = {
  chooseAlbumCover: traced(async (scene) => {
    const entries = await scene.sql<{ albumId: string; assetId: string; name: string }[]>`
      SELECT aa."albumId", aa."assetId", al."albumName" AS name
      FROM album_asset aa
      JOIN album al ON al.id = aa."albumId"
      JOIN asset a ON a.id = aa."assetId"
      ORDER BY al."albumName", a."originalPath", a."libraryId"`;
    const entry = scene.one(entries);
    if (entry === undefined) return;
    await scene.sql`UPDATE album SET "albumThumbnailAssetId" = ${entry.assetId} WHERE id = ${entry.albumId}`;
    return `something becomes the cover of ${entry.name}`;
  }),
  // From: AlbumRepository.updateThumbnails, whenever somebody looks at their albums (v3.1.0: repositories/album.repository.ts).
  findCovers: traced(async (scene) => {
    const found = await scene.sql`
      UPDATE album
      SET "albumThumbnailAssetId" = (
        SELECT a.id
        FROM album_asset aa
        JOIN asset a ON a.id = aa."assetId" AND a."deletedAt" IS NULL
        WHERE aa."albumId" = album.id
        ORDER BY a."fileCreatedAt" DESC, a.id
        LIMIT 1
      )
      WHERE "albumThumbnailAssetId" IS NULL
        AND EXISTS (
          SELECT FROM album_asset aa JOIN asset a ON a.id = aa."assetId" AND a."deletedAt" IS NULL WHERE aa."albumId" = album.id
        )`;
    return found.count === 0 ? undefined : 'Immich finds covers for albums that have none';
  }),
  intoMemory: traced(async (scene) => {
    const photo = await scene.any();
    if (photo === undefined) return;
    const id = scene.home.newId();
    const now = new Date();
    await scene.home.insert('memory', {
      id,
      ownerId: photo.ownerId,
      type: 'on_this_day',
      data: { year: 2001 },
      memoryAt: now,
      showAt: now,
      hideAt: now,
    });
    await scene.home.insert('memory_asset', { memoriesId: id, assetId: photo.id });
    return `${scene.call(photo)} is part of a memory`;
  }),
  intoLink: traced(async (scene) => {
    const photo = await scene.any();
    if (photo === undefined) return;
    const id = scene.home.newId();
    await scene.home.insert('shared_link', {
      id,
      userId: photo.ownerId,
      key: new TextEncoder().encode(id),
      type: 'INDIVIDUAL',
    });
    await scene.home.insert('shared_link_asset', { sharedLinkId: id, assetId: photo.id });
    return `${scene.call(photo)} is shared by a link`;
  }),
  deleteLink: traced(async (scene) => {
    const link = scene.one(await scene.sql<{ id: string }[]>`SELECT id FROM shared_link ORDER BY "createdAt", id`);
    if (link === undefined) return;
    await scene.sql`DELETE FROM shared_link WHERE id = ${link.id}`;
    return 'a shared link is deleted';
  }),
  bringBack: traced(async (scene) => {
    const photo = await scene.own(isMissed(scene));
    if (photo === undefined) return;
    await scene.sql`
      UPDATE asset SET visibility = 'timeline', "deletedAt" = NULL, status = 'active' WHERE id = ${photo.id}`;
    return `${scene.call(photo)} is brought back to the timeline`;
  }),
  bringAllBack: traced(async (scene) => {
    const photos = await scene.assets(isMissed(scene));
    if (photos.length === 0) return;
    await scene.sql`
      UPDATE asset SET visibility = 'timeline', "deletedAt" = NULL, status = 'active'
      WHERE id = ANY (${photos.map(({ id }) => id)}::uuid[])`;
    return `${photos.map((photo) => scene.call(photo)).join(', ')} are brought back to the timeline`;
  }),
};

/** Something was done to it by somebody who does not have it now. */
function isMissed({ sql }: Scene) {
  return sql`(
    EXISTS (SELECT FROM immich_sidecar_remembered.photo r WHERE r.source_asset_id = a.id)
    AND a.visibility <> 'hidden'
    AND NOT a."isOffline"
  )`;
}
