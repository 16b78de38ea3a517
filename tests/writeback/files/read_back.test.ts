import assert from 'node:assert/strict';
import { readBack } from '../../../src/writeback/quick_reading/read_back.ts';
import type { WritePlan } from '../../../src/writeback/tags.ts';
import { missingChanges } from '../../../src/writeback/verify.ts';
import { makeFile } from './media.ts';
import { photoWithEverything } from './photo_with_everything.ts';
import { withSecondPicture } from './with_second_picture.ts';
import { RECORD, World } from './world.ts';

/** What stands where the writer would have its new file. */
async function written(world: World, plan: WritePlan): Promise<string> {
  const path = `${world.directory}/new${plan.kind === 'media' ? '.jpg' : '.xmp'}`;
  await world.writer.apply(plan, () => {});
  await Deno.copyFile(plan.path, path);
  return path;
}

Deno.test('the second reader sees all that was written, in a JPEG and in a sidecar', async () => {
  await using world = await World.open();
  for (
    const [name, bytes] of [['plain', makeFile('jpg')], ['full', withSecondPicture(photoWithEverything())]] as const
  ) {
    const path = await world.add(`${name}.jpg`, bytes);
    for (const plan of (await world.plan(path, RECORD, { destination: 'both' })).plans) {
      const copy = await written(world, plan);
      if (plan.kind === 'media') await Deno.writeFile(path, bytes);
      const seen = readBack(plan, copy);
      assert.ok(seen, plan.path);
      assert.deepEqual(missingChanges(plan, seen.tags), []);
      assert.equal(seen.isSamePicture, true);
      for (const [index, change] of plan.changes.entries()) {
        const { tag, after } = change;
        const other = typeof after === 'number' ? after + 1 : Array.isArray(after) ? [...after, 'x'] : `${after}x`;
        const changes = plan.changes.with(index, { ...change, after: other });
        const [missing] = missingChanges({ ...plan, changes }, seen.tags);
        assert.equal(missing?.tag, tag === 'Photoshop:IPTCDigest' ? undefined : tag);
      }
    }
  }
});

Deno.test('one other byte anywhere outside the metadata is seen', async () => {
  await using world = await World.open();
  const bytes = withSecondPicture(photoWithEverything());
  const path = await world.add('a.jpg', bytes);
  const { plans: [plan] } = await world.plan(path, RECORD);
  assert.ok(plan);
  const copy = await written(world, plan);
  await Deno.writeFile(path, bytes);
  const right = await Deno.readFile(copy);
  const text = new TextDecoder('latin1').decode(right);
  const places = {
    'colour profile': text.indexOf('mntrRGB'),
    'place of the second picture': text.indexOf('MPF\0') + 60,
    'picture': right.length - 2_000,
    'second picture': right.length - 100,
    'end': right.length - 1,
  };
  for (const [what, at] of Object.entries(places)) {
    await Deno.writeFile(copy, right.with(at, (right[at] ?? 0) ^ 1));
    assert.equal(readBack(plan, copy)?.isSamePicture ?? false, false, what);
  }
  for (const [what, changed] of [['shorter', right.subarray(0, -1)], ['longer', Uint8Array.of(...right, 0)]] as const) {
    await Deno.writeFile(copy, changed);
    assert.equal(readBack(plan, copy)?.isSamePicture ?? false, false, what);
  }
});
