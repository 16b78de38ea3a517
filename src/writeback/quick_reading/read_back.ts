import type { WritePlan } from '../tags.ts';
import type { Tags } from '../fields/values.ts';
import { quickSidecar, readMetadata } from './quick_reading.ts';
import { isSameBesidesMetadata, readJpegHeader } from './same_picture.ts';

/** What the new file says, and whether it is the old one in everything else. */
export interface ReadBack {
  readonly tags: Tags;
  readonly isSamePicture: boolean;
}

/**
 * Reads a file that was written for a plan without asking ExifTool: a second opinion, and in a quarter of the time. Only
 * JPEGs and sidecars; undefined for everything else, and for what is in any way unusual.
 */
export function readBack({ path, kind }: WritePlan, temporaryPath: string): ReadBack | undefined {
  if (kind === 'sidecar') {
    const reading = quickSidecar(Deno.readFileSync(temporaryPath));
    return reading && { tags: reading.tags, isSamePicture: true };
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
