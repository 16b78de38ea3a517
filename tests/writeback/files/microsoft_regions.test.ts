/** Faces in Microsoft's way: kept in step where they are, and written where somebody wants them. */
import assert from 'node:assert/strict';
import type { AssetRecord } from '../../../src/writeback/fields/record.ts';
import { makeFile } from './media.ts';
import { setTags } from './set_tags.ts';
import { RECORD, World } from './world.ts';

const REGIONS = 'XMP-MP:RegionInfoMP';
const ANNA = { PersonDisplayName: 'Anna Müller', Rectangle: '0.069444, 0.185185, 0.138889, 0.277778' };
/** Somebody else's: Anna, nearly where Immich has her, with an e-mail that only this program knows, and a stranger. */
const THEIRS = {
  Regions: [
    { PersonDisplayName: 'Anna Müller', Rectangle: '0.08, 0.2, 0.1, 0.2', PersonEmailDigest: 'abc' },
    { PersonDisplayName: 'Stranger', Rectangle: '0.7, 0.7, 0.1, 0.1' },
  ],
};

async function regionsOf(world: World, path: string): Promise<unknown> {
  return (await world.writer.lookAt(path, path.endsWith('.xmp') ? 'sidecar' : 'media')).tags[REGIONS] ?? undefined;
}

const without = (record: AssetRecord): AssetRecord => ({ ...record, people: [], faces: [] });

for (const destination of ['embed', 'sidecar'] as const) {
  Deno.test(`${destination}: regions of that kind are written with --regions mp, a second run writes nothing, and they go with the face`, async () => {
    await using world = await World.open();
    const path = await world.add('a.jpg', makeFile('jpg'));
    const place = destination === 'embed' ? path : `${path}.xmp`;
    await world.write(path, RECORD, { destination });
    assert.equal(await regionsOf(world, place), undefined, 'not by themselves');
    const both = { destination, regions: ['mwg', 'mp'] as const };
    await world.write(path, RECORD, both);
    assert.deepEqual(world.left, []);
    assert.deepEqual(await regionsOf(world, place), { Regions: [ANNA] });
    assert.deepEqual((await world.plan(path, RECORD, both)).plans, []);
    await world.write(path, without(RECORD), both);
    assert.equal(await regionsOf(world, place), undefined);
  });
}

Deno.test('only in that way, where somebody wants only that', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  await world.write(path, RECORD, { regions: ['mp'] });
  const { tags } = await world.writer.lookAt(path, 'media');
  assert.deepEqual(tags[REGIONS], { Regions: [ANNA] });
  assert.equal(tags['XMP-mwg-rs:RegionInfo'] ?? undefined, undefined);
});

Deno.test('regions that are there are kept in step: the box follows, what others say of it and their own regions stay, and undo is byte for byte', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  await setTags(path, { [REGIONS]: THEIRS });
  const before = await Deno.readFile(path);
  await world.write(path, RECORD);
  assert.deepEqual(world.left, []);
  const [stranger] = THEIRS.Regions.slice(1);
  const written = await regionsOf(world, path) as { Regions: Record<string, unknown>[] };
  assert.deepEqual(written.Regions, [stranger, { ...ANNA, PersonEmailDigest: 'abc' }]);
  assert.deepEqual((await world.plan(path, RECORD)).plans, []);
  await world.write(path, without(RECORD));
  assert.deepEqual(await regionsOf(world, path), { Regions: [stranger] });
  await world.undoAll();
  assert.deepEqual(await Deno.readFile(path), before);
});
