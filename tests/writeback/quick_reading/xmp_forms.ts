import fc from '../../harness/drawing.ts';
import { XMP_NAMESPACES } from '../../../src/writeback/xmp/properties.ts';

/**
 * XMP packets in the forms that programs write and in many that they should not: properties as elements and attributes,
 * lists and languages, structures in three notations, entities, odd white space, wrong prefixes, repetitions.
 */
export function xmpPackets(): fc.Arbitrary<string> {
  return fc.record({
    descriptions: fc.oneof(
      { weight: 4, arbitrary: fc.array(description(), { minLength: 1, maxLength: 1 }) },
      fc.array(description(), { minLength: 2, maxLength: 3 }),
    ),
    wrap: fc.constantFrom(...WRAPPERS),
    toolkit: fc.constantFrom('', " x:xmptk='Adobe XMP Core 5.6-c140'"),
    oddity: fc.oneof({ weight: 60, arbitrary: fc.constant((text: string) => text) }, {
      weight: 20,
      arbitrary: fc.constantFrom(...ODDITIES),
    }),
  }).map(({ descriptions, wrap, toolkit, oddity }) => {
    const rdf = `<rdf:RDF xmlns:rdf="${XMP_NAMESPACES.get('rdf')}">\n${descriptions.join('\n')}\n</rdf:RDF>`;
    return oddity(wrap(`<x:xmpmeta xmlns:x='adobe:ns:meta/'${toolkit}>\n${rdf}\n</x:xmpmeta>`));
  });
}

const WRAPPERS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) =>
    `<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n${text}\n${' '.repeat(200)}\n<?xpacket end='w'?>`,
  (text) => `<?xml version="1.0" encoding="UTF-8"?>\n${text}\n`,
  (text) => `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>${text}<?xpacket end="r"?>`,
];

/** What may happen to a whole packet. */
const ODDITIES: readonly ((text: string) => string)[] = [
  (text) => text.replaceAll('\n', '\r\n'),
  (text) => text.replace('</rdf:Description>', '<!-- made by hand --></rdf:Description>'),
  (text) => text.replace(/<rdf:li>([^<]*)</, '<rdf:li><![CDATA[$1]]><'),
  (text) => `\ufeff${text}`,
  (text) => `${text}\0\0`,
  (text) => text.replace('</x:xmpmeta>', ''),
  (text) => text.slice(0, text.length / 2),
  (text) => text.replace('http://purl.org/dc/elements/1.1/', 'http://purl.org/dc/elements/1.1'),
  (text) => text.replaceAll('dc:', 'a:').replace('xmlns:dc=', 'xmlns:a='),
  (text) => text.replaceAll('xmp:', 'xap:'),
  (text) => text.replaceAll('xmlns:xmp=', 'xmlns:xmp1='),
  (text) => text.replaceAll('subject', 'Subject'),
  (text) => text.replaceAll('xmp:Rating', 'xmp:RATING'),
  (text) => text.replaceAll('http://ns.adobe.com/xap/1.0/"', 'http://ns.adobe.com/xap/2.0/"'),
  (text) => text.replace('<rdf:Description', '<rdf:Description rdf:nodeID="n1"'),
  (text) => text.replace('<rdf:RDF', '<rdf:RDF xml:lang="en"'),
  (text) => text.replace('<rdf:RDF', '<rdf:RDF xmp:Rating="3"'),
  (text) => text.replace('<x:xmpmeta', '<x:xmpmeta xmp:Rating="3"'),
  (text) => text.replace('<x:xmpmeta', '<x:xmpmeta rdf:about="x" lang="en"'),
  (text) => text.replaceAll('rdf:Description', 'rdf:description'),
  (text) => text.replaceAll('x:xmpmeta', 'x:xapmeta'),
  (text) => text.replace(/<rdf:li[^>]*>/, '<rdf:li rdf:value="other">'),
  (text) => text.replace('<rdf:li', '<rdf:li rdf:resource="other"'),
  (text) => text.replace(/&amp;/g, '&'),
  (text) => text.replace(/='/, "='"),
  (text) => text.replace('</rdf:RDF>', '<dc:subject>outside</dc:subject></rdf:RDF>'),
  (text) => text.replace('</x:xmpmeta>', '<xmp:Rating>2</xmp:Rating></x:xmpmeta>'),
  (text) => `${text}${text}`,
  (text) => text.replace(/>([^<>]+)<\/rdf:li>/, '>before<rdf:value>$1</rdf:value>after</rdf:li>'),
];

const PROPERTY_NAMES = {
  list: ['dc:subject', 'lr:hierarchicalSubject', 'digiKam:TagsList', 'Iptc4xmpExt:PersonInImage'],
  alt: ['dc:description', 'Iptc4xmpExt:Event', 'tiff:ImageDescription', 'dc:title'],
  simple: [
    'xmp:Rating',
    'xmp:CreateDate',
    'xmp:Label',
    'exif:DateTimeOriginal',
    'exif:DateTimeDigitized',
    'exif:GPSLatitude',
    'exif:GPSLongitude',
    'exif:GPSAltitude',
    'photoshop:DateCreated',
    'MicrosoftPhoto:Rating',
    'crs:Version',
    'xmpMM:DocumentID',
  ],
};
const ALL_NAMES = Object.values(PROPERTY_NAMES).flat();

/** Each property in one of its usual notations, and sometimes something odd beside. */
function description(): fc.Arbitrary<string> {
  return fc.record({
    lists: fc.subarray(PROPERTY_NAMES.list),
    alts: fc.subarray(PROPERTY_NAMES.alt),
    simple: fc.subarray(PROPERTY_NAMES.simple),
    entries: fc.array(fc.array(text(), { minLength: 1, maxLength: 3 }), { minLength: 4, maxLength: 4 }),
    values: fc.array(text(), { minLength: 16, maxLength: 16 }),
    angles: fc.array(angle(), { minLength: 16, maxLength: 16 }),
    isShort: fc.boolean(),
    regions: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, regions()),
    foreign: fc.oneof({ weight: 2, arbitrary: fc.constant('') }, fc.constantFrom(...FOREIGN)),
    odd: fc.oneof({ weight: 5, arbitrary: fc.constant('') }, fc.constantFrom(...ODD_ELEMENTS), oddElement()),
    about: fc.constantFrom(' rdf:about=""', " rdf:about='uuid:1'", ''),
  }).map(({ lists, alts, simple, entries, values, angles, isShort, regions, foreign, odd, about }) => {
    const valueOf = (name: string, index: number) => (/GPSL/.test(name) ? angles : values)[index + 4] ?? '';
    const elements = [
      ...lists.map((name, index) => listElement(name, 'rdf:Bag', entries[index] ?? [])),
      ...alts.map((name, index) => altElement(name, values[index] ?? '')),
      ...(isShort ? [] : simple.map((name, index) => simpleElement(name, valueOf(name, index)))),
      regions,
      foreign,
      odd,
    ].filter((element) => element !== '');
    const short = (name: string, index: number) => `\n   ${name}="${attributeText(valueOf(name, index))}"`;
    const start = `<rdf:Description${about}${DECLARED}${isShort ? simple.map(short).join('') : ''}`;
    return elements.length === 0 ? `${start}/>` : `${start}>\n${elements.join('\n')}\n</rdf:Description>`;
  });
}

/** Degrees as XMP has them, for the most part. */
function angle(): fc.Arbitrary<string> {
  const usual = fc.tuple(fc.integer({ min: 0, max: 180 }), fc.double({ min: 0, max: 59.9, noNaN: true }), fc.nat(10))
    .map(
      ([degrees, minutes, digits]) => `${degrees},${minutes.toFixed(digits)}${'NSEW'[digits % 4]}`,
    );
  return fc.oneof({ weight: 20, arbitrary: usual }, text());
}

const DECLARED = [
  ...[...XMP_NAMESPACES].filter(([prefix]) => prefix !== 'rdf' && prefix !== 'x'),
  ['crs', 'http://ns.adobe.com/camera-raw-settings/1.0/'],
  ['xmpMM', 'http://ns.adobe.com/xap/1.0/mm/'],
  ['stEvt', 'http://ns.adobe.com/xap/1.0/sType/ResourceEvent#'],
].map(([prefix, uri]) => `\n    xmlns:${prefix}="${uri}"`).join('');

function listElement(name: string, container: string, entries: readonly string[]): string {
  const items = entries.map((entry) => `\n  <rdf:li>${escape(entry)}</rdf:li>`).join('');
  return `<${name}>\n <${container}>${items}\n </${container}>\n</${name}>`;
}

function altElement(name: string, value: string): string {
  return `<${name}><rdf:Alt><rdf:li xml:lang="x-default">${escape(value)}</rdf:li></rdf:Alt></${name}>`;
}

function simpleElement(name: string, value: string): string {
  return `<${name}>${escape(value)}</${name}>`;
}

/** A property in a notation that is not its own. */
function oddElement(): fc.Arbitrary<string> {
  const name = fc.constantFrom(...ALL_NAMES);
  const language = fc.constantFrom('', ' xml:lang="x-default"', ' xml:lang="de-DE"', ' rdf:value="v"');
  const container = fc.constantFrom('rdf:Bag', 'rdf:Seq', 'rdf:Alt');
  return fc.oneof(
    fc.tuple(name, container, fc.array(text(), { maxLength: 3 })).map((parts) => listElement(...parts)),
    fc.tuple(name, text(), language).map(([tag, value, attribute]) => `<${tag}${attribute}>${escape(value)}</${tag}>`),
    name.map((tag) => `<${tag}/>`),
    name.map((tag) => `<${tag} rdf:parseType="Resource"/>`),
    fc.tuple(name, text(), text()).map(([tag, value, other]) =>
      `<${tag}><rdf:Alt><rdf:li xml:lang="de">${escape(value)}</rdf:li>` +
      `<rdf:li xml:lang="x-default">${escape(other)}</rdf:li></rdf:Alt></${tag}>`
    ),
    fc.tuple(name, text()).map(([tag, value]) => `<${tag.toUpperCase()}>${escape(value)}</${tag.toUpperCase()}>`),
  );
}

/** What others write beside, structures among it. */
const FOREIGN: readonly string[] = [
  '<xmpMM:History><rdf:Seq><rdf:li stEvt:action="saved" stEvt:when="2020-01-01T00:00:00"/></rdf:Seq></xmpMM:History>',
  '<crs:ToneCurve><rdf:Seq><rdf:li>0, 0</rdf:li><rdf:li>255, 255</rdf:li></rdf:Seq></crs:ToneCurve>',
  '<xmpMM:DerivedFrom rdf:parseType="Resource"><dc:subject>inside</dc:subject></xmpMM:DerivedFrom>',
  '<xmpMM:Pantry><rdf:Bag><rdf:li><rdf:Description xmp:Rating="1" dc:subject="x"/></rdf:li></rdf:Bag></xmpMM:Pantry>',
  '<dc:creator><rdf:Seq><rdf:li>somebody</rdf:li></rdf:Seq></dc:creator>',
  '<crs:Look><rdf:Description crs:Name="x"><crs:Group><rdf:Alt><rdf:li xml:lang="x-default">y</rdf:li></rdf:Alt>' +
  '</crs:Group></rdf:Description></crs:Look>',
  '<Iptc4xmpExt:LocationCreated><rdf:Bag><rdf:li rdf:parseType="Resource"><Iptc4xmpExt:City>c</Iptc4xmpExt:City>' +
  '</rdf:li></rdf:Bag></Iptc4xmpExt:LocationCreated>',
];

/** What ExifTool reads in ways of its own. */
const ODD_ELEMENTS: readonly string[] = [
  '<xmp:R><xmp:ating>3</xmp:ating></xmp:R>',
  '<dc:Description>capital</dc:Description>',
  '<rdf:Bag><xmp:Rating>3</xmp:Rating></rdf:Bag>',
  '<mwg-rs:RegionInfo>odd</mwg-rs:RegionInfo>',
  '<dc:subject rdf:parseType="Resource"><xmp:Rating>3</xmp:Rating></dc:subject>',
  '<dc:subject rdf:resource="there"/>',
  '<exif:GPS><exif:Latitude>3</exif:Latitude></exif:GPS>',
  '<xmp:Rating xmlns:xmp="http://example.org/">3</xmp:Rating>',
  '<my:Rating xmlns:my="http://ns.adobe.com/xap/1.0/">3</my:Rating>',
  '<my:Rating xmlns:my="http://ns.adobe.com/xap/2.0/">3</my:Rating>',
  '<my:Rating xmlns:my="http://ns.microsoft.com/photo/1.0/">3</my:Rating>',
  '<GItem:Mime xmlns:GItem="http://ns.google.com/photos/1.0/container/item/">image/jpeg</GItem:Mime>',
  '<iptcExt:PersonInImage>x</iptcExt:PersonInImage>',
  '<iptcExt:Event xmlns:iptcExt="http://example.org/">x</iptcExt:Event>',
  '<microsoft:RatingPercent xmlns:microsoft="http://example.org/">5</microsoft:RatingPercent>',
  '<dc:subject><rdf:Bag><rdf:li><rdf:Bag><rdf:li>deep</rdf:li></rdf:Bag></rdf:li></rdf:Bag></dc:subject>',
];

/** Face regions in the notations of several programs. */
function regions(): fc.Arbitrary<string> {
  const number = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value.toFixed(6));
  const region = fc.record({
    name: text(),
    form: fc.constantFrom(0, 0, 1, 1, 1, 2, 2, 3),
    area: fc.tuple(number, number, number, number),
    extra: fc.constantFrom(
      '',
      '',
      '',
      '<mwg-rs:Rotation>0.5</mwg-rs:Rotation>',
      '<mwg-rs:Extensions rdf:parseType="Resource"/>',
    ),
  }).map(({ name, form, area: [x, y, w, h], extra }) => {
    const short =
      `<mwg-rs:Area stArea:x="${x}" stArea:y="${y}" stArea:w="${w}" stArea:h="${h}" stArea:unit="normalized"/>`;
    const fields =
      `<stArea:x>${x}</stArea:x><stArea:y>${y}</stArea:y><stArea:w>${w}</stArea:w><stArea:h>${h}</stArea:h><stArea:unit>normalized</stArea:unit>`;
    const long = `<mwg-rs:Area rdf:parseType="Resource">${fields}</mwg-rs:Area>`;
    const own = `<mwg-rs:Name>${escape(name)}</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type>`;
    switch (form) {
      case 0:
        return `<rdf:li rdf:parseType="Resource">${own}${extra}${long}</rdf:li>`;
      case 1:
        return `<rdf:li><rdf:Description mwg-rs:Name="${
          attributeText(name)
        }" mwg-rs:Type="Face">${short}${extra}</rdf:Description></rdf:li>`;
      case 2:
        return `<rdf:li rdf:parseType="Resource">${own}<mwg-rs:Area><rdf:Description>${fields}</rdf:Description></mwg-rs:Area></rdf:li>`;
      default:
        return `<rdf:li mwg-rs:Name="${attributeText(name)}">${short}</rdf:li>`;
    }
  });
  const size = fc.constantFrom(
    '<mwg-rs:AppliedToDimensions stDim:w="4032" stDim:h="3024" stDim:unit="pixel"/>',
    '<mwg-rs:AppliedToDimensions rdf:parseType="Resource"><stDim:w>4032</stDim:w><stDim:h>3024</stDim:h></mwg-rs:AppliedToDimensions>',
    '',
  );
  return fc.tuple(fc.array(region, { maxLength: 2 }), size, fc.constantFrom(0, 0, 0, 1, 1, 2)).map(
    ([entries, applied, form]) => {
      const listed = `<mwg-rs:RegionList><rdf:Bag>${entries.join('\n')}</rdf:Bag></mwg-rs:RegionList>`;
      if (form === 0) return `<mwg-rs:Regions rdf:parseType="Resource">${applied}${listed}</mwg-rs:Regions>`;
      if (form === 1) return `<mwg-rs:Regions><rdf:Description>${applied}${listed}</rdf:Description></mwg-rs:Regions>`;
      return `<mwg-rs:Regions>${applied}${listed}</mwg-rs:Regions>`;
    },
  );
}

/** What people, programs and tests put into a field. */
export function text(): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...TEXTS) },
    { weight: 3, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }) },
    { weight: 1, arbitrary: fc.constantFrom(...ODD_TEXTS) },
  );
}

const TEXTS: readonly string[] = [
  'Anna Müller',
  'a',
  ' ',
  '  padded  ',
  'True',
  'false',
  '5',
  '-1',
  '1.10',
  '007',
  '1e5',
  '0x10',
  '4/5',
  '0/0',
  '33,51.40704S',
  '151,12.91776E',
  '33,51,24N',
  '33,51,24.75W',
  '33.5',
  '-33,51.4S',
  '100,61.5W',
  '0,0N',
  '2023-07-14T15:30:01.53+10:00',
  '2023-07-14T15:30',
  '2023-07-14T15:30:01Z',
  '2023-07-14 15:30:01 +02:00',
  '2023-07-14',
  '2023',
  '2023:07:14 15:30:01',
  '0000-00-00T00:00:00',
  'a, b; "c" \'d\'',
  'x & y &amp; z &lt; < >',
  ']]>',
  'line\nbreak',
  'tab\there',
  'nothing\u00a0breaks\u2028here',
  '\u202eright to left',
  '👩‍👩‍👧‍👦',
  'e\u0301',
  '-execute',
  '#[CSTR]a\\nb',
  '=',
  'base64:AAAA',
  '\ufffd',
  '&#65;',
  '&#xe9;',
];

const ODD_TEXTS: readonly string[] = ['carriage\rreturn', '\u007f', '&#0;', '&nbsp;', '&#xD800;', '&', ''];

/** Escaped as XML wants it for the most part, and for the rest left as it is. */
function escape(value: string): string {
  if (/^&/.test(value)) return value;
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replace(/>$/, '&gt;');
}

function attributeText(value: string): string {
  return escape(value).replaceAll('"', '&quot;');
}
