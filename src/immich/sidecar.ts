import { type Element, parseElements, unescaped } from '../xmp/elements.ts';

/** What a user can change in Immich and Immich then writes into a sidecar: for each, the properties from which it reads it again. */
const PROPERTIES = Object.freeze(
  {
    description: ['dc:description', 'tiff:ImageDescription', 'exif:ImageDescription'],
    date: ['exif:DateTimeOriginal', 'photoshop:DateCreated', 'xmp:CreateDate', 'exif:DateTimeDigitized'],
    position: ['exif:GPSLatitude', 'exif:GPSLongitude'],
    rating: ['xmp:Rating'],
    tags: ['digiKam:TagsList', 'lr:hierarchicalSubject', 'dc:subject'],
  } as const,
);

export type SidecarField = keyof typeof PROPERTIES;

export const SIDECAR_FIELDS: readonly SidecarField[] = Object.freeze(Object.keys(PROPERTIES) as SidecarField[]);

/** Names in `lockedProperties` of what a user has changed and Immich has not written into the sidecar yet (from 2.4 on). */
export const LOCKS: Readonly<Record<SidecarField, readonly string[]>> = Object.freeze({
  description: ['description'],
  date: ['dateTimeOriginal', 'timeZone'],
  position: ['latitude', 'longitude'],
  rating: ['rating'],
  tags: ['tags'],
});

/**
 * What a sidecar says about each field, in a form that is the same however the XMP is written; a field that it does not mention is left out.
 * undefined for what is no plain XMP. Immich writes only what a user has changed, and keeps what else is in there
 * (docs/immich.md#what-immich-writes-into-sidecars).
 */
export function readSidecar(packet: string): ReadonlyMap<SidecarField, string> | undefined {
  const root = parseElements(packet.replace(/^\ufeff/, ''));
  if (root === undefined) return undefined;
  const rdf = root.name === 'rdf:RDF' ? root : root.children.find(({ name }) => name === 'rdf:RDF');
  if (rdf === undefined) return undefined;
  const said = new Map<string, string>();
  for (const description of rdf.children) {
    for (const [name, raw] of description.attributes) said.set(name, JSON.stringify([unescaped(raw) ?? raw]));
    for (const child of description.children) said.set(child.name, JSON.stringify(textsOf(child)));
  }
  return new Map(SIDECAR_FIELDS.flatMap((field) => {
    const values = PROPERTIES[field].flatMap((name) => said.has(name) ? [`${name}=${said.get(name)}`] : []);
    return values.length === 0 ? [] : [[field, values.join('\n')] as const];
  }));
}

/** All texts in an element, in their order. */
function textsOf({ children, text }: Element): string[] {
  return children.length === 0 ? [unescaped(text) ?? text] : children.flatMap(textsOf);
}
