import type { Release } from '../releases.ts';

/** What the migrations of a release do to rows, as statements of our own. */
export interface RowMoves {
  /** Before anything else: columns that only get another name, as `table.old: new`. */
  readonly renames?: Readonly<Record<string, string>>;
  /** When new tables and columns are there, and old ones still are. Triggers that did not change fire. */
  readonly fill?: readonly string[];
  /** How a column of another type is filled, by `table.column`. */
  readonly using?: Readonly<Record<string, string>>;
  /** When columns may be empty that might not be before. */
  readonly afterwards?: readonly string[];
}

/**
 * By the release that brings them; the names are those of Immich's migrations. Those up to 3.1 were read in its source; those of 3.2 and 3.3
 * follow from the tables, from how Immich describes them, and from what the upgrade of a real 3.1 left.
 */
export const ROW_MOVES: Readonly<Partial<Record<Release, RowMoves>>> = {
  'v2.4.0': {
    // FixColumnNames
    renames: {
      'album_asset.albumsId': 'albumId',
      'album_asset.assetsId': 'assetId',
      'album_user.albumsId': 'albumId',
      'album_user.usersId': 'userId',
      'memory_asset.assetsId': 'assetId',
      'shared_link_asset.assetsId': 'assetId',
      'shared_link_asset.sharedLinksId': 'sharedLinkId',
      'tag_asset.assetsId': 'assetId',
      'tag_asset.tagsId': 'tagId',
    },
    fill: [
      // SidecarInAssetFile: whatever the path, also of mirrors.
      `INSERT INTO asset_file ("assetId", type, path)
      SELECT id, 'sidecar', "sidecarPath"
      FROM asset
      WHERE coalesce("sidecarPath", '') <> ''`,
    ],
  },
  'v2.5.0': {
    fill: [
      // AddAssetWidthHeight: as shown, so turned by the orientation.
      `UPDATE asset
      SET width = CASE WHEN e.orientation = ANY ('{5,6,7,8,-90,90}') THEN e."exifImageHeight" ELSE e."exifImageWidth" END,
          height = CASE WHEN e.orientation = ANY ('{5,6,7,8,-90,90}') THEN e."exifImageWidth" ELSE e."exifImageHeight" END
      FROM asset_exif e
      WHERE e."assetId" = asset.id
        AND coalesce(e."exifImageWidth", e."exifImageHeight") IS NOT NULL`,
    ],
  },
  'v2.6.1': {
    fill: [
      // ConvertRating0ToNull
      `UPDATE asset_exif SET rating = NULL WHERE rating = 0`,
      // EncodedVideoAssetFiles
      `INSERT INTO asset_file ("assetId", type, path)
      SELECT id, 'encoded_video', "encodedVideoPath"
      FROM asset
      WHERE coalesce("encodedVideoPath", '') <> ''`,
    ],
    // ChangesTokensToBuffers
    using: {
      'api_key.key': `decode(key, 'base64')`,
      'session.token': `decode(token, 'base64')`,
    },
  },
  'v2.7.5': {
    fill: [
      // AddChecksumAlgorithm: all that is external counts as hashed by its path, mirrored motion videos too.
      `UPDATE asset
      SET "checksumAlgorithm" = (CASE WHEN "isExternal" THEN 'sha1-path' ELSE 'sha1' END)::asset_checksum_algorithm_enum`,
    ],
  },
  'v3.0.0': {
    fill: [
      // MigrateAlbumOwnerIdToAlbumUser
      `INSERT INTO album_user ("albumId", "userId", role)
      SELECT id, "ownerId", 'owner'
      FROM album
      ON CONFLICT ("albumId", "userId") DO UPDATE SET role = 'owner'`,
      // DeleteMismatchedAssetFaces
      `DELETE FROM asset_face
      USING person, asset
      WHERE person.id = asset_face."personId"
        AND asset.id = asset_face."assetId"
        AND asset."ownerId" <> person."ownerId"`,
    ],
    using: {
      'album_user.role': 'role::album_user_role_enum',
      // ChangeDurationToInteger: hours, minutes, seconds and three digits; everything else, such as 0:00:00.00000, is lost.
      'asset.duration': `
        CASE
          WHEN duration ~ '^\\d\\d:\\d\\d:\\d\\d\\.\\d{3}$' THEN (extract(epoch FROM duration::interval) * 1000)::integer
        END`,
    },
  },
  'v3.1.0': {
    fill: [
      // RestoreLivePhotoStillVisibility
      `UPDATE asset
      SET visibility = 'timeline'
      WHERE type = 'IMAGE'
        AND visibility = 'hidden'
        AND "livePhotoVideoId" IS NOT NULL`,
    ],
  },
  'v3.2.0': {
    // ClusterGroups: a group of their own for each user, and one for each person, with the person's id.
    renames: { 'asset_face.personId': 'personGroupId' },
    fill: [
      `UPDATE "user" SET "clusterGroupId" = uuid_generate_v4()`,
      `INSERT INTO cluster_group (id) SELECT "clusterGroupId" FROM "user"`,
      `INSERT INTO person_group (id, "clusterGroupId", "createdAt")
      SELECT person.id, "user"."clusterGroupId", person."createdAt"
      FROM person
      JOIN "user" ON "user".id = person."ownerId"`,
      `UPDATE person SET "personGroupId" = id`,
      `UPDATE person_audit SET "personGroupId" = "personId"`,
      // It moves the updateId of each face.
      `UPDATE asset_face
      SET "personGroupId" = person."personGroupId"
      FROM person
      WHERE person.id = asset_face."personGroupId"`,
      // DeleteMismatchedMemoryAssets
      `DELETE FROM memory_asset
      USING memory, asset
      WHERE memory.id = memory_asset."memoriesId"
        AND asset.id = memory_asset."assetId"
        AND asset."ownerId" <> memory."ownerId"`,
    ],
  },
  'v3.3.0': {
    fill: [
      // RenameGeoNamesCountries: some of the 32.
      `UPDATE asset_exif
      SET country = renamed.now
      FROM (
        VALUES
          ('United States of America', 'United States'),
          ('Netherlands', 'The Netherlands'),
          ('Czech Republic', 'Czechia'),
          ('Russian Federation', 'Russia'),
          ('Türkiye', 'Turkey')
      ) AS renamed (was, now)
      WHERE country = renamed.was`,
    ],
    // ConvertUserOAuthIdEmptyStringToNull
    afterwards: [`UPDATE "user" SET "oauthId" = NULL WHERE "oauthId" = ''`],
  },
};
