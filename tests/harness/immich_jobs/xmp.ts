/** What a photo or its sidecar says, by the names that Immich writes and reads. */
export interface FileTags {
  readonly description?: string;
  /** With its offset, as in `2024-05-01T10:00:00+02:00`. */
  readonly dateTimeOriginal?: string;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly rating?: number;
  readonly tags?: readonly string[];
}

const NAMESPACES = {
  dc: 'http://purl.org/dc/elements/1.1/',
  tiff: 'http://ns.adobe.com/tiff/1.0/',
  exif: 'http://ns.adobe.com/exif/1.0/',
  photoshop: 'http://ns.adobe.com/photoshop/1.0/',
  xmp: 'http://ns.adobe.com/xap/1.0/',
  digiKam: 'http://www.digikam.org/ns/1.0/',
};

/**
 * A sidecar as ExifTool leaves it when Immich has it write these tags: descriptions twice, dates twice, places in degrees and minutes. (The real ExifTool
 * writes some in tests/share/extraction.test.ts.)
 */
export function writeXmp(tags: FileTags): string {
  const lines: string[] = [];
  const alt = (name: string, text: string) =>
    `<${name}>\n   <rdf:Alt>\n    <rdf:li xml:lang='x-default'>${escaped(text)}</rdf:li>\n   </rdf:Alt>\n  </${name}>`;
  if (tags.description !== undefined) {
    lines.push(alt('dc:description', tags.description), alt('tiff:ImageDescription', tags.description));
  }
  if (tags.dateTimeOriginal !== undefined) {
    lines.push(`<exif:DateTimeOriginal>${tags.dateTimeOriginal}</exif:DateTimeOriginal>`);
    lines.push(`<photoshop:DateCreated>${tags.dateTimeOriginal}</photoshop:DateCreated>`);
  }
  if (tags.latitude !== undefined) lines.push(`<exif:GPSLatitude>${angle(tags.latitude, 'NS')}</exif:GPSLatitude>`);
  if (tags.longitude !== undefined) lines.push(`<exif:GPSLongitude>${angle(tags.longitude, 'EW')}</exif:GPSLongitude>`);
  if (tags.rating !== undefined) lines.push(`<xmp:Rating>${tags.rating}</xmp:Rating>`);
  if (tags.tags !== undefined) {
    // Of no tags ExifTool makes one that is empty (2.7.5 and 3.1.0, as they were seen to write it).
    const items = tags.tags.length === 0
      ? '<rdf:li/>'
      : tags.tags.map((tag) => `<rdf:li>${escaped(tag)}</rdf:li>`).join('\n    ');
    lines.push(`<digiKam:TagsList>\n   <rdf:Seq>\n    ${items}\n   </rdf:Seq>\n  </digiKam:TagsList>`);
  }
  const declared = Object.entries(NAMESPACES).map(([prefix, uri]) => `xmlns:${prefix}='${uri}'`).join(' ');
  return `<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='Image::ExifTool 13.59'>
<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>

 <rdf:Description rdf:about='' ${declared}>
  ${lines.join('\n  ')}
 </rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end='w'?>`;
}

/** What such a sidecar says; nothing for any other file. */
export function readXmp(packet: string): FileTags {
  const inside = (name: string) => new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(packet)?.[1];
  const items = (text: string | undefined) =>
    text === undefined
      ? undefined
      : [...text.matchAll(/<rdf:li[^>/]*(?:\/>|>([\s\S]*?)<\/rdf:li>)/g)].map(([, it]) => plain(it ?? ''));
  const description = items(inside('tiff:ImageDescription'))?.[0];
  const dateTimeOriginal = inside('exif:DateTimeOriginal');
  const [latitude, longitude] = [inside('exif:GPSLatitude'), inside('exif:GPSLongitude')].map(degrees);
  const rating = inside('xmp:Rating');
  const tags = items(inside('digiKam:TagsList'));
  return {
    ...(description === undefined ? {} : { description }),
    ...(dateTimeOriginal === undefined ? {} : { dateTimeOriginal }),
    ...(latitude === undefined ? {} : { latitude }),
    ...(longitude === undefined ? {} : { longitude }),
    ...(rating === undefined ? {} : { rating: Number(rating) }),
    ...(tags === undefined ? {} : { tags }),
  };
}

function angle(value: number, hemispheres: string): string {
  const [whole, size] = [Math.floor(Math.abs(value)), Math.abs(value)];
  return `${whole},${(size - whole) * 60}${value < 0 ? hemispheres[1] : hemispheres[0]}`;
}

function degrees(text: string | undefined): number | undefined {
  const match = /^(\d+),([\d.]+)([NSEW])$/.exec(text ?? '');
  if (match === null) return undefined;
  const value = Number(match[1]) + Number(match[2]) / 60;
  return 'SW'.includes(match[3] ?? '') ? -value : value;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function plain(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
