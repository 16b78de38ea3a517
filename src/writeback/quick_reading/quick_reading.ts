import type { Buffer } from 'node:buffer';
import type { Reading } from '../exiftool/read.ts';
import type { FileState } from '../file_state.ts';
import type { Tags } from '../fields/values.ts';
import { SoonFile } from '../regular_file.ts';
import { WriteProblem } from '../write_problem.ts';
import { readXmp } from '../xmp/read.ts';
import { readExif } from './exif.ts';
import { readIptc } from './iptc.ts';
import { blocksOf } from './blocks.ts';
import { END_LENGTH, isPlainJpeg, type JpegHeader, parseJpegHeader } from './jpeg.ts';

/** Almost every header is shorter. With a longer one ExifTool is asked. */
const HEADER_LENGTH = 1 << 17;

/** A longer sidecar is no ordinary one. */
const LONGEST_SIDECAR = 1 << 20;

/** ExifTool also goes by the ending: other formats share the signature. */
export const JPEG_ENDING = /\.jpe?g$/i;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a JPEG or a sidecar without ExifTool, in a tenth of the time: the tags that write-back reads, exactly as ExifTool
 * shows them. undefined, which means that ExifTool is to be asked, for other formats and for everything that is in any way
 * unusual. A wrong answer would overwrite what others wrote; there is none that tests/writeback/quick_reading has found.
 *
 * @param size in bytes
 */
export async function quickReading(
  path: string,
  kind: FileState['kind'],
  size: number,
): Promise<Reading | undefined> {
  try {
    if (kind === 'sidecar') return size > LONGEST_SIDECAR ? undefined : quickSidecar(await readWhole(path, size));
    if (!JPEG_ENDING.test(path) || size < END_LENGTH) return undefined;
    using file = await SoonFile.open(path);
    const start = await file.readUpTo(0, Math.min(size, HEADER_LENGTH));
    return quickJpeg(start, await file.readUpTo(size - END_LENGTH, END_LENGTH));
  } catch (error) {
    // ExifTool says what is wrong with it.
    if (error instanceof WriteProblem || (error instanceof Error && 'code' in error)) return undefined;
    throw error;
  }
}

/**
 * @param start of the file
 * @param end the last END_LENGTH bytes of it
 */
export function quickJpeg(start: Buffer, end: Buffer): Reading | undefined {
  const header = parseJpegHeader(start);
  if (header === undefined || header === 'more' || !isPlainJpeg(header, end)) return undefined;
  const tags = readMetadata(header);
  return tags && { fileType: 'JPEG', tags, error: undefined };
}

export function quickSidecar(bytes: Uint8Array): Reading | undefined {
  const packet = decodeStrictly(bytes);
  const tags = packet !== undefined && isSidecar(packet) ? readXmp(packet) : undefined;
  return tags && { fileType: 'XMP', tags, error: undefined };
}

/** undefined unless each kind of metadata is there at most once and in order. */
export function readMetadata(header: JpegHeader): Tags | undefined {
  const blocks = blocksOf(header);
  if (blocks === undefined) return undefined;
  const exif = blocks.exif === undefined ? {} : readExif(blocks.exif);
  const xmp = blocks.xmp === undefined ? {} : readPacket(blocks.xmp);
  const iptc = blocks.photoshop === undefined ? {} : readIptc(blocks.photoshop);
  return exif && xmp && iptc && { ...exif, ...xmp, ...iptc };
}

function readPacket(content: Buffer): Tags | undefined {
  const packet = decodeStrictly(content);
  return packet !== undefined && /^<(?:\?xpacket begin=|x:xmpmeta\s)/.test(packet) ? readXmp(packet) : undefined;
}

/** ExifTool knows an XMP file by its first 256 bytes. */
function isSidecar(packet: string): boolean {
  const [first = ''] = /^<(?:\?xpacket begin=|x:xmpmeta\s|\?xml version=["']1\.0["'](?: encoding=["']utf-8["'])?\?>)/i
    .exec(packet) ?? [];
  if (first === '') return false;
  return !first.startsWith('<?xml') || packet.slice(0, 200).includes('<x:xmpmeta');
}

/** undefined for what is no UTF-8. */
export function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** What has grown meanwhile is left to ExifTool. */
async function readWhole(path: string, size: number): Promise<Buffer> {
  using file = await SoonFile.open(path);
  return await file.readUpTo(0, size);
}
