import { entryKey } from '../fields/lists.ts';
import type { TagChange } from '../tags.ts';
import { unescaped } from '../../xmp/elements.ts';
import { type PlacedAttribute, type PlacedElement, placeElements } from './positions.ts';
import { PROPERTIES, type Property, XMP_NAMESPACES } from './properties.ts';
import { declarations, propertyNode, xmpDescription, xmpLines, type XmpNode } from './write.ts';

/** A part of the text that is exchanged for another. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What this form of editing is not made for. */
class NotEditable extends Error {}

/**
 * Changes an XMP packet in its text: nothing but these properties, so that all else stays to the letter, with comments, empty lists,
 * prefixes, declarations and the order in which it stands there. ExifTool writes a packet anew.
 *
 * Returns undefined when it is written in a form, or a value has one, for which that cannot be done here.
 *
 * @param changes of XMP tags
 * @param isAscii whether what is put in has to be ASCII, as the packet is in another encoding than UTF-8
 */
export function editedXmp(packet: string, changes: readonly TagChange[], isAscii = false): string | undefined {
  try {
    const root = placeElements(packet);
    const rdf = root?.name === 'rdf:RDF' ? root : root?.children.find(({ name }) => name === 'rdf:RDF');
    if (root === undefined || rdf === undefined || rdf.innerStart === rdf.innerEnd) return undefined;
    const properties = changes.map((change) => ({ change, property: propertyOf(change.tag) }));
    const outer = prefixesOf(rdf, prefixesOf(root, new Map()));
    const edits: Edit[] = [];
    const added: { readonly prefix: string; readonly node: XmpNode }[] = [];
    for (const { change, property } of properties) {
      const [place, ...others] = placesOf(rdf, property, outer);
      if (others.length > 0) return undefined;
      if (place !== undefined) edits.push(...editsAt(place, packet, property, change));
      else if (change.after !== null) added.push({ prefix: property.prefix, node: nodeFor(property, change.after) });
    }
    if (added.length > 0) edits.push(insertion(rdf, packet, added));
    return withEdits(packet, isAscii ? edits.map(inAscii) : edits);
  } catch (error) {
    if (error instanceof NotEditable) return undefined;
    throw error;
  }
}

function propertyOf(tag: string): Property {
  const property = PROPERTIES.find((one) => one.tag === tag);
  if (property === undefined) throw new NotEditable();
  return property;
}

type Place = { readonly attribute: PlacedAttribute } | { readonly element: PlacedElement };

/** Where a property stands, whatever prefix it has there. */
function placesOf(rdf: PlacedElement, property: Property, outer: ReadonlyMap<string, string>): Place[] {
  const uri = XMP_NAMESPACES.get(property.prefix);
  return rdf.children.flatMap((description): Place[] => {
    if (description.name !== 'rdf:Description') throw new NotEditable();
    const inside = prefixesOf(description, outer);
    const isIt = (name: string, prefixes: ReadonlyMap<string, string>) => {
      const [prefix = '', local] = name.split(':');
      return local === property.local && prefixes.get(prefix) === uri;
    };
    return [
      ...description.attributes.filter(({ name }) => isIt(name, inside)).map((attribute) => ({ attribute })),
      ...description.children.filter((child) => isIt(child.name, prefixesOf(child, inside))).map((element) => ({
        element,
      })),
    ];
  });
}

function prefixesOf({ attributes }: PlacedElement, outer: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const declared = attributes.filter(({ name }) => name.startsWith('xmlns:'));
  return new Map([...outer, ...declared.map(({ name, value }): [string, string] => [name.slice(6), value])]);
}

function editsAt(place: Place, packet: string, property: Property, { after }: TagChange): Edit[] {
  if ('attribute' in place) {
    const { attribute } = place;
    if (after === null) return [{ start: attribute.start, end: attribute.end, text: '' }];
    return [{ start: attribute.valueStart, end: attribute.valueEnd, text: simpleText(property, after) }];
  }
  const { element } = place;
  if (property.form === 'alt') return editsOfAlt(element, packet, property, after);
  if (property.form === 'bag' || property.form === 'seq') {
    return editsOfList(element, packet, property, after);
  }
  if (after === null) return [removal(element, packet)];
  if (property.form === 'microsoftRegions') throw new NotEditable();
  if (property.form === 'regions') return [{ ...spanOf(element), text: wholeElement(element, property, after) }];
  if (element.children.length > 0 || element.hasMore) throw new NotEditable();
  return [content(element, packet, simpleText(property, after))];
}

/** Only the default language is ours. */
function editsOfAlt(element: PlacedElement, packet: string, property: Property, after: TagChange['after']): Edit[] {
  const list = listIn(element, ['rdf:Alt']);
  const language = (item: PlacedElement) => item.attributes.find(({ name }) => name === 'xml:lang')?.value;
  const ours = list?.children.find((item) => language(item) === 'x-default');
  const others = list?.children.filter((item) => item !== ours) ?? [];
  if (after === null) {
    if (ours === undefined) return [];
    return [removal(others.length === 0 ? element : ours, packet)];
  }
  if (list === undefined || list.innerStart === list.innerEnd) {
    return [{ ...spanOf(element), text: wholeElement(element, property, after) }];
  }
  const text = onlyText(property, after);
  if (ours === undefined) {
    return [{ start: list.innerStart, end: list.innerStart, text: `<rdf:li xml:lang='x-default'>${text}</rdf:li>` }];
  }
  if (ours.children.length > 0 || ours.hasMore) throw new NotEditable();
  return [content(ours, packet, text)];
}

/** Entries go and come one by one; those of others stay as they are written. */
function editsOfList(
  element: PlacedElement,
  packet: string,
  property: Property,
  after: TagChange['after'],
): Edit[] {
  const list = listIn(element, ['rdf:Bag', 'rdf:Seq']);
  const wanted = after === null ? [] : [after].flat().map(String);
  if (list === undefined || list.innerStart === list.innerEnd) {
    return after === null
      ? [removal(element, packet)]
      : [{ ...spanOf(element), text: wholeElement(element, property, after) }];
  }
  const keys = new Set(wanted.map(entryKey));
  const present = new Set<string>();
  const gone = list.children.filter((item) => {
    if (item.children.length > 0 || item.hasMore) return false;
    const text = unescaped(packet.slice(item.innerStart, item.innerEnd));
    // An entry without text is none to ExifTool.
    if (text === undefined || text === '') return false;
    if (keys.has(entryKey(text))) present.add(entryKey(text));
    return !keys.has(entryKey(text)) && item.attributes.length === 0;
  });
  if (after === null && gone.length === list.children.length) return [removal(element, packet)];
  const added = wanted.filter((text) => !present.has(entryKey(text)));
  const last = list.children.at(-1);
  const at = last === undefined ? list.innerStart : last.end;
  const before = last === undefined ? '' : /\s*$/.exec(packet.slice(0, last.start))?.[0] ?? '';
  const items = added.map((text) => `${before}<rdf:li>${onlyText(property, text)}</rdf:li>`).join('');
  return [...gone.map((item) => removal(item, packet)), ...(items === '' ? [] : [{ start: at, end: at, text: items }])];
}

function listIn(element: PlacedElement, names: readonly string[]): PlacedElement | undefined {
  const [list, ...others] = element.children;
  if (list === undefined && !element.hasMore) return undefined;
  if (list === undefined || others.length > 0 || !names.includes(list.name)) throw new NotEditable();
  if (list.children.some(({ name }) => name !== 'rdf:li')) throw new NotEditable();
  return list;
}

function nodeFor(property: Property, value: NonNullable<TagChange['after']>): XmpNode {
  const node = propertyNode(property, value);
  if (node === undefined) throw new NotEditable();
  return node;
}

/** The value of a property that is a text and nothing else, escaped. */
function simpleText(property: Property, value: NonNullable<TagChange['after']>): string {
  const { content: text } = nodeFor(property, value);
  if (typeof text !== 'string') throw new NotEditable();
  return text;
}

/** A text of a list, escaped. */
function onlyText(property: Property, value: NonNullable<TagChange['after']>): string {
  if (typeof value !== 'string') throw new NotEditable();
  return simpleText({ ...property, form: 'text' }, value);
}

/** The element as it would be in a new packet, under the name that it has here. */
function wholeElement({ name }: PlacedElement, property: Property, value: NonNullable<TagChange['after']>): string {
  const node = nodeFor(property, value);
  const attributes = `${node.attributes ?? ''}${property.form === 'regions' ? declarations(property.prefix, ' ') : ''}`;
  return xmpLines({ ...node, name, attributes }, 0);
}

function content(element: PlacedElement, packet: string, text: string): Edit {
  if (element.innerStart === element.innerEnd && packet.slice(element.start, element.end).endsWith('/>')) {
    const opening = packet.slice(element.start, element.end - 2).trimEnd();
    return { ...spanOf(element), text: `${opening}>${text}</${element.name}>` };
  }
  return { start: element.innerStart, end: element.innerEnd, text };
}

/** Takes an element away, with the white space before it. */
function removal(element: PlacedElement, packet: string): Edit {
  const before = /[ \t]*\r?\n?[ \t]*$/.exec(packet.slice(0, element.start))?.[0].length ?? 0;
  return { start: element.start - before, end: element.end, text: '' };
}

function spanOf({ start, end }: PlacedElement): { start: number; end: number } {
  return { start, end };
}

/** New properties come into a part of their own, about the same as the first. */
function insertion(
  rdf: PlacedElement,
  packet: string,
  added: readonly { readonly prefix: string; readonly node: XmpNode }[],
): Edit {
  const about = rdf.children[0]?.attributes.find(({ name }) => name === 'rdf:about')?.value ?? '';
  if (about.includes("'")) throw new NotEditable();
  const groups = [...Map.groupBy(added, ({ prefix }) => prefix)];
  const parts = groups.map(([prefix, group]) =>
    xmpLines(xmpDescription(prefix, group.map(({ node }) => node), about), 1)
  );
  const before = packet.slice(rdf.innerStart, rdf.innerEnd).endsWith('\n') ? '' : '\n';
  return { start: rdf.innerEnd, end: rdf.innerEnd, text: `${before}${parts.join('\n')}\n` };
}

// deno-lint-ignore no-control-regex
const NOT_ASCII = /[^\x00-\x7f]/gu;

function inAscii({ text, ...place }: Edit): Edit {
  return { ...place, text: text.replace(NOT_ASCII, (character) => `&#${character.codePointAt(0)};`) };
}

function withEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < at) throw new NotEditable();
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}
