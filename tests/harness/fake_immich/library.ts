import type { Edit } from '../../../src/immich/edits.ts';

/** What a fake server knows, in Immich's own words. Everything can be changed while it runs. */
export interface FakeLibrary {
  /** Whose key it is. */
  readonly userId: string;
  /** Users whose timeline assets this user sees in their own. */
  partnerIds: string[];
  assets: FakeAsset[];
  albums: FakeAlbum[];
  /** Of the user, parents included. */
  tags: FakeTag[];
}

export interface FakeAsset {
  id: string;
  ownerId: string;
  libraryId: string | null;
  type: string;
  originalPath: string;
  visibility: 'timeline' | 'archive' | 'hidden' | 'locked';
  isFavorite: boolean;
  isOffline: boolean;
  isEdited: boolean;
  /** Trashed or offline. */
  isDeleted: boolean;
  fileCreatedAt: string;
  /** Wall clock as if it were UTC. */
  localDateTime: string;
  updatedAt: string;
  width: number | null;
  height: number | null;
  /** Undefined until Immich has read the file. */
  exif: FakeExif | undefined;
  faces: FakeFace[];
  edits: Edit[];
  /** Ids of tags. */
  tagIds: string[];
}

export interface FakeExif {
  description: string;
  dateTimeOriginal: string | null;
  timeZone: string | null;
  latitude: number | null;
  longitude: number | null;
  rating: number | null;
  exifImageWidth: number | null;
  exifImageHeight: number | null;
  orientation: string | null;
}

export interface FakePerson {
  id: string;
  name: string;
  isHidden: boolean;
}

/** In the frame of the oriented, unedited picture. */
export interface FakeFace {
  id: string;
  person: FakePerson | null;
  imageWidth: number;
  imageHeight: number;
  boundingBoxX1: number;
  boundingBoxY1: number;
  boundingBoxX2: number;
  boundingBoxY2: number;
  isVisible: boolean;
  isDeleted: boolean;
}

export interface FakeAlbum {
  id: string;
  name: string;
  ownerId: string;
  memberIds: string[];
  assetIds: string[];
}

export interface FakeTag {
  id: string;
  parentId: string | null;
  value: string;
}

/** The user of a library that a test makes up. */
export const FAKE_USER_ID = '00000000-0000-4000-8000-00000000a11c';

/** A UUID that can be told at a glance: `fakeId(12)` ends with `12`. */
export function fakeId(number: number, kind = 1): string {
  return `00000000-0000-4000-8000-${String(kind).padStart(2, '0')}${String(number).padStart(10, '0')}`;
}

/** An empty library with these assets. */
export function fakeLibrary(assets: FakeAsset[] = []): FakeLibrary {
  return { userId: FAKE_USER_ID, partnerIds: [], assets, albums: [], tags: [] };
}

type AssetChanges = Partial<Omit<FakeAsset, 'exif'>> & { exif?: Partial<FakeExif> | undefined };

/** A photo of the user with nothing special about it; `number` makes its id, path and time. */
export function fakeAsset(number: number, { exif, ...changes }: AssetChanges = {}): FakeAsset {
  const time = new Date(Date.UTC(2024, 0, 1) + number * 60_000).toISOString();
  return {
    id: fakeId(number),
    ownerId: FAKE_USER_ID,
    libraryId: null,
    type: 'IMAGE',
    originalPath: `/data/library/alice/2024/IMG_${number}.jpg`,
    visibility: 'timeline',
    isFavorite: false,
    isOffline: false,
    isEdited: false,
    isDeleted: false,
    fileCreatedAt: time,
    localDateTime: time,
    updatedAt: '2024-11-10T10:00:00.000Z',
    width: 4000,
    height: 3000,
    exif: {
      description: '',
      dateTimeOriginal: time,
      timeZone: 'UTC',
      latitude: null,
      longitude: null,
      rating: null,
      exifImageWidth: 4000,
      exifImageHeight: 3000,
      orientation: '1',
      ...exif,
    },
    faces: [],
    edits: [],
    tagIds: [],
    ...changes,
  };
}

/** A face of a person somewhere in a preview. */
export function fakeFace(number: number, person: FakePerson | null, changes: Partial<FakeFace> = {}): FakeFace {
  return {
    id: fakeId(number, 2),
    person,
    imageWidth: 1440,
    imageHeight: 1080,
    boundingBoxX1: 100,
    boundingBoxY1: 200,
    boundingBoxX2: 300,
    boundingBoxY2: 500,
    isVisible: true,
    isDeleted: false,
    ...changes,
  };
}

export function fakePerson(number: number, name: string, isHidden = false): FakePerson {
  return { id: fakeId(number, 3), name, isHidden };
}
