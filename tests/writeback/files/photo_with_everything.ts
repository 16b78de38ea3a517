import { cameraFields } from '../../../src/demo/library_generator/media/camera.ts';
import { encodeJpeg } from '../../../src/demo/library_generator/media/jpeg.ts';
import { drawPicture } from '../../../src/demo/library_generator/media/picture.ts';
import { encodeTiff } from '../../../src/demo/library_generator/media/tiff.ts';
import { CAMERA } from './media.ts';

const text = (value: string) => new TextEncoder().encode(value);

/** A JPEG with maker notes (Panasonic's) and a colour profile, as a camera writes it. */
export function photoWithEverything(): Uint8Array<ArrayBuffer> {
  const { root, exif } = cameraFields(CAMERA);
  const tiff = encodeTiff({
    fields: root,
    exif: [...exif, { tag: 0x927c, type: 'undefined', values: [...makerNotes()] }],
  });
  const jpeg = encodeJpeg(drawPicture('sea', 1, 320, 240));
  const segments = [
    segment(0xe1, [text('Exif\0\0'), tiff]),
    segment(0xe2, [text('ICC_PROFILE\0\x01\x01'), colourProfile()]),
  ];
  return joined([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
}

/** Two entries: image quality 2, white balance 3. */
function makerNotes(): Uint8Array {
  const entries = [[0x0001, 2], [0x0003, 3]].flatMap((
    [tag = 0, value = 0],
  ) => [tag & 255, tag >> 8, 3, 0, 1, 0, 0, 0, value, 0, 0, 0]);
  return joined([text('Panasonic\0\0\0'), Uint8Array.of(2, 0, ...entries, 0, 0, 0, 0)]);
}

/** The header of an ICC profile for displays, version 2.1, without tags. */
function colourProfile(): Uint8Array {
  const profile = new Uint8Array(132);
  const view = new DataView(profile.buffer);
  view.setUint32(0, profile.length);
  view.setUint32(8, 0x02100000);
  profile.set(text('mntrRGB XYZ '), 12);
  profile.set(text('acsp'), 36);
  return profile;
}

function segment(marker: number, parts: readonly Uint8Array[]): Uint8Array {
  const payload = joined(parts);
  const length = payload.length + 2;
  return joined([Uint8Array.of(0xff, marker, length >> 8, length & 255), payload]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
