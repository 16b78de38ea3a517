import assert from 'node:assert/strict';
import { makePreview, PICTURES } from '../../src/demo/library_generator/media/media.ts';
import { withPictures } from './pictures.ts';

Deno.test('a picture that an earlier run has drawn is the same, and is not drawn again', async () => {
  const caches = await Deno.makeTempDir({ prefix: 'immich-pictures-' });
  const draw = () =>
    Promise.resolve(
      makePreview({ scene: 'sea', variant: 7 }, { width: 32, height: 24 }, { isTurned: false }, 'unique'),
    );
  try {
    const drawn = await withPictures(draw, caches);
    const known = new Map(PICTURES);
    PICTURES.clear();
    const found = await withPictures(async () => {
      assert.deepEqual(PICTURES, known);
      return await draw();
    }, caches);
    assert.deepEqual(found, drawn);
    assert.equal(PICTURES.size, 1);
  } finally {
    await Deno.remove(caches, { recursive: true });
  }
});
