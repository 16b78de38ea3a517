/** `shared_albums: {into: same-name}`: what comes through a shared album is also in an album of the receiver's own, of the same name. */
import assert from 'node:assert/strict';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { InImmich } from './deeds_in_immich.ts';
import { Engine } from './oracle/engine.ts';
import { makeLibraries, sharingAlbums } from './shared_albums_world.ts';
import { digestTables } from './snapshot.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

type Owner = 'alice' | 'bob' | 'carol';

/** The albums that only their owner sees: the sources of the mirrors in them, and what else is in them. */
async function privateAlbums(world: World, owner: Owner): Promise<Record<string, string[]>> {
  const { sql, library, db } = world;
  const { album, asset, user } = new InImmich(world).keys;
  const isOwner = db.release < 'v3'
    ? sql`al."ownerId" = ${library.users[owner].id} AND NOT EXISTS (SELECT 1 FROM album_user m WHERE m.${
      sql(album)
    } = al.id)`
    : sql`(SELECT array_agg(m.${sql(user)}) FROM album_user m WHERE m.${sql(album)} = al.id) = ARRAY[${
      library.users[owner].id
    }::uuid]`;
  const rows = await sql<{ name: string; photos: string[] }[]>`
    SELECT al."albumName" AS name, array_agg(coalesce(m.source_asset_id, placed.${sql(asset)})) FILTER (WHERE placed.${
    sql(asset)
  } IS NOT NULL) AS photos
    FROM album al
    LEFT JOIN album_asset placed ON placed.${sql(album)} = al.id
    LEFT JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = placed.${sql(asset)}
    WHERE ${isOwner}
    GROUP BY al.id
    ORDER BY 1`;
  const keyOf = (id: string) => library.assets.find((one) => one.id === id)?.key ?? id;
  return Object.fromEntries(rows.map(({ name, photos }) => [name, (photos ?? []).map(keyOf).sort()]));
}

/** Digests of Immich's tables, those aside that tell what has been deleted. */
async function immichsTables({ sql }: World): Promise<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(await digestTables(sql)).filter(([name]) => name.startsWith('public.') && !/_audit"?$/.test(name)),
  );
}

for (const release of ['v2.7.5', 'v3.3.0'] as const) {
  Deno.test(`${release}: each shared album has an album of its receiver's own of that name, with what came through it`, async (t) => {
    await using world = await World.open(release);
    const { sql, library: { users } } = world;
    const immich = new InImmich(world);
    const id = (key: string) => world.id(key);
    await sql`DELETE FROM album`;
    await makeLibraries(world);
    const before = await immichsTables(world);
    world.config = sharingAlbums(world, { into: 'same-name' });
    const engine = await Engine.start(world.config);
    const ownId = async (name: string) => {
      const [row] = await sql<{ id: string }[]>`
        SELECT own.album_id AS id FROM immich_sidecar_same_name.album own WHERE own.name = ${name}`;
      return row?.id ?? assert.fail(name);
    };
    const step = async (what: string, does: () => Promise<unknown>, bobs: Record<string, string[]>, isFull = false) => {
      await t.step(what, async () => {
        await does();
        await tellCounts(sql);
        assert.deepEqual(problemsOf(await engine.cycle({ isFull })), []);
        assert.deepEqual(await privateAlbums(world, 'bob'), bobs);
        const state = await digestTables(sql);
        await engine.cycle({ isFull: true });
        assert.deepEqual(await digestTables(sql), state, 'a full cycle finds no more');
      });
    };
    let [family, summer] = ['', ''];
    try {
      await engine.cycle();
      await step('one is made', async () => {
        family = await immich.makeAlbum('alice', 'Family', [id('family/portrait'), id('uploads/live')]);
        await immich.invite(family, 'bob');
      }, { Family: ['family/portrait', 'uploads/live'] });
      assert.deepEqual(await privateAlbums(world, 'alice'), {}, 'who shares needs none');
      await step('what comes later is put into it', () => immich.putInto(family, [id('uploads/cat')]), {
        Family: ['family/portrait', 'uploads/cat', 'uploads/live'],
      });
      await step('what its owner takes out stays out', async () => {
        await immich.takeOut(await ownId('Family'), [await world.mirrorOf('uploads/cat') ?? '']);
      }, { Family: ['family/portrait', 'uploads/live'] });
      const made = await ownId('Family');
      await step('it is renamed with the shared one', () => immich.renameAlbum(family, 'La famille'), {
        'La famille': ['family/portrait', 'uploads/live'],
      });
      assert.equal(await ownId('La famille'), made);
      await step('theirs is used if there is one', async () => {
        await immich.makeAlbum('bob', 'Summer', [id('bob/dog')]);
        summer = await immich.makeAlbum('alice', 'Summer', [id('family/wedding'), id('family/portrait')]);
        await immich.invite(summer, 'bob');
      }, {
        'La famille': ['family/portrait', 'uploads/live'],
        Summer: ['bob/dog', 'family/portrait', 'family/wedding'],
      });
      await step('and keeps its name, without what we had put there', () => immich.renameAlbum(summer, 'Winter'), {
        'La famille': ['family/portrait', 'uploads/live'],
        Summer: ['bob/dog'],
        Winter: ['family/portrait', 'family/wedding'],
      });
      await step(
        'what is taken out of one shared album stays with the other',
        () => immich.takeOut(family, [id('family/portrait')]),
        {
          'La famille': ['uploads/live'],
          Summer: ['bob/dog'],
          Winter: ['family/portrait', 'family/wedding'],
        },
      );
      await step('nothing is put into an album that its owner shares: others would see it', async () => {
        await immich.invite(await ownId('Winter'), 'carol');
        await immich.putInto(summer, [id('family/harbour')]);
      }, { 'La famille': ['uploads/live'], Summer: ['bob/dog'] });
      assert.ok(await world.mirrorOf('family/harbour') !== undefined);
      await step('until they do not any more', async () => await immich.dismiss(await ownId('Winter'), 'carol'), {
        'La famille': ['uploads/live'],
        Summer: ['bob/dog'],
        Winter: ['family/harbour', 'family/portrait', 'family/wedding'],
      }, true);
      await step('nor into one that has a public link', async () => {
        await sql`
          INSERT INTO shared_link (id, "userId", key, type, "albumId")
          VALUES (${crypto.randomUUID()}, ${users.bob.id}, 'k', 'ALBUM', ${await ownId('Winter')})`;
        await immich.putInto(summer, [id('family/phone')]);
      }, {
        'La famille': ['uploads/live'],
        Summer: ['bob/dog'],
        Winter: ['family/harbour', 'family/portrait', 'family/wedding'],
      });
      await step('one that its owner deletes is not made again', async () => {
        await sql`DELETE FROM shared_link`;
        await immich.deleteAlbum(await ownId('La famille'));
        await immich.putInto(family, [id('family/crowd')]);
      }, {
        Summer: ['bob/dog'],
        Winter: ['family/harbour', 'family/phone', 'family/portrait', 'family/wedding'],
      }, true);
      await step('a member who leaves loses what we have made', async () => {
        await immich.dismiss(summer, 'bob');
        await immich.dismiss(family, 'bob');
      }, { Summer: ['bob/dog'] });
      await step('who comes back has it again', () => immich.invite(summer, 'bob'), {
        Summer: ['bob/dog'],
        Winter: ['family/harbour', 'family/phone', 'family/portrait', 'family/wedding'],
      });
    } finally {
      await engine.end();
    }
    await t.step('unshare leaves nothing of it', async () => {
      await world.apply(async (tools, view) => {
        const plan = await planUnshare(tools.database.sql, view, {});
        assert.deepEqual((await applyUnshare(tools, plan, () => {})).problems, []);
      });
      assert.deepEqual(await privateAlbums(world, 'bob'), { Summer: ['bob/dog'] });
      await sql`DELETE FROM album`;
      assert.deepEqual(await immichsTables(world), before);
    });
  });
}
