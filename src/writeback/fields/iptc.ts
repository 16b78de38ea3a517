import { Buffer, isAscii, isUtf8 } from 'node:buffer';
import type { Tags } from './values.ts';

export const IPTC_CHARSET = 'IPTC:CodedCharacterSet';

/** ISO 2022 for UTF-8, as IPTC-IIM 1:90 has it. */
export const UTF8 = '\u001b%G';

/** The whole block, of which readers say what its texts are (IptcText). Not there where there is no IPTC. */
export const IPTC_TEXT = 'IPTC:IPTC';

/** What the texts of IPTC are, whatever may be declared. */
export type IptcText =
  | 'ascii'
  | 'utf8'
  /** Another encoding, or not only texts. */
  | 'other'
  /** There is more than one block, as in trailers of some programs: ExifTool would write into all of them. */
  | 'several';

const DATA_SET = 0x1c;

/** @param block IPTC as it is in the file */
export function iptcTextOf(block: Uint8Array): IptcText {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  let isPlain = true;
  let at = 0;
  while (at + 5 <= bytes.length && bytes[at] === DATA_SET) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end > bytes.length) return 'other';
    const text = bytes.subarray(at + 5, end);
    if (!isUtf8(text)) return 'other';
    isPlain &&= isAscii(text);
    at = end;
  }
  if (bytes.subarray(at).some((byte) => byte !== 0)) return 'other';
  return isPlain ? 'ascii' : 'utf8';
}

/**
 * Whether a text can be added to the IPTC of a file without any change to what others wrote there: in the encoding that is
 * declared, or after UTF-8 that is not declared has got its mark.
 */
export function canAddToIptc(current: Tags, text: string): boolean {
  const [found, charset] = [current[IPTC_TEXT] ?? null, current[IPTC_CHARSET] ?? null];
  if (found === 'several') return false;
  if (found === null || charset === UTF8 || isAsciiText(text)) return true;
  return charset === null && found !== 'other';
}

export function isAsciiText(text: string): boolean {
  // deno-lint-ignore no-control-regex
  return /^[\x00-\x7f]*$/.test(text);
}
