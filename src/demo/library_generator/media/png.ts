import { crc32, deflateSync } from 'node:zlib';
import type { Bytes } from './bytes.ts';
import { concat, uint32, utf8 } from './bytes.ts';
import type { Picture } from './picture.ts';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** An RGB PNG with a `Comment`, which makes it unique. */
export function encodePng(picture: Picture, comment: string): Bytes {
  const { width, height } = picture;
  const header = concat(uint32(width), uint32(height), Uint8Array.of(8, 2, 0, 0, 0));
  return concat(
    SIGNATURE,
    chunk('IHDR', header),
    chunk('tEXt', utf8(`Comment\0${comment}`)),
    chunk('IDAT', new Uint8Array(deflateSync(filteredRows(picture)))),
    chunk('IEND', new Uint8Array()),
  );
}

/** Filter 1 (difference to the pixel on the left): gradients nearly vanish. */
function filteredRows({ width, height, data }: Picture): Bytes {
  const rows = new Uint8Array(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    const start = y * (1 + width * 3);
    rows[start] = 1;
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const at = (y * width + x) * 4 + channel;
        const left = x === 0 ? 0 : data[at - 4] ?? 0;
        rows[start + 1 + x * 3 + channel] = (data[at] ?? 0) - left;
      }
    }
  }
  return rows;
}

function chunk(type: string, content: Uint8Array): Bytes {
  const typed = concat(utf8(type), content);
  return concat(uint32(content.length), typed, uint32(crc32(typed)));
}
