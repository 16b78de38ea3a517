import type { Field, MappingInput, Wanted } from './field.ts';
import { isSamePlace } from './place.ts';
import { exif, quickTime, xmp } from './tag.ts';
import type { Tags, TagValue } from './values.ts';

const GPS_LATITUDE = 'GPS:GPSLatitude';
const GPS_LATITUDE_REF = 'GPS:GPSLatitudeRef';
const GPS_LONGITUDE = 'GPS:GPSLongitude';
const GPS_LONGITUDE_REF = 'GPS:GPSLongitudeRef';
const XMP_GPS_LATITUDE = 'XMP-exif:GPSLatitude';
const XMP_GPS_LONGITUDE = 'XMP-exif:GPSLongitude';
const KEYS_COORDINATES = 'Keys:GPSCoordinates';
/** Where films for mobile telephones keep it (3GPP TS 26.244, loci). */
const LOCATION_INFORMATION = 'UserData:LocationInformation';
/** Where telephones keep the place of a film. */
const QUICKTIME_COORDINATES = [KEYS_COORDINATES, 'ItemList:GPSCoordinates', 'UserData:GPSCoordinates'] as const;

export const gps = Object.freeze<Field>({
  flag: 'gps',
  isUsual: true,
  help: 'where it was taken',
  meaning: 'with hemispheres. Immich knows no altitude: one that is there stays',
  tags: [
    exif(GPS_LATITUDE, 2, 'angle'),
    exif(GPS_LATITUDE_REF, 1, 'text'),
    exif(GPS_LONGITUDE, 4, 'angle'),
    exif(GPS_LONGITUDE_REF, 3, 'text'),
    xmp(XMP_GPS_LATITUDE, 'exif:GPSLatitude', 'angle'),
    xmp(XMP_GPS_LONGITUDE, 'exif:GPSLongitude', 'angle'),
    ...QUICKTIME_COORDINATES.map((name) => quickTime(name, 'place')),
    quickTime(LOCATION_INFORMATION, 'place'),
  ],
  isKnown: ({ position }) => position !== undefined,
  map: mapGps,
});

/** The place, in EXIF with its hemispheres. Immich knows no altitude, so that of the file stays as it is. */
function mapGps({ record: { position }, holds, current }: MappingInput): Wanted {
  if (position === undefined) return {};
  const { latitude, longitude } = position;
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) {
    return { refused: [`there is no place at latitude ${latitude}, longitude ${longitude}`] };
  }
  // Cameras without reception write it, and Immich ignores it (docs/immich.md#what-immich-reads-from-files).
  if (latitude === 0 && longitude === 0) return {};
  return {
    values: {
      [XMP_GPS_LATITUDE]: latitude,
      [XMP_GPS_LONGITUDE]: longitude,
      ...(holds.exif
        ? {
          [GPS_LATITUDE]: Math.abs(latitude),
          [GPS_LATITUDE_REF]: latitude < 0 ? 'S' : 'N',
          [GPS_LONGITUDE]: Math.abs(longitude),
          [GPS_LONGITUDE_REF]: longitude < 0 ? 'W' : 'E',
        }
        : {}),
      ...(holds.quickTime ? quickTimeCoordinates(current, `${latitude} ${longitude}`) : {}),
    },
  };
}

/** Players and Immich read these before XMP. The altitude in them belongs to another place than the new one. */
function quickTimeCoordinates(current: Tags, place: string): Record<string, TagValue | null> {
  const present = QUICKTIME_COORDINATES.filter((tag) => tag === KEYS_COORDINATES || (current[tag] ?? null) !== null);
  return {
    ...Object.fromEntries(
      present.map((tag) => {
        const before = current[tag] ?? null;
        return [tag, before !== null && isSamePlace(String(before), place) ? before : place];
      }),
    ),
    ...withoutOtherPlace(current[LOCATION_INFORMATION] ?? null, place),
  };
}

/** It has 16 bits behind the point: two metres. */
const LOCI_TOLERANCE = 3e-5;

/** Immich takes numbers and hemispheres from different tags where several say a place: one that says another goes. */
function withoutOtherPlace(said: TagValue | null, place: string): Record<string, null> {
  if (said === null) return {};
  const [, latitude, longitude] = / Lat=(\S+) Lon=(\S+)/.exec(String(said)) ?? [];
  const [wantedLatitude, wantedLongitude] = place.split(' ');
  const isNear = (a: string | undefined, b: string | undefined) => Math.abs(Number(a) - Number(b)) < LOCI_TOLERANCE;
  const isSame = isNear(latitude, wantedLatitude) && isNear(longitude, wantedLongitude);
  return isSame ? {} : { [LOCATION_INFORMATION]: null };
}
