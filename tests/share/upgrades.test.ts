/** Immich is updated in place, as somebody does it who has shared for years: nothing is made anew, and nothing is lost. */
import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { describeProblem } from '../../src/problems/problem.ts';
import { type Release, RELEASES } from '../harness/database.ts';
import { writeXmp } from '../harness/immich_jobs/xmp.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

/** Somebody who has not updated for long; with RELEASES=all. */
const LEAPS: readonly (readonly Release[])[] = [['v2.0.0', 'v3.3.0'], ['v2.7.5', 'v3.3.0']];

/** One release after the other, as they came. */
const ROUTES = [RELEASES, ...(Deno.env.get('RELEASES') === 'all' ? LEAPS : [])];

for (const route of ROUTES) {
  Deno.test(`Immich is updated: ${route.join(', ')}`, async () => {
    const [first = 'v2.0.0', ...others] = route;
    await using world = await World.open(first, { ownTables: false });
    await settleIn(world);
    await live(world);
    for (const release of others) {
      const before = await everything(world);
      await world.upgrade(release);
      const report = await world.share();
      assert.deepEqual(report.jobs.flatMap(({ problems }) => problems.map(describeProblem)), [], release);
      assert.deepEqual(
        await everything(world),
        before,
        `${release}: the same mirrors, faces, people, tags, stacks and files`,
      );
      await assertAsItWas(world, release);
      await changeSomething(world, release);
      await assertAsItWas(world, release);
    }
  });
}

/** What an old photo may have that a migration changes, with Alice before anything is shared. */
async function settleIn(world: World): Promise<void> {
  const { sql } = world;
  await sql`
    UPDATE asset_exif SET rating = 0 WHERE "assetId" = ANY (${[
    world.id('family/crowd'),
    world.id('family/edited'),
  ]}::uuid[])`;
  await sql`
    UPDATE asset_exif
    SET latitude = 50.1, longitude = 14.4, city = 'Prague', country = 'Czech Republic'
    WHERE "assetId" = ${world.id('family/screenshot')}`;
  await world.share();
}

/** What Bob does with what he got. */
async function live(world: World): Promise<void> {
  const { sql } = world;
  const { bob } = world.library.users;
  await describe(world, await mirror(world, 'family/wedding'), "Bob's words");
  await sql`UPDATE asset SET "isFavorite" = true WHERE id = ${await mirror(world, 'family/picnic')}`;
  const unwanted = await mirror(world, 'family/harbour');
  await sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${unwanted}`;
  // Two faces: one is his own Dora, the other none at all.
  const { faceKey } = world.people;
  await sql`
    UPDATE asset_face SET ${sql(faceKey)} = ${world.library.people['bob/dora'].id}
    WHERE "assetId" = ${await mirror(world, 'family/portrait')}`;
  await sql`UPDATE asset_face SET "deletedAt" = now() WHERE "assetId" = ${await mirror(world, 'family/clip')}`;
  await sql`UPDATE person SET name = 'Granny' WHERE "ownerId" = ${bob.id} AND name = 'Grandma'`;
  const [column] = await sql<{ name: string }[]>`
    SELECT attname AS name FROM pg_attribute WHERE attrelid = 'album_asset'::regclass AND attname IN ('assetId', 'assetsId')`;
  await sql`DELETE FROM album_asset WHERE ${sql(column?.name ?? '')} = ${await mirror(world, 'family/birthday')}`;
  await world.share();
  await sql`DELETE FROM asset WHERE id = ${unwanted}`; // they empty their trash
  await world.share();
  const [refused] = await sql`
    SELECT FROM immich_sidecar.withdrawn WHERE source_asset_id = ${world.id('family/harbour')}`;
  const [skipped] = await sql`SELECT FROM immich_sidecar.skipped WHERE reason = 'duplicate'`;
  assert.ok(refused && skipped, 'one that Bob does not want, and one that he had');
}

/** The mirror's sidecar becomes Bob's own, and says what he wrote. */
async function describe(world: World, id: string, description: string): Promise<void> {
  const { sql } = world;
  const [asset] = await sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id}`;
  const sidecar = world.local(`${asset?.path}.xmp`);
  Deno.removeSync(sidecar);
  Deno.writeTextFileSync(sidecar, writeXmp({ description }));
  await sql`UPDATE asset_exif SET description = ${description} WHERE "assetId" = ${id}`;
  await sql`UPDATE asset_job_status SET "metadataExtractedAt" = now() WHERE "assetId" = ${id}`;
}

/** Ids and files of everything that is shared. */
async function everything({ sql, directory, people }: World) {
  const ids = async (query: Promise<readonly { ids: string }[]>) => (await query).map((row) => row.ids);
  const { personKey } = people;
  return {
    assets: await ids(sql`SELECT id::text AS ids FROM asset ORDER BY 1`),
    mirrors: await ids(
      sql`SELECT source_asset_id || ' ' || mirror_asset_id AS ids FROM immich_sidecar.asset_map ORDER BY 1`,
    ),
    faces: await ids(
      sql`SELECT source_face_id || ' ' || mirror_face_id AS ids FROM immich_sidecar.face_map ORDER BY 1`,
    ),
    people: await ids(sql`SELECT concat_ws(' ', "ownerId", ${sql(personKey)}, name) AS ids FROM person ORDER BY 1`),
    known: await ids(
      sql`SELECT concat_ws(' ', origin_person_id, mirror_person_id, is_ours) AS ids FROM immich_sidecar.person_map ORDER BY 1`,
    ),
    tags: await ids(sql`SELECT concat_ws(' ', "userId", id, value) AS ids FROM tag ORDER BY 1`),
    stacks: await ids(sql`SELECT concat_ws(' ', id, "primaryAssetId") AS ids FROM stack ORDER BY 1`),
    files: listFiles(directory),
  };
}

/** The mirrors are their sources, but for what is Bob's; and another cycle changes nothing. */
async function assertAsItWas(world: World, release: Release): Promise<void> {
  const { sql } = world;
  const [described, favourite] = [await mirror(world, 'family/wedding'), await mirror(world, 'family/picnic')];
  // Of people and faces that Bob has his own mind about.
  const { personKey, faceKey } = world.people;
  const faces = await sql<{ id: string }[]>`
    SELECT f.id
    FROM asset_face f
    JOIN asset a ON a.id = f."assetId"
    LEFT JOIN person p ON p.${sql(personKey)} = f.${sql(faceKey)} AND p."ownerId" = a."ownerId"
    WHERE p.name IN ('Granny', 'Dora')`;
  const damage = await verifyMirrors(sql, { config: world.config });
  const [own] = await sql<Record<string, unknown>[]>`
    SELECT
      (SELECT description FROM asset_exif WHERE "assetId" = ${described}) AS description,
      (SELECT "isFavorite" FROM asset WHERE id = ${favourite}) AS "isFavorite",
      (SELECT count(*)::int FROM person WHERE "ownerId" = ${world.library.users.bob.id} AND name = 'Granny') AS granny`;
  const bobs = [described, favourite, await mirror(world, 'family/clip'), ...faces.map(({ id }) => id)];
  const isBobs = ({ subject }: { subject: string }) => bobs.some((id) => subject.endsWith(id));
  assert.deepEqual(damage.filter((it) => !isBobs(it)), [], release);
  assert.deepEqual({ ...own }, { description: "Bob's words", isFavorite: true, granny: 1 }, release);
  assert.deepEqual(await world.facesOn(await mirror(world, 'family/portrait')), ['Dora'], release);
  assert.deepEqual(await world.facesOn(await mirror(world, 'family/clip')), [], release);
  assert.equal(await world.mirrorOf('family/harbour'), undefined);
  const [tables, files] = [await digestTables(sql), listFiles(world.directory)];
  await world.share();
  assert.deepEqual(await digestTables(sql), tables, `${release}: another cycle changes nothing`);
  assert.deepEqual(listFiles(world.directory), files);
}

/** What Alice does next still arrives, also where Bob has something of his own. */
async function changeSomething(world: World, release: Release): Promise<void> {
  await world.sql`
    UPDATE asset_exif SET description = ${`on ${release}`}
    WHERE "assetId" = ANY (${[world.id('family/wedding'), world.id('family/picnic')]}::uuid[])`;
  await world.sql`UPDATE asset_exif SET rating = 3 WHERE "assetId" = ${world.id('family/wedding')}`;
  await world.share();
  const [row] = await world.sql<{ description: string; rating: number }[]>`
    SELECT description, (SELECT rating FROM asset_exif WHERE "assetId" = ${await mirror(world, 'family/wedding')})
    FROM asset_exif
    WHERE "assetId" = ${await mirror(world, 'family/picnic')}`;
  assert.deepEqual({ ...row }, { description: `on ${release}`, rating: 3 });
}

async function mirror(world: World, key: string): Promise<string> {
  return await world.mirrorOf(key) ?? assert.fail(`no mirror of ${key}`);
}
