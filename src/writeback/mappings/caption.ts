import {
  CAPTION_ABSTRACT,
  DESCRIPTION,
  EXIF_IMAGE_DESCRIPTION,
  IPTC_CAPTION_BYTES,
  XMP_IMAGE_DESCRIPTION,
} from '../tag_names.ts';
import type { MappingInput, Wanted } from './mapping.ts';
import { excerpt, isWritable, truncate, truncateToBytes, withPlainLineBreaks } from './text.ts';

/**
 * The description. A sidecar gets it twice: Immich reads an ImageDescription of the media file before a dc:description
 * of the sidecar (docs/immich.md#what-immich-reads-from-files).
 */
export function mapCaption({ record, kind, holds, current, options }: MappingInput): Wanted {
  const caption = truncate(withPlainLineBreaks(record.description), options.captionMaxLength).trim();
  if (caption === '') return {};
  if (!isWritable(caption)) {
    return { refused: [`the description ${excerpt(caption)} contains characters that metadata cannot hold`] };
  }
  const isThere = (tag: string) => (current[tag] ?? null) !== null;
  return {
    values: {
      [DESCRIPTION]: caption,
      ...(kind === 'sidecar' || isThere(XMP_IMAGE_DESCRIPTION) ? { [XMP_IMAGE_DESCRIPTION]: caption } : {}),
      ...(holds.exif ? { [EXIF_IMAGE_DESCRIPTION]: caption } : {}),
      ...(holds.iptc || isThere(CAPTION_ABSTRACT)
        ? { [CAPTION_ABSTRACT]: truncateToBytes(caption, IPTC_CAPTION_BYTES) }
        : {}),
    },
  };
}
