import assert from 'node:assert/strict';
import fc from '../harness/drawing.ts';
import { type Edit, undoEdits } from '../../src/immich/edits.ts';
import { fakeAsset, fakeFace } from '../harness/fake_immich/library.ts';
import { facesJson } from '../harness/fake_immich/shapes.ts';

const BOX = { imageWidth: 400, imageHeight: 300, x1: 10, y1: 20, x2: 50, y2: 60 };
const ORIGINAL = { width: 400, height: 300 };
const edit = (action: string, parameters: Edit['parameters']): Edit => ({ action, parameters });

Deno.test('without edits a box is where it was', () => {
  assert.deepEqual(undoEdits(BOX, [], ORIGINAL), BOX);
});

Deno.test('a crop is put back', () => {
  const cropped = { ...BOX, imageWidth: 200, imageHeight: 100 };
  assert.deepEqual(undoEdits(cropped, [edit('crop', { x: 100, y: 50, width: 200, height: 100 })], ORIGINAL), {
    ...BOX,
    x1: 110,
    y1: 70,
    x2: 150,
    y2: 110,
  });
});

Deno.test('a quarter turn clockwise is turned back', () => {
  // What was at the left edge is at the top now.
  const turned = { imageWidth: 300, imageHeight: 400, x1: 240, y1: 10, x2: 280, y2: 50 };
  assert.deepEqual(undoEdits(turned, [edit('rotate', { angle: 90 })], ORIGINAL), BOX);
});

Deno.test('mirrors are mirrored', () => {
  assert.deepEqual(undoEdits(BOX, [edit('mirror', { axis: 'horizontal' })], ORIGINAL), { ...BOX, y1: 240, y2: 280 });
  assert.deepEqual(undoEdits(BOX, [edit('mirror', { axis: 'vertical' })], ORIGINAL), { ...BOX, x1: 350, x2: 390 });
});

const edits = fc.record({
  crop: fc.option(fc.record({ x: fc.nat(500), y: fc.nat(500), width: fc.constant(2_000), height: fc.constant(1_500) })),
  rest: fc.array(
    fc.oneof(
      fc.constantFrom(90, 180, 270).map((angle) => edit('rotate', { angle })),
      fc.constantFrom('horizontal', 'vertical').map((axis) => edit('mirror', { axis })),
      fc.constant(edit('filter', { name: 'sepia' })),
    ),
    { maxLength: 5 },
  ),
}).map(({ crop, rest }) => crop === null ? rest : [...rest, edit('crop', crop)])
  .filter(({ length }) => length > 0);

Deno.test('any edits that Immich applied to a face can be undone, up to a pixel', () => {
  fc.assert(fc.property(
    edits,
    fc.constantFrom('1', '6', '8', null),
    fc.tuple(fc.integer({ min: 300, max: 600 }), fc.integer({ min: 300, max: 600 })),
    (applied, orientation, [x, y]) => {
      const isTurned = orientation === '6' || orientation === '8';
      const original = isTurned ? { width: 3_000, height: 4_000 } : { width: 4_000, height: 3_000 };
      const box = { boundingBoxX1: x, boundingBoxY1: y, boundingBoxX2: x + 90, boundingBoxY2: y + 120 };
      const face = fakeFace(1, null, { ...box, imageWidth: original.width / 4, imageHeight: original.height / 4 });
      const asset = fakeAsset(1, { faces: [face], edits: applied, exif: { orientation } });
      const [told] = facesJson('3.1.0', asset);
      assert.ok(told);
      const number = (name: string) => Number(told[name]);
      const undone = undoEdits(
        {
          imageWidth: number('imageWidth'),
          imageHeight: number('imageHeight'),
          x1: number('boundingBoxX1'),
          y1: number('boundingBoxY1'),
          x2: number('boundingBoxX2'),
          y2: number('boundingBoxY2'),
        },
        applied,
        original,
      );
      assert.deepEqual([undone.imageWidth, undone.imageHeight], [original.width, original.height]);
      const expected = [x * 4, y * 4, (x + 90) * 4, (y + 120) * 4];
      for (const [index, value] of [undone.x1, undone.y1, undone.x2, undone.y2].entries()) {
        assert.ok(Math.abs(value - (expected[index] ?? NaN)) <= 1);
      }
    },
  ));
});
