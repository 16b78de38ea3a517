import { SaxesParser, type SaxesTagNS } from 'saxes';
import * as names from '../tag_names.ts';
import type { Tags, TagValue } from '../tags.ts';

const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';

/** What is read, by namespace and name. */
const PROPERTIES: ReadonlyMap<string, string> = new Map([
  ['http://purl.org/dc/elements/1.1/subject', names.SUBJECT],
  ['http://purl.org/dc/elements/1.1/description', names.DESCRIPTION],
  ['http://iptc.org/std/Iptc4xmpExt/2008-02-29/PersonInImage', names.PERSON_IN_IMAGE],
  ['http://iptc.org/std/Iptc4xmpExt/2008-02-29/Event', names.EVENT],
  ['http://ns.adobe.com/lightroom/1.0/hierarchicalSubject', names.HIERARCHICAL_SUBJECT],
  ['http://www.digikam.org/ns/1.0/TagsList', names.TAGS_LIST],
  ['http://ns.adobe.com/tiff/1.0/ImageDescription', names.XMP_IMAGE_DESCRIPTION],
  ['http://ns.adobe.com/xap/1.0/Rating', names.RATING],
  ['http://ns.microsoft.com/photo/1.0Rating', names.RATING_PERCENT],
  ['http://ns.adobe.com/exif/1.0/GPSLatitude', names.XMP_GPS_LATITUDE],
  ['http://ns.adobe.com/exif/1.0/GPSLongitude', names.XMP_GPS_LONGITUDE],
  ['http://ns.adobe.com/exif/1.0/DateTimeOriginal', names.XMP_DATE_TIME_ORIGINAL],
  ['http://ns.adobe.com/exif/1.0/DateTimeDigitized', names.XMP_DATE_TIME_DIGITIZED],
  ['http://ns.adobe.com/xap/1.0/CreateDate', names.XMP_CREATE_DATE],
  ['http://ns.adobe.com/photoshop/1.0/DateCreated', names.XMP_DATE_CREATED],
  ['http://www.metadataworkinggroup.com/schemas/regions/Regions', names.REGION_INFO],
]);

interface Element {
  readonly uri: string;
  readonly local: string;
  readonly hasAttributes: boolean;
  readonly children: Element[];
  text: string;
}

/**
 * Reads the tags that write-back writes out of an XMP packet as ExifTool writes it: each property once, as an element.
 * undefined when it is written in another way, or not well-formed.
 */
export function readXmp(packet: string): Tags | undefined {
  const root = parse(packet);
  if (root === undefined) return undefined;
  const tags: Record<string, TagValue> = {};
  for (const description of find(root, 'RDF')?.children ?? []) {
    if (description.hasAttributes) return undefined; // the short form
    for (const property of description.children) {
      const tag = PROPERTIES.get(property.uri + property.local);
      if (tag === undefined) continue;
      const value = valueOf(property);
      if (value === undefined || Object.hasOwn(tags, tag)) return undefined;
      tags[tag] = tag === names.XMP_GPS_LATITUDE || tag === names.XMP_GPS_LONGITUDE ? degrees(String(value)) : value;
    }
  }
  return tags;
}

function parse(packet: string): Element | undefined {
  const root: Element = { uri: '', local: '', hasAttributes: false, children: [], text: '' };
  const open = [root];
  let isBroken = false;
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', () => void (isBroken = true));
  parser.on('opentag', (tag) => {
    const element = { uri: tag.uri, local: tag.local, hasAttributes: hasProperties(tag), children: [], text: '' };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  parser.on('text', (text) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  });
  parser.write(packet).close();
  return isBroken ? undefined : root;
}

/** Attributes that are properties: neither declarations nor RDF's and XML's own. */
function hasProperties({ attributes }: SaxesTagNS): boolean {
  return Object.values(attributes).some(({ prefix, uri }) => prefix !== 'xmlns' && prefix !== 'xml' && uri !== RDF);
}

function find(element: Element, local: string): Element | undefined {
  if (element.uri === RDF && element.local === local) return element;
  for (const child of element.children) {
    const found = find(child, local);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A text, a list, the only text of several languages, or a structure with ExifTool's names for its fields. */
function valueOf({ children, text }: Element): TagValue | undefined {
  const [first] = children;
  if (first === undefined) return text;
  if (first.uri !== RDF) return structureOf(children);
  const entries = first.children.map(valueOf).filter((entry) => entry !== undefined);
  if (entries.length < first.children.length) return undefined;
  if (first.local === 'Alt') return entries.length === 1 ? entries[0] : undefined;
  return first.local === 'Bag' || first.local === 'Seq' ? entries : undefined;
}

function structureOf(fields: readonly Element[]): TagValue | undefined {
  const structure: Record<string, TagValue> = {};
  for (const field of fields) {
    const value = valueOf(field);
    if (value === undefined) return undefined;
    structure[field.local.charAt(0).toUpperCase() + field.local.slice(1)] = value;
  }
  return structure;
}

/** `33,51.40704S` as XMP has it. */
function degrees(text: string): string {
  const match = /^(\d+),([\d.]+)([NSEW])$/.exec(text);
  if (!match) return text;
  const [, whole = '', minutes = '', hemisphere = ''] = match;
  const angle = Number(whole) + Number(minutes) / 60;
  return String('SW'.includes(hemisphere) ? -angle : angle);
}
