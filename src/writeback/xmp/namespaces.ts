import type { Element } from '../../xmp/elements.ts';
import { XMP_NAMESPACES } from './properties.ts';

/** Whether an attribute declares a prefix. */
export function isNamespaceAttribute(name: string): boolean {
  return name.startsWith('xmlns:');
}

/** Addresses without what ExifTool overlooks when it does not know one: a slash at the end, and the version. */
const KNOWN: ReadonlySet<string> = new Set([...XMP_NAMESPACES.values()].map(rough));

/**
 * Namespaces in which ExifTool finds more than tags: where other pictures and films are in the file, whole blocks of
 * metadata, and what it has written about another file itself.
 */
const LEADS_FURTHER = /^http:\/\/ns\.(?:google\.com\/photos\/(?!1\.0\/panorama\/)|nikon\.com\/|exiftool\.)/;

/** Where Windows keeps regions of its own: known to ExifTool, and not taken for another version of something else. */
const MICROSOFT_REGIONS = 'http://ns.microsoft.com/photo/1.2/';

/**
 * Whether the prefixes in a packet mean what they always do, so that one can go by the prefix as ExifTool does, and whether
 * there is nothing of which more follows.
 */
export function areFamiliar({ attributes, children }: Element): boolean {
  for (const [name, value] of attributes) {
    if (name === 'rdf:nodeID') return false; // said in one place, meant in another
    if (isNamespaceAttribute(name) && !isFamiliar(name.slice('xmlns:'.length), value)) return false;
  }
  return children.every(areFamiliar);
}

function isFamiliar(prefix: string, uri: string): boolean {
  const expected = XMP_NAMESPACES.get(prefix);
  if (expected !== undefined) return uri === expected;
  return uri === MICROSOFT_REGIONS || (!KNOWN.has(rough(uri)) && !LEADS_FURTHER.test(uri));
}

function rough(uri: string): string {
  return uri.replace(/\/$/, '').replaceAll(/\/\d+\.\d+(?=\/|$)/g, '/0.0');
}
