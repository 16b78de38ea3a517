import { extractMetadata } from '../../../harness/immich_jobs/metadata.ts';
import { addPhoto, addSidecar, addText, embedding, makePictures, mediaOf, nested, processPhoto } from '../photos.ts';
import { type Household, MEDIA } from '../household.ts';
import { type Asset, type Deeds, type Scene, traced, untraced } from './scene.ts';

/** Photos come, change and go. */
export const PHOTO_DEEDS: Deeds = {
  add: traced(async (scene) => {
    const owner = scene.name();
    const everybody = await scene.people(scene.home.users[owner].id);
    const people = Array.from(
      { length: scene.number(3) },
      () => scene.one([null, ...everybody.map(({ id }) => id)]) ?? null,
    );
    const kind = scene.chance(3) ? 'upload' : 'external';
    const isPending = scene.chance(6);
    await addPhoto(scene.home, {
      owner,
      kind,
      people,
      isPending,
      hasSidecar: scene.chance(4),
      ...(scene.chance(3) ? { text: `text ${scene.home.next()}` } : {}),
      ...(scene.chance(8) ? { folder: 'private' } : {}),
    });
    return `${owner} gets a new ${kind} photo with ${people.length} faces${isPending ? ', not processed yet' : ''}`;
  }),
  addVideo: traced(async (scene) => {
    const owner = scene.name();
    await addPhoto(scene.home, { owner, kind: 'external', type: 'VIDEO' });
    return `${owner} gets a new video`;
  }),
  addLivePhoto: traced(async (scene) => {
    const [owner, kind] = [scene.name(), scene.chance(2) ? 'upload' as const : 'external' as const];
    const still = await addPhoto(scene.home, { owner, kind });
    await addPhoto(scene.home, { owner, kind, motionOf: still });
    return `${owner} gets a live photo (${kind})`;
  }),
  addMotionPhoto: traced(async (scene) => {
    const [owner, kind] = [scene.name(), scene.chance(2) ? 'upload' as const : 'external' as const];
    const still = await addPhoto(scene.home, { owner, kind });
    const [asset] = await scene.assets(scene.sql`a.id = ${still}`);
    await addPhoto(scene.home, {
      owner,
      kind,
      motionOf: still,
      isExtracted: true,
      ...(asset === undefined ? {} : { fileName: asset.originalFileName }),
    });
    return `${owner} gets a motion photo (${kind})`;
  }),
  unlinkMotion: traced(async (scene) => {
    // From: AssetService.update with livePhotoVideoId null (v3.1.0: utils/asset.util.ts:166-188, onBeforeUnlink and onAfterUnlink), which
    // refuses what was taken out of a motion photo.
    const still = await scene.own(scene.sql`
      a.visibility <> 'locked'
      AND EXISTS (SELECT FROM asset part WHERE part.id = a."livePhotoVideoId" AND part."originalPath" NOT LIKE '%/encoded-video/%')`);
    if (still === undefined) return;
    await scene.sql`UPDATE asset SET "livePhotoVideoId" = NULL WHERE id = ${still.id}`;
    await scene.sql`UPDATE asset SET visibility = ${still.visibility} WHERE id = ${still.livePhotoVideoId}`;
    return `the two parts of ${scene.call(still)} are taken apart`;
  }),
  addSame: traced(async (scene) => {
    const asset = await scene.own(
      scene.sql`EXISTS (SELECT FROM asset_exif e WHERE e."assetId" = a.id) AND a.visibility = 'timeline'`,
    );
    const owner = scene.name();
    if (asset === undefined || scene.home.users[owner].id === asset.ownerId) return;
    const [exif] = await scene.sql<{ takenAt: string }[]>`
      SELECT "dateTimeOriginal"::text AS "takenAt" FROM asset_exif WHERE "assetId" = ${asset.id}`;
    if (exif === undefined) return;
    await addPhoto(scene.home, {
      owner,
      kind: 'upload',
      like: { fileName: asset.originalFileName, takenAt: exif.takenAt },
    });
    return `${owner} uploads the same picture as ${scene.call(asset)}`;
  }),
  process: traced(async (scene) => {
    const asset = await scene.own(scene.sql`NOT EXISTS (SELECT FROM asset_exif e WHERE e."assetId" = a.id)`);
    if (asset === undefined) return;
    await processPhoto(scene.home, asset.id);
    return `Immich processes ${scene.call(asset)}`;
  }),
  // From: AssetService.updateAll, as the web page asks for it; `update` (PUT /assets/:id) leaves it in its albums (v2.7.5: services/asset.service.ts:187-193, 128; v3.1.0: :172-178).
  lock: traced(async (scene) => {
    const asset = await scene.own(scene.sql`a.visibility <> 'hidden' AND a.status = 'active'`);
    if (asset === undefined) return;
    await scene.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${asset.id}`;
    const isByItself = scene.chance(2);
    if (!isByItself) await scene.sql`DELETE FROM album_asset WHERE "assetId" = ${asset.id}`;
    return `${scene.call(asset)} is moved to the locked folder${isByItself ? ', and stays in its albums' : ''}`;
  }),
  unlock: setState('is on the timeline', (scene) => scene.sql`visibility = 'timeline'`, 'locked'),
  trash: setState('is trashed', (scene) => scene.sql`"deletedAt" = now(), status = 'trashed'`),
  restore: traced(async (scene) => {
    const asset = await scene.own(scene.sql`a.status = 'trashed'`);
    if (asset === undefined) return;
    await scene.sql`UPDATE asset SET "deletedAt" = NULL, status = 'active' WHERE id = ${asset.id}`;
    return `${scene.call(asset)} is restored`;
  }),
  delete: traced(async (scene) => {
    // Of a mirror that the journal has lost the files stay once they are the last ones (docs/invariants.md, 17).
    const asset = await scene.own(scene.sql`
      NOT EXISTS (SELECT FROM asset s WHERE s."livePhotoVideoId" = a.id)
      AND NOT EXISTS (
        SELECT
        FROM immich_sidecar.asset_map m
        WHERE m.source_asset_id IN (a.id, a."livePhotoVideoId")
          AND NOT EXISTS (SELECT FROM immich_sidecar.link l WHERE l.mirror_id = m.mirror_asset_id)
      )`);
    if (asset === undefined) return;
    await deleteAsset(scene.home, asset);
    return `${scene.call(asset)} is deleted for good`;
  }),
  goOffline: traced(async (scene) => {
    const asset = await scene.own(scene.sql`a."libraryId" IS NOT NULL AND NOT a."isOffline" AND a."deletedAt" IS NULL`);
    if (asset === undefined) return;
    Deno.mkdirSync(`${scene.home.directory}/away`, { recursive: true });
    Deno.renameSync(scene.home.local(asset.originalPath), `${scene.home.directory}/away/${asset.id}`);
    await scene.sql`UPDATE asset SET "isOffline" = true, "deletedAt" = now() WHERE id = ${asset.id}`;
    return `the file of ${scene.call(asset)} is gone, says a scan`;
  }),
  // Nothing that Immich dates changes with it.
  dayPasses: traced(async (scene) => {
    await scene.home.sql.begin(async (tx) => {
      await tx`SET LOCAL session_replication_role = replica`;
      await tx`UPDATE asset SET "deletedAt" = "deletedAt" - interval '25 hours' WHERE "isOffline"`;
      await tx`
        UPDATE immich_sidecar_decisions.recheck SET due_at = due_at - interval '25 hours' WHERE due_at > '-infinity'`;
    });
    return 'a day passes';
  }),
  comeBack: traced(async (scene) => {
    const asset = await scene.own(scene.sql`a."isOffline"`);
    if (asset === undefined) return;
    Deno.renameSync(`${scene.home.directory}/away/${asset.id}`, scene.home.local(asset.originalPath));
    await scene.sql`UPDATE asset SET "isOffline" = false, "deletedAt" = NULL WHERE id = ${asset.id}`;
    return `the file of ${scene.call(asset)} is back, says a scan`;
  }),
  touchFile: traced(async (scene) => {
    const asset = await scene.own(scene.sql`a."libraryId" IS NOT NULL AND NOT a."isOffline"`);
    if (asset === undefined) return;
    await setTime(scene, asset, scene.home.touch(asset.originalPath));
    return `the file of ${scene.call(asset)} is touched, and scanned`;
  }),
  replaceFile: traced(async (scene) => {
    const asset = await scene.own(scene.sql`a."libraryId" IS NOT NULL AND NOT a."isOffline"`);
    if (asset === undefined) return;
    await setTime(scene, asset, scene.home.write(asset.originalPath));
    return `the file of ${scene.call(asset)} is replaced, and scanned`;
  }),
  moveFile: traced(async (scene) => {
    // What was taken out of a motion photo is never moved (v3.1.0: services/storage-template.service.ts:222).
    const asset = await scene.own(scene.sql`a."libraryId" IS NULL AND a."originalPath" NOT LIKE '%/encoded-video/%'`);
    if (asset === undefined) return;
    const path = `${MEDIA}/library/${scene.nameOf(asset.ownerId)}/${scene.home.next()}/${asset.originalFileName}`;
    scene.home.move(asset.originalPath, path);
    const sidecar = `${asset.originalPath}.xmp`;
    if (scene.home.exists(sidecar)) scene.home.move(sidecar, `${path}.xmp`);
    await scene.sql`UPDATE asset SET "originalPath" = ${path} WHERE id = ${asset.id}`;
    await scene.sql`
      UPDATE asset_file SET path = ${`${path}.xmp`} WHERE "assetId" = ${asset.id} AND type = 'sidecar'`;
    return `the storage template moves ${scene.call(asset)}`;
  }),
  // It leaves no trace: rows that name the right files are not written.
  regenerate: untraced(async (scene) => {
    const asset = await scene.any(hasPictures(scene));
    if (asset === undefined) return;
    await makePictures(scene.home, asset.id, asset.ownerId);
    return `the thumbnails of ${scene.call(asset)} are made anew`;
  }),
  encodeVideo: traced(async (scene) => {
    const asset = await scene.own(scene.sql`a.type = 'VIDEO' AND a.visibility <> 'hidden'`);
    if (asset === undefined) return;
    const path = `${MEDIA}/encoded-video/${asset.ownerId}/${nested(asset.id)}/${asset.id}.mp4`;
    scene.home.write(path);
    await scene.sql`
      INSERT INTO asset_file ("assetId", type, path) VALUES (${asset.id}, 'encoded_video', ${path})
      ON CONFLICT ("assetId", type, "isEdited") DO UPDATE SET path = excluded.path`;
    return `${scene.call(asset)} is transcoded`;
  }),
  addSidecar: traced(async (scene) => {
    const asset = await scene.own(hasPictures(scene));
    if (asset === undefined) return;
    await addSidecar(scene.home, asset.id, asset.originalPath);
    await extract(scene, asset);
    return `${scene.call(asset)} gets a sidecar`;
  }),
  removeSidecar: traced(async (scene) => {
    const asset = await scene.own(
      scene.sql`EXISTS (SELECT FROM asset_file f WHERE f."assetId" = a.id AND f.type = 'sidecar')`,
    );
    if (asset === undefined) return;
    scene.home.remove(`${asset.originalPath}.xmp`);
    await scene.sql`DELETE FROM asset_file WHERE "assetId" = ${asset.id} AND type = 'sidecar'`;
    // A sidecar check is always followed by metadata extraction.
    await extract(scene, asset);
    return `${scene.call(asset)} loses its sidecar`;
  }),
  // From: OcrService.handleOcr and OcrRepository.upsert (v2.7.5 and v3.1.0: services/ocr.service.ts:14-64).
  recognizeText: traced(async (scene) => {
    const asset = await scene.own(hasPictures(scene));
    if (asset === undefined) return;
    await scene.sql`DELETE FROM asset_ocr WHERE "assetId" = ${asset.id}`;
    await addText(scene.home, asset.id, `other text ${scene.home.next()}`);
    await scene.sql`UPDATE asset_job_status SET "ocrAt" = now() WHERE "assetId" = ${asset.id}`;
    return `the text of ${scene.call(asset)} is recognized anew`;
  }),
  searchAnew: untraced(async (scene) => {
    const asset = await scene.own(hasPictures(scene));
    if (asset === undefined) return;
    await scene.sql`DELETE FROM smart_search WHERE "assetId" = ${asset.id}`;
    await scene.home.insert('smart_search', { assetId: asset.id, embedding: embedding(scene.home.next()) });
    return `smart search looks at ${scene.call(asset)} anew`;
  }),
};

/** AssetExtractMetadata. Returns whether its file was there to be read. */
export async function extract({ home }: Scene, asset: Asset, options?: { isPartly: boolean }): Promise<boolean> {
  return await extractMetadata(home, asset.id, mediaOf(asset.originalFileName), options);
}

export function hasPictures(scene: Scene) {
  return scene.sql`EXISTS (SELECT FROM asset_file f WHERE f."assetId" = a.id AND f.type = 'preview')`;
}

function setState(words: string, set: (scene: Scene) => ReturnType<Scene['sql']>, from?: string) {
  return traced(async (scene) => {
    const asset = await scene.own(
      from === undefined
        ? scene.sql`a.visibility <> 'hidden' AND a.status = 'active'`
        : scene.sql`a.visibility = ${from}`,
    );
    if (asset === undefined) return;
    await scene.sql`UPDATE asset SET ${set(scene)} WHERE id = ${asset.id}`;
    return `${scene.call(asset)} ${words}`;
  });
}

async function setTime({ sql }: Scene, asset: Asset, modifiedAt: Date): Promise<void> {
  await sql`UPDATE asset SET "fileModifiedAt" = ${modifiedAt} WHERE id = ${asset.id}`;
  await sql`UPDATE asset_exif SET "modifyDate" = ${modifiedAt} WHERE "assetId" = ${asset.id}`;
}

/** The stack of which an asset is the primary one gets another, or goes, so that the asset can go. */
export async function handOverStack({ sql }: Pick<Household, 'sql'>, asset: Pick<Asset, 'id'>): Promise<void> {
  const [stack] = await sql<{ id: string }[]>`SELECT id FROM stack WHERE "primaryAssetId" = ${asset.id}`;
  if (stack === undefined) return;
  const others = await sql<{ id: string }[]>`
    SELECT id FROM asset WHERE "stackId" = ${stack.id} AND id <> ${asset.id} ORDER BY id`;
  if (others.length >= 2) {
    await sql`UPDATE stack SET "primaryAssetId" = ${others[0]?.id ?? ''} WHERE id = ${stack.id}`;
  } else await sql`DELETE FROM stack WHERE id = ${stack.id}`;
}

/** As AssetDelete does: stack, row, then every file it names. */
export async function deleteAsset(home: Household, asset: Asset, { onDisk = true } = {}): Promise<void> {
  const { sql } = home;
  const files = await sql<{ path: string }[]>`SELECT path FROM asset_file WHERE "assetId" = ${asset.id}`;
  await handOverStack(home, asset);
  await sql`DELETE FROM asset WHERE id = ${asset.id}`;
  for (const { path } of files) home.remove(path);
  if (onDisk) home.remove(asset.originalPath);
  if (asset.livePhotoVideoId === null) return;
  const [motion] = await sql<Asset[]>`SELECT * FROM asset WHERE id = ${asset.livePhotoVideoId}`;
  if (motion !== undefined) await deleteAsset(home, motion);
}
