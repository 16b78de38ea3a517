import assert from 'node:assert/strict';
import { overlap, pairFaces, type Present } from '../../../src/share/saved_people/match_faces.ts';

function unit(...values: number[]): Float32Array {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}

const face = (id: string, box: Present['box'], embedding?: Float32Array): Present => ({ id, box, embedding });
const found = (faces: readonly (Present | undefined)[]) => faces.map((face) => face?.id);

Deno.test('boxes that overlap most belong together, and no face is two', () => {
  assert.equal(overlap([0, 0, 0.2, 0.2], [0.3, 0, 0.5, 0.2]), 0);
  assert.ok(Math.abs(overlap([0, 0, 0.2, 0.2], [0.1, 0, 0.3, 0.2]) - 1 / 3) < 1e-9);
  const sought = [
    { box: [0.1, 0.1, 0.3, 0.3], embedding: undefined },
    { box: [0.12, 0.1, 0.32, 0.3], embedding: undefined },
    { box: [0.6, 0.6, 0.8, 0.8], embedding: undefined },
  ] as const;
  const present = [face('a', [0.1, 0.1, 0.3, 0.31]), face('b', [0.14, 0.1, 0.34, 0.3]), face('c', [0, 0.6, 0.2, 0.8])];
  assert.deepEqual(found(pairFaces(sought, present, 0.5)), ['a', 'b', undefined]);
});

Deno.test('on a photo that was turned since the look tells, where it can be compared and is near enough', () => {
  const sought = [
    { box: [0.1, 0.1, 0.2, 0.2], embedding: unit(1, 0, 0) },
    { box: [0.3, 0.1, 0.4, 0.2], embedding: unit(0, 1, 0) },
    { box: [0.5, 0.1, 0.6, 0.2], embedding: undefined },
  ] as const;
  const present = [
    face('y', [0.8, 0.3, 0.9, 0.4], unit(0.1, 1, 0)),
    face('x', [0.8, 0.1, 0.9, 0.2], unit(1, 0.2, 0)),
    face('z', [0.8, 0.5, 0.9, 0.6], unit(0, 0, 1)),
  ];
  assert.deepEqual(found(pairFaces(sought, present, 0.5)), ['x', 'y', undefined]);
  assert.deepEqual(found(pairFaces(sought, present.map((one) => ({ ...one, embedding: unit(1, 1) })), 0.5)), [
    undefined,
    undefined,
    undefined,
  ]);
});
