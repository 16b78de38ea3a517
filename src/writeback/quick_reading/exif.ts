import { Buffer } from 'node:buffer';
import { TAGS } from '../fields/fields.ts';
import type { ExifDirectory, ExifForm } from '../fields/tag.ts';
import type { Tags } from '../fields/values.ts';
import { asciiText, commentText, degreesText, numberText, subSecondText } from './exif_values.ts';
import { TiffBlock, TiffDirectory, type TiffEntry } from './tiff.ts';

/** How the value of an entry is shown; undefined when it is an odd one. */
type Show = (block: TiffBlock, entry: TiffEntry) => string | boolean | undefined;
type Known = ReadonlyMap<number, readonly [tag: string, show: Show]>;

const SHOW: Readonly<Record<ExifForm, Show>> = Object.freeze({
  text: asciiText,
  date: asciiText,
  number: numberText,
  fraction: subSecondText,
  angle: degreesText,
  comment: commentText,
});

/** What is read in a directory, by the ids of its entries. */
function knownIn(directory: ExifDirectory): Known {
  return new Map(
    [...TAGS.values()].flatMap((tag) =>
      tag.block === 'exif' && tag.directory === directory ? [[tag.id, [tag.name, SHOW[tag.form]]]] : []
    ),
  );
}

const ROOT = knownIn('IFD0');
const EXIF = knownIn('ExifIFD');
const GPS = knownIn('GPS');
const NOTHING: Known = new Map();

const MAKE = 0x010f;
const MAKER_NOTE = 0x927c;

/** How entries begin in which Canon and Nikon keep the zone that their clock is set to, in both byte orders: id, type and count. */
const ZONES: readonly Buffer[] = [
  Buffer.from('3500090004000000', 'hex'),
  Buffer.from('0035000900000004', 'hex'),
  Buffer.from('2400070004000000', 'hex'),
  Buffer.from('0024000700000004', 'hex'),
];
const EXIF_POINTER = 0x8769;
const GPS_POINTER = 0x8825;

/**
 * What may stand in each directory beside what is read (EXIF 2.32 and 3.0, Windows, Apple, PrintIM). Anything else may lead
 * to more metadata: XMP, IPTC and Photoshop's resources in TIFF entries, further directories, private ones.
 */
const IN_ROOT = tagsIn('fe-115 11a-11d 128-142 211-214 4746 4749 8298 8769 8825 9c9b-9c9f c4a5 ea1c');
const IN_EXIF = tagsIn(
  '829a-829d 8822-8834 9000-9292 9400-9406 a000-a005 a20b-a217 a300-a302 a401-a40c a420-a437 a460-a462 a500 ea1c',
);
const IN_GPS = tagsIn('0-1f');
const IN_THUMBNAIL = tagsIn('fe-115 11a-11d 128-142 201-202 211-214');

/** @param ranges in hexadecimal digits */
function tagsIn(ranges: string): ReadonlySet<number> {
  return new Set(
    ranges.split(' ').flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map((tag) => parseInt(tag, 16));
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    }),
  );
}

/**
 * Reads the tags that write-back writes out of an EXIF block (TIFF 6.0), as ExifTool shows them. undefined when the block is
 * not in order, or may hold more than EXIF.
 */
export function readExif(bytes: Buffer): Tags | undefined {
  const block = TiffBlock.open(bytes);
  const root = block?.directory(block.rootAt);
  if (block === undefined || root === undefined) return undefined;
  const [exif, gps, thumbnail] = [
    block.directoryAt(root, EXIF_POINTER),
    block.directoryAt(root, GPS_POINTER),
    root.next === 0 ? NO_DIRECTORY : block.directory(root.next),
  ];
  // Leica's maker notes may lie behind the picture.
  if (exif !== undefined && hasZone(block, exif)) return undefined;
  if (thumbnail?.next !== 0 || /leica/i.test(String(textAt(block, root, MAKE)))) return undefined;
  return merged(
    tagsOf(block, root, ROOT, IN_ROOT),
    exif && tagsOf(block, exif, EXIF, IN_EXIF),
    gps && tagsOf(block, gps, GPS, IN_GPS),
    tagsOf(block, thumbnail, NOTHING, IN_THUMBNAIL),
  );
}

function hasZone({ bytes }: TiffBlock, { entries }: TiffDirectory): boolean {
  const note = entries.get(MAKER_NOTE);
  if (note === undefined) return false;
  const content = bytes.subarray(note.at, note.at + note.size);
  return ZONES.some((zone) => content.includes(zone));
}

const NO_DIRECTORY = new TiffDirectory(new Map(), 0);

function textAt(block: TiffBlock, directory: TiffDirectory, tag: number): string | boolean | undefined {
  const entry = directory.entries.get(tag);
  return entry === undefined ? '' : asciiText(block, entry);
}

function tagsOf(
  block: TiffBlock,
  { entries }: TiffDirectory,
  known: Known,
  usual: ReadonlySet<number>,
): Tags | undefined {
  const tags: Record<string, string | boolean> = {};
  for (const [tag, entry] of entries) {
    if (!usual.has(tag)) return undefined;
    const [name, show] = known.get(tag) ?? [];
    if (name === undefined || show === undefined) continue;
    const value = show(block, entry);
    if (value === undefined) return undefined;
    tags[name] = value;
  }
  return tags;
}

function merged(...parts: readonly (Tags | undefined)[]): Tags | undefined {
  return parts.includes(undefined) ? undefined : Object.assign({}, ...parts);
}
