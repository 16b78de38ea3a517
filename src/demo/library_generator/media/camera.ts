import type { TiffField } from './tiff.ts';

/** What the camera wrote into the file. The same values stand in `asset_exif`. */
export interface CameraData {
  readonly make: string;
  readonly model: string;
  readonly lensModel: string;
  readonly fNumber: number;
  readonly focalLength: number;
  readonly iso: number;
  /** In seconds, as `1/125`. */
  readonly exposureTime: string;
  /** EXIF orientation, 1 to 8. */
  readonly orientation: number;
  /** Wall clock without offset: `2023-07-14T15:30:00`. */
  readonly takenAt: string;
  /** `+02:00` */
  readonly offset: string;
}

/** The camera's fields for IFD0 and for the Exif directory. */
export function cameraFields(camera: CameraData): { root: TiffField[]; exif: TiffField[] } {
  const takenAt = camera.takenAt.replaceAll('-', ':').replace('T', ' ');
  const [numerator = 1, denominator = 1] = camera.exposureTime.split('/').map(Number);
  return {
    root: [
      { tag: 0x010f, type: 'ascii', values: camera.make },
      { tag: 0x0110, type: 'ascii', values: camera.model },
      { tag: 0x0112, type: 'short', values: [camera.orientation] },
    ],
    exif: [
      { tag: 0x829a, type: 'rational', values: [numerator / denominator] },
      { tag: 0x829d, type: 'rational', values: [camera.fNumber] },
      { tag: 0x8827, type: 'short', values: [camera.iso] },
      { tag: 0x9000, type: 'undefined', values: [0x30, 0x32, 0x33, 0x32] },
      { tag: 0x9003, type: 'ascii', values: takenAt },
      { tag: 0x9004, type: 'ascii', values: takenAt },
      { tag: 0x9011, type: 'ascii', values: camera.offset },
      { tag: 0x9012, type: 'ascii', values: camera.offset },
      { tag: 0x920a, type: 'rational', values: [camera.focalLength] },
      { tag: 0xa434, type: 'ascii', values: camera.lensModel },
    ],
  };
}
