import { shown } from '../exiftool/shown.ts';
import type { TagValue } from '../fields/values.ts';
import { itemsOf, textOf } from '../../xmp/contents.ts';
import { type Element, isWhitespace, unescaped } from '../../xmp/elements.ts';
import { isNamespaceAttribute } from './namespaces.ts';
import { type Fields, REGION_FIELDS } from './properties.ts';

type Structure = Readonly<Record<string, TagValue>>;
/** Reads a field: an attribute, or an element. */
type Read = (value: string | Element) => TagValue | undefined;

/** Reads face regions; undefined when there is more in them than the fields that everybody knows. */
export function readRegions(element: Element): Structure | undefined {
  return structureOf(element, REGION_FIELDS.regions, {
    AppliedToDimensions: (value) => nested(value, REGION_FIELDS.dimensions),
    RegionList: (value) => typeof value === 'string' ? undefined : regionList(value),
  });
}

function regionList(element: Element): TagValue | undefined {
  if (element.attributes.size > 0) return undefined;
  const regions = itemsOf(element, ['rdf:Bag', 'rdf:Seq'])?.map((item) =>
    structureOf(item, REGION_FIELDS.region, { Area: (value) => nested(value, REGION_FIELDS.area) })
  );
  return regions?.every((region) => region !== undefined) ? regions : undefined;
}

function nested(value: string | Element, fields: Fields): Structure | undefined {
  return typeof value === 'string' ? undefined : structureOf(value, fields, {});
}

/** A structure with ExifTool's names for its fields; undefined when it is empty or has others. */
function structureOf(
  element: Element,
  fields: Fields,
  readers: Readonly<Record<string, Read>>,
): Structure | undefined {
  const structure: Record<string, TagValue> = {};
  const parts = partsOf(element);
  for (const [name, part] of parts ?? []) {
    const field = fields[name];
    if (field === undefined || Object.hasOwn(structure, field)) return undefined;
    const value = (readers[field] ?? simple)(part);
    if (value === undefined) return undefined;
    structure[field] = value;
  }
  return Object.keys(structure).length === 0 ? undefined : structure;
}

function simple(value: string | Element): TagValue | undefined {
  if (typeof value !== 'string' && value.attributes.size > 0) return undefined;
  const text = typeof value === 'string' ? unescaped(value) : textOf(value);
  return text === undefined || text === '' ? undefined : shown(text);
}

/**
 * The fields of a structure in any of the three ways in which they are written: as elements under `rdf:parseType`, in an
 * rdf:Description, or as attributes.
 */
function partsOf({ attributes, children, text }: Element): [string, string | Element][] | undefined {
  if (!isWhitespace(text)) return undefined;
  const own = [...attributes].filter(([name]) => !isNamespaceAttribute(name) && name !== 'rdf:parseType');
  const parseType = attributes.get('rdf:parseType');
  if (parseType !== undefined && parseType !== 'Resource') return undefined;
  const [first, ...others] = children;
  if (first?.name === 'rdf:Description') {
    const isAlone = others.length === 0 && own.length === 0 && parseType === undefined;
    return isAlone ? partsOf(first) : undefined;
  }
  if (own.length > 0 ? children.length > 0 || parseType !== undefined : parseType === undefined) return undefined;
  return [...own, ...children.map((child): [string, Element] => [child.name, child])];
}
