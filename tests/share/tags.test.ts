import assert from 'node:assert/strict';
import { editAsset, extractMetadata, writeSidecar } from '../harness/immich_jobs/metadata.ts';
import { type Release, REPRESENTATIVE } from '../harness/database.ts';
import { LIMITS } from '../../src/share/cycle/limits.ts';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { bobToAlice } from './bob_to_alice.ts';
import { digestTables } from './snapshot.ts';
import { tagsOfAsset } from './tags_of.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

const TAGGING: readonly Release[] = ['v2.5.0', ...REPRESENTATIVE];
const ASKED = 'family/wedding';

for (const release of TAGGING) {
  Deno.test(`${release}: the receiver has the tags of a shared photo, finds it by them, and Immich's extraction changes nothing`, async () => {
    await using world = await World.open(release);
    await tag(world, world.id(ASKED), ['trips/lake/2024', 'family']);
    await world.sql`UPDATE tag SET color = '#ff0000' WHERE value = 'family'`;
    await world.share();
    assert.deepEqual(await tagsOfAsset(world, await mirror(world)), ['family', 'trips/lake/2024']);
    const [family] = await world.sql<{ color: string }[]>`
      SELECT color FROM tag WHERE "userId" = ${world.library.users.bob.id} AND value = 'family'`;
    assert.equal(family?.color, '#ff0000');
    const [trips] = await world.sql<{ found: number }[]>`
      SELECT count(*)::int AS found
      FROM tag t
      JOIN tag_closure c ON c.id_ancestor = t.id
      JOIN tag_asset ta ON ta."tagId" = c.id_descendant
      WHERE t."userId" = ${world.library.users.bob.id} AND t.value = 'trips' AND ta."assetId" = ${await mirror(world)}`;
    assert.equal(trips?.found, 1, 'by a tag above it');
    const before = await allTags(world);
    await extractMetadata(world, await mirror(world), {});
    await world.share();
    assert.deepEqual(await allTags(world), before);

    // With the last tag gone, Immich's sidecar and metadata name one that is empty.
    await tag(world, world.id(ASKED), []);
    await world.share();
    await extractMetadata(world, await mirror(world), {});
    await world.share();
    const said = await world.sql<{ tags: string[] }[]>`
      SELECT tags FROM asset_exif WHERE "assetId" = ANY (${[world.id(ASKED), await mirror(world)]}::uuid[])`;
    assert.deepEqual(said.map(({ tags }) => tags), [[''], ['']]);
    assert.deepEqual(await tagsOfAsset(world, await mirror(world)), []);
    assert.ok(!(await valuesOf(world, world.library.users.bob.id)).includes(''));
  });

  Deno.test(`${release}: tags follow their owner, what the receiver has by themselves is used and stays, and unshare leaves nothing`, async () => {
    await using world = await World.open(release);
    const bob = world.library.users.bob.id;
    await world.sql`INSERT INTO tag ("userId", value, color) VALUES (${bob}, 'family', '#0000ff')`;
    await world.sql`
      INSERT INTO tag_closure (id_ancestor, id_descendant) SELECT id, id FROM tag WHERE "userId" = ${bob} AND value = 'family'`;
    await tag(world, world.id(ASKED), []);
    const before = await allTags(world, bob);
    await tag(world, world.id(ASKED), ['family', 'trips/lake']);
    await world.share();
    await tag(world, world.id(ASKED), ['family', 'trips/sea']);
    await world.share();
    assert.deepEqual(await tagsOfAsset(world, await mirror(world)), ['family', 'trips/sea']);
    assert.deepEqual(await valuesOf(world, bob), ['family', 'trips', 'trips/sea'], 'what nothing has is gone');
    await world.apply(async (tools, view) => {
      await applyUnshare(tools, await planUnshare(view.sql, view, {}), () => {});
    });
    assert.deepEqual(await allTags(world, bob), before);
  });

  Deno.test(`${release}: a tag that the receiver deletes is not made again, and one below a tag of ours keeps that`, async () => {
    await using world = await World.open(release);
    const bob = world.library.users.bob.id;
    await tag(world, world.id(ASKED), ['party', 'trips/lake']);
    await world.share();
    await world.sql`DELETE FROM tag WHERE "userId" = ${bob} AND value = 'party'`;
    await world.sql`
      INSERT INTO tag ("userId", value, "parentId") SELECT ${bob}, 'trips/own', id FROM tag WHERE "userId" = ${bob} AND value = 'trips'`;
    await world.sql`
      INSERT INTO tag_closure (id_ancestor, id_descendant)
      SELECT above.id, own.id
      FROM tag own
      JOIN tag above ON above."userId" = ${bob} AND above.value IN ('trips', 'trips/own')
      WHERE own."userId" = ${bob} AND own.value = 'trips/own'`;
    await tag(world, world.id(ASKED), ['party']);
    await world.share();
    assert.deepEqual(await valuesOf(world, bob), ['trips', 'trips/own']);
  });

  Deno.test(`${release}: the receiver tags photos, or takes a tag from them, all at once: full cycles before Immich has told their metadata change nothing`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    const bob = world.library.users.bob.id;
    await tag(world, world.id(ASKED), ['family', 'party']);
    await world.share();
    const [tagged, untagged] = [await mirror(world), await world.mirrorOf('family/picnic') ?? ''];
    await sql`INSERT INTO tag ("userId", value) VALUES (${bob}, 'trips')`;
    await sql`INSERT INTO tag_closure (id_ancestor, id_descendant) SELECT id, id FROM tag WHERE "userId" = ${bob} AND value = 'trips'`;
    const cycles = async (...expected: string[][]) => {
      for (const isFull of [true, false, true]) {
        await world.share({ isFull });
        assert.deepEqual([await tagsOfAsset(world, tagged), await tagsOfAsset(world, untagged)], expected);
      }
    };
    // TagService.bulkTagAssets: rows for all of them, then the metadata of each. The second is a tag of ours.
    await sql`
      INSERT INTO tag_asset ("assetId", "tagId")
      SELECT a.id, t.id
      FROM tag t
      CROSS JOIN unnest(${[tagged, untagged]}::uuid[]) AS a (id)
      WHERE t."userId" = ${bob} AND t.value IN ('trips', 'party')
      ON CONFLICT DO NOTHING`;
    await cycles(['family', 'party', 'trips'], ['party', 'trips']);
    await tag(world, tagged, ['family', 'party', 'trips']);
    await cycles(['family', 'party', 'trips'], ['party', 'trips']);
    await tag(world, untagged, ['party', 'trips']);
    await cycles(['family', 'party', 'trips'], ['party', 'trips']);
    // TagService.removeAssets: the rows of all of them, then the metadata of each.
    await sql`DELETE FROM tag_asset WHERE "tagId" IN (SELECT id FROM tag WHERE "userId" = ${bob} AND value = 'party')`;
    await cycles(['family', 'trips'], ['trips']);
    await tag(world, tagged, ['family', 'trips']);
    await tag(world, untagged, ['trips']);
    await cycles(['family', 'trips'], ['trips']);
    // Extraction: metadata first.
    await editAsset(world, untagged, { tags: ['family'] });
    await cycles(['family', 'trips'], ['family']);
  });
}

Deno.test('tags that go with the one above them are forgotten, also when they are in a later batch, and made again when they are needed', async () => {
  await using world = await World.open('v3.1.0');
  const bob = world.library.users.bob.id;
  await tag(world, world.id(ASKED), ['trips/lake']);
  await world.share();
  await tag(world, world.id(ASKED), []);
  world.limits = { ...LIMITS, batch: 1 };
  await world.share();
  assert.deepEqual(await valuesOf(world, bob), []);
  await tag(world, world.id(ASKED), ['trips/lake']);
  await world.share();
  assert.deepEqual(await tagsOfAsset(world, await mirror(world)), ['trips/lake']);
});

Deno.test('tags by which something is chosen are not copied, with what is below them; share_tags says which of the others are', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  const reasons = { albums: [], people: [], tags: [], paths: [] };
  await tag(world, world.id(ASKED), ['family/2024', 'party', 'share/bob', 'trips']);
  await tag(world, world.id('family/picnic'), ['private/diary']);
  const shares = (details: Partial<typeof family>) => world.setJobs([{ ...family, ...details }, uploads]);
  // In another job of Alice's, too.
  world.setJobs([family, { ...uploads, except: { ...reasons, tags: ['share'] } }]);
  await world.share();
  assert.deepEqual(await tagsOfAsset(world, await mirror(world)), ['family/2024', 'party', 'trips']);
  shares({ shareTags: { under: ['family', 'trips'] } });
  await world.share();
  assert.deepEqual(await tagsOfAsset(world, await mirror(world)), ['family/2024', 'trips']);
  shares({ shareTags: false });
  await world.share();
  assert.deepEqual(await tagsOfAsset(world, await mirror(world)), []);
  // What Bob tags himself stays, and what was made for the photo is gone.
  await tag(world, await mirror(world), ['family/2024', 'party', 'share/bob', 'trips', 'of Bob']);
  await world.share();
  assert.deepEqual(await tagsOfAsset(world, await mirror(world)), ['of Bob']);
  shares({});
  await world.share();
  assert.deepEqual(await tagsOfAsset(world, await mirror(world)), [
    'family/2024',
    'of Bob',
    'party',
    'share/bob',
    'trips',
  ]);
  // One that is renamed still chooses, under either name.
  shares({ except: { ...reasons, tags: ['private'] } });
  await world.share();
  await sql`
    UPDATE tag SET value = replace(value, 'private', 'secret')
    WHERE "userId" = ${world.library.users.alice.id} AND value LIKE 'private%'`;
  await tag(world, world.id(ASKED), ['party', 'secret/plans', 'private/plans']);
  await world.sql`UPDATE asset_exif SET tags = ${['party', 'secret/plans', 'private/plans']} WHERE "assetId" = ${
    world.id('family/crowd')
  }`;
  await world.share();
  assert.deepEqual(await tagsOfAsset(world, await world.mirrorOf('family/crowd') ?? ''), ['party']);
});

Deno.test('a tag by which something is chosen is none of the receiver, also when Immich extracts the mirror, and a cycle comes in between', async () => {
  await using world = await World.open('v2.7.5');
  const { sql } = world;
  const bob = world.library.users.bob.id;
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  const cycle = async () => {
    await tellCounts(sql);
    await sql`SELECT pg_stat_clear_snapshot()`;
    return await world.share({ isFull: false });
  };
  await tag(world, world.id(ASKED), ['party', 'share/bob']);
  world.setJobs([family, { ...uploads, except: { albums: [], people: [], tags: ['share'], paths: [] } }]);
  await world.share();
  const before = await allTags(world, bob);
  assert.deepEqual(await valuesOf(world, bob), ['party']);

  await extractMetadata(world, await mirror(world), {});
  assert.deepEqual(await tagsOfAsset(world, await mirror(world)), ['party', 'share/bob']);
  await cycle();
  assert.deepEqual(await allTags(world, bob), before, 'the tag itself goes, too');

  // Metadata first, and a moment later the tags: no row tells of these.
  await extractMetadata(world, await mirror(world), {});
  const late = await sql<{ tagId: string }[]>`
    DELETE FROM tag_asset
    WHERE "assetId" = ${await mirror(world)} AND "tagId" IN (SELECT id FROM tag WHERE value LIKE 'share%')
    RETURNING "tagId"`;
  while ((await cycle()).scope !== 'nothing');
  await sql`INSERT INTO tag_asset ("assetId", "tagId") VALUES (${await mirror(world)}, ${late[0]?.tagId ?? ''})`;
  await cycle();
  assert.deepEqual(await allTags(world, bob), before);
});

Deno.test('a tag that the receiver made is theirs, also when nothing has it any more; and one of ours does not go with the one above it that Immich made', async () => {
  await using world = await World.open('v2.7.5');
  const { sql } = world;
  const bob = world.library.users.bob.id;
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  const choose = (tags: string[]) =>
    world.setJobs([family, { ...uploads, except: { albums: [], people: [], tags, paths: [] } }]);
  choose(['trips/bob']);
  await world.share();
  // Younger than the mirror.
  await sql`INSERT INTO tag ("userId", value, color) VALUES (${bob}, 'family', '#0000ff')`;
  await sql`INSERT INTO tag_closure (id_ancestor, id_descendant) SELECT id, id FROM tag WHERE "userId" = ${bob} AND value = 'family'`;
  await tag(world, world.id(ASKED), ['family']);
  await world.share();
  assert.deepEqual(await tagsOfAsset(world, await mirror(world)), ['family']);
  await tag(world, world.id(ASKED), ['trips/bob']);
  await world.share();
  assert.deepEqual(await tagsOfAsset(world, await mirror(world)), []);
  assert.deepEqual(await valuesOf(world, bob), ['family']);

  await extractMetadata(world, await mirror(world), {});
  await tag(world, world.id(ASKED), ['trips/bob', 'trips/lake']);
  await world.share();
  assert.deepEqual(await valuesOf(world, bob), ['family', 'trips', 'trips/lake']);
  choose(['trips']);
  await world.share();
  assert.deepEqual(await tagsOfAsset(world, await mirror(world)), []);
  choose([]);
  await world.share();
  assert.deepEqual(await tagsOfAsset(world, await mirror(world)), ['trips/bob', 'trips/lake']);
});

Deno.test('what lies below a tag that the receiver deletes is not made either, whichever photo comes first; one that they make again may have tags below it', async () => {
  await using world = await World.open('v3.1.0');
  const bob = world.library.users.bob.id;
  await tag(world, world.id(ASKED), ['trips/lake']);
  await tag(world, world.id('family/picnic'), ['trips']);
  await world.share();
  await world.sql`DELETE FROM tag WHERE "userId" = ${bob} AND value = 'trips'`;
  world.limits = { ...LIMITS, search: 1 };
  for (const key of [ASKED, 'family/picnic', 'family/portrait']) {
    await tag(world, world.id(key), ['trips/sea', 'trips']);
  }
  await world.share();
  assert.deepEqual(await valuesOf(world, bob), []);
  const before = await digestTables(world.sql);
  await world.share();
  assert.deepEqual(await digestTables(world.sql), before, 'a second cycle has nothing to do');

  await world.sql`INSERT INTO tag ("userId", value) VALUES (${bob}, 'trips')`;
  await world
    .sql`INSERT INTO tag_closure (id_ancestor, id_descendant) SELECT id, id FROM tag WHERE "userId" = ${bob} AND value = 'trips'`;
  await world.share();
  assert.deepEqual(await tagsOfAsset(world, await mirror(world)), ['trips/sea']);
});

Deno.test('a tag that was made for mirrors and is called as what its owner leaves out is remembered, and forgotten, by the cycle that makes and removes it', async () => {
  await using world = await World.open('v3.2.0');
  const reasons = { albums: [], people: [], tags: ['party'], paths: [] };
  const back = await bobToAlice(world);
  world.setJobs([...world.config.jobs, { ...back, except: reasons }]);
  const remembered = async () => {
    const rows = await world.sql<{ value: string }[]>`
      SELECT t.value
      FROM immich_sidecar_selection.name known
      LEFT JOIN tag t ON t.id = known.id
      WHERE known.kind = 'tag' AND known.written = 'party'`;
    return rows.map(({ value }) => value);
  };
  for (const [tags, expected] of [[['party'], ['party']], [[], []]] as const) {
    await tag(world, world.id(ASKED), tags);
    await world.share();
    assert.deepEqual(await valuesOf(world, world.library.users.bob.id), expected);
    assert.deepEqual(await remembered(), expected);
    const before = await digestTables(world.sql);
    await world.share();
    assert.deepEqual(await digestTables(world.sql), before, 'a second cycle has nothing to do');
  }
});

async function mirror(world: World): Promise<string> {
  return await world.mirrorOf(ASKED) ?? '';
}

/** In Immich, with the sidecar and the extraction that follow. */
async function tag(world: World, id: string, tags: readonly string[]): Promise<void> {
  await editAsset(world, id, { tags });
  await writeSidecar(world, id);
  await extractMetadata(world, id, {});
}

async function valuesOf({ sql }: World, userId: string): Promise<string[]> {
  const rows = await sql<{ value: string }[]>`
    SELECT value FROM tag WHERE "userId" = ${userId} AND value ~ '^(family|trips|party)' ORDER BY value`;
  return rows.map(({ value }) => value);
}

async function allTags({ sql }: World, userId?: string): Promise<unknown> {
  const whose = userId === undefined ? sql`true` : sql`t."userId" = ${userId}`;
  return [
    [...await sql`SELECT id, value, color, "parentId" FROM tag t WHERE ${whose} ORDER BY id`],
    [...await sql`SELECT c.* FROM tag_closure c JOIN tag t ON t.id = c.id_ancestor WHERE ${whose} ORDER BY 1, 2`],
    [...await sql`SELECT ta.* FROM tag_asset ta JOIN tag t ON t.id = ta."tagId" WHERE ${whose} ORDER BY 1, 2`],
  ];
}
