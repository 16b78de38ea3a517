import type { AssetSpec, Details } from '../spec.ts';
import { formatOf } from '../spec.ts';

function upload(key: string, fileName: string, takenAt: string, details: Details = {}): AssetSpec {
  return {
    key: `uploads/${key}`,
    owner: 'alice',
    format: formatOf(fileName),
    location: { kind: 'upload', fileName },
    takenAt,
    expected: 'shared-upload',
    scene: 'evening',
    ...details,
  };
}

function template(key: string, path: string, takenAt: string, details: Details = {}): AssetSpec {
  return { ...upload(key, path, takenAt, details), location: { kind: 'template', path } };
}

/** What Alice sent from her phone: untouched, and moved by the storage template. */
export const UPLOADS: readonly AssetSpec[] = [
  upload('cat', 'cat.jpg', '2024-01-02T08:00:00+01:00', {
    isFavorite: true,
    text: ['CAFÉ'],
    faces: [{ person: 'alice/emil', box: [0.3, 0.3, 0.5, 0.6] }],
  }),
  template('templated', '2024/2024-03-01/IMG_2001.jpg', '2024-03-01T10:00:00+01:00', {
    scene: 'snow',
    sidecar: 'full',
    stack: 'trip',
    description: 'Moved by the template',
    place: 'berlin',
  }),
  upload('clip', 'VID_3001.mp4', '2024-02-02T12:00:00+01:00', { isTranscoded: true, stack: 'trip' }),
  upload('live', 'IMG_4001.heic', '2024-04-04T14:00:00+02:00', {
    livePhotoVideo: 'uploads/live-video',
    livePhotoId: 'IMG_4001',
    faces: [{ person: 'alice/gustav', box: [0.3, 0.3, 0.5, 0.6] }],
  }),
  upload('live-video', 'IMG_4001.mov', '2024-04-04T14:00:00+02:00', {
    expected: 'motion-part',
    visibility: 'hidden',
    livePhotoId: 'IMG_4001',
  }),
  template('motion', '2024/2024-05-05/PXL_5001.MP.jpg', '2024-05-05T15:00:00+02:00', {
    scene: 'sea',
    livePhotoVideo: 'uploads/motion-video',
  }),
  {
    ...upload('motion-video', 'PXL_5001.MP.mp4', '2024-05-05T15:00:00+02:00', {
      expected: 'motion-part',
      format: 'motion',
      visibility: 'hidden',
      scene: 'sea',
    }),
    location: { kind: 'motion-part', fileName: 'PXL_5001.MP.mp4' },
  },
  upload('locked', 'passport.jpg', '2024-06-06T16:00:00+02:00', {
    expected: 'locked',
    visibility: 'locked',
    stack: 'trip',
  }),
  upload('pending', 'just-arrived.jpg', '2024-11-04T09:00:00+01:00', { expected: 'pending', missing: 'metadata' }),
];
