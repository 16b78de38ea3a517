/** What a cycle costs does not depend on how many users share albums with one another, as counted in statements, which are not longer either. */
import assert from 'node:assert/strict';
import { LIMITS } from '../../src/share/cycle/limits.ts';
import { prepare } from '../../src/share/prepare.ts';
import { jobsMeaning } from '../../src/share/selection/job_rows.ts';
import { newMember } from '../../src/share/shared_albums/members.ts';
import { InImmich } from './deeds_in_immich.ts';
import { Engine } from './oracle/engine.ts';
import { DIRECTORY, makeLibraries, sharingAlbums } from './shared_albums_world.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

const MEMBERS = 50;

Deno.test('fifty members of fifty shared albums cost the statements that one of one costs', async (t) => {
  await using world = await World.open('v3.3.0');
  const { sql } = world;
  const immich = new InImmich(world);
  await sql`DELETE FROM album`;
  const [first, ...others] = await makeUsers(world, MEMBERS);
  assert.ok(first !== undefined);
  const album = await albumWith(world, immich, first);
  world.config = sharingAlbums(world);
  await using engine = await Engine.start(world.config);
  await engine.cycle();

  const deeds = {
    'nothing': () => Promise.resolve(),
    'a photo is put into one of the albums': (photos: readonly string[]) => immich.putInto(album, photos),
    'a photo in one of the albums is changed': (photos: readonly string[]) =>
      sql`UPDATE asset SET "localDateTime" = "localDateTime" + interval '1 hour' WHERE id = ${photos[0] ?? null}`,
    'it is taken out again': (photos: readonly string[]) => immich.takeOut(album, photos),
    'a photo that nobody gets is changed': () =>
      sql`UPDATE asset SET "isFavorite" = NOT "isFavorite" WHERE id = ${world.id('family/crowd')}`,
  };
  let longest = 0;
  const costs = async (key: string) => {
    const counted: Record<string, number> = {};
    longest = 0;
    for (const [what, does] of Object.entries(deeds)) {
      await engine.untilIdle(world.sql);
      await does([world.id(key)]);
      await tellCounts(sql);
      let statements = 0;
      (engine.sql.options as { debug: unknown }).debug = (_: number, text: string) => {
        // Counting where everything stands takes a fiftieth of the time, however much is to be counted.
        if (!text.includes('AS is_withdrawn')) statements += 1;
        longest = Math.max(longest, text.length);
      };
      const { scope } = await engine.cycle();
      (engine.sql.options as { debug: unknown }).debug = false;
      assert.equal(scope, what === 'nothing' ? 'nothing' : 'changes', what);
      counted[what] = statements;
    }
    return counted;
  };
  const one = await costs('family/harbour');
  assert.equal(one.nothing, 4);
  const longestOfOne = longest;
  for (const user of others) await albumWith(world, immich, user);
  await engine.cycle();
  const [{ pairs } = { pairs: 0 }] = await sql<{ pairs: number }[]>`
    SELECT count(DISTINCT target_user_id)::int AS pairs FROM immich_sidecar.asset_map`;
  assert.equal(pairs, MEMBERS);
  const many = await costs('family/phone');
  assert.equal(longest, longestOfOne, 'no statement is longer because there are more members');
  for (const [what, statements] of Object.entries(many)) {
    await t.step(`${what}: ${one[what]} statements with one, ${statements} with ${MEMBERS}`, () => {
      assert.ok(statements <= (one[what] ?? 0), `${statements} instead of ${one[what]}`);
    });
  }
});

interface NewUser {
  readonly id: string;
  readonly name: string;
}

/** Users like Carol, each with a library for what Alice shares with them. */
async function makeUsers({ sql, library: { users } }: World, count: number): Promise<NewUser[]> {
  const made = Array.from({ length: count }, (_, index) => ({ id: crypto.randomUUID(), name: `Member ${index}` }));
  for (const { id, name } of made) {
    const group = crypto.randomUUID();
    await sql`INSERT INTO cluster_group (id) VALUES (${group})`;
    await sql`
      INSERT INTO "user"
      SELECT (jsonb_populate_record(
        carol,
        jsonb_build_object('id', ${id}::text, 'name', ${name}::text, 'email', ${`${id}@example.com`}::text, 'clusterGroupId', ${group}::text)
      )).*
      FROM "user" carol
      WHERE carol.id = ${users.carol.id}`;
    await sql`
      INSERT INTO library ("ownerId", name, "importPaths", "exclusionPatterns")
      VALUES (${id}, 'Shared by Alice', ${[`${DIRECTORY}${newMember(id, name, []).directory}`]}, ${[]})`;
  }
  return made;
}

/** An album of Alice's with a portrait, shared with this user. */
async function albumWith(world: World, immich: InImmich, { id, name }: NewUser): Promise<string> {
  const album = await immich.makeAlbum('alice', name, [world.id('family/portrait')]);
  await world.sql`INSERT INTO album_user ("albumId", "userId", role) VALUES (${album}, ${id}, 'editor')`;
  return album;
}

Deno.test('the albums of a photo are found by the photo, also where PostgreSQL has counted them when there were none', async () => {
  await using world = await World.open('v3.3.0');
  const { sql } = world;
  const immich = new InImmich(world);
  await makeLibraries(world);
  await sql`DELETE FROM album`;
  await sql`ANALYZE album_asset`;
  const album = await immich.makeAlbum('alice', 'Everything', [world.id('family/portrait')]);
  await immich.invite(album, 'bob');
  await sql.begin(async (tx) => {
    await tx`SET LOCAL session_replication_role = replica`; // there are no such photos
    await tx`INSERT INTO album_asset ("albumId", "assetId") SELECT ${album}, gen_random_uuid() FROM generate_series(1, 2000)`;
  });
  const { jobs } = await prepare(sql as never, sharingAlbums(world), undefined, LIMITS);
  const lines = await sql<{ 'QUERY PLAN': string }[]>`
    EXPLAIN
    SELECT DISTINCT job.name
    FROM asset a
    CROSS JOIN LATERAL (${jobsMeaning(sql, jobs.filter(({ pair }) => pair !== undefined))}) AS job`;
  const plan = lines.map((line) => line['QUERY PLAN']);
  const looks = plan.flatMap((line, index) =>
    /Scan.* on album_asset\b/.test(line) ? [plan[index + 1]?.trim() ?? ''] : []
  );
  assert.ok(looks.length > 0, plan.join('\n'));
  // Else it reads the entries of all albums for each photo: fifty thousand photos that come at once ran into the time-out.
  for (const look of looks) assert.match(look, /^Index Cond: .*"assetId" = /, plan.join('\n'));
});
