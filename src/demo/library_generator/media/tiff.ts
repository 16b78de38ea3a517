import type { Bytes } from './bytes.ts';
import { utf8 } from './bytes.ts';

const FIELD_SIZES = Object.freeze({
  byte: 1,
  ascii: 1,
  short: 2,
  long: 4,
  rational: 8,
  undefined: 1,
  signedRational: 8,
});
const FIELD_CODES = Object.freeze({
  byte: 1,
  ascii: 2,
  short: 3,
  long: 4,
  rational: 5,
  undefined: 7,
  signedRational: 10,
});

/** One TIFF field. Rationals are written with the denominator 1000. */
export interface TiffField {
  readonly tag: number;
  readonly type: keyof typeof FIELD_SIZES;
  readonly values: readonly number[] | string;
}

export interface TiffContent {
  readonly fields: readonly TiffField[];
  /** The Exif directory (pointer 0x8769). */
  readonly exif?: readonly TiffField[];
  /** One strip of pixels (pointer 0x0111). */
  readonly strip?: Uint8Array;
}

const EXIF_POINTER = 0x8769;
const STRIP_OFFSETS = 0x0111;

/** Writes a little-endian TIFF 6.0 file: the frame of an EXIF block as well as of a DNG. */
export function encodeTiff(content: TiffContent): Bytes {
  const pointer = (tag: number, offset: number): TiffField => ({ tag, type: 'long', values: [offset] });
  const rootFields = (exifOffset: number, stripOffset: number) => [
    ...content.fields,
    ...(content.exif ? [pointer(EXIF_POINTER, exifOffset)] : []),
    ...(content.strip ? [pointer(STRIP_OFFSETS, stripOffset)] : []),
  ];
  const exifOffset = 8 + directorySize(rootFields(0, 0));
  const stripOffset = exifOffset + (content.exif ? directorySize(content.exif) : 0);
  const file = new Uint8Array(stripOffset + (content.strip?.length ?? 0));
  file.set([0x49, 0x49, 42, 0, 8, 0, 0, 0]);
  writeDirectory(file, 8, rootFields(exifOffset, stripOffset));
  if (content.exif) writeDirectory(file, exifOffset, content.exif);
  if (content.strip) file.set(content.strip, stripOffset);
  return file;
}

function directorySize(fields: readonly TiffField[]): number {
  return 2 + 12 * fields.length + 4 + fields.reduce((sum, field) => sum + overflowSize(field), 0);
}

/** Values of more than four bytes stand behind the directory, each at an even offset. */
function overflowSize(field: TiffField): number {
  const size = count(field) * FIELD_SIZES[field.type];
  return size > 4 ? size + size % 2 : 0;
}

function count(field: TiffField): number {
  return typeof field.values === 'string' ? utf8(field.values).length + 1 : field.values.length;
}

function writeDirectory(file: Bytes, offset: number, fields: readonly TiffField[]): void {
  const view = new DataView(file.buffer);
  const sorted = [...fields].sort((a, b) => a.tag - b.tag);
  let overflow = offset + 2 + 12 * sorted.length + 4;
  view.setUint16(offset, sorted.length, true);
  sorted.forEach((field, index) => {
    const entry = offset + 2 + 12 * index;
    view.setUint16(entry, field.tag, true);
    view.setUint16(entry + 2, FIELD_CODES[field.type], true);
    view.setUint32(entry + 4, count(field), true);
    const size = overflowSize(field);
    if (size > 0) view.setUint32(entry + 8, overflow, true);
    writeValues(file, size > 0 ? overflow : entry + 8, field);
    overflow += size;
  });
}

function writeValues(file: Bytes, offset: number, field: TiffField): void {
  if (typeof field.values === 'string') {
    file.set(utf8(field.values), offset);
    return;
  }
  const view = new DataView(file.buffer);
  field.values.forEach((value, index) => {
    const at = offset + index * FIELD_SIZES[field.type];
    if (field.type === 'short') view.setUint16(at, value, true);
    else if (field.type === 'long') view.setUint32(at, value, true);
    else if (field.type === 'rational' || field.type === 'signedRational') {
      view.setInt32(at, Math.round(value * 1000), true);
      view.setInt32(at + 4, 1000, true);
    } else view.setUint8(at, value);
  });
}
