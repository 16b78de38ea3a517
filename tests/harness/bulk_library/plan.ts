import { createHash } from 'node:crypto';
import type { Bytes } from '../../../src/demo/library_generator/media/bytes.ts';
import {
  makeOriginal,
  makePortrait,
  makePreview,
  makeThumbnail,
  SIZES,
} from '../../../src/demo/library_generator/media/media.ts';
import type { SceneName } from '../../../src/demo/library_generator/media/picture.ts';
import { SCENES } from '../../../src/demo/library_generator/media/picture.ts';
import type { LibraryContext } from '../../../src/demo/library_generator/context.ts';
import { idOf, userIdOf } from '../../../src/demo/library_generator/ids.ts';
import { generatedImportPath, picturePathOf } from '../../../src/demo/library_generator/paths.ts';

/** What a bulk run adds: the photos `first` to `last`. */
export interface BulkPlan {
  readonly first: number;
  readonly last: number;
  readonly facesPerAsset: number;
  readonly people: number;
}

/** One of many photos. Content is made on demand, so that only one is in memory at a time. */
export interface BulkAsset {
  readonly id: string;
  readonly originalPath: string;
  readonly originalFileName: string;
  readonly previewPath: string;
  readonly thumbnailPath: string;
  readonly checksum: string;
  readonly takenAt: Date;
  readonly modifiedAt: Date;
  readonly original: () => Bytes;
  readonly preview: () => Bytes;
  readonly thumbnail: () => Bytes;
}

const SCENE_NAMES = Object.keys(SCENES) as SceneName[];
const FIRST_TAKEN_AT = Date.UTC(2015, 0, 1);
const MINUTE_MS = 60_000;

/** Photos per directory. */
const DIRECTORY_SIZE = 1_000;

/** Faces of that many people look different. */
const PORTRAITS = 16;

export function bulkAsset(number: number, context: LibraryContext): BulkAsset {
  const id = idOf(context, `bulk:${number}`);
  const ownerId = userIdOf(context, 'alice');
  const originalFileName = `IMG_${String(number).padStart(7, '0')}.jpg`;
  const directory = String(Math.floor((number - 1) / DIRECTORY_SIZE)).padStart(4, '0');
  const originalPath = `${generatedImportPath(context, 'alice')}/family/bulk/${directory}/${originalFileName}`;
  const takenAt = new Date(FIRST_TAKEN_AT + number * 17 * MINUTE_MS);
  const motif = { scene: SCENE_NAMES[number % SCENE_NAMES.length] ?? 'sea', variant: 1 } as const;
  const camera = { ...BULK_CAMERA, takenAt: takenAt.toISOString().slice(0, 19) };
  return {
    id,
    originalPath,
    originalFileName,
    previewPath: picturePathOf(context, ownerId, id, 'preview'),
    thumbnailPath: picturePathOf(context, ownerId, id, 'thumbnail'),
    checksum: createHash('sha1').update(`path:${originalPath}`).digest('hex'),
    takenAt,
    modifiedAt: new Date(takenAt.getTime() + number % 1000),
    original: () => makeOriginal('jpeg', motif, camera, originalFileName),
    preview: () => makePreview(motif, SIZES.jpeg, { isTurned: false }, `${originalFileName} preview`),
    thumbnail: () => makeThumbnail(motif.scene, `${originalFileName} thumbnail`),
  };
}

/** The camera of all bulk photos. */
export const BULK_CAMERA = Object.freeze({
  make: 'TestCam',
  model: 'TC-200',
  lensModel: 'TC 50mm F1.8',
  fNumber: 1.8,
  focalLength: 50,
  iso: 100,
  exposureTime: '1/250',
  orientation: 1,
  offset: '+00:00',
});

/** Counted from 1. */
export function bulkPersonId(context: LibraryContext, number: number): string {
  return idOf(context, `bulk-person:${number}`);
}

export function portraitOf(number: number): Bytes {
  return makePortrait(number % PORTRAITS, `bulk person ${number}`);
}
