import { ALL_RIGHTS, NOBODY, type TableDeclaration } from './declaration.ts';

/** Faces and people. */
export const PEOPLE_TABLES = Object.freeze(
  {
    asset_face: {
      copied: { how: 'statement', filled: ['assetId', 'personId', 'personGroupId'] },
      watched: { by: 'update-id', asset: 'assetId', isIndexed: false, hasTrigger: true },
      rights: ALL_RIGHTS,
      needed: {
        sharing: [
          'id',
          'assetId',
          'sourceType',
          'imageWidth',
          'imageHeight',
          'boundingBoxX1',
          'boundingBoxY1',
          'boundingBoxX2',
          'boundingBoxY2',
          'deletedAt',
          'updatedAt',
          'updateId',
        ],
        locking: ['id', 'assetId'],
        writeBack: [
          'id',
          'assetId',
          'sourceType',
          'imageWidth',
          'imageHeight',
          'boundingBoxX1',
          'boundingBoxY1',
          'boundingBoxX2',
          'boundingBoxY2',
          'deletedAt',
          'updatedAt',
          'updateId',
        ],
      },
    },
    asset_face_audit: {
      copied: { how: 'never', because: 'it tells what happened to another asset' },
      watched: { by: 'audit', of: 'asset_face', function: 'asset_face_audit' },
      rights: ['SELECT', 'INSERT'],
      needed: {
        sharing: ['id', 'assetId', 'assetFaceId'],
        locking: ['assetId', 'assetFaceId'],
        writeBack: ['id', 'assetId'],
      },
    },
    face_search: {
      copied: { how: 'statement', filled: ['faceId'] },
      watched: { by: 'count' },
      rights: ['SELECT', 'INSERT', 'UPDATE'],
      needed: { sharing: ['faceId', 'embedding'] },
    },
    person: {
      copied: {
        how: 'statement',
        filled: ['ownerId', 'personGroupId', 'thumbnailPath', 'faceAssetId', 'isFavorite'],
      },
      watched: { by: 'statement', isCounted: false },
      rights: ALL_RIGHTS,
      needed: {
        sharing: [
          'ownerId',
          'name',
          'thumbnailPath',
          'isHidden',
          'birthDate',
          'faceAssetId',
          'color',
          'isFavorite',
          'updatedAt',
          'updateId',
        ],
        locking: ['ownerId', 'thumbnailPath', 'faceAssetId', 'updatedAt', 'updateId'],
        writeBack: ['ownerId', 'name', 'isHidden', 'updatedAt'],
      },
    },
    person_audit: {
      copied: { how: 'never', because: 'it tells what happened to another person' },
      watched: { by: 'statement', isCounted: false, of: 'person', function: 'person_delete_audit' },
      rights: ['SELECT', 'INSERT'],
      needed: { sharing: ['id', 'ownerId', 'deletedAt'] },
      keys: { person: ['personGroupId', 'personId'] },
    },
    person_group: {
      from: '3.2',
      copied: { how: 'never', because: 'a target outside of the source’s cluster group gets one of its own' },
      watched: { by: 'nothing', because: 'the people in it change with it' },
      rights: ALL_RIGHTS, // UPDATE for locking, as everywhere
      needed: { sharing: ['id', 'clusterGroupId'] },
    },
    person_group_audit: {
      from: '3.2',
      copied: { how: 'never', because: 'it tells what happened to another group' },
      watched: { by: 'nothing', because: 'person_audit tells of the people in it' },
      rights: ['INSERT'],
      needed: { sharing: ['personGroupId', 'clusterGroupId'] }, // a trigger writes it when we remove a group
    },
    person_user: {
      from: '3.3',
      copied: { how: 'never', because: 'a native share of a person is between two users' },
      watched: { by: 'statement', isCounted: false },
      rights: ['SELECT', 'DELETE'],
      needed: { sharing: ['personGroupId', 'sharedById', 'sharedWithId', 'updateId'] },
    },
    cluster_group: {
      from: '3.2',
      copied: { how: 'never', because: 'it is a group of users' },
      watched: { by: 'nothing', because: 'only who is in which counts, and user says that' },
      needed: NOBODY,
    },
    cluster_group_request: {
      from: '3.2',
      copied: { how: 'never', because: 'it is an invitation of a user' },
      watched: { by: 'nothing', because: 'it is not copied' },
      needed: NOBODY,
    },
  } as const satisfies Record<string, TableDeclaration>,
);
