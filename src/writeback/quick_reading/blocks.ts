import type { Buffer } from 'node:buffer';
import type { JpegHeader, MetadataKind } from './jpeg.ts';

/** The metadata of a JPEG by kind; undefined when there are several of a kind, or XMP that is too long for one segment. */
export function blocksOf({ metadata }: JpegHeader): Partial<Record<MetadataKind, Buffer>> | undefined {
  const blocks: Partial<Record<MetadataKind, Buffer>> = {};
  for (const { kind, content } of metadata) {
    if (blocks[kind] !== undefined || kind === 'extendedXmp') return undefined;
    blocks[kind] = content;
  }
  return blocks;
}
