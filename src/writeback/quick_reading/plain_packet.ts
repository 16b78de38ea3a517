import { Buffer } from 'node:buffer';
import { RegularFile } from '../regular_file.ts';
import { blocksOf } from './blocks.ts';
import { END_LENGTH, isPlainJpeg } from './jpeg.ts';
import { decodeStrictly, JPEG_ENDING } from './quick_reading.ts';
import { readJpegHeader } from './same_picture.ts';

/** The XMP of a JPEG of the usual kind as it stands there; undefined in it when it has none. */
export interface PlainPacket {
  readonly packet: string | undefined;
}

/** undefined for other formats, and for a JPEG in which XMP may stand elsewhere, too. */
export function plainPacketOf(path: string): PlainPacket | undefined {
  if (!JPEG_ENDING.test(path)) return undefined;
  using file = RegularFile.open(path);
  if (file.size < END_LENGTH) return undefined;
  const header = readJpegHeader(file);
  const end = Buffer.alloc(END_LENGTH);
  file.seek(file.size - END_LENGTH);
  if (header === undefined || file.readSync(end) !== END_LENGTH || !isPlainJpeg(header, end)) return undefined;
  const blocks = blocksOf(header);
  if (blocks === undefined) return undefined;
  const packet = blocks.xmp && decodeStrictly(blocks.xmp);
  return blocks.xmp !== undefined && packet === undefined ? undefined : { packet };
}
