import { createHash } from 'node:crypto';
import { getLogger } from '@logtape/logtape';
import type Jpeg from 'jpeg-js';
import type { Box } from '../../immich/edits.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** As large as Immich's own, in pixels, and as it enlarges nothing. */
const SIDE = 250;

/** How much of the surroundings Immich leaves around a face. */
const MARGIN = 1.1;

const QUALITY = 80;

/** Stands in each as a comment, so that they are known again when our tables are lost. */
const MARK = 'cut by immich-sidecar';

/** How far into a file the comment is looked for. */
export const HEAD_BYTES = 1_024;

/** Whether a file that begins with these bytes was cut here, and not by Immich. */
export function isCutHere(head: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(head.subarray(0, HEAD_BYTES)).includes(MARK);
}

/** A preview of 1,440 pixels has 2 megapixels; one that somebody has set to several times that is left to Immich. */
const MOST_MEGAPIXELS = 12;

/**
 * Cuts a face out of a preview, as a JPEG of at most 250 by 250 pixels, as Immich does it for its people (docs/immich.md). undefined when the preview is no JPEG
 * that can be decoded here (Immich may be set to WebP), or when there is no face in it. jpeg-js is JavaScript only, so the sandbox need not let native code in;
 * it takes 0.1 s for a preview, and 12 MB of memory only once something is cut.
 */
export async function cutPortrait(preview: Uint8Array, box: Box): Promise<Uint8Array | undefined> {
  if (preview[0] !== 0xff || preview[1] !== 0xd8) return undefined;
  const { imageWidth, imageHeight, x1, y1, x2, y2 } = box;
  const key = createHash('sha256').update(preview).update(`${[imageWidth, imageHeight, x1, y1, x2, y2]}`)
    .digest('base64');
  const portrait = CUT.get(key) ?? await cut(preview, box);
  if (portrait !== undefined) CUT.set(key, portrait);
  if (CUT.size > MOST_KEPT) CUT.delete(CUT.keys().next().value ?? '');
  return portrait;
}

/** Several recipients of a photo have the same preview, linked: what was cut for one is there for the next. */
const CUT = new Map<string, Uint8Array>();

/** 10 KB each. */
const MOST_KEPT = 200;

async function cut(preview: Uint8Array, box: Box): Promise<Uint8Array | undefined> {
  const { default: jpeg } = await import('jpeg-js');
  const picture = decode(jpeg, preview);
  const square = picture && squareAround(box, picture);
  if (picture === undefined || square === undefined) return undefined;
  // Its types do not know of comments (jpeg-js 0.4.4, lib/encoder.js).
  return jpeg.encode({ ...scaled(picture, square), comments: [MARK] } as Picture, QUALITY).data;
}

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and nothing, one byte each. */
  readonly data: Uint8Array;
}

interface Square {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

function decode(jpeg: typeof Jpeg, bytes: Uint8Array): Picture | undefined {
  try {
    return jpeg.decode(bytes, {
      useTArray: true,
      maxResolutionInMP: MOST_MEGAPIXELS,
      maxMemoryUsageInMB: MOST_MEGAPIXELS * 20,
    });
  } catch (error) {
    // A broken or unusual one, which Immich may know how to read.
    logger.debug('a preview cannot be decoded: {error}', { error });
    return undefined;
  }
}

/** The largest square around the middle of the face that is not larger than face and margin, and lies in the picture. */
export function squareAround(box: Box, { width, height }: Pick<Picture, 'width' | 'height'>): Square | undefined {
  if (box.imageWidth <= 0 || box.imageHeight <= 0) return undefined;
  const [scaleX, scaleY] = [width / box.imageWidth, height / box.imageHeight];
  const within = (value: number, most: number) => Math.min(Math.max(value, 0), most);
  const [left, right] = [box.x1, box.x2].map((x) => within(x, box.imageWidth) * scaleX) as [number, number];
  const [top, bottom] = [box.y1, box.y2].map((y) => within(y, box.imageHeight) * scaleY) as [number, number];
  const middle = { x: Math.round((left + right) / 2), y: Math.round((top + bottom) / 2) };
  const half = Math.floor(Math.min(
    Math.max(right - left, bottom - top) / 2 * MARGIN,
    middle.x,
    middle.y,
    width - 1 - middle.x,
    height - 1 - middle.y,
  ));
  return half < 1 ? undefined : { left: middle.x - half, top: middle.y - half, side: half * 2 };
}

/** Each pixel is the mean of those it stands for. */
function scaled({ width, data }: Picture, { left, top, side }: Square): Picture {
  const size = Math.min(side, SIDE);
  const result = new Uint8Array(size * size * 4);
  const edge = (index: number) => Math.floor(index * side / size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const sums = [0, 0, 0];
      let count = 0;
      for (let y = top + edge(row); y < top + edge(row + 1); y++) {
        for (let x = left + edge(column); x < left + edge(column + 1); x++) {
          const at = (y * width + x) * 4;
          for (let channel = 0; channel < 3; channel++) {
            sums[channel] = (sums[channel] ?? 0) + (data[at + channel] ?? 0);
          }
          count++;
        }
      }
      const to = (row * size + column) * 4;
      for (let channel = 0; channel < 3; channel++) result[to + channel] = Math.round((sums[channel] ?? 0) / count);
      result[to + 3] = 255;
    }
  }
  return { width: size, height: size, data: result };
}
