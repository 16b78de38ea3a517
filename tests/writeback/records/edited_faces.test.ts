/** From 3.2 on Immich looks for faces in the edited picture, and notes nowhere in which one it has found them. */
import assert from 'node:assert/strict';
import { inUneditedPicture } from '../../../src/immich/edited_frame.ts';
import type { Box, Edit } from '../../../src/immich/edits.ts';
import { databaseSource } from '../../../src/writeback/records/database.ts';
import { World } from '../../share/world.ts';
import { byId, itemsOf } from './helper.ts';

const ORIGINAL = { width: 4_000, height: 3_000 };
const edit = (action: string, parameters: Edit['parameters']): Edit => ({ action, parameters });
const CROP = edit('crop', { x: 1_000, y: 500, width: 2_000, height: 2_000 });
const TURN = edit('rotate', { angle: 90 });
const MIRROR = edit('mirror', { axis: 'vertical' });
const found = (box: Box, isLookedForSince?: boolean) => ({ box, isDetected: true, isLookedForSince });
const unedited: Box = { imageWidth: 1_440, imageHeight: 1_080, x1: 360, y1: 270, x2: 720, y2: 540 };
const square: Box = { imageWidth: 1_440, imageHeight: 1_440, x1: 720, y1: 360, x2: 1_080, y2: 720 };

Deno.test('a face lies in the picture whose shape it was found in', () => {
  assert.deepEqual(inUneditedPicture(found(unedited), [CROP], ORIGINAL), unedited);
  const box = inUneditedPicture(found(square), [CROP], ORIGINAL);
  assert.deepEqual(box, { imageWidth: 4_000, imageHeight: 3_000, x1: 2_000, y1: 1_000, x2: 2_500, y2: 1_500 });
  const turned: Box = { imageWidth: 1_080, imageHeight: 1_440, x1: 0, y1: 0, x2: 108, y2: 144 };
  const back = inUneditedPicture(found(turned), [TURN], ORIGINAL);
  assert.deepEqual(back, { imageWidth: 4_000, imageHeight: 3_000, x1: 0, y1: 2_700, x2: 400, y2: 3_000 });
});

Deno.test('where both have one shape, the time of the search tells', () => {
  for (const since of [false, undefined]) {
    assert.deepEqual(inUneditedPicture(found(unedited, since), [MIRROR], ORIGINAL), unedited);
  }
  const mirrored = inUneditedPicture(found(unedited, true), [MIRROR], ORIGINAL);
  assert.deepEqual(mirrored, { imageWidth: 4_000, imageHeight: 3_000, x1: 2_000, y1: 750, x2: 3_000, y2: 1_500 });
});

Deno.test('what fits neither picture is nowhere, and what somebody drew lies in the unedited one', () => {
  assert.equal(inUneditedPicture(found({ ...square, imageWidth: 900 }), [CROP], ORIGINAL), undefined);
  assert.deepEqual(inUneditedPicture({ ...found(square), isDetected: false }, [CROP], ORIGINAL), square);
});

for (const release of ['v2.7.5', 'v3.2.0'] as const) {
  Deno.test(`${release}: the record of an edited photo has its faces in the unedited picture`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    const id = world.id('family/beach');
    await sql`UPDATE asset_exif SET "exifImageWidth" = 4000, "exifImageHeight" = 3000, orientation = '1' WHERE "assetId" = ${id}`;
    await sql`
      INSERT INTO asset_edit ("assetId", action, parameters, sequence)
      VALUES (${id}, 'crop', ${sql.json({ x: 1_000, y: 500, width: 2_000, height: 2_000 })}, 0)`;
    await sql`
      UPDATE asset_face
      SET "imageWidth" = 1440, "imageHeight" = 1440, "boundingBoxX1" = 720, "boundingBoxY1" = 360, "boundingBoxX2" = 1080,
        "boundingBoxY2" = 720, "sourceType" = 'machine-learning'
      WHERE "assetId" = ${id}`;
    const source = await databaseSource(sql, { userIds: [], batchSize: 100 });
    const faces = byId(await itemsOf(source)).get(id)?.faces ?? [];
    assert.ok(faces.length > 0);
    for (const { imageWidth, x1, y1, x2, y2 } of faces) {
      const shares = [x1, y1, x2, y2].map((side) => side / imageWidth);
      assert.deepEqual(shares, release === 'v3.2.0' ? [0.5, 0.25, 0.625, 0.375] : [0.5, 0.25, 0.75, 0.5]);
    }
  });
}
