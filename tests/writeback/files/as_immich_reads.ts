import { ExifDateTime, ExifTool } from 'exiftool-vendored';
import type { Tags } from 'exiftool-vendored';
import { SHOWN_AT } from '../orientations.ts';

/**
 * What Immich 3.1 would know of a file after a metadata extraction. Written from the account of its metadata service, not
 * from the mappings under test; it reads with the library and the options that Immich uses.
 */
export interface ImmichView {
  readonly description: string;
  /** Wall clock with offset: `2023-07-14T15:30:01.530+02:00`. */
  readonly takenAt: string | undefined;
  readonly timeZone: string | null;
  readonly latitude: number | undefined;
  readonly longitude: number | undefined;
  readonly rating: number | null;
  /** As Immich stores their values: levels separated by `/`. */
  readonly tags: readonly string[];
  readonly faces: readonly ImmichFace[];
}

/** Shares of the oriented picture, and the size that Immich would note for it. */
export interface ImmichFace {
  readonly name: string;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly imageWidth: number;
  readonly imageHeight: number;
}

type ReadTags = Tags & {
  TagsList?: (string | number)[];
  HierarchicalSubject?: (string | number)[];
  RegionInfo?: {
    AppliedToDimensions?: { W: number; H: number };
    RegionList?: { Name?: string; Area: { X: number; Y: number; W: number; H: number } }[];
  };
};

const DATE_TAGS = [
  'SubSecDateTimeOriginal',
  'SubSecCreateDate',
  'DateTimeOriginal',
  'CreationDate',
  'CreateDate',
  'MediaCreateDate',
  'DateTimeCreated',
  'GPSDateTime',
  'DateTimeUTC',
  'SonyDateTime2',
] as const;

/** One for all tests of a file: to start, and to read its list of places, takes half a second. */
let exifTool: ExifTool | undefined;

Deno.test.afterAll(() => exifTool?.end());

function start(): ExifTool {
  return new ExifTool({
    maxProcs: 1,
    defaultVideosToUTC: true,
    backfillTimezones: true,
    inferTimezoneFromDatestamps: true,
    inferTimezoneFromTimeStamp: true,
    useMWG: true,
    geolocation: true,
    // The executable bit is lost in Deno's package cache.
    ignoreShebang: true,
    checkPerl: false,
    readArgs: ['-api', 'largefilesupport=1'],
  });
}

export class ImmichReader {
  readonly #exifTool = exifTool ??= start();

  /**
   * @param sidecar the one that Immich has on record for the asset
   * @param orientation of a video, which Immich takes from ffprobe
   */
  async read(path: string, sidecar?: string, orientation = 1): Promise<ImmichView> {
    const media = await this.#tags(path);
    const beside = sidecar === undefined ? undefined : await this.#tags(sidecar);
    if (beside !== undefined && firstDate(beside) !== undefined) {
      for (const tag of [...DATE_TAGS, 'zone', 'tz', 'tzSource']) delete (media as Record<string, unknown>)[tag];
    }
    const isHeif = /\.(?:heic|heif|avif|hif)$/i.test(path);
    const isVideo = /\.(?:mp4|mov|m4v)$/i.test(path);
    const shown = isVideo ? orientation : isHeif ? rotation(media) : Number(media.Orientation ?? 1);
    const tags: ReadTags = { ...media, ...beside };
    const date = dates(tags);
    const hasPlace = Number(tags.GPSLatitude ?? 0) !== 0 || Number(tags.GPSLongitude ?? 0) !== 0;
    const stars = tags.Rating ?? 0;
    return {
      description: String(tags.ImageDescription || tags.Description || '').trim(),
      ...date,
      latitude: hasPlace ? Number(tags.GPSLatitude) : undefined,
      longitude: hasPlace ? Number(tags.GPSLongitude) : undefined,
      rating: stars >= 1 && stars <= 5 ? stars : null,
      tags: shownTags(tags).map((tag) => tag.split('/').filter(Boolean).join('/')),
      faces: facesOf(tags, shown),
    };
  }

  /** The tags themselves, all of them, by group and name. */
  async raw(path: string): Promise<Record<string, unknown>> {
    return await this.#exifTool.readRaw(path, {
      readArgs: ['-G1', '-struct', '-n', '-all', '-ImageDataHash'],
    }) as Record<
      string,
      unknown
    >;
  }

  async #tags(path: string): Promise<ReadTags> {
    const isVideo = /\.(?:mp4|mov|m4v)$/i.test(path);
    const numericTags = [
      'GPSAltitude',
      'GPSLatitude',
      'GPSLongitude',
      'GPSPosition',
      'Orientation',
      'FocalLength',
      'Rotation',
    ];
    return await this.#exifTool.read(path, { ...(isVideo ? { readArgs: ['-ee'] } : {}), numericTags }) as ReadTags;
  }
}

function firstDate(tags: ReadTags): ExifDateTime | undefined {
  for (const tag of DATE_TAGS) {
    const value = (tags as Record<string, unknown>)[tag];
    if (value instanceof ExifDateTime) return value;
    if (typeof value !== 'string') continue;
    const parsed = ExifDateTime.fromEXIF(value);
    if (parsed instanceof ExifDateTime) return parsed;
  }
  return undefined;
}

function dates(tags: ReadTags): { takenAt: string | undefined; timeZone: string | null } {
  const date = firstDate(tags);
  const raw = date?.rawValue ?? '';
  const timeZone = tags.zone ?? (raw.endsWith('Z') || raw.endsWith('+00:00') ? 'UTC+0' : null);
  let moment = date?.toDateTime();
  if (moment !== undefined && date?.hasZone !== true) moment = moment.setZone('UTC', { keepLocalTime: true });
  return { takenAt: moment?.setZone(timeZone ?? 'UTC').toISO() ?? undefined, timeZone };
}

/** What becomes of them in Immich (utils/tag.ts, upsertTags): levels without a name are dropped, and with them tags of nothing else. */
function shownTags(tags: ReadTags): string[] {
  return tagList(tags).map((tag) => tag.split('/').filter(Boolean).join('/')).filter(Boolean);
}

function tagList(tags: ReadTags): string[] {
  if (tags.TagsList) return tags.TagsList.map(String);
  if (tags.HierarchicalSubject) {
    return tags.HierarchicalSubject.map((subject) =>
      String(subject).split('|').map((level) => level.replaceAll('/', '|')).join('/')
    );
  }
  return tags.Keywords ? [tags.Keywords].flat().map(String) : [];
}

function rotation(tags: ReadTags): number {
  return ({ 0: 1, 1: 8, 2: 3, 3: 6 } as Record<number, number>)[Number(tags.Rotation)] ?? 1;
}

function facesOf({ RegionInfo: info }: ReadTags, orientation: number): ImmichFace[] {
  const size = info?.AppliedToDimensions;
  if (size === undefined || info?.RegionList === undefined) return [];
  const isSideways = orientation >= 5;
  return info.RegionList.filter(({ Name }) => Name !== undefined).map(({ Name, Area }) => {
    const [x, y] = (SHOWN_AT[orientation] ?? ((a, b) => [a, b]))(Number(Area.X), Number(Area.Y));
    const [width, height] = [Number(Area.W), Number(Area.H)];
    const [w, h] = isSideways ? [height, width] : [width, height];
    return {
      name: String(Name),
      x1: x - w / 2,
      y1: y - h / 2,
      x2: x + w / 2,
      y2: y + h / 2,
      imageWidth: isSideways ? size.H : size.W,
      imageHeight: isSideways ? size.W : size.H,
    };
  });
}
