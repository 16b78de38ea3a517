import type { Name } from '../household.ts';
import { addFace, addPerson, embedding } from '../photos.ts';
import { assign, deletePerson } from './people.ts';
import { deleteAsset, handOverStack, hasPictures } from './photos.ts';
import { type Asset, type Deeds, type Face, type Scene, traced, untraced } from './scene.ts';

/** What the target's owner does to mirrors as wholes, and what Immich's jobs do to them. */
export const TARGET_DEEDS: Deeds = {
  trashMirror: traced(async (scene) => {
    const mirror = await scene.mirror(scene.sql`a.status = 'active'`);
    if (mirror === undefined) return;
    await scene.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${mirror.id}`;
    return `${scene.call(mirror)} is trashed`;
  }),
  // Immich's "Undo".
  restoreMirror: traced(async (scene) => {
    const mirror = await scene.mirror(scene.sql`a.status = 'trashed'`);
    if (mirror === undefined) return;
    await scene.sql`UPDATE asset SET "deletedAt" = NULL, status = 'active' WHERE id = ${mirror.id}`;
    return `${scene.call(mirror)} is taken out of the trash`;
  }),
  emptyTrash: traced(async (scene) => {
    const owner = scene.home.users[scene.name()].id;
    const trashed = (await scene.assets(scene.sql`a.status = 'trashed' AND a."ownerId" = ${owner}`))
      .filter(({ isMirror }) => isMirror);
    for (const mirror of trashed) await deleteAsset(scene.home, mirror);
    return trashed.length === 0 ? undefined : `${scene.nameOf(owner)} empties the trash of ${trashed.length} mirrors`;
  }),
  // From: AssetService.handleAssetDeletionCheck (v3.1.0: services/asset.service.ts:274-307): the row and what Immich has made, not the original.
  purgeOffline: traced(async (scene) => {
    const mirror = await scene.mirror(scene.sql`a."isOffline"`);
    if (mirror === undefined) return;
    await deleteAsset(scene.home, { ...mirror, livePhotoVideoId: null }, { onDisk: false });
    return `${scene.call(mirror)}, which was offline for a month, is purged`;
  }),
  deleteMirror: traced(async (scene) => {
    const mirror = await scene.mirror();
    if (mirror === undefined) return;
    await deleteAsset(scene.home, { ...mirror, livePhotoVideoId: null });
    return `${scene.call(mirror)} is deleted for good`;
  }),
  lockMirror: traced(async (scene) => {
    const mirror = await scene.mirror(scene.sql`a.visibility <> 'hidden'`);
    if (mirror === undefined) return;
    await scene.sql`DELETE FROM album_asset WHERE ${scene.sql(albumAssetKey(scene))} = ${mirror.id}`;
    await scene.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${mirror.id}`;
    return `${scene.call(mirror)} is moved to the locked folder`;
  }),
  loseMirror: untraced(async (scene) => {
    // Where the journal is lost as well nothing tells whose the files were.
    const mirror = await scene.mirror(scene.sql`EXISTS (SELECT FROM immich_sidecar.link l WHERE l.mirror_id = a.id)`);
    if (mirror === undefined) return;
    await handOverStack(scene, mirror);
    await scene.sql`DELETE FROM asset WHERE id = ${mirror.id}`;
    await scene.sql`DELETE FROM asset_audit WHERE "assetId" = ${mirror.id}`;
    return `${scene.call(mirror)} is not in the backup that is restored`;
  }),
  outOfAlbum: traced(async (scene) => {
    const mirror = await scene.mirror(inAlbum(scene));
    if (mirror === undefined) return;
    await scene.sql`DELETE FROM album_asset WHERE ${scene.sql(albumAssetKey(scene))} = ${mirror.id}`;
    return `${scene.call(mirror)} is taken out of the album`;
  }),
  intoAlbum: traced(async (scene) => {
    const mirror = await scene.mirror(scene.sql`a.visibility = 'timeline' AND NOT ${inAlbum(scene)}`);
    const user = Object.values(scene.home.users).find(({ id }) => id === mirror?.ownerId);
    if (mirror === undefined || user === undefined) return;
    await scene.home.insert('album_asset', { albumId: user.albumId, assetId: mirror.id });
    return `${scene.call(mirror)} is put into the album by hand`;
  }),
  addManualFace: traced(async (scene) => {
    const mirror = await scene.mirror(scene.sql`a.visibility <> 'hidden'`);
    if (mirror === undefined) return;
    const person = scene.one(await scene.people(mirror.ownerId));
    if (person === undefined) return;
    await addFace(scene.home, mirror.id, person.id, { sourceType: 'manual' });
    return `a face is added to ${scene.call(mirror)} by hand`;
  }),
  // From: PersonService.handleDetectFaces (v2.7.5: services/person.service.ts, v3.1.0: :299-382), with faces that have no counterpart among the old ones.
  detectFaces: traced(async (scene) => {
    const mirror = await scene.mirror(hasPictures(scene));
    if (mirror === undefined) return;
    await scene.sql`DELETE FROM asset_face WHERE "assetId" = ${mirror.id} AND "sourceType" = 'machine-learning'`;
    for (let count = scene.number(3); count > 0; count--) await addFace(scene.home, mirror.id, null);
    await scene.sql`UPDATE asset_job_status SET "facesRecognizedAt" = now() WHERE "assetId" = ${mirror.id}`;
    return `Immich detects the faces on ${scene.call(mirror)} anew`;
  }),
  // From: PersonService.handleQueueRecognizeFaces with `force` and handlePersonCleanup (v3.1.0: services/person.service.ts:402-463, 261-265), then
  // handleRecognizeFaces (:466-541) for some of them.
  resetRecognition: traced(async (scene) => {
    const owner = scene.name();
    const ownerId = scene.home.users[owner].id;
    const faces = (await scene.faces(scene.sql`f."sourceType" = 'machine-learning'`)).filter((face) =>
      face.ownerId === ownerId && face.isMirror
    );
    if (faces.length === 0) return;
    for (const face of faces) await assign(scene, face.id, null);
    const cleans = scene.chance(2);
    if (cleans) await cleanPeople(scene, ownerId);
    const found = scene.chance(2) ? await addPerson(scene.home, owner, '') : undefined;
    if (found !== undefined) await recognize(scene, faces, found);
    return `Immich resets the people on ${owner}'s mirrors${cleans ? ', cleans up' : ''}${
      found === undefined ? '' : ' and finds somebody'
    }`;
  }),
  // The same for everybody, by an administrator ("Facial recognition: reset"): sources' faces, mirrored ones, and those of people with names. Recognition then
  // finds some of them again, as somebody without a name. People stay from 2.5 to 3.1, as the clean-up of these finds nobody (docs/immich.md).
  resetAllRecognition: traced(async (scene) => {
    const { faceKey } = scene.home;
    const { count } = await scene.sql`
      UPDATE asset_face SET ${scene.sql(faceKey)} = NULL WHERE "sourceType" = 'machine-learning'`;
    if (count === 0) return;
    const cleans = scene.home.isGrouped;
    for (const owner of scene.names) if (cleans) await cleanPeople(scene, scene.home.users[owner].id);
    const found: Name[] = [];
    for (const owner of scene.names) {
      const faces = (await scene.faces(scene.sql`f."sourceType" = 'machine-learning' AND f."deletedAt" IS NULL`))
        .filter(({ ownerId }) => ownerId === scene.home.users[owner].id);
      if (faces.length === 0 || !scene.chance(2)) continue;
      await recognize(scene, faces, await addPerson(scene.home, owner, ''));
      found.push(owner);
    }
    return `Immich resets all people${cleans ? ', cleans up' : ''} and finds somebody for ${
      found.join(', ') || 'nobody'
    }`;
  }),
  // From: LibraryService.handleSyncAssets and checkExistingAsset (v3.1.0: services/library.service.ts:717-794, 495-591).
  markOffline: traced(async (scene) => {
    const mirror = await scene.mirror(scene.sql`a.status = 'active'`);
    if (mirror === undefined) return;
    const isGone = scene.chance(2);
    if (isGone) scene.home.remove(mirror.originalPath);
    await scene.sql`UPDATE asset SET "isOffline" = true, "deletedAt" = now() WHERE id = ${mirror.id}`;
    return `a scan marks ${scene.call(mirror)} offline${isGone ? ', as its file is gone' : ''}`;
  }),
  loseFile: untraced(async (scene) => {
    const mirror = await scene.mirror();
    if (mirror === undefined) return;
    const files = await scene.sql<{ path: string }[]>`
      SELECT path FROM asset_file WHERE "assetId" = ${mirror.id} ORDER BY type, path`;
    const path = scene.one([mirror.originalPath, ...files.map((file) => file.path)]) ?? mirror.originalPath;
    scene.home.remove(path);
    return `a file of ${scene.call(mirror)} is lost: ${path.slice(path.lastIndexOf('.'))}`;
  }),
  // From: MediaService.handleGenerateThumbnails and syncFiles (v3.1.0: services/media.service.ts:213-252, 792-869), which forgets the text of boxes that no
  // crop has hidden (v2.5.0 to v3.1.0). That is the only statement (statement logs of 2.7.5 and 3.1.0); the pictures come out as they were.
  wipeText: traced(async (scene) => {
    const asset = await scene.any(hasPictures(scene));
    if (asset === undefined) return;
    await scene.sql`UPDATE ocr_search SET text = '' WHERE "assetId" = ${asset.id}`;
    return `Immich makes the thumbnails of ${scene.call(asset)} anew and forgets its text`;
  }),
  // From: SmartInfoService, when the model is changed, and handleEncodeClip (v3.1.0: services/smart-info.service.ts:36-127).
  dropSearch: untraced(async (scene) => {
    const mirror = await scene.mirror(hasPictures(scene));
    if (mirror === undefined) return;
    await scene.sql`DELETE FROM smart_search WHERE "assetId" = ${mirror.id}`;
    if (scene.chance(2)) {
      await scene.home.insert('smart_search', { assetId: mirror.id, embedding: embedding(scene.home.next()) });
    }
    return `Immich drops the embedding of ${scene.call(mirror)}`;
  }),
};

/** Every other of these faces becomes this person's, who was found by the first and has it as cover: it may be on a mirror. */
async function recognize(scene: Scene, faces: readonly Face[], person: string): Promise<void> {
  const [cover] = faces;
  if (cover === undefined) return;
  await scene.sql`
    UPDATE person SET "faceAssetId" = ${cover.id}
    WHERE ${scene.isPerson({ id: person, ownerId: cover.ownerId, name: '', isMirror: false })}`;
  for (const face of faces.filter((_, index) => index % 2 === 0)) await assign(scene, face.id, person);
}

/** People without any face, whoever's: as the releases do that clean up. */
async function cleanPeople(scene: Scene, ownerId: string): Promise<void> {
  const faces = new Set((await scene.faces()).map(({ person }) => person));
  for (const person of await scene.people(ownerId)) if (!faces.has(person.id)) await deletePerson(scene, person);
}

function albumAssetKey(scene: Scene): string {
  return scene.home.has('album_asset', 'assetId') ? 'assetId' : 'assetsId';
}

function inAlbum(scene: Scene) {
  return scene.sql`EXISTS (SELECT FROM album_asset aa WHERE aa.${scene.sql(albumAssetKey(scene))} = a.id)`;
}

/** Stacks, of own photos and of mirrors. */
export const STACK_DEEDS: Deeds = {
  stack: traced(async (scene) => {
    const first = await scene.any(scene.sql`a."stackId" IS NULL AND a.visibility = 'timeline' AND a.status = 'active'`);
    if (first === undefined) return;
    const others = (await scene.assets(scene.sql`
      a."ownerId" = ${first.ownerId} AND a."stackId" IS NULL AND a.visibility = 'timeline' AND a.id <> ${first.id}`))
      .filter(({ isMirror }) => isMirror === first.isMirror);
    const members = [first, scene.one(others), scene.one(others)].filter((asset) => asset !== undefined);
    if (new Set(members.map(({ id }) => id)).size < 2) return;
    const id = scene.home.newId();
    await scene.home.insert('stack', { id, primaryAssetId: first.id, ownerId: first.ownerId });
    await scene.sql`UPDATE asset SET "stackId" = ${id} WHERE id = ANY (${members.map((asset) => asset.id)}::uuid[])`;
    return `${members.map((asset) => scene.call(asset)).join(', ')} are stacked`;
  }),
  unstack: traced(async (scene) => {
    const asset = await scene.own(scene.sql`a."stackId" IS NOT NULL`);
    if (asset?.stackId === null || asset === undefined) return;
    await dissolve(scene, asset);
    return `the stack of ${scene.call(asset)} is dissolved`;
  }),
  stackPrimary: traced(async (scene) => {
    const asset = await scene.own(scene.sql`a."stackId" IS NOT NULL`);
    if (asset === undefined) return;
    await scene.sql`UPDATE stack SET "primaryAssetId" = ${asset.id} WHERE id = ${asset.stackId}`;
    return `${scene.call(asset)} is the first of its stack`;
  }),
  leaveStack: traced(async (scene) => {
    const asset = await scene.own(scene.sql`
      a."stackId" IS NOT NULL AND NOT EXISTS (SELECT FROM stack s WHERE s."primaryAssetId" = a.id)`);
    if (asset === undefined) return;
    await scene.sql`UPDATE asset SET "stackId" = NULL WHERE id = ${asset.id}`;
    await scene.sql`UPDATE stack SET "updatedAt" = now() WHERE id = ${asset.stackId}`;
    return `${scene.call(asset)} leaves its stack`;
  }),
};

/** As Immich: the members are let go, then the stack goes. */
async function dissolve({ sql }: Scene, { stackId }: Asset): Promise<void> {
  await sql`UPDATE asset SET "stackId" = NULL WHERE "stackId" = ${stackId}`;
  await sql`DELETE FROM stack WHERE id = ${stackId}`;
}
