import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';

export type FileKind = 'jpeg' | 'png' | 'webp' | 'dng' | 'heic' | 'mp4' | 'mov' | 'xmp';

const KINDS: Readonly<Record<string, FileKind>> = {
  jpg: 'jpeg',
  jpeg: 'jpeg',
  png: 'png',
  webp: 'webp',
  dng: 'dng',
  heic: 'heic',
  mp4: 'mp4',
  mov: 'mov',
  xmp: 'xmp',
};

/** What the extension promises. */
export function kindOf(path: string): FileKind | undefined {
  return KINDS[path.slice(path.lastIndexOf('.') + 1).toLowerCase()];
}

/**
 * Why the bytes are not a whole file of that kind, or undefined when they are: not only the first bytes count, the
 * frame (segments, chunks, boxes) has to fill the file exactly.
 */
export function complaintAbout(kind: FileKind, content: Uint8Array): string | undefined {
  try {
    return frameComplaint(kind, Buffer.from(content));
  } catch (error) {
    if (error instanceof RangeError) return 'cut off';
    throw error;
  }
}

function frameComplaint(kind: FileKind, file: Buffer): string | undefined {
  switch (kind) {
    case 'jpeg':
      return jpegComplaint(file);
    case 'png':
      return pngComplaint(file);
    case 'webp':
      return webpComplaint(file);
    case 'dng':
      return file.subarray(0, 4).equals(Buffer.from('49492a00', 'hex')) ? undefined : 'no TIFF header';
    case 'heic':
      return boxComplaint(file, ['heic', 'mif1']);
    case 'mp4':
      return boxComplaint(file, ['isom', 'mp42', 'M4V ']);
    case 'mov':
      return boxComplaint(file, ['qt  ']);
    case 'xmp':
      return /^<\?xpacket begin=[^]*<x:xmpmeta [^]*<\/x:xmpmeta>\s*<\?xpacket end=/.test(file.toString())
        ? undefined
        : 'no XMP packet';
  }
}

/** Walks the segments up to the image data; a motion photo goes on with a video behind the end marker. */
function jpegComplaint(file: Buffer): string | undefined {
  if (file.readUInt16BE(0) !== 0xffd8) return 'no start of image';
  let at = 2;
  while (file.readUInt16BE(at) !== 0xffda) {
    if (file[at] !== 0xff) return `no marker at ${at}`;
    at += 2 + file.readUInt16BE(at + 2);
    if (at + 2 > file.length) return 'segments run past the end';
  }
  const end = file.indexOf(Buffer.from('ffd9', 'hex'), at);
  if (end < 0) return 'no end of image';
  return end + 2 === file.length ? undefined : boxComplaint(file.subarray(end + 2), ['isom', 'mp42']);
}

function pngComplaint(file: Buffer): string | undefined {
  if (file.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return 'no PNG signature';
  let at = 8;
  let type = '';
  while (at < file.length) {
    const length = file.readUInt32BE(at);
    type = file.toString('latin1', at + 4, at + 8);
    if (crc32(file.subarray(at + 4, at + 8 + length)) !== file.readUInt32BE(at + 8 + length)) {
      return `bad CRC in ${type}`;
    }
    at += 12 + length;
  }
  return type === 'IEND' && at === file.length ? undefined : 'does not end with IEND';
}

function webpComplaint(file: Buffer): string | undefined {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WEBP') return 'no WebP header';
  if (file.readUInt32LE(4) !== file.length - 8) return 'wrong RIFF length';
  let at = 12;
  while (at < file.length) at += 8 + file.readUInt32LE(at + 4) + file.readUInt32LE(at + 4) % 2;
  return at === file.length ? undefined : 'chunks do not fill the file';
}

function boxComplaint(file: Buffer, brands: readonly string[]): string | undefined {
  const brand = file.toString('latin1', 8, 12);
  if (file.toString('latin1', 4, 8) !== 'ftyp' || !brands.includes(brand)) return `unexpected brand ${brand}`;
  let at = 0;
  while (at < file.length) {
    const size = file.readUInt32BE(at);
    if (size < 8) return `box of ${size} bytes at ${at}`;
    at += size;
  }
  return at === file.length ? undefined : 'boxes do not fill the file';
}
