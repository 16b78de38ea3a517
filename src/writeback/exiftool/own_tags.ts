/**
 * A configuration of ExifTool: a property of EXIF 2.32 in XMP that it reads and, as of 13.59, has no name for to write it.
 */
export const OWN_TAGS = `%Image::ExifTool::UserDefined = (
    'Image::ExifTool::XMP::exif' => { OffsetTimeOriginal => { } },
);
`;
