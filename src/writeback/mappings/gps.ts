import {
  GPS_LATITUDE,
  GPS_LATITUDE_REF,
  GPS_LONGITUDE,
  GPS_LONGITUDE_REF,
  QUICKTIME_COORDINATES,
  XMP_GPS_LATITUDE,
  XMP_GPS_LONGITUDE,
} from '../tag_names.ts';
import type { Tags, TagValue } from '../tags.ts';
import { isSamePlace } from '../compare_values.ts';
import type { MappingInput, Wanted } from './mapping.ts';

const [KEYS_COORDINATES = ''] = QUICKTIME_COORDINATES;

/** The place, in EXIF with its hemispheres. Immich knows no altitude, so that of the file stays as it is. */
export function mapGps({ record: { position }, holds, current }: MappingInput): Wanted {
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
function quickTimeCoordinates(current: Tags, place: string): Record<string, TagValue> {
  const present = QUICKTIME_COORDINATES.filter((tag) => tag === KEYS_COORDINATES || (current[tag] ?? null) !== null);
  return Object.fromEntries(
    present.map((tag) => {
      const before = current[tag] ?? null;
      return [tag, before !== null && isSamePlace(String(before), place) ? before : place];
    }),
  );
}
