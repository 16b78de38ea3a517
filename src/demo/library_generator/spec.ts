import type { GeneratedEdit, MediaFormat } from './media/media.ts';
import type { SceneName } from './media/picture.ts';
import type { UserKey } from './accounts.ts';
import type { PersonKey } from './people.ts';
import type { PlaceKey } from './places.ts';

/** Where the original lies. */
export type Location =
  /** `path` is relative to the owner's import path. */
  | { readonly kind: 'external'; readonly path: string }
  /** `<media>/upload/<owner>/aa/bb/<uuid>.<ext>` */
  | { readonly kind: 'upload'; readonly fileName: string }
  /** Moved by the storage template: `<media>/library/<storage label or owner>/<path>`. */
  | { readonly kind: 'template'; readonly path: string }
  /** Cut out of a motion photo by Immich: `<media>/encoded-video/<owner>/aa/bb/<id>-MP.mp4`. */
  | { readonly kind: 'motion-part'; readonly fileName: string };

/** What a share of `family/` and of all of Alice's uploads must make of an asset. */
export type Expected =
  | 'shared-external'
  | 'shared-upload'
  /** Hidden video of a live or motion photo: travels with its still. */
  | 'motion-part'
  /** Outside the shared directory. */
  | 'private'
  /** Would be shared, but Immich has not finished with it. */
  | 'pending'
  | 'locked'
  | 'archived'
  | 'hidden'
  | 'trashed'
  | 'offline'
  /** Belongs to Bob or Carol. */
  | 'other-owner';

/** The step of Immich's processing that has not happened yet; those after it that depend on it have not either. */
export type MissingStep = 'metadata' | 'thumbnails' | 'clip' | 'faces' | 'ocr';

export interface FaceSpec {
  /** Without it the face belongs to nobody yet. */
  readonly person?: PersonKey;
  /** Default: machine-learning. Only those have an embedding. */
  readonly source?: 'machine-learning' | 'exif' | 'manual';
  /** Left, top, right, bottom as shares of the oriented picture. */
  readonly box: readonly [number, number, number, number];
  readonly isDeleted?: true;
  /** Cut away by an edit (2.5 and later; visible before). */
  readonly isInvisible?: true;
}

/** One asset, as a person would describe it. */
export interface AssetSpec {
  /** A stable nickname: `family/beach`. */
  readonly key: string;
  readonly owner: UserKey;
  readonly format: MediaFormat;
  readonly location: Location;
  /** Wall clock with offset: `2023-07-14T15:30:00+02:00`. */
  readonly takenAt: string;
  readonly expected: Expected;
  readonly scene: SceneName;

  readonly orientation?: 1 | 6;
  readonly isFavorite?: true;
  readonly visibility?: 'timeline' | 'hidden' | 'archive' | 'locked';
  readonly isTrashed?: true;
  /** Its file is gone: the original is not written. */
  readonly isOffline?: true;
  readonly missing?: MissingStep;

  readonly description?: string;
  readonly rating?: 1 | 2 | 3 | 4 | 5;
  readonly place?: PlaceKey;
  /** Values in Alice's tag tree, with `/` between levels. */
  readonly tags?: readonly string[];
  readonly lockedProperties?: readonly string[];
  /** `full`: `photo.jpg.xmp`, `stem`: `photo.xmp`. */
  readonly sidecar?: 'full' | 'stem';

  readonly faces?: readonly FaceSpec[];
  readonly text?: readonly string[];
  readonly edit?: GeneratedEdit;
  /** Key of the hidden video that belongs to this still. */
  readonly livePhotoVideo?: string;
  /** Apple's phones write the same identifier into both halves; Immich links them by it. Motion photos have none. */
  readonly livePhotoId?: string;
  /** Name of a stack; its first asset is the primary one. */
  readonly stack?: string;
  /** Has a transcoded copy. */
  readonly isTranscoded?: true;
  /** Has a full-size JPEG, as Immich makes for formats that browsers cannot show. */
  readonly hasFullSize?: true;
}

/** Everything of a spec that has a sensible default, for the tables in `specs/`. */
export type Details = Partial<Omit<AssetSpec, 'key' | 'owner' | 'location' | 'takenAt'>>;

const FORMATS: Readonly<Record<string, MediaFormat>> = Object.freeze({
  jpg: 'jpeg',
  png: 'png',
  heic: 'heic',
  dng: 'dng',
  mp4: 'mp4',
  mov: 'mov',
});

/** The format of a file name's extension. Throws for one that the generator cannot make. */
export function formatOf(fileName: string): MediaFormat {
  const format = FORMATS[fileName.slice(fileName.lastIndexOf('.') + 1).toLowerCase()];
  if (format === undefined) throw new Error(`No media of the kind of ${JSON.stringify(fileName)} can be made.`);
  return format;
}
