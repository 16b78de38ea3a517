import { xmp, type XmpTag } from './tag.ts';

/** The ending of the original that a sidecar belongs to. No field's: it is written into new sidecars whose name does not say it. */
export const SIDECAR_FOR_EXTENSION: XmpTag = xmp(
  'XMP-photoshop:SidecarForExtension',
  'photoshop:SidecarForExtension',
  'text',
);
