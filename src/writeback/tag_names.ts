/** Tags by ExifTool's names, with its group 1, as it shows and takes them. */
export const SUBJECT = 'XMP-dc:Subject';
export const KEYWORDS = 'IPTC:Keywords';
export const PERSON_IN_IMAGE = 'XMP-iptcExt:PersonInImage';
export const HIERARCHICAL_SUBJECT = 'XMP-lr:HierarchicalSubject';
export const TAGS_LIST = 'XMP-digiKam:TagsList';
export const EVENT = 'XMP-iptcExt:Event';
export const USER_COMMENT = 'ExifIFD:UserComment';
export const REGION_INFO = 'XMP-mwg-rs:RegionInfo';

export const DESCRIPTION = 'XMP-dc:Description';
export const XMP_IMAGE_DESCRIPTION = 'XMP-tiff:ImageDescription';
export const EXIF_IMAGE_DESCRIPTION = 'IFD0:ImageDescription';
export const CAPTION_ABSTRACT = 'IPTC:Caption-Abstract';

export const RATING = 'XMP-xmp:Rating';
export const RATING_PERCENT = 'XMP-microsoft:RatingPercent';
export const EXIF_RATING = 'IFD0:Rating';
export const EXIF_RATING_PERCENT = 'IFD0:RatingPercent';

export const GPS_LATITUDE = 'GPS:GPSLatitude';
export const GPS_LATITUDE_REF = 'GPS:GPSLatitudeRef';
export const GPS_LONGITUDE = 'GPS:GPSLongitude';
export const GPS_LONGITUDE_REF = 'GPS:GPSLongitudeRef';
export const XMP_GPS_LATITUDE = 'XMP-exif:GPSLatitude';
export const XMP_GPS_LONGITUDE = 'XMP-exif:GPSLongitude';
/** Where telephones keep the place of a film: `latitude longitude altitude`. */
export const QUICKTIME_COORDINATES = Object.freeze([
  'Keys:GPSCoordinates',
  'ItemList:GPSCoordinates',
  'UserData:GPSCoordinates',
]);

export const DATE_TIME_ORIGINAL = 'ExifIFD:DateTimeOriginal';
export const CREATE_DATE = 'ExifIFD:CreateDate';
export const OFFSET_TIME_ORIGINAL = 'ExifIFD:OffsetTimeOriginal';
export const OFFSET_TIME_DIGITIZED = 'ExifIFD:OffsetTimeDigitized';
export const SUB_SEC_TIME_ORIGINAL = 'ExifIFD:SubSecTimeOriginal';
export const SUB_SEC_TIME_DIGITIZED = 'ExifIFD:SubSecTimeDigitized';
export const XMP_DATE_TIME_ORIGINAL = 'XMP-exif:DateTimeOriginal';
export const XMP_DATE_TIME_DIGITIZED = 'XMP-exif:DateTimeDigitized';
export const XMP_CREATE_DATE = 'XMP-xmp:CreateDate';
export const XMP_DATE_CREATED = 'XMP-photoshop:DateCreated';
export const QUICKTIME_CREATE_DATE = 'QuickTime:CreateDate';
export const CREATION_DATE = 'Keys:CreationDate';

/** Level above all albums in HierarchicalSubject. */
export const ALBUM_ROOT = 'Albums';

/** Limits of IPTC-IIM 4.2, which ExifTool would keep to by cutting, if need be through a character. */
export const IPTC_KEYWORD_BYTES = 64;
export const IPTC_CAPTION_BYTES = 2_000;

export const IPTC_CHARSET = 'IPTC:CodedCharacterSet';
/** Says whether XMP was in step with IPTC when it was written; readers then prefer XMP (MWG Guidelines 2.0, 3.3). */
export const IPTC_DIGEST = 'Photoshop:IPTCDigest';
/** Computed by ExifTool where there is IPTC at all. */
export const IPTC_PRESENCE = 'File:CurrentIPTCDigest';
