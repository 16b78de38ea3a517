import { type Element, isWhitespace, unescaped } from '../../xmp/elements.ts';
import { isNamespaceAttribute } from '../xmp/namespaces.ts';
import { XMP_NAMESPACES } from '../xmp/properties.ts';

/** The uris of prefixes. */
export type Prefixes = ReadonlyMap<string, string>;

const NO_SCOPE: Prefixes = new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]);
const RDF = XMP_NAMESPACES.get('rdf') ?? '';

/** A property, wherever in the packet it stands. An attribute has its text, still escaped. */
export interface FoundProperty {
  readonly name: string;
  readonly value: Element | string;
  readonly scope: Prefixes;
}

/** In a packet something has no form of which this program could tell whether it is the same as another. */
export class NotComparable extends Error {
  override name = 'NotComparable';
}

/** All properties of a packet in their order. Throws NotComparable when it is no RDF. */
export function propertiesOf(root: Element): FoundProperty[] {
  const scope = scopeIn(root, NO_SCOPE);
  const rdf = root.name === 'rdf:RDF' ? root : root.children.find(({ name }) => name === 'rdf:RDF');
  if (rdf === undefined || !isWhitespace(root.text + rdf.text)) throw new NotComparable();
  const inside = rdf === root ? scope : scopeIn(rdf, scope);
  return rdf.children.flatMap((description) => {
    if (description.name !== 'rdf:Description') throw new NotComparable();
    const own = scopeIn(description, inside);
    const attributes = [...description.attributes].filter(([name, value]) =>
      !isNamespaceAttribute(name) && !(name === 'rdf:about' && value === '')
    );
    return [
      ...attributes.map(([name, value]) => ({ name: attributeName(name, own), value, scope: own })),
      ...description.children.map((child) => {
        const scope = scopeIn(child, own);
        return { name: fullName(child.name, scope), value: child, scope };
      }),
    ];
  });
}

/**
 * Gain maps and the films and pictures behind a picture: programs that show them go by prefixes, and by what is an attribute and what an
 * element.
 */
const TO_THE_LETTER = /^http:\/\/ns\.(?:google\.com\/photos\/|adobe\.com\/hdr-gain-map\/)/;

/** `{http://purl.org/dc/elements/1.1/}subject`; where the prefix counts, with it. */
export function fullName(name: string, scope: Prefixes): string {
  const [prefix = '', local = ''] = name.split(':');
  const uri = scope.get(prefix) ?? prefix;
  return TO_THE_LETTER.test(uri) ? `{${uri}}${name}` : `{${uri}}${local}`;
}

function attributeName(name: string, scope: Prefixes): string {
  const full = fullName(name, scope);
  return TO_THE_LETTER.test(full.slice(1)) ? `${full}=` : full;
}

export function scopeIn({ attributes }: Element, outer: Prefixes): Prefixes {
  const declared = [...attributes].filter(([name]) => isNamespaceAttribute(name));
  if (declared.length === 0) return outer;
  return new Map([...outer, ...declared.map(([name, uri]): [string, string] => [name.slice('xmlns:'.length), uri])]);
}

/**
 * What a property says, in one spelling: attributes and elements, the three forms of a structure, order of fields and white space
 * between elements make no difference. Throws NotComparable.
 */
export function canonical({ value, scope }: Pick<FoundProperty, 'value' | 'scope'>): string {
  return JSON.stringify(typeof value === 'string' ? textOfRaw(value) : shapeOf(value, scope));
}

type Shape = string | readonly [kind: string, content: readonly unknown[], qualifiers?: readonly unknown[]];

function shapeOf(element: Element, scope: Prefixes): Shape {
  const attributes = attributesOf(element, scope);
  const isResource = element.attributes.get('rdf:parseType') === 'Resource';
  const qualifiers = attributes.filter(([name]) =>
    name.startsWith('{http://www.w3.org/XML/') || name.startsWith(`{${RDF}}`)
  );
  const fields = attributes.filter((attribute) => !qualifiers.includes(attribute));
  const children = element.children.map((child) => ({ child, scope: scopeIn(child, scope) }));
  const [first] = children;
  if (first === undefined) {
    if (fields.length > 0 || isResource) return structure(fields, qualifiers);
    return qualifiers.length === 0 ? textOfRaw(element.text) : ['text', [textOfRaw(element.text)], qualifiers];
  }
  if (!isWhitespace(element.text)) throw new NotComparable();
  const list = children.length === 1 && !isResource ? /^rdf:(Bag|Seq|Alt)$/.exec(first.child.name)?.[1] : undefined;
  if (list !== undefined) {
    if (first.child.attributes.size > 0) throw new NotComparable();
    const items = itemsIn(first.child, first.scope);
    return qualifiers.length === 0 ? [list, items] : [list, items, qualifiers];
  }
  if (children.length === 1 && first.child.name === 'rdf:Description') {
    if (attributes.length > 0) throw new NotComparable();
    return shapeOf(first.child, first.scope);
  }
  const inside = children.map(({ child, scope }) => [fullName(child.name, scope), shapeOf(child, scope)] as const);
  return structure([...fields, ...inside], qualifiers);
}

function itemsIn(container: Element, scope: Prefixes): Shape[] {
  return container.children.map((item) => shapeOf(item, scopeIn(item, scope)));
}

function structure(fields: readonly (readonly [string, unknown])[], qualifiers: readonly unknown[]): Shape {
  const sorted = fields.toSorted(([a], [b]) => a < b ? -1 : 1);
  return qualifiers.length === 0 ? ['fields', sorted] : ['fields', sorted, qualifiers];
}

function attributesOf(element: Element, scope: Prefixes): [name: string, value: string][] {
  return [...element.attributes]
    .filter(([name]) => !isNamespaceAttribute(name) && name !== 'rdf:parseType')
    .map(([name, value]): [string, string] => [attributeName(name, scope), textOfRaw(value)])
    .sort(([a], [b]) => a < b ? -1 : 1);
}

function textOfRaw(raw: string): string {
  const text = unescaped(raw);
  if (text === undefined) throw new NotComparable();
  return text;
}
