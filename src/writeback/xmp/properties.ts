import * as names from '../tag_names.ts';

/** How a property is written (XMP Specification Part 1, 7), and how ExifTool shows it. */
export type Form =
  /** An unordered list of texts. */
  | 'bag'
  /** An ordered list of texts. */
  | 'seq'
  /** A text in several languages, of which ExifTool shows the default one under the plain name. */
  | 'alt'
  | 'text'
  /** ISO 8601, which ExifTool shows with EXIF's colons. */
  | 'date'
  /** `33,51.40704S`, which ExifTool shows in degrees. */
  | 'angle'
  /** The structure of face regions. */
  | 'regions';

/** A property that write-back reads and writes. */
export interface Property {
  readonly tag: string;
  readonly prefix: string;
  readonly local: string;
  readonly form: Form;
}

/** The namespaces that matter, by the prefixes that everybody uses for them. */
export const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['x', 'adobe:ns:meta/'],
  ['rdf', 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'],
  ['Iptc4xmpExt', 'http://iptc.org/std/Iptc4xmpExt/2008-02-29/'],
  ['MicrosoftPhoto', 'http://ns.microsoft.com/photo/1.0'],
  ['dc', 'http://purl.org/dc/elements/1.1/'],
  ['digiKam', 'http://www.digikam.org/ns/1.0/'],
  ['exif', 'http://ns.adobe.com/exif/1.0/'],
  ['lr', 'http://ns.adobe.com/lightroom/1.0/'],
  ['mwg-rs', 'http://www.metadataworkinggroup.com/schemas/regions/'],
  ['photoshop', 'http://ns.adobe.com/photoshop/1.0/'],
  ['stArea', 'http://ns.adobe.com/xmp/sType/Area#'],
  ['stDim', 'http://ns.adobe.com/xap/1.0/sType/Dimensions#'],
  ['tiff', 'http://ns.adobe.com/tiff/1.0/'],
  ['xmp', 'http://ns.adobe.com/xap/1.0/'],
]);

const property = (tag: string, prefix: string, local: string, form: Form): Property => ({ tag, prefix, local, form });

/** In the order in which ExifTool writes them. */
export const PROPERTIES: readonly Property[] = Object.freeze([
  property(names.EVENT, 'Iptc4xmpExt', 'Event', 'alt'),
  property(names.PERSON_IN_IMAGE, 'Iptc4xmpExt', 'PersonInImage', 'bag'),
  property(names.RATING_PERCENT, 'MicrosoftPhoto', 'Rating', 'text'),
  property(names.DESCRIPTION, 'dc', 'description', 'alt'),
  property(names.SUBJECT, 'dc', 'subject', 'bag'),
  property(names.TAGS_LIST, 'digiKam', 'TagsList', 'seq'),
  property(names.XMP_DATE_TIME_DIGITIZED, 'exif', 'DateTimeDigitized', 'date'),
  property(names.XMP_DATE_TIME_ORIGINAL, 'exif', 'DateTimeOriginal', 'date'),
  property(names.XMP_GPS_LATITUDE, 'exif', 'GPSLatitude', 'angle'),
  property(names.XMP_GPS_LONGITUDE, 'exif', 'GPSLongitude', 'angle'),
  property(names.HIERARCHICAL_SUBJECT, 'lr', 'hierarchicalSubject', 'bag'),
  property(names.REGION_INFO, 'mwg-rs', 'Regions', 'regions'),
  property(names.XMP_DATE_CREATED, 'photoshop', 'DateCreated', 'date'),
  property(names.XMP_IMAGE_DESCRIPTION, 'tiff', 'ImageDescription', 'alt'),
  property(names.XMP_CREATE_DATE, 'xmp', 'CreateDate', 'date'),
  property(names.RATING, 'xmp', 'Rating', 'text'),
]);

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
