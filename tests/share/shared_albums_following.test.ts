/** Shared albums are followed by cycles that look at changes only, in all directions: each deed in Immich shows in the next one. */
import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { InImmich } from './deeds_in_immich.ts';
import { Engine } from './oracle/engine.ts';
import { makeLibraries, sharedBetween, sharingAlbums } from './shared_albums_world.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

/** One deed, and what is shared after the next cycle in comparison with before: `alice to bob: family/portrait`. */
interface Deed {
  readonly does: () => Promise<unknown>;
  readonly comes?: readonly string[];
  readonly goes?: readonly string[];
  /** Whether everything is looked at. */
  readonly isFull?: boolean;
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: members of shared albums get what others own in them, and lose it, within a cycle`, async (t) => {
    await using world = await World.open(release);
    const { sql } = world;
    const immich = new InImmich(world);
    const id = (key: string) => world.id(key);
    world.config = sharingAlbums(world);
    await makeLibraries(world);
    await sql`DELETE FROM album`;
    await immich.makeAlbum('alice', 'Alone', [id('family/wedding')]);
    const family = await immich.makeAlbum('alice', 'Family', [id('family/portrait'), id('uploads/cat')]);
    let summer = '';
    const deeds: Readonly<Record<string, Deed>> = {
      'somebody is invited': {
        does: () => immich.invite(family, 'bob'),
        comes: ['alice to bob: family/portrait', 'alice to bob: uploads/cat'],
        isFull: true,
      },
      'a photo, and a live one, are put into the album': {
        does: () => immich.putInto(family, [id('uploads/templated'), id('uploads/live')]),
        comes: ['alice to bob: uploads/live', 'alice to bob: uploads/live-video', 'alice to bob: uploads/templated'],
      },
      'the other member adds a photo of their own': {
        does: () => immich.putInto(family, [id('bob/dog')]),
        comes: ['bob to alice: bob/dog'],
        isFull: true,
      },
      'and another one': {
        does: () => immich.putInto(family, [id('bob/walk')]),
        comes: ['bob to alice: bob/walk'],
      },
      'what is locked, archived, hidden or in the trash stays out': {
        does: () =>
          immich.putInto(family, ['uploads/locked', 'family/archived', 'family/hidden', 'family/trashed'].map(id)),
      },
      'a photo is moved to the locked folder, by which it leaves its albums': {
        does: () => immich.lock([id('uploads/cat')]),
        goes: ['alice to bob: uploads/cat'],
      },
      'it is taken out of there: it is in no album': { does: () => immich.unlock([id('uploads/cat')]) },
      'and put into the album again': {
        does: () => immich.putInto(family, [id('uploads/cat')]),
        comes: ['alice to bob: uploads/cat'],
      },
      'one that a program locks stays in its album': {
        does: () => sql`UPDATE asset SET visibility = 'locked' WHERE id = ${id('family/portrait')}`,
        goes: ['alice to bob: family/portrait'],
      },
      'and comes back when it is unlocked': {
        does: () => immich.unlock([id('family/portrait')]),
        comes: ['alice to bob: family/portrait'],
      },
      'the mirror of a photo is put into an album with somebody else: its owner decides': {
        does: async () => {
          const mirror = await world.mirrorOf('uploads/cat');
          summer = await immich.makeAlbum('bob', 'Summer', [mirror ?? '']);
          await immich.invite(summer, 'carol');
        },
      },
      'a third one is invited': {
        does: () => immich.invite(family, 'carol'),
        comes: [
          ...['family/portrait', 'uploads/cat', 'uploads/live', 'uploads/live-video', 'uploads/templated'].map((key) =>
            `alice to carol: ${key}`
          ),
          'bob to carol: bob/dog',
          'bob to carol: bob/walk',
        ],
        isFull: true,
      },
      'a photo is put into a second album of the same two': {
        does: () => immich.putInto(summer, [id('bob/dog')]),
      },
      'and taken out of the first': {
        does: () => immich.takeOut(family, [id('bob/dog')]),
        goes: ['bob to alice: bob/dog'],
      },
      'it is moved back in one transaction: who has it keeps it': {
        does: () =>
          sql.begin(async (tx) => {
            const { album, asset } = immich.keys;
            await tx`DELETE FROM album_asset WHERE ${tx(album)} = ${summer} AND ${tx(asset)} = ${id('bob/dog')}`;
            await tx`INSERT INTO album_asset (${tx(album)}, ${tx(asset)}) VALUES (${family}, ${id('bob/dog')})`;
          }),
        comes: ['bob to alice: bob/dog'],
      },
      'an album is renamed': { does: () => immich.renameAlbum(family, 'La famille') },
      'a member leaves': {
        does: () => immich.dismiss(family, 'carol'),
        goes: [
          ...['family/portrait', 'uploads/cat', 'uploads/live', 'uploads/live-video', 'uploads/templated'].map((key) =>
            `alice to carol: ${key}`
          ),
          'bob to carol: bob/dog',
          'bob to carol: bob/walk',
        ],
      },
      'the album is deleted': {
        does: () => immich.deleteAlbum(family),
        goes: [
          ...['family/portrait', 'uploads/cat', 'uploads/live', 'uploads/live-video', 'uploads/templated'].map((key) =>
            `alice to bob: ${key}`
          ),
          'bob to alice: bob/dog',
          'bob to alice: bob/walk',
        ],
        isFull: true, // the one who has left is nobody's pair any more
      },
    };
    const engine = await Engine.start(world.config);
    const cycle = async () => {
      await tellCounts(sql);
      return await engine.cycle();
    };
    const shared = async () =>
      Object.entries(await sharedBetween(world)).flatMap(([pair, keys]) => keys.map((key) => `${pair}: ${key}`)).sort();
    const mirrors = async () =>
      new Map((await sql<{ pair: string; mirror: string }[]>`
        SELECT source_asset_id || ' ' || target_user_id AS pair, mirror_asset_id AS mirror FROM immich_sidecar.asset_map`)
        .map(({ pair, mirror }) => [pair, mirror]));
    try {
      await cycle();
      let [before, known] = [await shared(), await mirrors()];
      assert.deepEqual(before, []);
      for (const [what, { does, comes = [], goes = [], isFull = false }] of Object.entries(deeds)) {
        await t.step(what, async () => {
          await does();
          const { jobs, problems, scope } = await cycle();
          const after = await shared();
          assert.deepEqual(after, [...before, ...comes].filter((one) => !goes.includes(one)).sort());
          const now = await mirrors();
          for (const [pair, mirror] of known) {
            if (now.has(pair)) assert.equal(now.get(pair), mirror, 'a mirror stays the same one');
          }
          assert.deepEqual([...problems, ...jobs.flatMap((job) => job.problems)], []);
          assert.equal(scope === 'everything', isFull, 'whether everything was looked at');
          assert.deepEqual(await world.verify(verifyMirrors), []);
          [before, known] = [after, now];
        });
        if (what === 'a third one is invited') {
          await t.step('a cycle in which nothing has happened has four statements, with four pairs', async () => {
            await engine.untilIdle(world.sql);
            const statements: string[] = [];
            (engine.sql.options as { debug: unknown }).debug = (_: number, text: string) => statements.push(text);
            assert.equal((await engine.cycle()).scope, 'nothing');
            (engine.sql.options as { debug: unknown }).debug = false;
            assert.equal(statements.length, 4, statements.map((text) => text.trim().slice(0, 60)).join('\n'));
          });
        }
      }
    } finally {
      await engine.end();
    }
    const state = [await digestTables(sql), listFiles(world.directory)];
    await world.share();
    assert.deepEqual([await digestTables(sql), listFiles(world.directory)], state, 'a full cycle finds no more');
  });
}
