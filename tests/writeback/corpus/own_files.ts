import { Buffer } from 'node:buffer';
import { iptcBlock, UTF8_MARK, withIptc } from '../files/iptc_blocks.ts';
import { FORMATS, makeFile, makeMotionPhoto } from '../files/media.ts';
import { makeRareFile, RARE_FORMATS } from '../files/rare_formats.ts';
import { photoWithEverything } from '../files/photo_with_everything.ts';
import { setTags } from '../files/set_tags.ts';
import { withLoci } from '../files/with_loci.ts';
import { withSecondPicture } from '../files/with_second_picture.ts';

type Make = () => Uint8Array;

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A sidecar as another program writes it, with what is in `description` and properties that are nobody's. */
function sidecar(description: string, before = ''): Uint8Array {
  return bytesOf(
    `${before}<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><!-- by hand -->
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:odd="urn:odd" odd:kept="yes">${description}</rdf:Description>
 </rdf:RDF>
</x:xmpmeta>\n`,
  );
}

/** What lies in libraries, made here: every format that is written into, and what cameras, telephones and programs make of it. */
const FILES: Readonly<Record<string, Make>> = Object.freeze({
  ...Object.fromEntries(FORMATS.map((format): [string, Make] => [`plain.${format}`, () => makeFile(format)])),
  ...Object.fromEntries(RARE_FORMATS.map((format): [string, Make] => [`plain.${format}`, () => makeRareFile(format)])),
  'UPPER.JPG': () => makeFile('jpg'),
  'with a space, and ünïcode 李雷.jpg': () => makeFile('jpg', 6),
  'maker notes and profile.jpg': photoWithEverything,
  'motion.jpg': () => makeMotionPhoto().file,
  'gain map.jpg': () => withSecondPicture(photoWithEverything()),
  'loci.mp4': () => withLoci(makeFile('mp4'), 47.5, 8.5),
  'iptc latin.jpg': () => withIptc(makeFile('jpg'), iptcBlock([[2, 25, Buffer.from('\xdcberlingen', 'latin1')]])),
  'iptc utf8.jpg': () => withIptc(makeFile('jpg'), iptcBlock([UTF8_MARK, [2, 25, Buffer.from('Überlingen')]])),
  'iptc twice.jpg': () =>
    withIptc(makeFile('jpg'), iptcBlock([[2, 25, Buffer.from('one')]]), iptcBlock([[2, 25, Buffer.from('two')]])),
  'something behind it.jpg': () => Uint8Array.from([...makeFile('jpg'), ...bytesOf('AXS!not a picture')]),
  'cut off.jpg': () => makeFile('jpg').subarray(0, 900),
  'is a png.jpg': () => makeFile('png'),
  'is no picture.jpg': () => bytesOf('nothing to see'),
  'empty.jpg': () => new Uint8Array(),
  'theirs.jpg': () => makeFile('jpg'),
  'theirs.jpg.xmp': () => sidecar('<dc:subject><rdf:Bag><rdf:li>Camera club</rdf:li></rdf:Bag></dc:subject>'),
  'short name.mov': () => makeFile('mov'),
  'short name.xmp': () => sidecar('<dc:format>video/quicktime</dc:format>', '\ufeff'),
  'broken sidecar.jpg': () => makeFile('jpg'),
  'broken sidecar.jpg.xmp': () => bytesOf('<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'),
  'empty sidecar.png': () => makeFile('png'),
  'keywords in both.jpg.xmp': () => sidecar('<dc:subject><rdf:Bag><rdf:li>Camera club</rdf:li></rdf:Bag></dc:subject>'),
  'two of a name.jpg': () => makeFile('jpg'),
  'two of a name.dng': () => makeFile('dng'),
  'two of a name.xmp': () => sidecar('<dc:format>image/jpeg</dc:format>'),
  'in capitals.jpg': () => makeFile('jpg'),
  'in capitals.jpg.XMP': () => sidecar('<dc:format>image/jpeg</dc:format>'),
  'empty sidecar.png.xmp': () => new Uint8Array(),
});

/** Into these ExifTool has written what other programs do. */
const TAGGED: Readonly<Record<string, { readonly of: Make; readonly tags: Readonly<Record<string, unknown>> }>> = Object
  .freeze({
    'by Lightroom.jpg': {
      of: photoWithEverything,
      tags: {
        'XMP-dc:Subject': ['Holiday', 'a, b'],
        'XMP-lr:HierarchicalSubject': ['Places|Italy', 'with/slash'],
        'XMP-xmp:Label': 'Red',
        'XMP-crs:Exposure2012': 0.5,
        'IPTC:Keywords': ['Holiday'],
      },
    },
    'by digiKam.jpg': {
      of: () => makeFile('jpg'),
      tags: { 'XMP-digiKam:TagsList': ['People/Zoe'], 'XMP-acdsee:Categories': '<Categories/>', 'XMP-xmp:Rating': 2 },
    },
    'regions.jpg': {
      of: () => makeFile('jpg'),
      tags: {
        'XMP-mwg-rs:RegionInfo': {
          AppliedToDimensions: { W: 320, H: 240, Unit: 'pixel' },
          RegionList: [{ Type: 'Pet', Area: { X: 0.5, Y: 0.5, W: 0.1, H: 0.1, Unit: 'normalized' } }],
        },
      },
    },
    'other languages.jpg': {
      of: () => makeFile('jpg'),
      tags: { 'XMP-dc:Description-de': 'Abend', 'XMP-dc:Description-fr': 'Soir' },
    },
    'a place of noughts.jpg': { of: () => makeFile('jpg'), tags: { 'GPS:GPSLatitude': 0, 'GPS:GPSLatitudeRef': 'N' } },
    'iptc.jp2': { of: () => makeRareFile('jp2'), tags: { 'IPTC:Keywords': ['Küste'], 'IPTC:By-line': 'Jürg Größe' } },
    'keywords in both.jpg': { of: () => makeFile('jpg'), tags: { 'XMP-dc:Subject': ['Holiday', 'XMP'] } },
    'an empty date.jpg': { of: () => makeFile('jpg'), tags: { 'ExifIFD:DateTimeOriginal': '    :  :     :  :  ' } },
    'film with everything.mov': {
      of: () => makeFile('mov'),
      tags: {
        'Keys:GPSCoordinates': '10.5 20.5 100',
        'UserData:GPSCoordinates': '11.5 21.5 100',
        'ItemList:Description': 'their other description',
        'Keys:CreationDate': '2001:01:01 01:01:01+05:00',
      },
    },
  });

/** The corpus of this repository, by file name. Sidecars are named after their originals. */
export async function ownFiles(): Promise<Map<string, Uint8Array>> {
  const files = new Map(Object.entries(FILES).map(([name, make]) => [name, make()]));
  const directory = await Deno.makeTempDir({ prefix: 'immich-corpus-' });
  try {
    for (const [name, { of, tags }] of Object.entries(TAGGED)) {
      const path = `${directory}/${name}`;
      await Deno.writeFile(path, of());
      await setTags(path, { ...tags });
      files.set(name, await Deno.readFile(path));
    }
    return files;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
