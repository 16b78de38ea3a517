import type { Buffer } from 'node:buffer';
import { TAGS } from '../fields/fields.ts';
import type { ExifDirectory } from '../fields/tag.ts';
import { TiffBlock, TiffDirectory, type TiffEntry } from '../quick_reading/tiff.ts';

const EXIF_POINTER = 0x8769;
const GPS_POINTER = 0x8825;
const INTEROP_POINTER = 0xa005;
const THUMBNAIL_AT = 0x0201;
const THUMBNAIL_LENGTH = 0x0202;
/** Room that some programs leave; what is in it means nothing. */
const PADDING = 0xea1c;
const PASSED_OVER: ReadonlySet<number> = new Set([EXIF_POINTER, GPS_POINTER, INTEROP_POINTER, PADDING]);

/** What the standard wants in a directory, and ExifTool adds where it is not there: resolution, versions, colour space. */
const REQUIRED: Readonly<Record<ExifDirectory, ReadonlySet<number>>> = Object.freeze({
  IFD0: new Set([0x011a, 0x011b, 0x0128, 0x0213]),
  ExifIFD: new Set([0x9000, 0x9101, 0xa000, 0xa001]),
  GPS: new Set([0x0000]),
});

/**
 * Whether two blocks of EXIF are the same beside these tags, maker notes and thumbnail byte for byte. False also when that cannot be
 * told here: the bytes of maker notes may change because they say where something is.
 */
export function isSameExif(before: Buffer | undefined, after: Buffer | undefined, tags: readonly string[]): boolean {
  if (after === undefined) return before === undefined;
  const [old, made] = [before === undefined ? undefined : Directories.open(before), Directories.open(after)];
  if (made === undefined || (before !== undefined && old === undefined)) return false;
  if (old !== undefined && old.block.isLittleEndian !== made.block.isLittleEndian) return false;
  const planned = (directory: ExifDirectory) => idsIn(directory, tags);
  return isSame(old?.block, old?.root, made.block, made.root, planned('IFD0'), REQUIRED.IFD0) &&
    isSame(old?.block, old?.exif, made.block, made.exif, planned('ExifIFD'), REQUIRED.ExifIFD) &&
    isSame(old?.block, old?.gps, made.block, made.gps, planned('GPS'), REQUIRED.GPS) &&
    isSame(old?.block, old?.interop, made.block, made.interop, NONE, NONE) &&
    isSame(old?.block, old?.thumbnail, made.block, made.thumbnail, new Set([THUMBNAIL_AT]), NONE) &&
    isSameThumbnail(old, made);
}

const NONE: ReadonlySet<number> = new Set();

function idsIn(directory: ExifDirectory, tags: readonly string[]): ReadonlySet<number> {
  return new Set(tags.flatMap((name) => {
    const tag = TAGS.get(name);
    return tag?.block === 'exif' && tag.directory === directory ? [tag.id] : [];
  }));
}

/** The five directories of a block. */
class Directories {
  private constructor(
    readonly block: TiffBlock,
    readonly root: TiffDirectory,
    readonly exif: TiffDirectory,
    readonly gps: TiffDirectory,
    readonly interop: TiffDirectory,
    readonly thumbnail: TiffDirectory,
  ) {}

  static open(bytes: Buffer): Directories | undefined {
    const block = TiffBlock.open(bytes);
    const root = block?.directory(block.rootAt);
    if (block === undefined || root === undefined) return undefined;
    const [exif, gps] = [block.directoryAt(root, EXIF_POINTER), block.directoryAt(root, GPS_POINTER)];
    const interop = exif && block.directoryAt(exif, INTEROP_POINTER);
    const thumbnail = root.next === 0 ? new TiffDirectory(new Map(), 0) : block.directory(root.next);
    if (exif === undefined || gps === undefined || interop === undefined || thumbnail?.next !== 0) return undefined;
    return new Directories(block, root, exif, gps, interop, thumbnail);
  }

  thumbnailBytes(): Buffer | undefined {
    const [at, length] = [THUMBNAIL_AT, THUMBNAIL_LENGTH].map((tag) => {
      const entry = this.thumbnail.entries.get(tag);
      return entry === undefined || entry.size !== 4 ? undefined : this.block.long(entry.at);
    });
    if (at === undefined || length === undefined) return undefined;
    return at + length > this.block.bytes.length ? undefined : this.block.bytes.subarray(at, at + length);
  }
}

function isSame(
  old: TiffBlock | undefined,
  before: TiffDirectory | undefined,
  made: TiffBlock,
  after: TiffDirectory,
  planned: ReadonlySet<number>,
  required: ReadonlySet<number>,
): boolean {
  const isLeftOut = (tag: number) => planned.has(tag) || PASSED_OVER.has(tag);
  const kept = [...before?.entries ?? []].every(([tag, entry]) =>
    isLeftOut(tag) || (old !== undefined && isSameEntry(old, entry, made, after.entries.get(tag)))
  );
  return kept &&
    [...after.entries.keys()].every((tag) => isLeftOut(tag) || required.has(tag) || before?.entries.has(tag) === true);
}

function isSameEntry(old: TiffBlock, entry: TiffEntry, made: TiffBlock, other: TiffEntry | undefined): boolean {
  if (other === undefined || other.type !== entry.type || other.count !== entry.count) return false;
  return old.bytes.subarray(entry.at, entry.at + entry.size).equals(
    made.bytes.subarray(other.at, other.at + other.size),
  );
}

function isSameThumbnail(old: Directories | undefined, made: Directories): boolean {
  const has = (directories: Directories | undefined) => directories?.thumbnail.entries.has(THUMBNAIL_AT) === true;
  if (!has(old) && !has(made)) return true;
  const [before, after] = [old?.thumbnailBytes(), made.thumbnailBytes()];
  return before !== undefined && after !== undefined && before.equals(after);
}
