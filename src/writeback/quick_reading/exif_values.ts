import type { Buffer } from 'node:buffer';
import { degreesOf, shown, shownNumber } from '../exiftool/shown.ts';
import type { TiffBlock, TiffEntry } from './tiff.ts';

const ASCII = 2;
const SHORT = 3;
const RATIONAL = 5;
const UNDEFINED = 7;

/** Bytes before the text of a comment that name its encoding (EXIF 2.32, UserComment). */
const ENCODING_LENGTH = 8;

/** A text; undefined when it is not in UTF-8, or has control characters. */
export function asciiText({ bytes }: TiffBlock, { type, at, size }: TiffEntry): string | boolean | undefined {
  const text = type === ASCII ? utf8(bytes.subarray(at, at + size)) : undefined;
  return text === undefined ? undefined : shown(text);
}

/** ExifTool takes the blanks at the end of fractions away. */
export function subSecondText(block: TiffBlock, entry: TiffEntry): string | boolean | undefined {
  const text = asciiText(block, entry);
  return typeof text === 'string' ? text.replace(/ +$/, '') : text;
}

export function numberText(block: TiffBlock, { type, count, at }: TiffEntry): string | undefined {
  return type === SHORT && count === 1 ? String(block.short(at)) : undefined;
}

/** Degrees, minutes and seconds as one number. ExifTool rounds each to ten digits. */
export function degreesText(block: TiffBlock, { type, count, at }: TiffEntry): string | undefined {
  if (type !== RATIONAL || count !== 3) return undefined;
  const [degrees = NaN, minutes = NaN, seconds = NaN] = [0, 8, 16].map((step) =>
    Number((block.long(at + step) / block.long(at + step + 4)).toPrecision(10))
  );
  return shownNumber(degreesOf(degrees, minutes, seconds));
}

/** A text behind the name of its encoding. */
export function commentText({ bytes, isLittleEndian }: TiffBlock, { type, at, size }: TiffEntry) {
  if (type !== UNDEFINED || size < ENCODING_LENGTH) return undefined;
  const encoding = bytes.toString('latin1', at, at + ENCODING_LENGTH);
  const content = bytes.subarray(at + ENCODING_LENGTH, at + size);
  const text = encoding === 'ASCII\0\0\0' || encoding === '\0\0\0\0\0\0\0\0'
    ? utf8(content)
    : encoding === 'UNICODE\0'
    ? utf16(content, isLittleEndian)
    : undefined;
  return text === undefined ? undefined : shown(text.replace(/ +$/, ''));
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const decoders = {
  little: new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true }),
  big: new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true }),
};

// deno-lint-ignore no-control-regex
const ODD = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufeff\ufffe\uffff]/;

/** Text up to the first NUL. */
function utf8(bytes: Buffer): string | undefined {
  const end = bytes.indexOf(0);
  return attempt(() => decoder.decode(end < 0 ? bytes : bytes.subarray(0, end)));
}

/** ExifTool guesses the order of the bytes: text that it might take for the other one is left to it. */
function utf16(bytes: Buffer, isLittleEndian: boolean): string | undefined {
  if (bytes.length % 2 !== 0 || looksSwapped(bytes, isLittleEndian)) return undefined;
  return attempt(() => decoders[isLittleEndian ? 'little' : 'big'].decode(bytes));
}

/** There are more different low bytes than high ones, and more high ones that are nought. */
function looksSwapped(bytes: Buffer, isLittleEndian: boolean): boolean {
  const halves = [0, 1].map((half) => bytes.filter((_, index) => index % 2 === half));
  const [high = bytes, low = bytes] = isLittleEndian ? halves.toReversed() : halves;
  const [kinds, lowKinds] = [new Set(high).size, new Set(low).size];
  const noughts = (part: Uint8Array) => part.filter((byte) => byte === 0).length;
  return kinds > lowKinds || (kinds === lowKinds && noughts(low) > noughts(high));
}

function attempt(decode: () => string): string | undefined {
  try {
    const text = decode();
    return ODD.test(text) ? undefined : text;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
