import assert from 'node:assert/strict';
import {
  decodeEmbedding,
  encodeEmbedding,
  meanOf,
  parseEmbedding,
} from '../../../src/share/saved_people/embeddings.ts';

Deno.test('an embedding is a unit vector, however it is written', () => {
  for (const text of ['[3,4]', '{3,4}', '[30,40]']) {
    assert.deepEqual([...parseEmbedding(text) ?? []], [...Float32Array.of(0.6, 0.8)], text);
  }
  assert.deepEqual(decodeEmbedding(encodeEmbedding(Float32Array.of(0, 1))), Float32Array.of(0, 1));
});

Deno.test('what points nowhere is no embedding: it would be like everybody, or like nobody', () => {
  for (const text of ['[0,0]', '[]', '[1,NaN]', '[1,Infinity]']) assert.equal(parseEmbedding(text), undefined, text);
  assert.equal(decodeEmbedding(''), undefined);
  assert.equal(meanOf([]), undefined);
  assert.equal(meanOf([Float32Array.of(1, 0), Float32Array.of(-1, 0)]), undefined);
});

Deno.test('what several embeddings have in common is between them; those of another model are left out', () => {
  const mean = meanOf([Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(1, 0, 0)]);
  assert.deepEqual(mean, Float32Array.of(Math.SQRT1_2, Math.SQRT1_2));
});
