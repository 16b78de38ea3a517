import { Buffer } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import type { Reading } from '../exiftool/read.ts';
import type { FileState } from '../file_state.ts';
import type { Tags } from '../fields/values.ts';
import { openRegularSoon } from '../regular_file.ts';
import { WriteProblem } from '../write_problem.ts';
import { readXmp } from '../xmp/read.ts';
import { readExif } from './exif.ts';
import { readIptc } from './iptc.ts';
import { END_LENGTH, isPlainJpeg, type JpegHeader, type MetadataKind, parseJpegHeader } from './jpeg.ts';

/** Almost every header is shorter. With a longer one ExifTool is asked. */
const HEADER_LENGTH = 1 << 17;

/** A longer sidecar is no ordinary one. */
const LONGEST_SIDECAR = 1 << 20;

/** ExifTool also goes by the ending: other formats share the signature. */
const JPEG_ENDING = /\.jpe?g$/i;

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
    const file = await openRegularSoon(path);
    try {
      const start = await readUpTo(file, 0, Math.min(size, HEADER_LENGTH));
      return quickJpeg(start, await readUpTo(file, size - END_LENGTH, END_LENGTH));
    } finally {
      await file.close();
    }
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
  const packet = decode(bytes);
  const tags = packet !== undefined && isSidecar(packet) ? readXmp(packet) : undefined;
  return tags && { fileType: 'XMP', tags, error: undefined };
}

/** undefined unless each kind of metadata is there at most once and in order. */
export function readMetadata({ metadata }: JpegHeader): Tags | undefined {
  const tags: Record<MetadataKind, Tags | undefined> = { exif: {}, xmp: {}, extendedXmp: {}, photoshop: {} };
  const kinds = new Set<MetadataKind>();
  for (const { kind, content } of metadata) {
    if (kinds.has(kind) || kind === 'extendedXmp') return undefined;
    kinds.add(kind);
    if (kind === 'exif') tags.exif = readExif(content);
    else if (kind === 'xmp') tags.xmp = readPacket(content);
    else tags.photoshop = readIptc(content);
    if (tags[kind] === undefined) return undefined;
  }
  return { ...tags.exif, ...tags.xmp, ...tags.photoshop };
}

function readPacket(content: Buffer): Tags | undefined {
  const packet = decode(content);
  return packet !== undefined && /^<(?:\?xpacket begin=|x:xmpmeta\s)/.test(packet) ? readXmp(packet) : undefined;
}

/** ExifTool knows an XMP file by its first 256 bytes. */
function isSidecar(packet: string): boolean {
  const [first = ''] = /^<(?:\?xpacket begin=|x:xmpmeta\s|\?xml version=["']1\.0["'](?: encoding=["']utf-8["'])?\?>)/i
    .exec(packet) ?? [];
  if (first === '') return false;
  return !first.startsWith('<?xml') || packet.slice(0, 200).includes('<x:xmpmeta');
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** What has grown meanwhile is left to ExifTool. */
async function readWhole(path: string, size: number): Promise<Buffer> {
  const file = await openRegularSoon(path);
  try {
    return await readUpTo(file, 0, size);
  } finally {
    await file.close();
  }
}

/** Reads so many bytes, or fewer where the file ends. */
async function readUpTo(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
