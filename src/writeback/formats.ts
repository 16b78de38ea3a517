import type { Holds } from './fields/field.ts';

export const SIDECAR_HOLDS: Holds = Object.freeze({ exif: false, iptc: false, iptcDigest: false, quickTime: false });

const PHOTO: Holds = Object.freeze({ ...SIDECAR_HOLDS, exif: true });
const PHOTO_WITH_IPTC: Holds = Object.freeze({ ...PHOTO, iptc: true });
const JPEG: Holds = Object.freeze({ ...PHOTO_WITH_IPTC, iptcDigest: true });
const FILM: Holds = Object.freeze({ ...SIDECAR_HOLDS, quickTime: true });

/**
 * The formats that are written into, by ExifTool's `FileType`. ExifTool can write proprietary raw files too, but it
 * has to rewrite structures that only their makers know: they get sidecars, as with every other raw developer. DNG
 * is documented and made for it.
 */
const EMBEDDABLE: Readonly<Record<string, Holds>> = Object.freeze({
  'JPEG': JPEG,
  'TIFF': PHOTO_WITH_IPTC,
  'DNG': PHOTO_WITH_IPTC,
  'PNG': PHOTO,
  'WEBP': PHOTO,
  'Extended WEBP': PHOTO,
  'HEIC': PHOTO,
  'HEIF': PHOTO,
  'AVIF': PHOTO,
  'JXL': PHOTO,
  'JP2': PHOTO,
  'MP4': FILM,
  'M4V': FILM,
  'MOV': FILM,
  '3GP': FILM,
  '3G2': FILM,
});

/** What a media file can hold; undefined when it is not written into. */
export function holdsOf(fileType: string | undefined): Holds | undefined {
  return fileType === undefined || !Object.hasOwn(EMBEDDABLE, fileType) ? undefined : EMBEDDABLE[fileType];
}
