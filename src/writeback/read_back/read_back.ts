import type { FilePlan, Tags } from '../tags.ts';
import { readExif } from './exif.ts';
import { readIptc } from './iptc.ts';
import { isSameBesidesMetadata, type JpegHeader, type MetadataKind, readJpegHeader } from './jpeg.ts';
import { readXmp } from './xmp.ts';

/** What the new file says, and whether it is the old one in everything else. */
export interface ReadBack {
  readonly tags: Tags;
  readonly isSamePicture: boolean;
}

/**
 * Reads a file that ExifTool has written for a plan without asking ExifTool: a second opinion, and in a quarter of the time.
 * Only JPEGs and sidecars, as ExifTool writes them; undefined for everything else, and for what is in any way unusual.
 */
export function readBack({ path, kind }: FilePlan, temporaryPath: string): ReadBack | undefined {
  if (kind === 'sidecar') {
    const tags = readXmp(Deno.readTextFileSync(temporaryPath));
    return tags === undefined ? undefined : { tags, isSamePicture: true };
  }
  using file = Deno.openSync(temporaryPath);
  const header = readJpegHeader(file);
  const tags = header === undefined ? undefined : readMetadata(header);
  if (header === undefined || tags === undefined) return undefined;
  using original = Deno.openSync(path);
  const before = readJpegHeader(original);
  const isSamePicture = before !== undefined && isSameBesidesMetadata(original, before, file, header);
  return { tags, isSamePicture };
}

/** undefined unless each kind of metadata is there at most once and in order. */
function readMetadata({ metadata }: JpegHeader): Tags | undefined {
  const tags: Record<MetadataKind, Tags | undefined> = { exif: {}, xmp: {}, extendedXmp: {}, photoshop: {} };
  const kinds = new Set<MetadataKind>();
  for (const { kind, content } of metadata) {
    if (kinds.has(kind) || kind === 'extendedXmp') return undefined;
    kinds.add(kind);
    if (kind === 'exif') tags.exif = readExif(content);
    else if (kind === 'xmp') tags.xmp = readXmp(content.toString('utf8'));
    else tags.photoshop = readIptc(content);
    if (tags[kind] === undefined) return undefined;
  }
  return { ...tags.exif, ...tags.xmp, ...tags.photoshop };
}
