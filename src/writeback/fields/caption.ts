import type { Field, MappingInput, Wanted } from './field.ts';
import { canAddToIptc } from './iptc.ts';
import { exif, iptc, xmp } from './tag.ts';
import { excerpt, isWritable, truncate, truncateToBytes, withPlainLineBreaks } from './text.ts';

const DESCRIPTION = 'XMP-dc:Description';
const XMP_IMAGE_DESCRIPTION = 'XMP-tiff:ImageDescription';
const EXIF_IMAGE_DESCRIPTION = 'IFD0:ImageDescription';
const CAPTION_ABSTRACT = 'IPTC:Caption-Abstract';

/** IPTC-IIM 4.2, 2:120. ExifTool would keep to it by cutting, if need be through a character. */
const IPTC_CAPTION_BYTES = 2_000;

export const caption = Object.freeze<Field>({
  flag: 'caption',
  isUsual: true,
  help: 'the description',
  meaning: 'up to `CAPTION_MAX_LEN` characters; `XMP-tiff:ImageDescription` in sidecars, and where it is',
  tags: [
    xmp(DESCRIPTION, 'dc:description', 'alt'),
    xmp(XMP_IMAGE_DESCRIPTION, 'tiff:ImageDescription', 'alt'),
    exif(EXIF_IMAGE_DESCRIPTION, 0x010e, 'text'),
    iptc(CAPTION_ABSTRACT, 120, 'text'),
  ],
  isKnown: ({ description }) => description !== '',
  map: mapCaption,
});

/**
 * The description. A sidecar gets it twice: Immich reads an ImageDescription of the media file before a dc:description
 * of the sidecar (docs/immich.md#what-immich-reads-from-files).
 */
function mapCaption({ record, kind, holds, current, options }: MappingInput): Wanted {
  const caption = truncate(withPlainLineBreaks(record.description), options.captionMaxLength).trim();
  if (caption === '') return {};
  if (!isWritable(caption)) {
    return { refused: [`the description ${excerpt(caption)} contains characters that metadata cannot hold`] };
  }
  const short = truncateToBytes(caption, IPTC_CAPTION_BYTES);
  const isThere = (tag: string) => (current[tag] ?? null) !== null;
  return {
    values: {
      [DESCRIPTION]: caption,
      ...(kind === 'sidecar' || isThere(XMP_IMAGE_DESCRIPTION) ? { [XMP_IMAGE_DESCRIPTION]: caption } : {}),
      ...(holds.exif ? { [EXIF_IMAGE_DESCRIPTION]: caption } : {}),
      ...((holds.iptc || isThere(CAPTION_ABSTRACT)) && canAddToIptc(current, short)
        ? { [CAPTION_ABSTRACT]: short }
        : {}),
    },
  };
}
