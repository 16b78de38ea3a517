import type { Catalog } from '../../immich/catalog.ts';

/** What differs between releases beyond the presence of a column (docs/immich.md#releases). */
export interface ReleaseTraits {
  /** From 2.5: assets can be edited; with it came underscores in the names of generated files. */
  readonly canEdit: boolean;
  /** Up to 2.2 `asset.sidecarPath` instead of a row in asset_file. */
  readonly hasSidecarColumn: boolean;
  /** Up to 2.5 `asset.encodedVideoPath` instead of a row in asset_file. */
  readonly hasEncodedVideoColumn: boolean;
  /** Before 3.0 `00:00:03.000` instead of milliseconds. */
  readonly hasTextDuration: boolean;
  /** Before 3.0 `album.ownerId` instead of a member with the role `owner`. */
  readonly hasAlbumOwnerColumn: boolean;
  /** From 2.2 */
  readonly hasTextRecognition: boolean;
  /** From 3.2 people are groups that several users can name. */
  readonly hasPersonGroups: boolean;
}

export function traitsOf(catalog: Catalog): ReleaseTraits {
  const has = (table: string, column: string) => catalog.get(table)?.columns.has(column) ?? false;
  return {
    canEdit: catalog.has('asset_edit'),
    hasSidecarColumn: has('asset', 'sidecarPath'),
    hasEncodedVideoColumn: has('asset', 'encodedVideoPath'),
    // Dropped by the same release that made the duration a number.
    hasTextDuration: has('asset', 'deviceId'),
    hasAlbumOwnerColumn: has('album', 'ownerId'),
    hasTextRecognition: catalog.has('asset_ocr'),
    hasPersonGroups: catalog.has('person_group'),
  };
}

/** What all rows and paths depend on; see LibraryContext. */
export interface ContextOptions {
  /** Default: 1. */
  readonly seed?: number;
  readonly mediaLocation: string;
  readonly externalRoot: string;
  /** Default: false. */
  readonly sameClusterGroup?: boolean;
}

export function contextOf(catalog: Catalog, options: ContextOptions): LibraryContext {
  const { seed = 1, mediaLocation, externalRoot, sameClusterGroup = false } = options;
  return { seed, traits: traitsOf(catalog), mediaLocation, externalRoot, sameClusterGroup };
}

/** What all rows and paths depend on. */
export interface LibraryContext {
  readonly seed: number;
  readonly traits: ReleaseTraits;
  /** As Immich sees it, e.g. `/data`. */
  readonly mediaLocation: string;
  /** As Immich sees it, e.g. `/external_library`. */
  readonly externalRoot: string;
  /** 3.2: Alice and Bob have their faces clustered together. */
  readonly sameClusterGroup: boolean;
}
