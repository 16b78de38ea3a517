import type { Holds } from './fields/field.ts';
import { IPTC_CHARSET, IPTC_TEXT, isAsciiText, UTF8 } from './fields/iptc.ts';
import type { Tags } from './fields/values.ts';
import type { TagChange } from './tags.ts';

/** Says whether XMP was in step with IPTC when it was written; readers then prefer XMP (MWG Guidelines 2.0, 3.3). */
export const IPTC_DIGEST = 'Photoshop:IPTCDigest';

/** ExifTool's word for the digest that fits what it writes. */
const FITTING_DIGEST = 'new';

/**
 * What has to change in IPTC beside the values. New IPTC is in UTF-8. What is there stays as it is, byte for byte: UTF-8 that does
 * not say so gets the mark, as does ASCII when something is added that is none. The digest then says that XMP is in step, so
 * that readers take the XMP, in which nothing is cut short.
 */
export function changesBeside(current: Tags, changes: readonly TagChange[], { iptcDigest }: Holds): TagChange[] {
  const iptc = changes.filter(({ tag }) => tag.startsWith('IPTC:'));
  if (iptc.length === 0) return [];
  const before = current[IPTC_DIGEST] ?? null;
  // One that does not fit any more would have readers take IPTC instead of XMP; without one they take XMP.
  const hasToGo = !iptcDigest && before !== null;
  const digests: TagChange[] = iptcDigest || hasToGo
    ? [{ tag: IPTC_DIGEST, before, after: iptcDigest ? FITTING_DIGEST : null }]
    : [];
  return needsMark(current, iptc) ? [{ tag: IPTC_CHARSET, before: null, after: UTF8 }, ...digests] : digests;
}

/** Whether a tag says something about IPTC, and nothing by itself. */
export function isBesideIptc(tag: string): boolean {
  return tag === IPTC_CHARSET || tag === IPTC_DIGEST;
}

function needsMark(current: Tags, changes: readonly TagChange[]): boolean {
  if ((current[IPTC_CHARSET] ?? null) !== null) return false;
  const found = current[IPTC_TEXT] ?? null;
  if (found === null || found === 'utf8') return true;
  return found === 'ascii' && changes.some(({ after }) => after !== null && !isAsciiText([after].flat().join('')));
}

/** Whether the declaration of IPTC changes, and none of its bytes: a plan of an earlier version may have recoded it. */
export function isMarkedOnly(changes: readonly TagChange[]): boolean {
  return changes.some(({ tag }) => tag === IPTC_CHARSET);
}
