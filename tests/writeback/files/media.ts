import type { CameraData } from '../../../src/demo/library_generator/media/camera.ts';
import { cameraFields } from '../../../src/demo/library_generator/media/camera.ts';
import { withMotionVideo } from '../../../src/demo/library_generator/media/jpeg.ts';
import { makeOriginal, makeThumbnail } from '../../../src/demo/library_generator/media/media.ts';
import { encodeTiff } from '../../../src/demo/library_generator/media/tiff.ts';

export const CAMERA: CameraData = {
  make: 'Panasonic',
  model: 'DMC-G9',
  lensModel: 'LUMIX 12-60',
  fNumber: 2.8,
  focalLength: 25,
  iso: 200,
  exposureTime: '1/125',
  orientation: 1,
  takenAt: '2019-01-02T03:04:05',
  offset: '+01:00',
};

export const FORMATS = Object.freeze(['jpg', 'png', 'tif', 'webp', 'heic', 'dng', 'mp4', 'mov'] as const);
export type Format = typeof FORMATS[number];

/** A small file of a format that cameras, telephones and editors write, with a camera's EXIF where the maker knows how. */
export function makeFile(format: Format, orientation = 1, unique = 'x'): Uint8Array<ArrayBuffer> {
  const camera = { ...CAMERA, orientation };
  const motif = { scene: 'sea', variant: 1 } as const;
  switch (format) {
    case 'jpg':
      return makeOriginal('jpeg', motif, camera, unique);
    case 'tif':
      return makeTiff(camera);
    case 'webp':
      return makeThumbnail('sea', unique);
    default:
      return makeOriginal(format, motif, camera, unique);
  }
}

/** A JPEG with a film behind it, as telephones make them; XMP says how long the film is. */
export function makeMotionPhoto(): { file: Uint8Array<ArrayBuffer>; film: Uint8Array<ArrayBuffer> } {
  const film = makeOriginal('motion', { scene: 'sea', variant: 1 }, CAMERA, 'film');
  return { file: withMotionVideo(makeFile('jpg'), film), film };
}

function makeTiff(camera: CameraData): Uint8Array<ArrayBuffer> {
  const [width, height] = [32, 24];
  const { root, exif } = cameraFields(camera);
  return encodeTiff({
    fields: [
      ...root,
      { tag: 0x0100, type: 'long', values: [width] },
      { tag: 0x0101, type: 'long', values: [height] },
      { tag: 0x0102, type: 'short', values: [8] },
      { tag: 0x0103, type: 'short', values: [1] },
      { tag: 0x0106, type: 'short', values: [1] },
      { tag: 0x0115, type: 'short', values: [1] },
      { tag: 0x0116, type: 'long', values: [height] },
      { tag: 0x0117, type: 'long', values: [width * height] },
    ],
    exif,
    strip: Uint8Array.from({ length: width * height }, (_, index) => index % 251),
  });
}
