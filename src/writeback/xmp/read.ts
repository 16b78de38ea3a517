import { degreesOf, shown, shownNumber } from '../exiftool/shown.ts';
import type { XmpForm } from '../fields/tag.ts';
import type { Tags, TagValue } from '../fields/values.ts';
import { itemsOf, textOf } from '../../xmp/contents.ts';
import { type Element, isWhitespace, parseElements, unescaped } from '../../xmp/elements.ts';
import { areFamiliar, isNamespaceAttribute } from './namespaces.ts';
import { PROPERTIES, type Property } from './properties.ts';
import { readRegions } from './regions.ts';

const BY_NAME: ReadonlyMap<string, Property> = new Map(
  PROPERTIES.map((property) => [`${property.prefix}:${property.local}`, property]),
);

/** Prefixes that ExifTool looks through: what lies in such an element counts as if it stood one level above. */
const TRANSPARENT: readonly string[] = ['x', 'rdf', 'xmlns', 'xml', 'svg', 'office', 'et'];

/** Its own words for two of the prefixes, which it does not tell from these. */
const GROUP_NAMES: readonly string[] = ['iptcExt', 'microsoft'];

/** ExifTool reads no more entries of a list. */
const LONGEST_LIST = 1_000;

/**
 * Reads the tags that write-back writes out of an XMP packet, as ExifTool shows them: each property once, as an element or
 * an attribute. undefined when it is written in an unusual way; ExifTool may then see something else, or more.
 */
export function readXmp(packet: string): Tags | undefined {
  const root = parseElements(packet);
  if (root?.name !== 'x:xmpmeta' || !areFamiliar(root) || !hasOnly(root, ['x'])) return undefined;
  const [rdf, ...others] = root.children;
  if (rdf?.name !== 'rdf:RDF' || others.length > 0 || !isWhitespace(root.text + rdf.text)) return undefined;
  if (!hasOnly(rdf, [])) return undefined;
  const tags: Record<string, TagValue> = {};
  return rdf.children.every((description) => readDescription(description, tags)) ? tags : undefined;
}

/** Whether it has no attributes but declarations, and those with these prefixes. */
function hasOnly({ attributes }: Element, prefixes: readonly string[]): boolean {
  return [...attributes.keys()].every((name) =>
    prefixes.includes(name.split(':')[0] ?? '') || isNamespaceAttribute(name)
  );
}

/** Notes what it says in `tags`; false when it is an odd one. */
function readDescription(description: Element, tags: Record<string, TagValue>): boolean {
  if (description.name !== 'rdf:Description' || !isWhitespace(description.text)) return false;
  for (const [name, raw] of description.attributes) {
    if (name === 'rdf:about' || isNamespaceAttribute(name)) continue;
    if (!note(name, tags, ({ form }) => simpleValue(form, raw))) return false;
  }
  return description.children.every((child) => note(child.name, tags, ({ form }) => valueOf(form, child)));
}

function note(
  name: string,
  tags: Record<string, TagValue>,
  read: (property: Property) => TagValue | undefined,
): boolean {
  const property = BY_NAME.get(name);
  if (property === undefined) return !isConfusable(name);
  const value = read(property);
  if (value === undefined || Object.hasOwn(tags, property.tag)) return false;
  tags[property.tag] = value;
  return true;
}

/** ExifTool makes names of tags from all levels of what it finds, and of capitals small letters. */
function isConfusable(name: string): boolean {
  const [prefix = '', local = ''] = name.split(':');
  if (TRANSPARENT.includes(prefix) || GROUP_NAMES.includes(prefix)) return true;
  const start = local.toLowerCase();
  return PROPERTIES.some((property) =>
    property.prefix === prefix &&
    [property.local, property.tag.slice(property.tag.indexOf(':') + 1)].some((it) => it.toLowerCase().startsWith(start))
  );
}

function valueOf(form: XmpForm, element: Element): TagValue | undefined {
  if (form === 'regions') return readRegions(element);
  if (form === 'microsoftRegions') return undefined;
  if (!hasOnly(element, [])) return undefined;
  if (element.children.length === 0) return simpleValue(form, element.text);
  if (form === 'bag' || form === 'seq') return listOf(element);
  return form === 'alt' ? defaultOf(element) : undefined;
}

function simpleValue(form: XmpForm, raw: string): TagValue | undefined {
  const text = unescaped(raw);
  // Of a list it would be an entry, and of a structure something broken.
  if (text === undefined || form === 'bag' || form === 'seq' || form === 'regions' || form === 'microsoftRegions') {
    return undefined;
  }
  if (form === 'date') return shown(exifDate(text));
  return form === 'angle' ? degrees(text) : shown(text);
}

function listOf(element: Element): TagValue | undefined {
  const entries = itemsOf(element, ['rdf:Bag', 'rdf:Seq'])?.map((item) => item.attributes.size > 0 ? '' : textOf(item));
  if (entries === undefined || entries.length > LONGEST_LIST) return undefined;
  const texts = entries.filter((entry): entry is string => entry !== undefined && entry !== '');
  return texts.length === entries.length ? texts.map(shown) : undefined;
}

/** A text that is there in one language only, the default one. */
function defaultOf(element: Element): TagValue | undefined {
  const [item, ...others] = itemsOf(element, ['rdf:Alt']) ?? [];
  if (item === undefined || others.length > 0 || item.attributes.size !== 1) return undefined;
  const text = item.attributes.get('xml:lang') === 'x-default' ? textOf(item) : undefined;
  return text === undefined ? undefined : shown(text);
}

/** ExifTool's spelling of a date. */
function exifDate(text: string): string {
  const match = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}:\d{2})(:\d{2})?\s*(\S*)$/.exec(text);
  if (match !== null) {
    const [, year, month, day, minutes, seconds = '', rest] = match;
    return `${year}:${month}:${day} ${minutes}${seconds}${rest}`;
  }
  return /^\d{4}(?:-\d{2}){0,2}/.test(text) ? text.replaceAll('-', ':') : text;
}

/** `33,51.40704S` or `33,51,24S`. */
function degrees(text: string): string | undefined {
  const match = /^(\d{1,3}),(\d{1,2}(?:\.\d{1,12})?|\d{1,2},\d{1,2}(?:\.\d{1,12})?)([NSEW])$/.exec(text);
  if (match === null) return undefined;
  const [, whole, rest = '', hemisphere = ''] = match;
  const [minutes, seconds = 0] = rest.split(',').map(Number);
  const angle = degreesOf(Number(whole), minutes ?? 0, seconds);
  return angle === 0 ? undefined : shownNumber('SW'.includes(hemisphere) ? -angle : angle);
}
