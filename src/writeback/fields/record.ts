/**
 * What Immich knows about one asset, whichever way it was asked: the REST API and the database yield equal records for the
 * same asset. Lists are sorted, so that equal knowledge is equal JSON.
 */
export interface AssetRecord {
  readonly assetId: string;
  /** The original as Immich sees it. */
  readonly originalPath: string;
  readonly type: 'IMAGE' | 'VIDEO';
  /** Lies in an external library: Immich scans it, and a change of the file makes it extract the asset anew. */
  readonly isExternal: boolean;
  readonly isFavorite: boolean;
  /** Cropped, rotated or mirrored in Immich; the file itself is not. */
  readonly isEdited: boolean;
  /** Empty when there is none. */
  readonly description: string;
  readonly capturedAt: CaptureTime | undefined;
  readonly position: Position | undefined;
  /** 1 to 5 stars, or undefined: Immich's other values (-1, 0, null) mean unrated. */
  readonly rating: number | undefined;
  /** Pixels of the picture as it is stored, before its orientation is applied. */
  readonly storedSize: Size | undefined;
  /** EXIF orientation, 1 to 8. */
  readonly orientation: number | undefined;
  /** Named people who are not hidden. */
  readonly people: readonly PersonRecord[];
  /** Faces of these people; undefined when no field asked for them. */
  readonly faces: readonly FaceRecord[] | undefined;
  /** Names of the albums the asset is in; undefined when no field asked for them. */
  readonly albums: readonly string[] | undefined;
  /** Values of Immich's tags, levels separated by `/`; undefined when no field asked for them. */
  readonly tags: readonly string[] | undefined;
  /** What fields want of `asset_exif` beside (`Field.columns`), by column, where Immich has it. */
  readonly more?: Readonly<Record<string, string | number>>;
}

export interface CaptureTime {
  /** ISO 8601 in UTC, with milliseconds. */
  readonly instant: string;
  /** An IANA name or an offset such as `UTC+2`, as Immich has it; undefined when it knows none. */
  readonly timeZone: string | undefined;
  /** Wall clock at the place, ISO 8601 without offset: Immich's `localDateTime`. */
  readonly localDateTime: string;
}

/** Degrees, WGS 84. Immich keeps no altitude. */
export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface PersonRecord {
  readonly id: string;
  readonly name: string;
}

/** A box in pixels of a picture of `imageWidth` x `imageHeight`, oriented and unedited. */
export interface FaceRecord {
  readonly personName: string;
  readonly imageWidth: number;
  readonly imageHeight: number;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}
