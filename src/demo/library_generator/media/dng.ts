import type { Bytes } from './bytes.ts';
import { concat, utf8 } from './bytes.ts';
import type { CameraData } from './camera.ts';
import { cameraFields } from './camera.ts';
import { randomNumbers } from './random.ts';
import { encodeTiff } from './tiff.ts';

/** A DNG 1.4 with an 8 bit Bayer pattern: a raw file to ExifTool, LibRaw and Immich. `unique` follows the pixels. */
export function encodeDng(variant: number, width: number, height: number, camera: CameraData, unique: string): Bytes {
  const { root, exif } = cameraFields(camera);
  const file = encodeTiff({
    fields: [
      ...root,
      { tag: 0x00fe, type: 'long', values: [0] },
      { tag: 0x0100, type: 'long', values: [width] },
      { tag: 0x0101, type: 'long', values: [height] },
      { tag: 0x0102, type: 'short', values: [8] },
      { tag: 0x0103, type: 'short', values: [1] },
      { tag: 0x0106, type: 'short', values: [32803] },
      { tag: 0x0115, type: 'short', values: [1] },
      { tag: 0x0116, type: 'long', values: [height] },
      { tag: 0x0117, type: 'long', values: [width * height] },
      { tag: 0x011c, type: 'short', values: [1] },
      { tag: 0x828d, type: 'short', values: [2, 2] },
      { tag: 0x828e, type: 'byte', values: [0, 1, 1, 2] },
      { tag: 0xc612, type: 'byte', values: [1, 4, 0, 0] },
      { tag: 0xc613, type: 'byte', values: [1, 1, 0, 0] },
      { tag: 0xc614, type: 'ascii', values: `${camera.make} ${camera.model}` },
      { tag: 0xc621, type: 'signedRational', values: [1, 0, 0, 0, 1, 0, 0, 0, 1] },
      { tag: 0xc628, type: 'rational', values: [0.5, 1, 0.6] },
      { tag: 0xc65a, type: 'short', values: [21] },
    ],
    exif,
    strip: sensorValues(variant, width, height),
  });
  return concat(file, utf8(unique));
}

function sensorValues(variant: number, width: number, height: number): Uint8Array {
  const random = randomNumbers(variant, 'sensor');
  const centre = { x: random() * width, y: random() * height };
  return Uint8Array.from({ length: width * height }, (_, index) => {
    const distance = Math.hypot(index % width - centre.x, Math.floor(index / width) - centre.y);
    return 40 + 180 * Math.exp(-distance / (0.4 * width));
  });
}
