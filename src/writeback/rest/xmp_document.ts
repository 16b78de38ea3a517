import { type Element, parseElements } from '../../xmp/elements.ts';

/** A packet with what stands beside its elements, which ExifTool passes over. */
export interface XmpDocument {
  readonly root: Element;
  /** Comments, document types, declarations of another encoding and processing instructions, as they stand there. */
  readonly beside: readonly string[];
}

const BESIDE = /<!--[^]*?-->|<!\[CDATA\[([^]*?)\]\]>|<!DOCTYPE[^[>]*(?:\[[^]*?\]\s*)?>|<\?[^]*?\?>/g;
/** What is written anew with each packet, or says nothing. */
const USUAL = /^<\?(?:xpacket\s|xml\s+version=["']1\.0["'](?:\s+encoding=["']utf-8["'])?\s*\?>)/i;

/** Takes an XMP packet apart. undefined when it is not well-formed, or has names without prefixes or beyond ASCII. */
export function parseXmpDocument(packet: string): XmpDocument | undefined {
  const beside: string[] = [];
  const elements = packet.replace(BESIDE, (found, text: string | undefined) => {
    if (text !== undefined) return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    if (!USUAL.test(found)) beside.push(found);
    return '';
  });
  const root = parseElements(elements.replace(/^\ufeff/, ''));
  return root && { root, beside };
}
