import type { AssetSpec, Details } from '../spec.ts';
import { formatOf } from '../spec.ts';

/** A photo below Alice's import path in `family/`, which is what she shares. */
export function family(key: string, path: string, takenAt: string, details: Details = {}): AssetSpec {
  return {
    key: `family/${key}`,
    owner: 'alice',
    format: formatOf(path),
    location: { kind: 'external', path: `family/${path}` },
    takenAt,
    expected: 'shared-external',
    scene: 'meadow',
    ...details,
  };
}

/** Everything about pictures that a mirror must carry over, one speciality each. */
export const FAMILY: readonly AssetSpec[] = [
  family('beach', '2023/beach.jpg', '2023-07-14T15:30:00+02:00', {
    scene: 'sea',
    isFavorite: true,
    description: 'At the beach',
    rating: 5,
    place: 'nice',
    tags: ['family/kids', 'holiday'],
    faces: [
      { person: 'alice/dora', box: [0.2, 0.2, 0.4, 0.5] },
      { person: 'alice/emil', box: [0.6, 0.25, 0.8, 0.55] },
    ],
  }),
  family('picnic', '2023/picnic.jpg', '2023-05-01T12:00:00+02:00', {
    place: 'berlin',
    faces: [
      { person: 'alice/dora', box: [0.1, 0.3, 0.25, 0.6] },
      { person: 'alice/unnamed', box: [0.5, 0.3, 0.65, 0.6] },
    ],
  }),
  family('portrait', '2023/portrait.jpg', '2023-06-03T09:15:00+09:00', {
    scene: 'dunes',
    orientation: 6,
    place: 'tokyo',
    faces: [{ person: 'alice/dora', box: [0.3, 0.2, 0.7, 0.6] }],
  }),
  family('birthday', '2023/birthday.jpg', '2023-12-31T23:59:59+01:00', {
    scene: 'evening',
    text: ['HAPPY BIRTHDAY', 'Emil 4'],
    faces: [
      { person: 'alice/emil', box: [0.4, 0.4, 0.55, 0.7] },
      { person: 'alice/neighbour', box: [0.7, 0.4, 0.85, 0.7] },
      { person: 'alice/grandma', source: 'manual', box: [0.05, 0.4, 0.2, 0.7] },
    ],
  }),
  family('wedding', '1999/wedding.jpg', '1999-08-21T14:00:00+02:00', {
    description: 'Scanned from paper',
    sidecar: 'full',
    faces: [
      { person: 'alice/grandma', source: 'exif', box: [0.4, 0.2, 0.6, 0.5] },
      { person: 'alice/gustav', box: [0.65, 0.2, 0.8, 0.5] },
    ],
  }),
  family('harbour', '2023/harbour.jpg', '2023-07-15T20:45:10-03:00', {
    scene: 'sea',
    description: `Rio's harbour`,
    rating: 4,
    place: 'rio',
    sidecar: 'stem',
  }),
  family('edited', '2023/edited.jpg', '2023-09-09T10:10:10+02:00', {
    edit: { crop: { x: 40, y: 30, width: 200, height: 160 }, isTurned: true },
    faces: [
      { person: 'alice/gustav', box: [0.3, 0.3, 0.5, 0.6] },
      { person: 'alice/emil', box: [0.85, 0.3, 0.98, 0.5], isInvisible: true },
    ],
  }),
  family('crowd', '2023/crowd.jpg', '2023-10-03T11:00:00+02:00', {
    scene: 'snow',
    faces: [
      { person: 'alice/emil', box: [0.05, 0.3, 0.2, 0.6] },
      { person: 'alice/dora', box: [0.3, 0.3, 0.45, 0.6], isDeleted: true },
      { box: [0.6, 0.3, 0.75, 0.6] },
    ],
  }),
  family('screenshot', '2023/screenshot.png', '2023-11-11T11:11:11+01:00', {
    scene: 'night',
    stack: 'ticket', // with family/locked
    text: ['Boarding pass', 'Seat 12A', '日本語'],
  }),
  family('phone', '2023/IMG_0042.HEIC', '2023-08-08T08:08:08+02:00', {
    scene: 'evening',
    description: 'First line\nsecond line',
    lockedProperties: ['description', 'rating'],
    rating: 3,
  }),
  family('raw-developed', '2023/DSC_0007.jpg', '2023-04-04T04:04:04+00:00', { scene: 'dunes', stack: 'dsc7' }),
  family('raw', '2023/DSC_0007.dng', '2023-04-04T04:04:04+00:00', {
    scene: 'dunes',
    stack: 'dsc7',
    hasFullSize: true,
  }),
  family('clip', '2023/clip.mp4', '2023-07-14T16:00:00+02:00', {
    scene: 'sea',
    place: 'nice',
    faces: [{ person: 'alice/dora', box: [0.2, 0.2, 0.5, 0.7] }],
  }),
  family('clip-transcoded', '2023/clip-4k.mp4', '2023-07-14T16:05:00+02:00', { format: 'hevc', isTranscoded: true }),
  family('live', '2023/IMG_0100.jpg', '2023-07-16T10:00:00+02:00', {
    scene: 'sea',
    livePhotoVideo: 'family/live-video',
    livePhotoId: 'IMG_0100',
  }),
  family('live-video', '2023/IMG_0100.mov', '2023-07-16T10:00:00+02:00', {
    expected: 'motion-part',
    visibility: 'hidden',
    livePhotoId: 'IMG_0100',
    scene: 'sea',
  }),
];
