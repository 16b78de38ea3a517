import assert from 'node:assert/strict';
import type { Sql } from '../../src/postgres/connect.ts';
import { inRolledBackTransaction } from '../../src/postgres/transaction.ts';
import { Alike, pagesToCompare } from '../../src/share/cycle/alike.ts';
import type { Compared } from '../../src/share/mirrors/versions.ts';
import { readRules } from '../../src/version.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { Engine } from './oracle/engine.ts';
import { World } from './world.ts';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: a full cycle compares what was written to since it was found alike, and nothing else`, async (t) => {
    await using world = await World.open(release);
    const { sql } = world;
    await world.share();
    const mirrors = (await sql`SELECT FROM immich_sidecar.asset_map`).length;
    assert.equal((await toCompare(world, 'rows')).length, mirrors, 'what is new is compared once');
    await fullCycle(world);
    for (const what of ['rows', 'embeddings'] as const) assert.deepEqual(await toCompare(world, what), []);

    const source = world.id('family/portrait');
    const mirror = await world.mirrorOf('family/portrait') ?? '';
    const { copied, has } = await world.apply((_, { schema }) =>
      Promise.resolve({ copied: schema.copiedTables, has: schema.has })
    );
    const tables: readonly [string, string, Compared][] = [
      ['asset', 'id', 'rows'],
      ['asset_file', 'assetId', 'rows'],
      ...copied.map(({ name }): [string, string, Compared] => [name, 'assetId', 'rows']),
      ['smart_search', 'assetId', 'embeddings'],
      ['asset_face', 'assetId', 'embeddings'],
    ];
    const tried = new Set<string>();
    for (const [table, key, what] of tables) {
      for (const id of [source, mirror]) {
        await t.step(`${table} of ${id === source ? 'a source' : 'a mirror'}`, async () => {
          await trying(sql, async (tx) => {
            const { count } = await tx`UPDATE ${tx(table)} SET ${tx(key)} = ${tx(key)} WHERE ${tx(key)} = ${id}`;
            if (count > 0) tried.add(table);
            assert.deepEqual(await toCompare(world, what, { tx }), count > 0 ? [source] : [], 'another version');
          });
          if (table === 'asset') return;
          await trying(sql, async (tx) => {
            const { count } = await tx`DELETE FROM ${tx(table)} WHERE ${tx(key)} = ${id}`;
            assert.deepEqual(await toCompare(world, what, { tx }), count > 0 ? [source] : [], 'gone');
          });
        });
      }
    }
    await t.step('a face search of a mirror', () =>
      trying(sql, async (tx) => {
        await tx`DELETE FROM face_search USING asset_face f WHERE f.id = "faceId" AND f."assetId" = ${mirror}`;
        assert.deepEqual(await toCompare(world, 'embeddings', { tx }), [source]);
      }));
    const always = ['asset', 'asset_file', 'asset_exif', 'asset_job_status', 'smart_search', 'asset_face'];
    assert.deepEqual(always.filter((table) => !tried.has(table)), []);

    await t.step('what is different for good is compared each time', async () => {
      await sql`UPDATE asset_exif SET description = 'mine' WHERE "assetId" = ${mirror}`;
      if (has('asset_exif', 'lockedProperties')) {
        await sql`UPDATE asset_exif SET "lockedProperties" = '{description}' WHERE "assetId" = ${mirror}`;
      }
      await fullCycle(world);
      await fullCycle(world);
      assert.deepEqual(await toCompare(world, 'rows'), [source]);
    });

    await t.step(
      'in another database, or by other rules, nothing was found alike; nor does --full believe it',
      async () => {
        assert.equal((await toCompare(world, 'embeddings', { rules: 'of another version' })).length, mirrors);
        assert.equal((await toCompare(world, 'embeddings', { trusts: false })).length, mirrors);
        assert.deepEqual(await toCompare(world, 'embeddings'), []);
        await sql`VACUUM FULL asset`; // which gives the table another file, as a restore does
        assert.equal((await toCompare(world, 'embeddings')).length, mirrors);
      },
    );
  });
}

/** A full cycle because it is time for one. */
async function fullCycle(world: World): Promise<void> {
  await using engine = await Engine.start({ ...world.config, reconcileHours: 0 });
  assert.equal((await engine.cycle()).scope, 'everything');
}

/** Sources of the mirrors that the next full cycle would compare. */
async function toCompare(
  world: World,
  what: Compared,
  { tx, rules = `test ${readRules()}`, trusts = true }: {
    readonly tx?: Sql;
    readonly rules?: string;
    readonly trusts?: boolean;
  } = {},
): Promise<string[]> {
  return await world.apply(async ({ database }, view) => {
    const alike = await Alike.begin(database, view, { rules, trusts });
    const found = new Set<string>();
    for (const job of view.jobs) {
      const pages = pagesToCompare({ ...view, sql: tx ?? view.sql, alike }, what, job);
      for await (const { page } of pages) {
        if ('last' in page) throw new Error('a page of everything');
        for (const id of page) found.add(id);
      }
    }
    return [...found];
  });
}

/** Runs `work` as a part of nothing. */
async function trying(sql: World['sql'], work: (tx: Sql) => Promise<void>): Promise<void> {
  await inRolledBackTransaction(sql, work);
}
