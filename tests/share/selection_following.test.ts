/** What a job selects is followed by cycles that look at changes only: each deed in Immich shows in the next one. */
import assert from 'node:assert/strict';
import type { SelectConfig } from '../../src/config/config.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { InImmich } from './deeds_in_immich.ts';
import { Engine } from './oracle/engine.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

const NOTHING: SelectConfig = { albums: [], people: [], tags: [], paths: [], peopleMatch: 'any', favorites: false };

/** One deed, what is shared after the next cycle in comparison with before, and whether that may look at everything. */
interface Deed {
  readonly does: () => Promise<unknown>;
  readonly comes?: readonly string[];
  readonly goes?: readonly string[];
  readonly isFull?: boolean;
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: albums, tags, favourites, ratings, faces and names are followed within a cycle`, async (t) => {
    await using world = await World.open(release);
    const { sql, library, people: { faceKey } } = world;
    const immich = new InImmich(world);
    const id = (key: string) => world.id(key);
    const one = await immich.makeAlbum('alice', 'One', [id('family/portrait')]);
    const two = await immich.makeAlbum('alice', 'Two');
    const trip = await immich.makeAlbum('bob', 'Trip');
    await immich.invite(trip, 'alice');
    const share = await immich.makeTag('alice', 'share');
    const below = await immich.makeTag('alice', 'share/bob', share);
    const secret = await immich.makeTag('alice', 'secret');
    await immich.tag(share, id('uploads/clip'));
    const uploads = world.config.jobs.at(-1);
    assert.ok(uploads);
    const gustav = library.people['alice/gustav'];
    world.setJobs([{
      ...uploads,
      kind: 'any',
      select: {
        ...NOTHING,
        albums: ['One', 'Two', 'Trip'],
        tags: ['share'],
        people: [gustav.name],
        peopleMatch: 'only',
        favorites: true,
      },
      except: { albums: [], people: [], tags: ['secret'], paths: ['/external_library/alice/private/'] },
    }]);
    const faceOn = async (key: string, person: string | null) =>
      await sql`
        UPDATE asset_face SET ${sql(faceKey)} = ${person}
        WHERE id = (SELECT id FROM asset_face WHERE "assetId" = ${
        id(key)
      } AND "deletedAt" IS NULL ORDER BY id LIMIT 1)`;
    const deeds: Readonly<Record<string, Deed>> = {
      'a photo is put into an album': {
        does: () => immich.putInto(one, [id('uploads/templated')]),
        comes: ['uploads/templated'],
      },
      'a live photo is put into an album': {
        does: () => immich.putInto(two, [id('family/live')]),
        comes: ['family/live', 'family/live-video'],
      },
      'a locked photo is put into an album': { does: () => immich.putInto(one, [id('uploads/locked')]) },
      'a photo is put into another album, too': { does: () => immich.putInto(two, [id('family/portrait')]) },
      'it is taken out of one of the two': { does: () => immich.takeOut(one, [id('family/portrait')]) },
      'it is moved from one album to another in one transaction': {
        does: () =>
          sql.begin(async (tx) => {
            const { album, asset } = immich.keys;
            await tx`DELETE FROM album_asset WHERE ${tx(album)} = ${two} AND ${tx(asset)} = ${id('family/portrait')}`;
            await tx`INSERT INTO album_asset (${tx(album)}, ${tx(asset)}) VALUES (${one}, ${id('family/portrait')})`;
          }),
      },
      'it is taken out of the other one': {
        does: () => immich.takeOut(one, [id('family/portrait')]),
        goes: ['family/portrait'],
      },
      'a tag below the chosen one is given': {
        does: () => immich.tag(below, id('family/harbour')),
        comes: ['family/harbour'],
      },
      'a tag is given that is left out': {
        does: () => immich.tag(secret, id('family/harbour')),
        goes: ['family/harbour'],
      },
      'that tag is taken away': { does: () => immich.untag(secret, id('family/harbour')), comes: ['family/harbour'] },
      'the tag is taken away': { does: () => immich.untag(below, id('family/harbour')), goes: ['family/harbour'] },
      'a favourite': {
        does: () => sql`UPDATE asset SET "isFavorite" = true WHERE id = ${id('family/harbour')}`,
        comes: ['family/harbour'],
      },
      'none any more': {
        does: () => sql`UPDATE asset SET "isFavorite" = false WHERE id = ${id('family/harbour')}`,
        goes: ['family/harbour'],
      },
      'a face is given to the chosen person': {
        does: () => faceOn('family/portrait', gustav.id),
        comes: ['family/portrait'],
      },
      'the face is taken from them': { does: () => faceOn('family/portrait', null), goes: ['family/portrait'] },
      'somebody of the source is invited by somebody else: their own photo in there comes': {
        does: () => immich.putInto(trip, [id('family/picnic'), id('bob/dog')]),
        comes: ['family/picnic'],
      },
      'somebody who had no name on it gets one': {
        does: async () => {
          await faceOn('family/crowd', gustav.id);
          await sql`UPDATE asset_face SET ${sql(faceKey)} = ${library.people['alice/unnamed'].id}
            WHERE "assetId" = ${id('family/crowd')} AND ${sql(faceKey)} IS DISTINCT FROM ${gustav.id}`;
        },
        comes: ['family/crowd'],
      },
      'and is not alone on it any more': {
        does: () =>
          sql`
            UPDATE person SET name = 'Now known'
            WHERE "ownerId" = ${library.users.alice.id} AND ${sql(world.people.personKey)} = ${
            library.people['alice/unnamed'].id
          }`,
        goes: ['family/crowd'],
      },
      'a tag is deleted': {
        does: async () => {
          await immich.tag(below, id('family/harbour'));
          await cycle();
          await immich.deleteTag(below);
        },
      },
      'the source leaves the album of somebody else': {
        does: () => immich.dismiss(trip, 'alice'),
        goes: ['family/picnic'],
        isFull: true,
      },
      'an album is renamed, and another one made that is called so now': {
        does: async () => {
          await immich.renameAlbum(one, 'Uno');
          await immich.makeAlbum('alice', 'One', [id('family/raw')]);
        },
      },
      'a photo is put into the renamed one': {
        does: () => immich.putInto(one, [id('family/phone')]),
        comes: ['family/phone'],
      },
      'a person is renamed': {
        does: () =>
          sql`
            UPDATE person SET name = 'Augustus'
            WHERE "ownerId" = ${library.users.alice.id} AND ${sql(world.people.personKey)} = ${gustav.id}`,
      },
      'and a face given to them': { does: () => faceOn('family/portrait', gustav.id), comes: ['family/portrait'] },
      'an album is deleted': {
        does: () => immich.deleteAlbum(two),
        goes: ['family/live', 'family/live-video'],
        isFull: true,
      },
      'the chosen tag is deleted, and one made that is called so': {
        does: async () => {
          await immich.deleteTag(share);
          await immich.tag(await immich.makeTag('alice', 'share'), id('family/harbour'));
        },
        goes: ['uploads/clip'],
        isFull: true,
      },
    };
    const engine = await Engine.start(world.config);
    const cycle = async () => {
      await tellCounts(sql);
      return await engine.cycle();
    };
    /** The mirrors, by what they are mirrors of. */
    const mirrors = async () => {
      const rows = await sql<{ id: string; mirror: string }[]>`
        SELECT source_asset_id AS id, mirror_asset_id AS mirror FROM immich_sidecar.asset_map`;
      return new Map(
        rows.map((row) => [library.assets.find((asset) => asset.id === row.id)?.key ?? row.id, row.mirror]),
      );
    };
    try {
      await cycle();
      let before = await mirrors();
      for (const [what, { does, comes = [], goes = [], isFull = false }] of Object.entries(deeds)) {
        await t.step(what, async () => {
          await does();
          const { jobs, problems, scope } = await cycle();
          const after = await mirrors();
          const expected = [...before.keys(), ...comes].filter((key) => !goes.includes(key)).sort();
          assert.deepEqual([...after.keys()].sort(), expected);
          for (const [key, mirror] of before) {
            if (!goes.includes(key)) assert.equal(after.get(key), mirror, `the mirror of ${key} is another one now`);
          }
          assert.deepEqual([...problems, ...jobs.flatMap((job) => job.problems)], []);
          assert.equal(scope === 'everything', isFull, 'whether everything was looked at');
          assert.deepEqual(await world.verify(verifyMirrors), []);
          before = after;
        });
      }
    } finally {
      await engine.end();
    }
    const state = [await digestTables(sql), listFiles(world.directory)];
    await world.share();
    assert.deepEqual([await digestTables(sql), listFiles(world.directory)], state, 'a full cycle finds no more');
  });
}
