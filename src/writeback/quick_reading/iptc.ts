import type { Buffer } from 'node:buffer';
import { TAGS } from '../fields/fields.ts';
import { isList } from '../fields/tag.ts';
import { IPTC_CHARSET, IPTC_TEXT, iptcTextOf, UTF8 } from '../fields/iptc.ts';
import { IPTC_DIGEST } from '../iptc.ts';
import type { Tags } from '../fields/values.ts';
import { shownList } from '../exiftool/shown.ts';

const RESOURCE = '8BIM';
const IPTC = 0x0404;
const DIGEST = 0x0425;
const DIGEST_LENGTH = 16;
/** Resources with EXIF and XMP in them. */
const OTHER_METADATA: readonly number[] = Object.freeze([0x0422, 0x0423, 0x0424]);

const DATA_SET = 0x1c;
/** Of the envelope record, 1. */
const CHARSET = 90;

/** Reads keywords, caption and digest out of Photoshop's resources (IPTC-IIM 4.2). undefined when they are not in order. */
export function readIptc(bytes: Buffer): Tags | undefined {
  const resources = resourcesOf(bytes);
  const [iptc, digest] = [resources?.get(IPTC), resources?.get(DIGEST)];
  if (resources === undefined || OTHER_METADATA.some((id) => resources.has(id))) return undefined;
  if (digest !== undefined && digest.length !== DIGEST_LENGTH) return undefined;
  const tags = iptc === undefined ? {} : readDataSets(iptc);
  return tags && { ...tags, ...(digest === undefined ? {} : { [IPTC_DIGEST]: digest.toString('hex') }) };
}

/** By their numbers; undefined when one comes twice or is not whole. */
function resourcesOf(bytes: Buffer): ReadonlyMap<number, Buffer> | undefined {
  const resources = new Map<number, Buffer>();
  for (let at = 0; at + 8 < bytes.length;) {
    const nameLength = (bytes[at + 6] ?? 0) + 1;
    const sizeAt = at + 6 + nameLength + nameLength % 2;
    if (bytes.toString('latin1', at, at + 4) !== RESOURCE || sizeAt + 4 > bytes.length) return undefined;
    const id = bytes.readUInt16BE(at + 4);
    const size = bytes.readUInt32BE(sizeAt);
    const end = sizeAt + 4 + size;
    if (end > bytes.length || resources.has(id)) return undefined;
    resources.set(id, bytes.subarray(sizeAt + 4, end));
    at = end + size % 2;
  }
  return resources;
}

/** What is read of the application record, by the numbers of its data sets. */
const KNOWN = new Map(
  [...TAGS.values()].flatMap((tag) => tag.block === 'iptc' ? [[tag.dataSet, tag]] : []),
);

/** undefined also for text that is neither UTF-8 nor ASCII. */
function readDataSets(content: Buffer): Tags | undefined {
  const entries = new Map<string, string[]>();
  let charset: string | undefined;
  let at = 0;
  for (; at + 5 <= content.length && content[at] === DATA_SET;) {
    const [record, dataSet, size] = [content[at + 1] ?? 0, content[at + 2] ?? 0, content.readUInt16BE(at + 3)];
    const end = at + 5 + size;
    // A size that is the size of a size, a record of somebody's own.
    if (size > 0x7fff || end > content.length || record < 1 || record > 2) return undefined;
    const bytes = content.subarray(at + 5, end);
    if (record === 1 && dataSet === CHARSET) {
      if (charset !== undefined || entries.size > 0) return undefined;
      charset = textOf(bytes, false);
      if (charset === undefined || charset === '') return undefined;
    }
    const tag = record === 2 ? KNOWN.get(dataSet) : undefined;
    if (tag !== undefined) {
      const text = textOf(bytes, charset === UTF8);
      const before = entries.get(tag.name);
      if (text === undefined || (before !== undefined && !isList(tag))) return undefined;
      entries.set(tag.name, [...before ?? [], text]);
    }
    at = end;
  }
  const isPadded = content.subarray(at).every((byte) => byte === 0);
  if (!isPadded || content.length === 0) return undefined;
  return {
    [IPTC_TEXT]: charset === UTF8 ? 'utf8' : iptcTextOf(content),
    ...(charset === undefined ? {} : { [IPTC_CHARSET]: charset }),
    ...Object.fromEntries([...entries].map(([name, texts]) => [name, shownList(texts)])),
  };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f\ufffe\uffff]/;

/** ExifTool takes NULs at the end away. */
function textOf(bytes: Buffer, isUtf8: boolean): string | undefined {
  if (!isUtf8 && bytes.some((byte) => byte > 0x7f)) return undefined;
  try {
    const text = decoder.decode(bytes).replace(/\0+$/, '');
    return CONTROL.test(text) ? undefined : text;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
