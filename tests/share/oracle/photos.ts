import { createHash } from 'node:crypto';
import { extractMetadata } from '../../harness/immich_jobs/metadata.ts';
import { type FileTags, writeXmp } from '../../harness/immich_jobs/xmp.ts';
import { EXTERNAL, type Household, MEDIA, type Name } from './household.ts';

/** A photo that somebody is about to have. */
export interface NewPhoto {
  readonly owner: Name;
  readonly kind: 'external' | 'upload';
  readonly type?: 'IMAGE' | 'VIDEO';
  /** Each face belongs to one of these people, or to nobody. */
  readonly people?: readonly (string | null)[];
  readonly text?: string;
  readonly hasSidecar?: boolean;
  /** A library scan has found it, and nothing more has happened. */
  readonly isPending?: boolean;
  /** The hidden video of this still. */
  readonly motionOf?: string;
  /** Immich has taken it out of the still. */
  readonly isExtracted?: boolean;
  /** Of a still; default: one that nothing else has. */
  readonly fileName?: string;
  /** Default: `family` and then the number. */
  readonly folder?: string;
  /** Another photo with the same name and the same moment. */
  readonly like?: { readonly fileName: string; readonly takenAt: string };
}

/** The video in a motion photo of this name: the same in each of its mirrors. */
export function videoIn(fileName: string | undefined): string {
  return `the video in ${fileName}`;
}

/** An asset as Immich leaves it when all its jobs have run. Returns its id. */
export async function addPhoto(home: Household, photo: NewPhoto): Promise<string> {
  const user = home.users[photo.owner];
  const [id, number] = [home.newId(), home.next()];
  const isExternal = photo.kind === 'external';
  const type = photo.type ?? (photo.motionOf === undefined ? 'IMAGE' : 'VIDEO');
  const extension = type === 'IMAGE' ? 'jpg' : 'mp4';
  const fileName = photo.like?.fileName ?? `${photo.owner}-${number}.${extension}`;
  const path = photo.isExtracted
    ? `${MEDIA}/encoded-video/${user.id}/${nested(id)}/${id}-MP.mp4`
    : isExternal
    ? `${EXTERNAL}/${photo.owner}/${photo.folder ?? 'family'}/${fileName}`
    : `${MEDIA}/upload/${user.id}/${nested(id)}/${id}.${extension}`;
  const modifiedAt = photo.isExtracted ? home.write(path, videoIn(photo.fileName)) : home.write(path);
  const takenAt = photo.like?.takenAt ?? new Date(Date.UTC(2020, 0, 1) + number * 3_600_000).toISOString();
  const hashed = photo.isExtracted ? Deno.readFileSync(home.local(path)) : isExternal ? `path:${path}` : id;
  const checksum = createHash('sha1').update(hashed).digest('hex');
  const isFile = !isExternal || photo.isExtracted === true;
  await home.insert('asset', {
    id,
    ownerId: user.id,
    libraryId: isExternal ? user.libraryId : null,
    isExternal: isExternal && photo.isExtracted !== true,
    type,
    originalPath: path,
    originalFileName: fileName,
    checksum: `\\x${checksum}`,
    checksumAlgorithm: isFile ? 'sha1' : 'sha1-path',
    deviceId: photo.isExtracted ? 'NONE' : isExternal ? 'Library Import' : 'phone',
    deviceAssetId: fileName,
    fileCreatedAt: takenAt,
    fileModifiedAt: modifiedAt,
    localDateTime: takenAt,
    visibility: photo.motionOf === undefined ? 'timeline' : 'hidden',
  });
  if (photo.motionOf !== undefined) {
    await home.sql`UPDATE asset SET "livePhotoVideoId" = ${id} WHERE id = ${photo.motionOf}`;
  }
  if (!photo.isPending) await processPhoto(home, id, photo);
  return id;
}

/** What Immich's jobs make of a new asset: metadata, thumbnails, search, faces, text. */
export async function processPhoto(home: Household, id: string, photo: Partial<NewPhoto> = {}): Promise<void> {
  const [asset] = await home.sql<
    {
      ownerId: string;
      originalPath: string;
      originalFileName: string;
      type: string;
      visibility: string;
      takenAt: string;
    }[]
  >`
    SELECT "ownerId", "originalPath", "originalFileName", type, visibility, "fileCreatedAt"::text AS "takenAt" FROM asset WHERE id = ${id}`;
  if (asset === undefined) return;
  const number = home.next();
  const at = '2024-11-10T10:00:00Z';
  await home.insert('asset_exif', {
    assetId: id,
    make: 'Maker',
    fileSizeInByte: number,
    orientation: '1',
    exifImageWidth: 640,
    exifImageHeight: 480,
    dateTimeOriginal: asset.takenAt,
    timeZone: 'UTC+1',
    description: '',
  });
  if (photo.hasSidecar) await addSidecar(home, id, asset.originalPath);
  const isHidden = asset.visibility === 'hidden';
  await home.insert('asset_job_status', {
    assetId: id,
    metadataExtractedAt: at,
    facesRecognizedAt: isHidden ? null : at,
    duplicatesDetectedAt: isHidden ? null : at,
    ocrAt: isHidden ? null : at,
  });
  if (photo.hasSidecar && home.has('asset', 'isEdited')) {
    await extractMetadata(home, id, mediaOf(asset.originalFileName));
  }
  if (asset.type === 'VIDEO') await addVideoRows(home, id);
  const size = home.has('asset', 'width') ? home.sql`width = 640, height = 480,` : home.sql``;
  await home.sql`
    UPDATE asset SET ${size} thumbhash = ${isHidden ? null : new Uint8Array([1, number % 256])}
    WHERE id = ${id}`;
  if (isHidden) return;
  await makePictures(home, id, asset.ownerId);
  await home.insert('smart_search', { assetId: id, embedding: embedding(number) });
  if (photo.text !== undefined) await addText(home, id, photo.text);
  for (const person of photo.people ?? []) await addFace(home, id, person);
}

async function addVideoRows(home: Household, assetId: string): Promise<void> {
  const common = { assetId, bitrate: home.next(), index: 0, profile: null, codecName: 'h264' };
  await home.insert('asset_video', {
    ...common,
    frameCount: 10,
    timeBase: 600,
    level: null,
    colorPrimaries: 1,
    colorTransfer: 1,
    colorMatrix: 1,
    dvProfile: null,
    dvLevel: null,
    dvBlSignalCompatibilityId: null,
    formatName: 'mov',
    formatLongName: 'QuickTime',
    pixelFormat: 'yuv420p',
  });
  await home.insert('asset_audio', { ...common, codecName: 'aac' });
  await home.insert('asset_keyframe', {
    assetId,
    pts: [0],
    accDuration: [1],
    ownDuration: [1],
    totalDuration: 1,
    packetCount: 1,
    outputFrames: 1,
  });
}

export async function addText(home: Household, assetId: string, text: string): Promise<void> {
  const corner = home.next() / 1000;
  await home.insert('asset_ocr', {
    assetId,
    id: home.newId(),
    ...{ x1: corner, y1: 0, x2: 1, y2: 0, x3: 1, y3: 1, x4: corner, y4: 1 },
    boxScore: 0.5,
    textScore: 0.5,
    text,
    isVisible: true,
  });
  if (!home.has('ocr_search')) return;
  await home.sql`
    INSERT INTO ocr_search ("assetId", text) VALUES (${assetId}, ${text})
    ON CONFLICT ("assetId") DO UPDATE SET text = excluded.text`;
}

export interface FaceDetails {
  readonly sourceType?: 'machine-learning' | 'manual' | 'exif';
}

/** A face nobody else has the box of. Returns its id. */
export async function addFace(
  home: Household,
  assetId: string,
  person: string | null,
  { sourceType = 'machine-learning' }: FaceDetails = {},
): Promise<string> {
  const [id, number] = [home.newId(), home.next()];
  await home.insert('asset_face', {
    id,
    assetId,
    personGroupId: person,
    imageWidth: 4000,
    imageHeight: 4000,
    boundingBoxX1: number,
    boundingBoxY1: number,
    boundingBoxX2: number + 10 + number % 7,
    boundingBoxY2: number + 10,
    sourceType,
  });
  if (sourceType === 'machine-learning') await home.insert('face_search', { faceId: id, embedding: embedding(number) });
  return id;
}

/** Somebody new in a user's account. Returns the id by which faces know him. */
export async function addPerson(home: Household, owner: Name, name: string): Promise<string> {
  const id = home.newId();
  const ownerId = home.users[owner].id;
  const thumbnailPath = personThumbnail(ownerId, id);
  if (home.isGrouped) {
    await home.sql`
      INSERT INTO person_group (id, "clusterGroupId")
      SELECT ${id}, "clusterGroupId" FROM "user" WHERE id = ${ownerId}`;
  }
  home.write(thumbnailPath);
  await home.insert('person', { personGroupId: id, ownerId, name, thumbnailPath });
  return id;
}

export function personThumbnail(ownerId: string, person: string): string {
  return `${MEDIA}/thumbs/${ownerId}/${nested(person)}/${person}.jpeg`;
}

/**
 * Thumbnails, written again, into the files that are there, or for the first time. Rows that name the right file are left alone.
 *
 * From: MediaService.handleGenerateThumbnails and syncFiles (v2.7.5 and v3.1.0, and their statement logs: made again, they write nothing to asset_file).
 */
export async function makePictures(home: Household, assetId: string, ownerId: string, isEdited = false): Promise<void> {
  const types = isEdited ? ['thumbnail', 'preview', 'fullsize'] : ['thumbnail', 'preview'];
  for (const type of types) {
    const suffix = isEdited ? `${type}_edited` : type;
    const path = `${MEDIA}/thumbs/${ownerId}/${nested(assetId)}/${assetId}_${suffix}.${
      type === 'thumbnail' ? 'webp' : 'jpeg'
    }`;
    home.overwrite(path);
    await upsertFile(home, assetId, type, path, isEdited);
  }
}

/** A sidecar that another program has written. */
export async function addSidecar(home: Household, assetId: string, originalPath: string): Promise<void> {
  home.write(`${originalPath}.xmp`, writeXmp(someTags(home.next())));
  if (home.has('asset', 'sidecarPath')) {
    await home.sql`UPDATE asset SET "sidecarPath" = ${`${originalPath}.xmp`} WHERE id = ${assetId}`;
    return;
  }
  await upsertFile(home, assetId, 'sidecar', `${originalPath}.xmp`, false);
}

/** As Immich does it: the row of a file is updated when it is made again. */
async function upsertFile(
  home: Household,
  assetId: string,
  type: string,
  path: string,
  isEdited: boolean,
): Promise<void> {
  const { sql } = home;
  const [column, value] = home.has('asset_file', 'isEdited') ? [sql`, "isEdited"`, sql`, ${isEdited}`] : [sql``, sql``];
  await sql`
    INSERT INTO asset_file ("assetId", type, path ${column})
    VALUES (${assetId}, ${type}, ${path} ${value})
    ON CONFLICT ("assetId", type ${column}) DO UPDATE SET path = excluded.path
    WHERE asset_file.path <> excluded.path`;
}

function someTags(number: number): FileTags {
  return {
    ...(number % 2 === 0 ? { description: `words in a sidecar ${number}` } : {}),
    ...(number % 3 === 0 ? { rating: number % 5 + 1 } : {}),
    ...(number % 5 === 0 ? { dateTimeOriginal: `20${10 + number % 10}-03-01T10:00:00+02:00` } : {}),
  };
}

/** What a photo of this name says by itself: when it was taken. */
export function mediaOf(fileName: string): FileTags {
  const number = Number(/-(\d+)\./.exec(fileName)?.[1] ?? 0);
  const local = new Date(Date.UTC(2020, 0, 1) + (number + 1) * 3_600_000).toISOString();
  return { dateTimeOriginal: local.replace('.000Z', '+01:00') };
}

/** `aa/bb` of a generated file. */
export function nested(id: string): string {
  return `${id.slice(0, 2)}/${id.slice(2, 4)}`;
}

/** One of infinitely many directions in 512 dimensions. */
export function embedding(number: number): number[] {
  return Array.from({ length: 512 }, (_, index) => index === number % 512 ? 1 : index === 0 ? 0.5 : 0);
}
