import assert from 'node:assert/strict';
import { UserError } from '../../../src/errors.ts';
import {
  FILE_VERSION,
  formatSaved,
  KIND,
  parseSaved,
  type SavedPeople,
} from '../../../src/share/saved_people/format.ts';

const FACE = { photo: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', box: [0.1, 0.2, 0.30001, 0.4] } as const;

const SAVED: SavedPeople = {
  kind: KIND,
  version: FILE_VERSION,
  savedAt: '2026-12-01T06:00:00.000Z',
  model: 'buffalo_l',
  users: [{
    id: '3f0c1a2b-9a53-4c9e-8a33-0d2b1f7ab111',
    email: 'alice@example.com',
    name: 'Alice',
    people: [
      {
        id: '5f0c1f4e-9a53-4c9e-8a33-0d2b1f7ab111',
        name: 'Zoë\n"the 2nd"',
        birthDate: '1954-02-28',
        isHidden: false,
        isFavorite: true,
        color: '#ea580c',
        cover: FACE,
        faces: [FACE],
        embedding: 'AACAPw==',
      },
    ],
  }],
};

Deno.test('what was saved is read as it was', () => {
  assert.deepEqual(parseSaved(formatSaved(SAVED), 'names.json'), SAVED);
  const empty = { ...SAVED, users: [] };
  assert.deepEqual(parseSaved(formatSaved(empty), 'names.json'), empty);
});

Deno.test('a file that is cut off, foreign, newer or edited is refused, each with what it is', () => {
  const good = formatSaved(SAVED);
  const bad: readonly (readonly [text: string, says: RegExp])[] = [
    ...[0, 1, good.length / 2, good.length - 2].map((length) =>
      [good.slice(0, length), /damaged, or only a part of it is there/] as const
    ),
    ['[1, 2]', /no file that "people save" has written/],
    ['null', /no file that "people save" has written/],
    ['{"kind": "something else"}', /no file that "people save" has written/],
    [good.replace('"version":1', '"version":2'), /written by a newer immich-sidecar/],
    [good.replace('"isHidden"', '"hidden"'), /was changed since it was written: users\.0\.people\.0\.isHidden/],
    [good.replace('"box":[', '"box":["x",'), /was changed since it was written/],
    [good.replace('1954-02-28', '1954-02-31'), /was changed since it was written: users\.0\.people\.0\.birthDate/],
    [good.replaceAll(FACE.photo, '..'), /was changed since it was written/],
  ];
  for (const [text, says] of bad) {
    assert.notEqual(text, good);
    assert.throws(
      () => parseSaved(text, 'names.json'),
      (error) => error instanceof UserError && says.test(error.message) && error.message.includes('"names.json"'),
      text.slice(0, 60),
    );
  }
});
