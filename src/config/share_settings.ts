import type { Setting } from './setting.ts';
import { albumId, flag, libraryId, pathPrefix, placement, requirement, shareEdited, userId } from './values.ts';

const ALICE = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const BOB = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';
const LIBRARY = '11111111-1111-4111-8111-111111111111';
const UPLOAD_LIBRARY = '22222222-2222-4222-8222-222222222222';
const ALBUM = '33333333-3333-4333-8333-333333333333';

/** The settings of sharing, as part of the registry in settings.ts: the two single shares, and what holds for every share. */
export const SHARE_SETTINGS = Object.freeze(
  {
    SOURCE_USER_ID: {
      label: 'Owner of the photos',
      group: 'external',
      type: userId,
      example: ALICE,
      description: 'The user whose external library is shared.',
    },
    TARGET_USER_ID: {
      label: 'Recipient',
      group: 'external',
      type: userId,
      example: BOB,
      description: 'The user who receives the share.',
    },
    TARGET_LIBRARY_ID: {
      label: 'Library of the recipient',
      group: 'external',
      type: libraryId,
      example: LIBRARY,
      description:
        'An external library of the receiving user, made for this share: its import path contains nothing else.',
    },
    SHARED_PATH_PREFIX: {
      label: 'Folder that is shared',
      group: 'external',
      type: pathPrefix,
      example: '/external_library/alice/photos/',
      description: "Only what lies below this path is shared (Immich's view). Setting it turns the share on.",
    },
    TARGET_PATH_PREFIX: {
      label: 'Folder of the shared photos',
      group: 'external',
      type: pathPrefix,
      example: '/external_library/bob_shared/.alice/',
      description: "Where the shared files appear for the receiving user (Immich's view); best a hidden directory.",
    },

    UPLOAD_SOURCE_USER_ID: {
      label: 'Owner of the uploads',
      group: 'upload',
      type: userId,
      example: ALICE,
      description: 'The user whose uploads are shared. Setting it turns the share on.',
    },
    UPLOAD_TARGET_USER_ID: {
      label: 'Recipient of the uploads',
      group: 'upload',
      type: userId,
      example: BOB,
      description: 'The user who receives them. Unset means: TARGET_USER_ID.',
    },
    UPLOAD_TARGET_LIBRARY_ID: {
      label: 'Library for the uploads',
      group: 'upload',
      type: libraryId,
      example: UPLOAD_LIBRARY,
      description: 'Another external library of the receiving user, whose import path holds the shared uploads.',
    },
    TARGET_UPLOAD_PATH_PREFIX: {
      label: 'Folder of the shared uploads',
      group: 'upload',
      type: pathPrefix,
      example: '/data/shared/bob/.alice/',
      description: "Where the uploads appear for the receiving user (Immich's view); best a hidden directory.",
    },

    TARGET_ALBUM_ID: {
      label: 'Album for what is shared',
      group: 'both',
      type: albumId,
      example: ALBUM,
      description: 'An album of the receiving user into which everything shared by the two shares above is put.',
    },
    PLACEMENT: {
      label: 'Kind of the shared files',
      group: 'both',
      type: placement,
      default: 'auto',
      description:
        'hardlink: each shared photo is a hard link of its own. symlink: it is seen through a symbolic link to the ' +
        "source's directory. copy: each is a file of its own, for disks that have no hard links, and takes its space a second time. " +
        'auto: symlink where the target path is, or lies behind, a symbolic link, else hardlink.',
    },
    INCLUDE_ARCHIVED: {
      label: 'Share archived photos',
      group: 'both',
      type: flag,
      default: 'false',
      description: 'Whether archived photos are shared too.',
    },
    INCLUDE_HIDDEN: {
      label: 'Share hidden photos',
      group: 'both',
      type: flag,
      default: 'false',
      description: 'Whether hidden assets, such as the video of a live photo on its own, are shared too.',
    },
    SHARE_EDITED: {
      label: 'Cropped and turned photos',
      group: 'both',
      type: shareEdited,
      default: 'original',
      description:
        'What becomes of photos that were cropped, turned or flipped in Immich. original: they are shared, and what is shared ' +
        'carries the whole original too, from which the receiver can undo the crop. skip: they are not shared.',
    },
    REQUIRE_CLIP: {
      label: 'Wait for smart search',
      group: 'both',
      type: requirement,
      default: 'auto',
      description:
        'Whether a photo waits for its smart-search data: required, ignored, or auto, which follows what Immich has turned on.',
    },
    REQUIRE_FACES: {
      label: 'Wait for face detection',
      group: 'both',
      type: requirement,
      default: 'auto',
      description: 'The same for face detection.',
    },
    REQUIRE_OCR: {
      label: 'Wait for text recognition',
      group: 'both',
      type: requirement,
      default: 'auto',
      description: 'The same for text recognition.',
    },
  } as const satisfies Record<string, Setting>,
);
