import type { Buffer } from 'node:buffer';
import { UTF8 } from '../iptc.ts';
import { CAPTION_ABSTRACT, IPTC_CHARSET, KEYWORDS } from '../tag_names.ts';
import type { Tags } from '../tags.ts';

const RESOURCE = '8BIM';
const IPTC_RESOURCE = 0x0404;
const DATA_SET = 0x1c;

/** Reads keywords and caption out of Photoshop's resources (IPTC-IIM 4.2). undefined when they are not in order. */
export function readIptc(resources: Buffer): Tags | undefined {
  for (let at = 0; at + 12 <= resources.length;) {
    if (resources.toString('latin1', at, at + 4) !== RESOURCE) return undefined;
    const nameLength = (resources[at + 6] ?? 0) + 1;
    const sizeAt = at + 6 + nameLength + nameLength % 2;
    if (sizeAt + 4 > resources.length) return undefined;
    const size = resources.readUInt32BE(sizeAt);
    const content = resources.subarray(sizeAt + 4, sizeAt + 4 + size);
    if (resources.readUInt16BE(at + 4) === IPTC_RESOURCE) return readDataSets(content);
    at = sizeAt + 4 + size + size % 2;
  }
  return {};
}

/** undefined also for text that is neither UTF-8 nor ASCII. */
function readDataSets(content: Buffer): Tags | undefined {
  const keywords: Buffer[] = [];
  let [caption, charset]: (Buffer | undefined)[] = [];
  for (let at = 0; at + 5 <= content.length && content[at] === DATA_SET;) {
    const size = content.readUInt16BE(at + 3);
    if (size > 0x7fff) return undefined; // the length of a length
    const value = content.subarray(at + 5, at + 5 + size);
    const dataSet = `${content[at + 1]}:${content[at + 2]}`;
    if (dataSet === '1:90') charset = value;
    else if (dataSet === '2:25') keywords.push(value);
    else if (dataSet === '2:120') caption = value;
    at += 5 + size;
  }
  const isUtf8 = charset?.toString('latin1') === UTF8;
  const texts = [...keywords, ...(caption === undefined ? [] : [caption])];
  if (!isUtf8 && texts.some((text) => text.some((byte) => byte > 0x7f))) return undefined;
  return {
    ...(charset === undefined ? {} : { [IPTC_CHARSET]: charset.toString('latin1') }),
    ...(keywords.length === 0 ? {} : { [KEYWORDS]: keywords.map((keyword) => keyword.toString('utf8')) }),
    ...(caption === undefined ? {} : { [CAPTION_ABSTRACT]: caption.toString('utf8') }),
  };
}
