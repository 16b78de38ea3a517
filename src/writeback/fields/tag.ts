/**
 * A tag that a field deals with: all that has to be known of it to read, compare and write it. Its form is how a value is
 * written in the file, which also says how ExifTool shows it and how two values are compared.
 */
export type Tag = XmpTag | ExifTag | IptcTag | QuickTimeTag | MakerNoteTag;

interface Named {
  /** By ExifTool, with its group 1: `XMP-dc:Subject`. */
  readonly name: string;
}

/** XMP Specification Part 1, 7. */
export interface XmpTag extends Named {
  readonly block: 'xmp';
  /** `dc:subject` */
  readonly property: string;
  readonly form: XmpForm;
}

export type XmpForm =
  | 'text'
  | 'number'
  /** An unordered list of texts. */
  | 'bag'
  /** An ordered one. */
  | 'seq'
  /** A text in several languages, of which ExifTool shows the default one under the plain name. */
  | 'alt'
  /** ISO 8601, which ExifTool shows with EXIF's colons. */
  | 'date'
  /** `33,51.40704S`, which ExifTool shows in degrees. */
  | 'angle'
  /** The structure of face regions (MWG Guidelines 2.0, 5.9). */
  | 'regions'
  /** Microsoft's structure of them, which only ExifTool reads and writes. */
  | 'microsoftRegions';

/** EXIF 2.32. */
export interface ExifTag extends Named {
  readonly block: 'exif';
  readonly directory: ExifDirectory;
  /** Of the entry in its directory. */
  readonly id: number;
  readonly form: ExifForm;
}

export type ExifDirectory = 'IFD0' | 'ExifIFD' | 'GPS';

export type ExifForm =
  | 'text'
  | 'number'
  | 'date'
  /** Decimals of a second, in digits. */
  | 'fraction'
  /** Three fractions, which ExifTool shows in degrees. */
  | 'angle'
  /** A text behind the name of its encoding. */
  | 'comment';

/** IPTC-IIM 4.2: a data set of the application record, 2. A list is one that may be repeated. */
export interface IptcTag extends Named {
  readonly block: 'iptc';
  readonly dataSet: number;
  readonly form: 'text' | 'list';
}

/** Only ExifTool looks into these. A place is `latitude longitude altitude`. */
export interface QuickTimeTag extends Named {
  readonly block: 'quickTime';
  readonly form: 'date' | 'place';
}

/** Of a camera's maker; ExifTool changes what is there, and adds nothing. */
export interface MakerNoteTag extends Named {
  readonly block: 'makerNote';
  readonly form: 'number';
}

/** The namespaces of XMP properties, by the prefixes that everybody uses for them. */
export const NAMESPACES = Object.freeze(
  {
    Iptc4xmpExt: 'http://iptc.org/std/Iptc4xmpExt/2008-02-29/',
    MP: 'http://ns.microsoft.com/photo/1.2/',
    MicrosoftPhoto: 'http://ns.microsoft.com/photo/1.0',
    dc: 'http://purl.org/dc/elements/1.1/',
    digiKam: 'http://www.digikam.org/ns/1.0/',
    exif: 'http://ns.adobe.com/exif/1.0/',
    lr: 'http://ns.adobe.com/lightroom/1.0/',
    'mwg-rs': 'http://www.metadataworkinggroup.com/schemas/regions/',
    photoshop: 'http://ns.adobe.com/photoshop/1.0/',
    tiff: 'http://ns.adobe.com/tiff/1.0/',
    xmp: 'http://ns.adobe.com/xap/1.0/',
  } as const,
);

export function xmp(
  name: `XMP-${string}:${string}`,
  property: `${keyof typeof NAMESPACES}:${string}`,
  form: XmpForm,
): XmpTag {
  return Object.freeze<XmpTag>({ name, block: 'xmp', property, form });
}

export function exif(name: `${ExifDirectory}:${string}`, id: number, form: ExifForm): ExifTag {
  const directory = name.slice(0, name.indexOf(':')) as ExifDirectory;
  return Object.freeze<ExifTag>({ name, block: 'exif', directory, id, form });
}

export function iptc(name: `IPTC:${string}`, dataSet: number, form: IptcTag['form']): IptcTag {
  return Object.freeze<IptcTag>({ name, block: 'iptc', dataSet, form });
}

export function quickTime(name: `${string}:${string}`, form: QuickTimeTag['form']): QuickTimeTag {
  return Object.freeze<QuickTimeTag>({ name, block: 'quickTime', form });
}

export function makerNote(name: `${'Canon' | 'Nikon'}:${string}`): MakerNoteTag {
  return Object.freeze<MakerNoteTag>({ name, block: 'makerNote', form: 'number' });
}

/** Whether entries are added to it, and only ours taken from it; any other tag is set, and taken away, as a whole. */
export function isList({ form }: Tag): boolean {
  return form === 'bag' || form === 'seq' || form === 'list';
}
