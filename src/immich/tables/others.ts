import { ALL_RIGHTS, NOBODY, type TableDeclaration } from './declaration.ts';

/** Of a user, and of no photo. */
const A_USERS = Object.freeze(
  {
    copied: { how: 'never', because: 'it is a user’s' },
    watched: { by: 'nothing', because: 'it is not copied' },
    needed: NOBODY,
  } as const,
);

/** Notes for phones about what a user has deleted. */
const AUDIT = Object.freeze(
  {
    copied: { how: 'never', because: 'it tells what a user has deleted' },
    watched: { by: 'nothing', because: 'what it tells of is not copied' },
    needed: NOBODY,
  } as const,
);

const PLAYBACK = Object.freeze(
  {
    from: '3.0',
    copied: { how: 'never', because: 'it lives as long as somebody watches a video' },
    watched: { by: 'nothing', because: 'it is not copied' },
    needed: NOBODY,
  } as const,
);

/** Albums, tags, users and the rest. */
export const OTHER_TABLES = Object.freeze(
  {
    album: {
      copied: { how: 'never', because: 'an album is its owner’s' },
      watched: { by: 'statement', isCounted: false },
      rights: ALL_RIGHTS, // albums of the same name (shared_albums: into) are made and let go
      needed: {
        sharing: ['id', 'albumName', 'albumThumbnailAssetId', 'deletedAt', 'updatedAt', 'updateId'],
        locking: ['updatedAt', 'updateId'], // a trigger sets them when a mirror was the cover
        writeBack: ['id', 'albumName', 'deletedAt', 'updatedAt'],
      },
    },
    album_asset: {
      copied: { how: 'never', because: 'an album is its owner’s' },
      watched: { by: 'statement', isCounted: false },
      rights: ['SELECT', 'INSERT', 'DELETE'],
      needed: { sharing: ['updateId'], writeBack: ['updatedAt'] },
      keys: { album: ['albumId', 'albumsId'], asset: ['assetId', 'assetsId'] },
    },
    // A trigger writes it for each mirror in an album.
    album_asset_audit: {
      copied: { how: 'never', because: 'it tells what was taken out of an album' },
      watched: { by: 'statement', isCounted: false, of: 'album_asset', function: 'album_asset_delete_audit' },
      rights: ['SELECT', 'INSERT'],
      needed: { sharing: ['id', 'albumId', 'assetId'], locking: ['albumId', 'assetId'] },
    },
    album_audit: {
      copied: { how: 'never', because: 'it tells who sees an album no more' },
      watched: { by: 'statement', isCounted: false, of: 'album_user', function: 'album_user_delete_audit' },
      rights: ['SELECT', 'INSERT'], // until 3.0 a trigger writes it when an album is deleted
      needed: { sharing: ['id', 'albumId', 'userId'] },
    },
    album_user: {
      copied: { how: 'never', because: 'it is a member of an album' },
      watched: { by: 'statement', isCounted: false },
      rights: ['SELECT', 'INSERT'],
      needed: { sharing: ['role', 'updateId'], writeBack: ['role'] },
      keys: { album: ['albumId', 'albumsId'], user: ['userId', 'usersId'] },
    },
    // A trigger writes it when an album goes.
    album_user_audit: { ...AUDIT, rights: ['INSERT'], needed: { sharing: ['albumId', 'userId'] } },
    tag: {
      copied: { how: 'never', because: 'a tag is its owner’s; shared photos get tags of the target’s own by value' },
      watched: { by: 'statement', isCounted: true, isBelievedUnwritten: true },
      rights: ALL_RIGHTS,
      needed: {
        sharing: ['id', 'userId', 'value', 'parentId', 'color', 'createdAt', 'updateId'],
        writeBack: ['id', 'value'],
      },
    },
    tag_asset: {
      copied: { how: 'never', because: 'a tag is its owner’s; shared photos get tags of the target’s own by value' },
      watched: { by: 'comparison' },
      rights: ['SELECT', 'INSERT', 'DELETE'],
      needed: { sharing: [], writeBack: [] },
      keys: { tag: ['tagId', 'tagsId'], asset: ['assetId', 'assetsId'] },
    },
    tag_closure: {
      copied: { how: 'never', because: 'a tag is its owner’s; shared photos get tags of the target’s own by value' },
      watched: { by: 'comparison' },
      rights: ['SELECT', 'INSERT'],
      needed: { sharing: ['id_ancestor', 'id_descendant'] },
    },
    // A trigger looks there for each mirror that goes.
    memory: { ...A_USERS, needed: { sharing: ['id', 'ownerId'], locking: ['id'] } },
    memory_asset: {
      ...A_USERS,
      rights: ['SELECT', 'INSERT'],
      needed: { sharing: [] },
      keys: { memory: ['memoriesId'], asset: ['assetId', 'assetsId'] },
    },
    // The same trigger writes it.
    memory_asset_audit: {
      ...AUDIT,
      rights: ['INSERT'],
      needed: { sharing: ['memoryId', 'assetId'], locking: ['memoryId', 'assetId'] },
    },
    memory_audit: AUDIT,
    activity: A_USERS,
    shared_link: {
      ...A_USERS,
      rights: [], // nothing that one could open it with
      rightsToColumns: { SELECT: ['id', 'userId', 'albumId'] },
      needed: { sharing: ['id', 'userId', 'albumId'] },
    },
    shared_link_asset: {
      ...A_USERS,
      rights: ['SELECT', 'INSERT'],
      needed: { sharing: [] },
      keys: { shared_link: ['sharedLinkId', 'sharedLinksId'], asset: ['assetId', 'assetsId'] },
    },
    // Asked by setup and doctor only, who do without.
    partner: { ...A_USERS, rights: ['SELECT'] },
    partner_audit: AUDIT,
    api_key: A_USERS,
    user: {
      copied: { how: 'never', because: 'it is a user' },
      watched: { by: 'foundation' },
      rights: [], // nothing that one could sign in with
      rightsToColumns: { SELECT: ['id', 'name', 'email', 'deletedAt', 'clusterGroupId'] },
      needed: { sharing: ['id', 'name', 'email', 'deletedAt'], writeBack: ['id', 'name', 'deletedAt'] },
    },
    user_audit: AUDIT,
    user_metadata: A_USERS,
    user_metadata_audit: AUDIT,
    library: {
      copied: { how: 'never', because: 'a library is its owner’s' },
      watched: { by: 'foundation' },
      rightsToColumns: { UPDATE: ['importPaths'] }, // takeover narrows them, and they follow Immich's media
      needed: { sharing: ['id', 'ownerId', 'name', 'importPaths', 'exclusionPatterns', 'deletedAt'] },
    },
    system_metadata: {
      copied: { how: 'never', because: 'it is Immich’s own' },
      watched: { by: 'foundation' },
      needed: { sharing: ['key', 'value'], writeBack: ['key', 'value'] },
    },
    kysely_migrations: {
      copied: { how: 'never', because: 'it is Immich’s own' },
      watched: { by: 'foundation' },
      needed: { sharing: ['name'] },
    },
    version_history: {
      copied: { how: 'never', because: 'it is Immich’s own' },
      watched: { by: 'nothing', because: 'migrations tell of a new release' },
      needed: { sharing: ['version', 'createdAt'], writeBack: ['version', 'createdAt'] },
    },
    move_history: { ...A_USERS, copied: { how: 'never', because: 'it tells of files that Immich is moving' } },
    integrity_report: {
      from: '3.0',
      copied: { how: 'never', because: 'it is what Immich has found out about its own files' },
      watched: { by: 'nothing', because: 'it is not copied' },
      needed: NOBODY,
    },
    video_stream_session: PLAYBACK,
    video_stream_variant: PLAYBACK,
    video_stream_segment: PLAYBACK,
  } as const satisfies Record<string, TableDeclaration>,
);
