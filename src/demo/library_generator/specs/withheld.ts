import type { AssetSpec, Details } from '../spec.ts';
import { formatOf } from '../spec.ts';
import { family } from './family.ts';

function privately(key: string, takenAt: string, details: Details = {}): AssetSpec {
  const path = `private/${key}.jpg`;
  return { ...family(key, path, takenAt, details), key: `private/${key}`, location: { kind: 'external', path } };
}

function of(owner: 'bob' | 'carol', fileName: string, takenAt: string, details: Details = {}): AssetSpec {
  const key = `${owner}/${fileName.slice(0, fileName.lastIndexOf('.'))}`;
  const location = { kind: 'upload', fileName } as const;
  return {
    key,
    owner,
    format: formatOf(fileName),
    location,
    takenAt,
    expected: 'other-owner',
    scene: 'meadow',
    ...details,
  };
}

/** Alice's assets that nobody else may see, or not yet. */
export const WITHHELD: readonly AssetSpec[] = [
  privately('diary', '2023-03-03T03:03:03+01:00', { expected: 'private', scene: 'night', text: ['Dear diary'] }),
  privately('party', '2023-03-04T23:00:00+01:00', {
    expected: 'private',
    scene: 'evening',
    faces: [
      { person: 'alice/secret', box: [0.1, 0.2, 0.3, 0.5] },
      { person: 'alice/gustav', box: [0.5, 0.2, 0.7, 0.5] },
    ],
  }),
  family('locked', '2023/locked.jpg', '2023-01-01T01:00:00+01:00', {
    expected: 'locked',
    visibility: 'locked',
    stack: 'ticket',
  }),
  family('archived', '2023/archived.jpg', '2023-01-02T01:00:00+01:00', { expected: 'archived', visibility: 'archive' }),
  family('hidden', '2023/hidden.jpg', '2023-01-03T01:00:00+01:00', { expected: 'hidden', visibility: 'hidden' }),
  family('trashed', '2023/trashed.jpg', '2023-01-04T01:00:00+01:00', { expected: 'trashed', isTrashed: true }),
  family('offline', '2023/offline.jpg', '2023-01-05T01:00:00+01:00', { expected: 'offline', isOffline: true }),
  ...(['metadata', 'thumbnails', 'clip', 'faces', 'ocr'] as const).map((missing, day) =>
    family(`pending/${missing}`, `new/without-${missing}.jpg`, `2024-11-0${day + 1}T12:00:00+01:00`, {
      expected: 'pending',
      scene: 'snow',
      missing,
    })
  ),
];

/** What the others own already. */
export const OTHERS: readonly AssetSpec[] = [
  // The same picture as family/beach: same stem, same moment, other bytes.
  of('bob', 'beach.jpg', '2023-07-14T15:30:00+02:00', {
    scene: 'sea',
    place: 'nice',
    faces: [{ person: 'bob/dora', box: [0.2, 0.2, 0.4, 0.5] }],
  }),
  of('bob', 'dog.jpg', '2024-08-08T18:00:00+02:00', {
    faces: [{ person: 'bob/unnamed', box: [0.4, 0.2, 0.6, 0.5] }],
  }),
  of('bob', 'walk.mp4', '2024-08-09T18:00:00+02:00'),
  of('carol', 'garden.jpg', '2024-05-20T10:00:00+02:00', {
    faces: [{ person: 'carol/emil', box: [0.4, 0.2, 0.6, 0.5] }],
  }),
];
