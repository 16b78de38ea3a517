import { type ImmichHost, removeFile } from './host.ts';

/**
 * AssetDelete: the row, then its motion part if no other still shows that, then all files that it names, the original among them.
 *
 * From: AssetService.handleAssetDeletion, v2.0.0 to v3.1.0 (services/asset.service.ts; v3.1.0: 310-377), read there; taken to be the same in 3.2 and 3.3. Stacks
 * are left to who calls this.
 */
export async function deleteAsset(host: ImmichHost, id: string): Promise<void> {
  const { sql } = host;
  const [asset] = await sql<{ originalPath: string; livePhotoVideoId: string | null; isOffline: boolean }[]>`
    SELECT "originalPath", "livePhotoVideoId", "isOffline" FROM asset WHERE id = ${id}`;
  if (asset === undefined) return;
  const files = await sql<{ path: string; type: string }[]>`SELECT path, type FROM asset_file WHERE "assetId" = ${id}`;
  await sql`DELETE FROM asset WHERE id = ${id}`;
  if (asset.livePhotoVideoId !== null) {
    const others = await sql`SELECT FROM asset WHERE "livePhotoVideoId" = ${asset.livePhotoVideoId}`;
    if (others.length === 0) await deleteAsset(host, asset.livePhotoVideoId);
  }
  for (const { path, type } of files) if (type !== 'sidecar' || !asset.isOffline) removeFile(host, path);
  if (!asset.isOffline) removeFile(host, asset.originalPath);
}
