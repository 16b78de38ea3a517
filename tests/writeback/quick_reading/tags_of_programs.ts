import fc from '../../harness/drawing.ts';
import { text } from './xmp_forms.ts';

/** What programs leave in a photo, told to ExifTool: the tags that write-back reads, and others beside. */
export interface Wish {
  readonly tags: Readonly<Record<string, unknown>>;
  readonly options: readonly string[];
}

const texts = fc.array(text(), { minLength: 1, maxLength: 4 });
const date = fc.constantFrom(
  '2023:07:14 15:30:01',
  '2001:02:03 04:05:06',
  '    :  :     :  :  ',
  '0000:00:00 00:00:00',
  '2020',
);
const xmpDate = fc.constantFrom(
  '2023:07:14 15:30:01.53+10:00',
  '2023:07:14 15:30',
  '2023',
  '2023:07',
  '2023:07:14 15:30:01Z',
);
const latitude = fc.oneof(fc.double({ min: -90, max: 90, noNaN: true }), fc.constantFrom(0, 0.00001, -33.856784, 90));
const number = fc.integer({ min: -1, max: 99 });
const region = fc.record({
  Name: text(),
  Type: fc.constantFrom('Face', 'Pet', 'Focus'),
  Area: fc.record({ X: unit(), Y: unit(), W: unit(), H: unit(), Unit: fc.constant('normalized') }),
});

function unit() {
  return fc.double({ min: 0, max: 1, noNaN: true });
}

const WISHES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'XMP-dc:Subject': texts,
  'XMP-dc:Description': text(),
  'XMP-dc:Description-de': text(),
  'XMP-dc:Title': text(),
  'XMP-lr:HierarchicalSubject': texts,
  'XMP-digiKam:TagsList': texts,
  'XMP-iptcExt:PersonInImage': texts,
  'XMP-iptcExt:Event': text(),
  'XMP-tiff:ImageDescription': text(),
  'XMP-xmp:Rating': number,
  'XMP-xmp:Label': text(),
  'XMP-xmp:CreateDate': xmpDate,
  'XMP-photoshop:DateCreated': xmpDate,
  'XMP-exif:DateTimeOriginal': xmpDate,
  'XMP-exif:DateTimeDigitized': xmpDate,
  'XMP-exif:GPSLatitude': latitude,
  'XMP-exif:GPSLongitude': latitude,
  'XMP-exif:UserComment': text(),
  'XMP-microsoft:RatingPercent': number,
  'XMP-mwg-rs:RegionInfo': fc.record({
    AppliedToDimensions: fc.constant({ W: 4032, H: 3024, Unit: 'pixel' }),
    RegionList: fc.array(region, { minLength: 1, maxLength: 3 }),
  }),
  'XMP-xmpMM:History': fc.constant([{ Action: 'saved', When: '2020:01:01 00:00:00' }]),
  'XMP-crs:ToneCurve': fc.constant(['0, 0', '255, 255']),
  'XMP-MP:RegionInfoMP': fc.constant({ Regions: [{ PersonDisplayName: 'x', Rectangle: '0,0,1,1' }] }),
  'XMP-GPano:UsePanoramaViewer': fc.constant(true),
  'XMP-GContainer:ContainerDirectory': fc.constant([{ Item: { Mime: 'image/jpeg', Semantic: 'Primary' } }]),
  'XMP-dwc:EventID': text(),
  'IPTC:Keywords': texts,
  'IPTC:Caption-Abstract': text(),
  'IPTC:City': text(),
  'IPTC:DateCreated': fc.constant('2023:01:02'),
  'Photoshop:IPTCDigest': fc.constantFrom('new', '00000000000000000000000000000000'),
  'Photoshop:CopyrightFlag': fc.constant(true),
  'IFD0:ImageDescription': text(),
  'IFD0:Rating': fc.integer({ min: 0, max: 5 }),
  'IFD0:RatingPercent': fc.integer({ min: 0, max: 99 }),
  'IFD0:Make': fc.constantFrom('Canon', 'LEICA CAMERA AG', 'samsung'),
  'IFD0:XPKeywords': text(),
  'IFD0:Copyright': text(),
  'IFD0:DocumentName': text(),
  'IFD1:ImageDescription': text(),
  'ExifIFD:DateTimeOriginal': date,
  'ExifIFD:CreateDate': date,
  'ExifIFD:OffsetTimeOriginal': fc.constantFrom('+02:00', '-03:30', 'Z'),
  'ExifIFD:OffsetTimeDigitized': fc.constantFrom('+02:00', ''),
  'ExifIFD:SubSecTimeOriginal': fc.constantFrom('53', '530   ', '0', '000'),
  'ExifIFD:SubSecTimeDigitized': fc.constantFrom('53', '007'),
  'ExifIFD:UserComment': text(),
  'ExifIFD:LensModel': text(),
  'ExifIFD:ImageUniqueID': fc.constant('0123456789abcdef0123456789abcdef'),
  'GPS:GPSLatitude': latitude.map(Math.abs),
  'GPS:GPSLatitudeRef': fc.constantFrom('N', 'S'),
  'GPS:GPSLongitude': latitude.map(Math.abs),
  'GPS:GPSLongitudeRef': fc.constantFrom('E', 'W'),
  'GPS:GPSAltitude': fc.constant(12.5),
  'JFIF:XResolution': fc.constant(72),
  'File:Comment': text(),
  'AFCP:Keywords': texts,
};

export function wishes(): fc.Arbitrary<Wish> {
  const names = fc.subarray(Object.keys(WISHES).filter((name) => !RARE.includes(name)));
  const rare = fc.oneof({ weight: 6, arbitrary: fc.constant([]) }, fc.subarray([...RARE], { maxLength: 1 }));
  const values = fc.record(WISHES);
  const options = fc.record({
    charset: fc.constantFrom(['-IPTC:CodedCharacterSet=UTF8'], ['-IPTC:CodedCharacterSet=UTF8'], [], [
      '-charset',
      'iptc=Latin2',
    ]),
    order: fc.constantFrom([], ['-ExifByteOrder=MM'], ['-ExifByteOrder=II']),
    form: fc.constantFrom([], ['-api', 'Compact=Shorthand'], ['-api', 'Compact=OneDesc,NoPadding'], [
      '-api',
      'Compact=AllSpace,Shorthand,OneDesc',
    ]),
  });
  return fc.record({ names, rare, values, options }).map(({ names, rare, values, options }) => ({
    tags: Object.fromEntries([...names, ...rare].map((name) => [name, values[name]])),
    options: [...options.charset, ...options.order, ...options.form],
  }));
}

/** With these ExifTool is asked, so that they must not be in every file. */
const RARE: readonly string[] = [
  'XMP-dc:Description-de',
  'XMP-GContainer:ContainerDirectory',
  'XMP-MP:RegionInfoMP',
  'IFD1:ImageDescription',
  'IFD0:DocumentName',
  'AFCP:Keywords',
];
