import { isList } from '../fields/tag.ts';
import { TAGS } from '../fields/fields.ts';
import type { Element } from '../../xmp/elements.ts';
import { PROPERTIES, type Property, REGION_FIELDS, XMP_NAMESPACES } from '../xmp/properties.ts';
import type { Losses } from './loss.ts';
import {
  canonical,
  type FoundProperty,
  fullName,
  NotComparable,
  type Prefixes,
  propertiesOf,
  scopeIn,
} from './xmp_canonical.ts';
import { parseXmpDocument, type XmpDocument } from './xmp_document.ts';
import { areAmong } from './among.ts';

const BY_FULL_NAME: ReadonlyMap<string, Property> = new Map(
  PROPERTIES.map((property) => [`{${XMP_NAMESPACES.get(property.prefix)}}${property.local}`, property]),
);

/** What says where the rest of a packet is that was too long for one segment: not needed any more when it is whole. */
const LEADS_TO_REST = '{http://ns.adobe.com/xmp/note/}HasExtendedXMP';

/** Each part of a packet says what it is about. */
const ABOUT = `{${XMP_NAMESPACES.get('rdf')}}about`;

/**
 * What XMP has lost or changed beside these tags, qualifiers, empty lists and comments included, which ExifTool does not
 * show. undefined when the two cannot be compared: one is not well-formed, or says something in a form that is not known here.
 *
 * @param before the packets of a file: a JPEG has a second one for what is too long for the first
 * @param after none when nothing is left of it
 * @param tags those that were planned
 */
export function xmpLosses(
  before: readonly string[],
  after: readonly string[],
  tags: readonly string[],
): Losses | undefined {
  const [old, made] = [before.map(parseXmpDocument), after.map(parseXmpDocument)];
  const blamed = tags.filter((tag) => tag.startsWith('XMP'));
  if (!areAllThere(old)) return undefined;
  if (!areAllThere(made)) return [{ what: 'XMP that is well-formed', tags: blamed }];
  try {
    const [was, is] = [contentOf(old, tags), contentOf(made, tags)];
    const lost = [...was].filter(([name, said]) => !areAmong(said, is.get(name) ?? []));
    const added = [...is].filter(([name, said]) => !areAmong(said, was.get(name) ?? []) && !tags.includes(name));
    const names = new Set([...lost, ...added].map(([name]) => name));
    const isBeside = besideAll(made);
    return [
      ...[...names].map((name) => ({ what: shownName(name), tags: tags.includes(name) ? [name] : blamed })),
      ...besideAll(old).filter((text) => !isBeside.includes(text)).map((what) => ({ what, tags: blamed })),
    ];
  } catch (error) {
    if (error instanceof NotComparable) return undefined;
    throw error;
  }
}

function besideAll(documents: readonly XmpDocument[]): readonly string[] {
  return documents.flatMap(({ beside }) => beside);
}

function areAllThere<T>(values: readonly (T | undefined)[]): values is readonly T[] {
  return !values.includes(undefined);
}

/** Of properties that are planned, only what others said in them; by tag where it is one that is planned, else by full name. */
function contentOf(documents: readonly XmpDocument[], tags: readonly string[]): Map<string, string[]> {
  const content = new Map<string, string[]>();
  for (const found of documents.flatMap(({ root }) => propertiesOf(root))) {
    if (found.name === LEADS_TO_REST || (found.name === ABOUT && content.has(ABOUT))) continue;
    const property = BY_FULL_NAME.get(found.name);
    const isPlanned = property !== undefined && tags.includes(property.tag);
    const name = isPlanned ? property.tag : found.name;
    const said = isPlanned ? othersIn(found, property) : [canonical(found)];
    content.set(name, [...content.get(name) ?? [], ...said]);
  }
  return content;
}

/** What others said in a property that is written: other languages, entries that are no plain texts, fields beyond the standard. */
function othersIn({ value, scope }: FoundProperty, { tag, form }: Property): string[] {
  if (typeof value === 'string') return [];
  if (form === 'regions') return unknownFields(value, scope);
  // All that is in them is read as a whole, and written as it was.
  if (form === 'microsoftRegions') return [];
  const isLeft = form === 'alt'
    ? ({ attributes }: Element) => attributes.has('xml:lang') && attributes.get('xml:lang') !== 'x-default'
    : isListTag(tag)
    ? ({ attributes, children }: Element) => attributes.size > 0 || children.length > 0
    : () => false;
  return value.children.flatMap((list) => list.children).filter(isLeft).map((item) =>
    canonical({ value: item, scope: scopeIn(item, scope) })
  );
}

function isListTag(name: string): boolean {
  const tag = TAGS.get(name);
  return tag !== undefined && isList(tag);
}

const KNOWN_IN_REGIONS: ReadonlySet<string> = new Set(
  Object.values(REGION_FIELDS).flatMap((fields) =>
    Object.keys(fields).map((name) => {
      const [prefix = '', local = ''] = name.split(':');
      return `{${XMP_NAMESPACES.get(prefix)}}${local}`;
    })
  ),
);

/** What programs have added to regions that the standard does not have. */
function unknownFields(element: Element, scope: Prefixes): string[] {
  const rdf = XMP_NAMESPACES.get('rdf') ?? '';
  const attributes = [...element.attributes].map(([name, value]) => [fullName(name, scope), value] as const)
    .filter(([name]) => !name.startsWith('{xmlns}') && !name.startsWith(`{${rdf}}`) && !KNOWN_IN_REGIONS.has(name));
  const inside = element.children.flatMap((child) => {
    const own = scopeIn(child, scope);
    const name = fullName(child.name, own);
    if (KNOWN_IN_REGIONS.has(name) || name.startsWith(`{${rdf}}`)) return unknownFields(child, own);
    return [`${name}=${canonical({ value: child, scope: own })}`];
  });
  return [...attributes.map(([name, value]) => `${name}=${JSON.stringify(value)}`), ...inside];
}

function shownName(name: string): string {
  const [, uri = '', local = ''] = /^\{(.*)\}(.*)$/.exec(name) ?? [];
  const known = [...XMP_NAMESPACES].find(([, address]) => address === uri)?.[0];
  return uri === '' ? name : `${known ?? uri} ${local}`.replace(/ /, known === undefined ? ' ' : ':');
}
