import { createHash } from 'node:crypto';
import { deleteAsset } from './delete_asset.ts';
import { exists, type ImmichHost, insertRow, nestedName, writeFile } from './host.ts';
import { extractMetadata } from './metadata.ts';

/**
 * The part of metadata extraction that takes the video out of a motion photo: the one with its bytes is found and linked, or made; what the
 * still was linked to before is deleted then.
 *
 * From: MetadataService.applyMotionPhotos and AssetRepository.getByChecksum, read in v2.0.0, v2.2.0, v2.4.0, v2.5.0, v2.6.0, v2.7.5 (services/metadata.service.ts:655-750) and
 * v3.1.0 (:679-824), which agree; and from the statements of a real 2.7.5 and 3.1.0, whose video is extracted in turn once its file is there. 3.2 and 3.3 are taken to be as
 * 3.1, as nothing known of their changes touches it.
 */
export async function extractMotionVideo(
  host: ImmichHost,
  stillId: string,
  video: Uint8Array,
  media = '/data',
): Promise<void> {
  const { sql } = host;
  const [still] = await sql<
    { ownerId: string; libraryId: string | null; livePhotoVideoId: string | null; originalFileName: string }[]
  >`SELECT "ownerId", "libraryId", "livePhotoVideoId", "originalFileName" FROM asset WHERE id = ${stillId}`;
  if (still === undefined) return;
  const checksum = createHash('sha1').update(video).digest('hex');
  const [found] = await sql<{ id: string; visibility: string; originalPath: string }[]>`
    SELECT id, visibility, "originalPath"
    FROM asset
    WHERE "ownerId" = ${still.ownerId}
      AND checksum = decode(${checksum}, 'hex')
      AND ${still.libraryId === null ? sql`"libraryId" IS NULL` : sql`"libraryId" = ${still.libraryId}`}
    LIMIT 1`;
  const motion = found ?? await createMotionAsset(host, stillId, { ...still, checksum, media });
  if (motion.visibility === 'timeline') await sql`UPDATE asset SET visibility = 'hidden' WHERE id = ${motion.id}`;
  if (still.livePhotoVideoId !== motion.id) {
    await sql`UPDATE asset SET "livePhotoVideoId" = ${motion.id} WHERE id = ${stillId}`;
    if (still.livePhotoVideoId !== null) await deleteAsset(host, still.livePhotoVideoId);
  }
  if (exists(host, motion.originalPath)) return;
  writeFile(host, motion.originalPath, video);
  await extractMetadata(host, motion.id, {});
}

async function createMotionAsset(
  host: ImmichHost,
  stillId: string,
  { ownerId, libraryId, originalFileName, checksum, media }: {
    readonly ownerId: string;
    readonly libraryId: string | null;
    readonly originalFileName: string;
    readonly checksum: string;
    readonly media: string;
  },
): Promise<{ id: string; visibility: string; originalPath: string }> {
  const id = host.newId?.() ?? crypto.randomUUID();
  const originalPath = `${media}/encoded-video/${ownerId}/${nestedName(id)}-MP.mp4`;
  const [dates] = await host.sql<{ createdAt: string; modifiedAt: string; localDateTime: string }[]>`
    SELECT "fileCreatedAt"::text AS "createdAt", "fileModifiedAt"::text AS "modifiedAt", "localDateTime"::text AS "localDateTime"
    FROM asset
    WHERE id = ${stillId}`;
  await insertRow(host, 'asset', {
    id,
    ownerId,
    libraryId,
    type: 'VIDEO',
    fileCreatedAt: dates?.createdAt,
    fileModifiedAt: dates?.modifiedAt,
    localDateTime: dates?.localDateTime,
    checksum: `\\x${checksum}`,
    checksumAlgorithm: 'sha1',
    originalPath,
    originalFileName: `${originalFileName.replace(/\.[^.]+$/, '')}.mp4`,
    visibility: 'hidden',
    deviceAssetId: 'NONE',
    deviceId: 'NONE',
  });
  return { id, visibility: 'hidden', originalPath };
}
