import assert from 'node:assert/strict';
import { elect, type KnownPerson, type RefoundFace, type SoughtPerson } from '../../../src/share/saved_people/elect.ts';
import type { SavedPerson } from '../../../src/share/saved_people/format.ts';

const BOX = [0.1, 0.1, 0.2, 0.2] as const;

function saved(name: string, values: Partial<SavedPerson> = {}): SavedPerson {
  const nothing = { birthDate: null, isHidden: false, isFavorite: false, color: null, cover: null, embedding: null };
  return { id: `saved ${name}`, name, faces: [], ...nothing, ...values };
}

/** Somebody of today with so many faces, all on old photos. */
function known(id: string, faces: number, values: Partial<KnownPerson> = {}): KnownPerson {
  const nothing = { birthDate: null, isHidden: false, isFavorite: false, color: null, coverFaceId: `cover of ${id}` };
  return { id, name: '', isMirror: false, faces, oldFaces: faces, ...nothing, ...values };
}

/** Faces of a saved person, by whom they belong to now. */
function sought(person: SavedPerson, holders: readonly (string | null)[]): SoughtPerson {
  const faces = holders.map((personId, index): RefoundFace => ({
    id: `${person.name} ${index}`,
    box: BOX,
    personId,
    isCover: false,
  }));
  return { person, photos: holders.length, photosThere: holders.length, faces };
}

function judged(people: readonly SoughtPerson[], all: readonly KnownPerson[]) {
  let ids = 0;
  return elect(people, new Map(all.map((person) => [person.id, person])), () => `new ${++ids}`);
}

Deno.test('a stranger whom some faces have gone to does not get the name: the faces come back', () => {
  const [anna] = judged([sought(saved('Anna'), ['stranger', 'stranger', null])], [known('stranger', 500)]);
  assert.equal(anna?.outcome, 'made');
  assert.equal(anna.restoration?.personId, 'new 1');
  assert.deepEqual(anna.restoration?.moves.map(({ was }) => was), ['stranger', 'stranger', null]);
});

Deno.test('two saved people whom Immich takes for one stay two, and the one with more faces keeps the group', () => {
  const people = [sought(saved('Anna'), ['twins', 'twins', 'twins']), sought(saved('Berta'), ['twins', 'twins'])];
  const [anna, berta] = judged(people, [known('twins', 5)]);
  assert.deepEqual([anna?.outcome, anna?.restoration?.personId], ['restored', 'twins']);
  assert.deepEqual([berta?.outcome, berta?.restoration?.personId], ['made', 'new 1']);
  assert.equal(berta?.restoration?.moves.length, 2);
});

Deno.test('a name that somebody has entered since stays, and so do the faces of who has it', () => {
  const people = [sought(saved('Anna'), ['a', 'a', 'b']), sought(saved('Berta'), ['c', 'c', 'd'])];
  const [anna, berta] = judged(people, [
    known('a', 2, { name: 'Annette' }),
    known('b', 1),
    known('c', 2),
    known('d', 1, { name: 'Dora' }),
  ]);
  assert.deepEqual([anna?.outcome, anna?.nameNow, anna?.restoration], ['conflict', 'Annette', undefined]);
  assert.deepEqual([berta?.outcome, berta?.facesLeft, berta?.nameNow], ['restored', 1, 'Dora']);
  assert.deepEqual(berta?.restoration?.moves, []);
});

Deno.test('who has the name already gets what is missing, and nothing that was decided since is undone', () => {
  const anna = saved('Anna', { birthDate: '1954-02-28', isHidden: true, color: '#112233' });
  const typed = known('a', 2, { name: 'Anna', birthDate: '1955-01-01' });
  const [verdict] = judged([sought(anna, ['a', null])], [typed]);
  assert.deepEqual([verdict?.outcome, verdict?.birthDateNow], ['completed', '1955-01-01']);
  const { birthDate, isHidden, color, coverFaceId } = verdict?.restoration ?? {};
  assert.deepEqual([birthDate, isHidden, color, coverFaceId], ['1955-01-01', false, '#112233', undefined]);
  const [same] = judged([sought(saved('Anna'), ['a', 'a'])], [typed]);
  assert.deepEqual([same?.outcome, same?.restoration], ['there', undefined]);
});

Deno.test('their own row, which Immich has kept without a face, is who gets the faces back', () => {
  const anna = saved('Anna');
  const [verdict] = judged([sought(anna, ['group', 'group', null])], [
    known(anna.id, 0, { name: 'Anna', coverFaceId: null }),
    known('group', 3),
  ]);
  assert.equal(verdict?.outcome, 'completed');
  assert.deepEqual([verdict.restoration?.personId, verdict.restoration?.absorbs], [anna.id, 'group']);
  assert.deepEqual(verdict.restoration?.moves.map(({ was }) => was), [null]);
  assert.equal(verdict.restoration?.coverFaceId, 'Anna 0');
});

Deno.test('two people with one name are told apart by their faces', () => {
  const [older, younger] = [saved('Anna', { id: 'older' }), saved('Anna', { id: 'younger' })];
  const verdicts = judged(
    [sought(older, ['x', 'x', 'y']), sought(younger, ['y', 'y'])],
    [known('x', 2, { name: 'Anna' }), known('y', 3)],
  );
  assert.deepEqual(verdicts.map(({ restoration }) => restoration?.personId), ['x', 'y']);
});

Deno.test('people who are there through sharing are not named, and keep their faces', () => {
  const people = [sought(saved('Anna'), ['m', 'm']), sought(saved('Berta'), ['n', 'n'])];
  const [anna, berta] = judged(people, [
    known('m', 9, { isMirror: true, name: 'Anna' }),
    known('n', 9, { isMirror: true }),
  ]);
  assert.deepEqual([anna?.outcome, anna?.restoration], ['there', undefined]);
  assert.deepEqual([berta?.outcome, berta?.nameNow], ['conflict', '']);
});

Deno.test('who has no face where one was is not found, with the photos that are gone', () => {
  const anna = saved('Anna', { faces: [{ photo: 'aa', box: BOX }] });
  const [gone] = judged([{ person: anna, photos: 3, photosThere: 1, faces: [] }], []);
  assert.deepEqual([gone?.outcome, gone?.photos, gone?.photosThere], ['not-found', 3, 1]);
});
