import { TAGS } from '../fields/fields.ts';
import { SIDECAR_FOR_EXTENSION } from '../fields/sidecar_for_extension.ts';
import { NAMESPACES as OF_PROPERTIES, type XmpForm } from '../fields/tag.ts';

/** A property that write-back reads and writes. */
export interface Property {
  readonly tag: string;
  readonly prefix: string;
  readonly local: string;
  readonly form: XmpForm;
}

/** The namespaces that matter, by the prefixes that everybody uses for them. */
export const XMP_NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['x', 'adobe:ns:meta/'],
  ['rdf', 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'],
  ...Object.entries(OF_PROPERTIES),
  ['stArea', 'http://ns.adobe.com/xmp/sType/Area#'],
  ['stDim', 'http://ns.adobe.com/xap/1.0/sType/Dimensions#'],
]);

/** In the order in which ExifTool writes them: by prefix, then by name. */
export const PROPERTIES: readonly Property[] = Object.freeze(
  [...TAGS.values(), SIDECAR_FOR_EXTENSION]
    .filter((tag) => tag.block === 'xmp')
    .sort((a, b) => a.property < b.property ? -1 : 1)
    .map(({ name, property, form }) => {
      const [prefix = '', local = ''] = property.split(':');
      return { tag: name, prefix, local, form };
    }),
);

/** The fields of the structures in face regions: ExifTool's names for them, by prefix and name. */
export const REGION_FIELDS = Object.freeze({
  regions: { 'mwg-rs:AppliedToDimensions': 'AppliedToDimensions', 'mwg-rs:RegionList': 'RegionList' },
  dimensions: { 'stDim:h': 'H', 'stDim:unit': 'Unit', 'stDim:w': 'W' },
  region: {
    'mwg-rs:Area': 'Area',
    'mwg-rs:Description': 'Description',
    'mwg-rs:Name': 'Name',
    'mwg-rs:Rotation': 'Rotation',
    'mwg-rs:Type': 'Type',
  },
  area: { 'stArea:d': 'D', 'stArea:h': 'H', 'stArea:unit': 'Unit', 'stArea:w': 'W', 'stArea:x': 'X', 'stArea:y': 'Y' },
});

export type Fields = Readonly<Record<string, string>>;
