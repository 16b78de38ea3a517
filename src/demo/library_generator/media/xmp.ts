/** What an XMP sidecar holds; the tags that Immich itself writes (docs/immich.md#what-immich-writes-into-sidecars). */
export interface SidecarContent {
  readonly description?: string;
  /** 1 to 5 */
  readonly rating?: number;
  readonly tags?: readonly string[];
}

/** The text of an XMP sidecar in the form that ExifTool writes. Same input, same bytes. */
export function encodeSidecar(content: SidecarContent): string {
  const { description, rating, tags } = content;
  const properties = [
    ...(description === undefined ? [] : [
      `  <dc:description><rdf:Alt><rdf:li xml:lang='x-default'>${
        escape(description)
      }</rdf:li></rdf:Alt></dc:description>`,
      `  <tiff:ImageDescription><rdf:Alt><rdf:li xml:lang='x-default'>${
        escape(description)
      }</rdf:li></rdf:Alt></tiff:ImageDescription>`,
    ]),
    ...(tags === undefined
      ? []
      : [`  <digiKam:TagsList><rdf:Seq>${
        tags.map((tag) => `<rdf:li>${escape(tag)}</rdf:li>`).join('')
      }</rdf:Seq></digiKam:TagsList>`]),
    ...(rating === undefined ? [] : [`  <xmp:Rating>${rating}</xmp:Rating>`]),
  ];
  return [
    `<?xpacket begin='\uFEFF' id='W5M0MpCehiHzreSzNTczkc9d'?>`,
    `<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='Image::ExifTool 13.59'>`,
    `<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>`,
    ` <rdf:Description rdf:about=''`,
    `  xmlns:dc='http://purl.org/dc/elements/1.1/'`,
    `  xmlns:digiKam='http://www.digikam.org/ns/1.0/'`,
    `  xmlns:tiff='http://ns.adobe.com/tiff/1.0/'`,
    `  xmlns:xmp='http://ns.adobe.com/xap/1.0/'>`,
    ...properties,
    ` </rdf:Description>`,
    `</rdf:RDF>`,
    `</x:xmpmeta>`,
    `<?xpacket end='w'?>`,
    '',
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll(`'`, '&#39;');
}
