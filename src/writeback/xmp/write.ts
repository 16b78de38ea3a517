import { isWritable } from '../fields/text.ts';
import type { TagChange } from '../tags.ts';
import type { TagValue } from '../fields/values.ts';
import { escaped } from '../../xmp/elements.ts';
import { type Fields, PROPERTIES, type Property, REGION_FIELDS, XMP_NAMESPACES } from './properties.ts';

/** Names this program as the one that has written the packet. */
const TOOLKIT = 'immich-sidecar';

/** An element to write: text that is escaped already, or other elements. */
export interface XmpNode {
  readonly name: string;
  readonly attributes?: string;
  readonly content: string | readonly XmpNode[];
}

/**
 * The content of a new sidecar, in the form in which ExifTool writes it. undefined when there is a tag or a value for which
 * this form is not known: ExifTool is then to write it.
 */
export function newSidecar(changes: readonly TagChange[]): string | undefined {
  const values = new Map(changes.map(({ tag, after }) => [tag, after]));
  const written = PROPERTIES.flatMap((property) => {
    const value = values.get(property.tag) ?? undefined;
    const node = value === undefined ? undefined : propertyNode(property, value);
    return node === undefined ? [] : [{ prefix: property.prefix, node }];
  });
  if (written.length === 0 || written.length < changes.length) return undefined;
  const groups = [...Map.groupBy(written, ({ prefix }) => prefix)];
  return [
    `<x:xmpmeta xmlns:x='${XMP_NAMESPACES.get('x')}' x:xmptk='${TOOLKIT}'>`,
    `<rdf:RDF xmlns:rdf='${XMP_NAMESPACES.get('rdf')}'>`,
    ...groups.map(([prefix, group]) => `\n${xmpLines(xmpDescription(prefix, group.map(({ node }) => node)), 1)}`),
    '</rdf:RDF>',
    '</x:xmpmeta>',
    '',
  ].join('\n');
}

/** The same as a packet that stands among other things: by its marks programs find it wherever it is. */
export function newPacket(changes: readonly TagChange[]): string | undefined {
  const content = newSidecar(changes);
  return content && `<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n${content}<?xpacket end='w'?>`;
}

/** Prefixes that are used inside the properties of another. */
const INNER_PREFIXES: Readonly<Record<string, readonly string[]>> = { 'mwg-rs': ['stArea', 'stDim'] };

/**
 * What is said in one namespace.
 *
 * @param about what all of the packet is about, escaped
 */
export function xmpDescription(prefix: string, content: readonly XmpNode[], about = ''): XmpNode {
  return { name: 'rdf:Description', attributes: ` rdf:about='${about}'${declarations(prefix, '\n  ')}`, content };
}

/** The declarations of a prefix, and of those that are used inside of its properties. */
export function declarations(prefix: string, before: string): string {
  const prefixes = [prefix, ...INNER_PREFIXES[prefix] ?? []];
  return prefixes.map((name) => `${before}xmlns:${name}='${XMP_NAMESPACES.get(name)}'`).join('');
}

/** Line breaks inside a text stay as they are. */
export function xmpLines({ name, attributes = '', content }: XmpNode, depth: number): string {
  const indent = ' '.repeat(depth);
  if (typeof content === 'string') return `${indent}<${name}${attributes}>${content}</${name}>`;
  return [`${indent}<${name}${attributes}>`, ...content.map((node) => xmpLines(node, depth + 1)), `${indent}</${name}>`]
    .join('\n');
}

/** A property with its value; undefined for a value for which no form is known. */
export function propertyNode(property: Property, value: TagValue): XmpNode | undefined {
  const name = `${property.prefix}:${property.local}`;
  switch (property.form) {
    case 'bag':
      return listNode(name, 'rdf:Bag', listOf(value).map(textOf));
    case 'seq':
      return listNode(name, 'rdf:Seq', listOf(value).map(textOf));
    case 'alt':
      return listNode(name, 'rdf:Alt', [textOf(value)], " xml:lang='x-default'");
    case 'text':
    case 'number':
      return textNode(name, textOf(value));
    case 'date':
      return textNode(name, isoDate(String(value)));
    case 'angle':
      return textNode(name, angle(value, property.local.endsWith('Latitude') ? 'NS' : 'EW'));
    case 'microsoftRegions':
      return undefined;
    case 'regions':
      return structure(name, value, REGION_FIELDS.regions, {
        AppliedToDimensions: (field, size) => structure(field, size, REGION_FIELDS.dimensions),
        RegionList: regionList,
      });
  }
}

function textNode(name: string, content: string | undefined): XmpNode | undefined {
  return content === undefined ? undefined : { name, content };
}

function listNode(
  name: string,
  list: string,
  texts: readonly (string | undefined)[],
  attributes = '',
): XmpNode | undefined {
  const items = texts.filter((text) => text !== undefined).map((content) => ({ name: 'rdf:li', attributes, content }));
  const isWhole = items.length > 0 && items.length === texts.length;
  return isWhole ? { name, content: [{ name: list, content: items }] } : undefined;
}

function listOf(value: TagValue): readonly TagValue[] {
  return Array.isArray(value) ? value : [value];
}

/** Only what every reader gives back unchanged: an empty text is none, and XML makes line breaks of carriage returns. */
function textOf(value: TagValue): string | undefined {
  const text = typeof value === 'string' || Number.isFinite(value) ? String(value) : '';
  return text !== '' && isWritable(text) && !text.includes('\r') ? escaped(text) : undefined;
}

/** EXIF's notation of a date in ISO 8601. */
function isoDate(text: string): string | undefined {
  const match = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[+-]\d\d:\d\d)?)$/.exec(text);
  return match === null ? undefined : `${match[1]}-${match[2]}-${match[3]}T${match[4]}`;
}

/** Digits of minutes: 0.02 mm. */
const MINUTE_DIGITS = 8;

/** Degrees as `33,51.40704S` (XMP Specification Part 2, GPSCoordinate). */
function angle(value: TagValue, [positive = '', negative = '']: string): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const degrees = Math.floor(Math.abs(value));
  const minutes = ((Math.abs(value) - degrees) * 60).toFixed(MINUTE_DIGITS).replace(/\.?0+$/, '');
  const [whole, rest] = minutes === '60' ? [degrees + 1, '0'] : [degrees, minutes];
  return `${whole},${rest}${value < 0 ? negative : positive}`;
}

function regionList(name: string, value: TagValue): XmpNode | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map((region: TagValue) =>
    structure('rdf:li', region, REGION_FIELDS.region, {
      Area: (field, area) => structure(field, area, REGION_FIELDS.area),
    })
  );
  const content = items.filter((item) => item !== undefined);
  const isWhole = items.length > 0 && content.length === items.length;
  return isWhole ? { name, content: [{ name: 'rdf:Bag', content }] } : undefined;
}

/** Fields that are not text. */
type Inner = Readonly<Record<string, (name: string, value: TagValue) => XmpNode | undefined>>;

/** A structure with known fields only. */
function structure(name: string, value: TagValue, fields: Fields, inner: Inner = {}): XmpNode | undefined {
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const given = new Map<string, TagValue>(Object.entries(value));
  const content = Object.entries(fields).flatMap(([part, field]) => {
    const fieldValue = given.get(field);
    if (fieldValue === undefined) return [];
    const node = inner[field]?.(part, fieldValue) ?? textNode(part, textOf(fieldValue));
    return node === undefined ? [] : [node];
  });
  const isWhole = content.length > 0 && content.length === given.size;
  return isWhole ? { name, attributes: " rdf:parseType='Resource'", content } : undefined;
}
