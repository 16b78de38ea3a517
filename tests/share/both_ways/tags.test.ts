import assert from 'node:assert/strict';
import { mergedTags } from '../../../src/share/both_ways/tags.ts';
import { applyUndoMerge, planUndoMerge } from '../../../src/share/both_ways/undo_merge.ts';
import { editAsset } from '../../harness/immich_jobs/metadata.ts';
import { tagsOfAsset } from '../tags_of.ts';
import type { World } from '../world.ts';
import { conflictsOf, correctedBy, edit, mirrorId, openTwoWays, PHOTO, said, TWO_WAY_RELEASES } from './two_ways.ts';

for (const release of TWO_WAY_RELEASES) {
  Deno.test(`${release}: tags that the receiver gives and takes are the owner's, as tags of their own`, async () => {
    await using world = await openTwoWays(release);
    const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
    await edit(world, source, { tags: ['family', 'trips/lake'] });
    await world.untilIdle();
    assert.deepEqual(await tagsOfAsset(world, mirror), ['family', 'trips/lake']);
    await edit(world, mirror, { tags: ['family', 'grandma/kitchen'] });
    await world
      .sql`UPDATE tag SET color = '#00ff00' WHERE value = 'grandma/kitchen' AND "userId" = ${world.library.users.bob.id}`;
    assert.equal(await correctedBy(world.share({ isFull: false })), 1);
    assert.deepEqual(await tagsOfAsset(world, source), ['family', 'grandma/kitchen']);
    const [made] = await world.sql<{ color: string; above: number }[]>`
      SELECT color, (SELECT count(*)::int FROM tag_closure WHERE id_descendant = t.id) AS above
      FROM tag t
      WHERE value = 'grandma/kitchen' AND "userId" = ${world.library.users.alice.id}`;
    assert.deepEqual({ ...made }, { color: '#00ff00', above: 2 });
    await world.untilIdle();
    assert.equal(await correctedBy(world.share()), 0);
    // What is Alice's is not taken away with the share.
    assert.deepEqual(await ownTags(world), []);
  });
}

Deno.test('tags by which the owner chooses, or that are not shared, are neither given nor taken by a receiver', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  const [job, ...others] = world.config.jobs;
  assert.ok(job);
  const nothing = { albums: [], people: [], paths: [] };
  world.setJobs([job, ...others].map((one) => ({ ...one, except: { ...nothing, tags: ['secret'] } })));
  await edit(world, source, { tags: ['family'] });
  await world.share();
  await edit(world, mirror, { tags: ['family', 'secret'] });
  assert.equal(await correctedBy(world.share({ isFull: false })), 0);
  await world.untilIdle();
  assert.deepEqual([(await said(world, source)).tags, await tagsOfAsset(world, source)], ['family', ['family']]);
  assert.deepEqual(await conflictsOf(world), []);
  assert.ok(await world.mirrorOf(PHOTO), 'it is shared as before');

  world.setJobs([job, ...others].map((one) => ({ ...one, shareTags: { under: ['family'] } })));
  await edit(world, source, { tags: ['family', 'mine'] });
  await edit(world, mirror, { tags: ['family'] });
  await world.share();
  await world.untilIdle();
  await edit(world, mirror, { tags: ['family', 'family/1974'] });
  await world.untilIdle();
  assert.deepEqual(await tagsOfAsset(world, source), ['family', 'family/1974', 'mine'], 'what Bob has never got stays');
  assert.deepEqual(await tagsOfAsset(world, mirror), ['family', 'family/1974']);
  assert.equal((await world.plan()).hasChanges, false);
});

Deno.test('an original whose tags stay as they are is not written to', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  world.setJobs(world.config.jobs.map((job) => ({ ...job, shareTags: { under: ['family'] } })));
  await editAsset(world, source, { tags: ['family', 'mine'] });
  await world.share();
  await world.untilIdle();
  const version = async () => {
    const [row] = await world.sql<{ id: string; locks: string[] }[]>`
      SELECT "updateId" AS id, "lockedProperties" AS locks FROM asset_exif WHERE "assetId" = ${source}`;
    return { ...row };
  };
  const before = await version();
  assert.deepEqual(before.locks, ['tags'], 'Immich has not written the sidecar yet');
  await edit(world, mirror, { tags: ['family'] });
  await world.untilIdle();
  assert.deepEqual(await version(), before);
  assert.deepEqual(await tagsOfAsset(world, source), ['family', 'mine']);
});

Deno.test('tags that the owner gave before 2.5, of which metadata know nothing, stay theirs when a receiver tags the photo, and when that is undone', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  await edit(world, source, { tags: ['old'] });
  await world.sql`UPDATE asset_exif SET tags = NULL, "lockedProperties" = NULL WHERE "assetId" = ${source}`;
  await world.untilIdle();
  assert.deepEqual(await tagsOfAsset(world, source), ['old']);
  await edit(world, mirror, { tags: ['grandma'] });
  assert.equal(await correctedBy(world.share({ isFull: false })), 1);
  assert.deepEqual(await tagsOfAsset(world, source), ['grandma', 'old']);
  assert.equal((await said(world, source)).tags, 'grandma, old', 'which Immich’s next extraction keeps');
  await world.untilIdle();
  assert.equal((await world.plan()).hasChanges, false);
  await world.apply(async (tools) => {
    const { database: { sql }, schema } = tools;
    assert.equal((await applyUndoMerge(tools, await planUndoMerge(sql, schema, {}))).undone, 1);
  });
  assert.deepEqual(await tagsOfAsset(world, source), ['old']);
});

Deno.test('what is hidden from a receiver stays with the owner, and what a receiver hides goes nowhere', () => {
  const isHidden = (value: string) => value.startsWith('hidden');
  assert.deepEqual(mergedTags(['a', 'b'], ['b', 'c'], isHidden), ['b', 'c']);
  assert.deepEqual(mergedTags(['a', 'hidden'], ['b'], isHidden), ['b', 'hidden']);
  assert.deepEqual(mergedTags(['hidden'], ['b', 'hidden'], isHidden), ['b', 'hidden']);
  assert.equal(mergedTags(['a'], ['a', 'hidden'], isHidden), undefined);
  assert.deepEqual(mergedTags(['a'], [''], isHidden), [''], 'as Immich writes that there is none');
  assert.deepEqual(mergedTags(['a', 'hidden'], [''], isHidden), ['hidden']);
});

/** Those that we have made for Alice. */
async function ownTags({ sql, library }: World): Promise<string[]> {
  const rows = await sql<{ value: string }[]>`
    SELECT value FROM immich_sidecar_tags.tag WHERE target_user_id = ${library.users.alice.id}`;
  return rows.map(({ value }) => value);
}
