import type { Holds } from './fields/field.ts';
import type { Tags } from './fields/values.ts';
import type { TagChange } from './tags.ts';

export const IPTC_CHARSET = 'IPTC:CodedCharacterSet';
/** Says whether XMP was in step with IPTC when it was written; readers then prefer XMP (MWG Guidelines 2.0, 3.3). */
export const IPTC_DIGEST = 'Photoshop:IPTCDigest';
/** Computed by ExifTool where there is IPTC at all. */
export const IPTC_PRESENCE = 'File:CurrentIPTCDigest';

/** ISO 2022 for UTF-8, as IPTC-IIM 1:90 has it. */
export const UTF8 = '\u001b%G';

/** ExifTool's word for the digest that fits what it writes. */
const FITTING_DIGEST = 'new';

/**
 * What has to change in IPTC beside the values: new IPTC is in UTF-8; what is there in another encoding becomes UTF-8 when
 * something is added that is not ASCII; and the digest then says that XMP is in step, so that readers take the XMP, in
 * which nothing is cut short.
 */
export function charsetChanges(current: Tags, changes: readonly TagChange[], { iptcDigest }: Holds): TagChange[] {
  const iptc = changes.filter(({ tag }) => tag.startsWith('IPTC:'));
  if (iptc.length === 0) return [];
  const before = current[IPTC_DIGEST] ?? null;
  // One that does not fit any more would have readers take IPTC instead of XMP; without one they take XMP.
  const hasToGo = !iptcDigest && before !== null;
  const digests: TagChange[] = iptcDigest || hasToGo
    ? [{ tag: IPTC_DIGEST, before, after: iptcDigest ? FITTING_DIGEST : null }]
    : [];
  const charset = current[IPTC_CHARSET] ?? null;
  const isNew = (current[IPTC_PRESENCE] ?? null) === null;
  // deno-lint-ignore no-control-regex
  const needsMore = iptc.some(({ after }) => after !== null && /[^\x00-\x7f]/.test([after].flat().join('')));
  const isUtf8 = charset === UTF8;
  return !isUtf8 && (isNew || needsMore) ? [{ tag: IPTC_CHARSET, before: charset, after: UTF8 }, ...digests] : digests;
}

/** Whether other values of IPTC have to be written anew in another encoding. */
export function recodesIptc(current: Tags, changes: readonly TagChange[]): boolean {
  return (current[IPTC_PRESENCE] ?? null) !== null && changes.some(({ tag }) => tag === IPTC_CHARSET);
}
