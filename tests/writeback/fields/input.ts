import { SIDECAR_HOLDS } from '../../../src/writeback/formats.ts';
import type { MappingInput } from '../../../src/writeback/fields/field.ts';
import { FIELD_NAMES } from '../../../src/writeback/fields/fields.ts';
import { NOTHING_OWN } from '../../../src/writeback/fields/values.ts';
import { BLANK } from '../files/world.ts';

export const JPEG = Object.freeze({ exif: true, iptc: true, iptcDigest: true, quickTime: false });
export const MP4 = Object.freeze({ exif: false, iptc: false, iptcDigest: false, quickTime: true });

/** An empty JPEG of which nothing is known, but for what is given. */
export function input(given: Partial<MappingInput>): MappingInput {
  return {
    record: BLANK,
    kind: 'media',
    holds: given.kind === 'sidecar' ? SIDECAR_HOLDS : JPEG,
    current: {},
    beneath: {},
    hasNoDate: false,
    own: NOTHING_OWN,
    ...given,
    options: { fields: FIELD_NAMES, captionMaxLength: 2000, timeZone: undefined, ...given.options },
  };
}
