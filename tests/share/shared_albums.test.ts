/** What is shared because it is in a shared album: with whom, where it lies, and what becomes of it. */
import assert from 'node:assert/strict';

import { Secret } from '../../src/config/secret.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { newMember } from '../../src/share/shared_albums/members.ts';
import { mountsOf } from '../../src/share/shared_albums/mounts.ts';
import { PathMap } from '../../src/files/path_map.ts';
import { FakeImmich } from '../harness/fake_immich/server.ts';
import { fakeLibrary } from '../harness/fake_immich/library.ts';
import { readImmichSchema } from '../../src/immich/schema.ts';
import { readAllSharing } from '../../src/share/explain/because.ts';
import { InImmich } from './deeds_in_immich.ts';
import { makeLibraries, sharedBetween, sharingAlbums } from './shared_albums_world.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

const RELEASE = 'v3.3.0';

/** One full cycle without a problem, after which another one finds nothing to do; what is shared then. */
async function cycle(world: World): Promise<Record<string, string[]>> {
  assert.deepEqual(problemsOf(await world.share()), []);
  assert.deepEqual(await world.verify(verifyMirrors), []);
  const state = [await digestTables(world.sql), listFiles(world.directory)];
  await world.share();
  assert.deepEqual([await digestTables(world.sql), listFiles(world.directory)], state, 'a second cycle finds no more');
  return await sharedBetween(world);
}

async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    const { message, remedy } = error as Error & { remedy?: string };
    return `${message} ${remedy}`;
  }
  throw new assert.AssertionError({ message: 'it was not refused' });
}

Deno.test('libraries for the members are made with the key of an administrator; without one it is said what makes them', async (t) => {
  await using world = await World.open(RELEASE);
  const { sql, library: { users } } = world;
  const immich = new InImmich(world);
  await sql`DELETE FROM album`;
  const album = await immich.makeAlbum('alice', 'Family', [world.id('family/portrait'), world.id('bob/dog')]);
  await immich.invite(album, 'bob');
  const sharing = sharingAlbums(world);
  const [admin] = await sql<{ id: string }[]>`SELECT id FROM "user" WHERE "isAdmin"`;
  await using server = new FakeImmich({
    dialect: '3.1.0',
    library: { ...fakeLibrary(), userId: admin?.id ?? '' },
    database: sql,
    keys: new Map([['bobs-key-Zq81', { userId: users.bob.id, permissions: ['all'] }]]),
  });
  const made = () =>
    sql<{ owner: string; name: string; importPaths: string[]; exclusionPatterns: string[] }[]>`
      SELECT u.name AS owner, l.name, l."importPaths", l."exclusionPatterns"
      FROM library l
      JOIN "user" u ON u.id = l."ownerId"
      WHERE l.name LIKE 'Shared by %'
      ORDER BY 1, 2`;

  await t.step('no key: the command is named', async () => {
    world.config = sharing;
    const said = await refusal(() => world.share());
    assert.match(said, /"shared albums: Alice → Bob": Bob has no library for it yet: set IMMICH_API_KEY/);
    assert.match(said, /run immich-sidecar sync --full/);
    assert.match(said, /"shared albums: Bob → Alice"/);
  });
  await t.step('the key of somebody else: what Immich says is told, and the command', async () => {
    world.config = { ...sharing, immich: { url: server.url, apiKey: new Secret('bobs-key-Zq81') } };
    const said = await refusal(() => world.share());
    assert.match(said, /Immich at \S+ .*(administrator|admin|forbid|refuse)/i);
    assert.match(said, /sync --full/);
    assert.deepEqual([...await made()], []);
  });
  await t.step('the key of an administrator: each gets one, named after whose photos are in it', async () => {
    world.config = { ...sharing, immich: { url: server.url, apiKey: server.apiKey } };
    assert.deepEqual(await cycle(world), { 'alice to bob': ['family/portrait'], 'bob to alice': ['bob/dog'] });
    const directory = (user: { id: string }, name: string) => `/data/shared/${name}-${user.id.slice(0, 8)}`;
    assert.deepEqual([...await made()], [
      { owner: 'Alice', name: 'Shared by Bob', importPaths: [directory(users.alice, 'alice')], exclusionPatterns: [] },
      { owner: 'Bob', name: 'Shared by Alice', importPaths: [directory(users.bob, 'bob')], exclusionPatterns: [] },
    ]);
    const [mirror] = await sql<{ path: string }[]>`
      SELECT "originalPath" AS path FROM asset WHERE id = ${await world.mirrorOf('family/portrait') ?? null}`;
    assert.ok(mirror?.path.startsWith(`${directory(users.bob, 'bob')}/.alice-${users.alice.id.slice(0, 8)}/`));
  });
  await t.step('the key may go; users and libraries that are renamed keep their places', async () => {
    world.config = sharing;
    await sql`UPDATE "user" SET name = 'Alicia' WHERE id = ${users.alice.id}`;
    await sql`UPDATE library SET name = 'From mum' WHERE name = 'Shared by Alice'`;
    await immich.putInto(album, [world.id('uploads/cat')]);
    assert.deepEqual((await cycle(world))['alice to bob'], ['family/portrait', 'uploads/cat']);
    const places = await sql<{ jobs: number }[]>`
      SELECT count(DISTINCT m.job_name || a."libraryId")::int AS jobs
      FROM immich_sidecar.asset_map m
      JOIN asset a ON a.id = m.mirror_asset_id`;
    assert.equal(places[0]?.jobs, 2, 'both photos of Alice’s belong to one job and lie in one library');
  });
  await t.step('when our tables are lost, the libraries are found again', async () => {
    await sql`UPDATE library SET name = 'Shared by Alice' WHERE name = 'From mum'`;
    await sql`UPDATE "user" SET name = 'Alice' WHERE id = ${users.alice.id}`;
    const before = await sharedBetween(world);
    await sql`DROP SCHEMA immich_sidecar_albums CASCADE`;
    assert.deepEqual(await cycle(world), before);
  });
});

Deno.test('albums and members are chosen by name; a name that fits nothing stops nothing else and removes nothing', async (t) => {
  await using world = await World.open(RELEASE);
  const { sql, library: { users } } = world;
  const immich = new InImmich(world);
  await sql`DELETE FROM album`;
  await makeLibraries(world);
  const family = await immich.makeAlbum('alice', 'Family', [world.id('family/portrait'), world.id('bob/dog')]);
  const work = await immich.makeAlbum('carol', 'Work', [world.id('carol/garden'), world.id('family/wedding')]);
  for (const [album, user] of [[family, 'bob'], [family, 'carol'], [work, 'alice'], [work, 'bob']] as const) {
    await immich.invite(album, user);
  }
  // Whoever has a link is no member.
  const link = await immich.makeAlbum('alice', 'By link', [world.id('uploads/clip')]);
  await sql`
    INSERT INTO shared_link (key, type, "userId", "albumId", "allowUpload")
    VALUES (${new TextEncoder().encode('a link')}, 'ALBUM', ${users.alice.id}, ${link}, true)`;
  const all = {
    'alice to bob': ['family/portrait', 'family/wedding'],
    'alice to carol': ['family/portrait', 'family/wedding'],
    'bob to alice': ['bob/dog'],
    'bob to carol': ['bob/dog'],
    'carol to alice': ['carol/garden'],
    'carol to bob': ['carol/garden'],
  };
  const ofFamily = {
    'alice to bob': ['family/portrait'],
    'alice to carol': ['family/portrait'],
    'bob to alice': ['bob/dog'],
    'bob to carol': ['bob/dog'],
  };
  const cases: Readonly<Record<string, [Parameters<typeof sharingAlbums>[1], Record<string, string[]>]>> = {
    'all of them, in all directions': [{}, all],
    'one album by name': [{ albums: ['family'] }, ofFamily],
    'one by id, and a member who is the owner': [{ albums: [work], members: [users.carol.email] }, {
      'alice to carol': ['family/wedding'],
    }],
    'all but one': [{ exceptAlbums: ['Work'] }, ofFamily],
    'all members but one': [{ albums: ['Family'], exceptMembers: ['Bob', users.carol.id] }, {
      'bob to alice': ['bob/dog'],
    }],
    'what is never shared': [{ never: { albums: [], people: [], tags: [], paths: ['/external_library/'] } }, {
      'bob to alice': ['bob/dog'],
      'bob to carol': ['bob/dog'],
      'carol to alice': ['carol/garden'],
      'carol to bob': ['carol/garden'],
    }],
  };
  for (const [what, [changes, expected]] of Object.entries(cases)) {
    await t.step(what, async () => {
      world.config = sharingAlbums(world, changes);
      assert.deepEqual(await cycle(world), expected);
    });
  }
  await t.step('it is noted who has what for which album', async () => {
    world.config = sharingAlbums(world);
    await cycle(world);
    const sharing = await readAllSharing(sql, await readImmichSchema(sql), []);
    assert.deepEqual(
      sharing.find(({ from, to }) => from === 'Alice' && to === 'Bob')?.by.map(({ words, photos }) => [words, photos])
        .sort(),
      [['in the shared album "Family"', 1], ['in the shared album "Work"', 1]],
    );
    world.config = sharingAlbums(world, cases['what is never shared']?.[0]);
    await cycle(world);
  });
  await t.step('a name that fits nothing: what is shared stays, and it is said', async () => {
    const jobs = world.config.jobs;
    world.config = sharingAlbums(world, { albums: ['Famliy'] });
    const said = await refusal(() => world.share());
    assert.match(said, /shared_albums\.albums: no shared album has the name or id "Famliy"; did you mean "Family" \(/);
    assert.ok(!said.includes('By link'), 'albums that nobody shares are nobody’s business');
    assert.deepEqual(await sharedBetween(world), cases['what is never shared']?.[1]);
    world.config = { ...world.config, jobs };
  });
  await t.step('an album that is renamed goes on; one that is deleted selects nothing', async () => {
    world.config = sharingAlbums(world, { albums: ['Family', 'Work'] });
    assert.deepEqual(await cycle(world), all);
    await immich.renameAlbum(family, 'La famille');
    await immich.deleteAlbum(work);
    assert.deepEqual(await cycle(world), ofFamily);
  });
});

Deno.test('what somebody revokes goes however much it is; photos that are taken out are held back for each pair', async (t) => {
  await using world = await World.open(RELEASE, { extraImages: 12 });
  const { sql, library } = world;
  const immich = new InImmich(world);
  await sql`DELETE FROM album`;
  await makeLibraries(world);
  world.config = { ...sharingAlbums(world), brake: { percent: 20, minimum: 5 } };
  const photos = [
    ...library.assets.filter(({ key }) => key.startsWith('family/extra/')).map(({ id }) => id),
    world.id('uploads/live'),
    world.id('uploads/motion'),
  ];
  const album = await immich.makeAlbum('alice', 'Family', photos);
  await immich.invite(album, 'bob');
  await immich.invite(album, 'carol');
  const held = photos.length + 2; // with the videos of the two live ones
  const counts = async () =>
    Object.fromEntries(Object.entries(await sharedBetween(world)).map(([pair, keys]) => [pair, keys.length]));
  await cycle(world);
  assert.deepEqual(await counts(), { 'alice to bob': held, 'alice to carol': held });

  await t.step('a member who leaves', async () => {
    await immich.dismiss(album, 'carol');
    const report = await world.share({ isFull: false });
    assert.deepEqual(report.brakes, []);
    assert.deepEqual(report.jobs.find(({ job }) => job.endsWith('→ Carol'))?.withdrawn, { revoked: held });
    assert.deepEqual(await counts(), { 'alice to bob': held });
  });
  await t.step('photos that are taken out', async () => {
    await immich.takeOut(album, photos);
    const { brakes } = await world.share({ isFull: false });
    assert.deepEqual(brakes.map(({ job, reasons }) => [job, reasons]), [
      ['shared albums: Alice → Bob', { 'not-selected': held }],
    ]);
    assert.deepEqual(await counts(), { 'alice to bob': held });
  });
  await t.step('the album is deleted then: that is meant', async () => {
    await immich.putInto(album, photos);
    assert.deepEqual((await world.share({ isFull: false })).brakes, []);
    await immich.deleteAlbum(album);
    const report = await world.share({ isFull: false });
    assert.deepEqual([report.brakes, await counts()], [[], {}]);
  });
});

Deno.test('one mirror for all that means a photo, and it stays while anything does', async (t) => {
  await using world = await World.open(RELEASE);
  const { sql } = world;
  const immich = new InImmich(world);
  await sql`DELETE FROM album`;
  await makeLibraries(world);
  const { jobs } = world.config;
  const album = await immich.makeAlbum('bob', 'Trip', [world.id('family/portrait'), world.id('private/diary')]);
  await immich.invite(album, 'alice');
  const sharing = { ...sharingAlbums(world), jobs };
  world.config = { ...world.config, jobs };
  await world.share();
  const before = await world.mirrorOf('family/portrait');
  assert.ok(before);
  await t.step('a job shares it already: the album adds only what no job shares', async () => {
    world.config = sharing;
    await cycle(world);
    assert.equal(await world.mirrorOf('family/portrait'), before);
    const rows = await sql<{ job: string }[]>`
      SELECT job_name AS job FROM immich_sidecar.asset_map WHERE source_asset_id = ${world.id('private/diary')}`;
    assert.deepEqual(rows.map(({ job }) => job), ['shared albums: Alice → Bob']);
  });
  await t.step('the jobs are taken out: what is in the album stays as it is', async () => {
    world.config = { ...sharing, jobs: [], brake: { percent: 100, minimum: 10_000 } };
    assert.deepEqual(await cycle(world), { 'alice to bob': ['family/portrait', 'private/diary'] });
    assert.equal(await world.mirrorOf('family/portrait'), before);
  });
  await t.step(
    'the account of the one who has it is deleted: it stays until Immich has removed the account',
    async () => {
      const other = await immich.makeAlbum('alice', 'Other', [world.id('uploads/cat')]);
      await immich.invite(other, 'carol');
      await sql`UPDATE "user" SET "deletedAt" = now() WHERE id = ${world.library.users.bob.id}`;
      const report = await world.share();
      assert.deepEqual(
        problemsOf(report).map(({ code, where: { job } }) => [code, job]),
        [['job-left-out', 'shared albums: Alice → Bob']],
      );
      assert.deepEqual(await sharedBetween(world), {
        'alice to bob': ['family/portrait', 'private/diary'],
        'alice to carol': ['uploads/cat'],
      });
    },
  );
});

Deno.test('a directory for each mount: originals go to the one that lies on theirs', async () => {
  await using world = await World.open(RELEASE);
  const { sql, library: { users } } = world;
  const immich = new InImmich(world);
  await sql`DELETE FROM album`;
  const directories = ['/external_library/shared/', '/data/shared/'];
  await makeLibraries(world, directories);
  const album = await immich.makeAlbum('alice', 'Family', [world.id('family/portrait')]);
  await immich.invite(album, 'bob');
  world.config = sharingAlbums(world, { directories });
  const places = async () => {
    const rows = await sql<{ job: string; path: string }[]>`
      SELECT m.job_name AS job, mirror."originalPath" AS path
      FROM immich_sidecar.asset_map m
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      ORDER BY 1`;
    return rows.map(({ job, path }) => [job, path.replace(/\/\..*/, '')]);
  };
  const bob = `bob-${users.bob.id.slice(0, 8)}`;
  await cycle(world);
  assert.deepEqual(await places(), [['shared albums: Alice → Bob', `/external_library/shared/${bob}`]]);
  await immich.putInto(album, [world.id('uploads/cat')]);
  await world.share({ isFull: false });
  assert.deepEqual(await places(), [
    ['shared albums: Alice → Bob', `/external_library/shared/${bob}`],
    ['shared albums: Alice → Bob (/data/shared)', `/data/shared/${bob}`],
  ]);
  await cycle(world);
});

Deno.test('what is on which mount is decided by the longest directory', () => {
  const paths = new PathMap([{ immich: '/data', local: '/a' }, { immich: '/data/disk', local: '/b' }]);
  assert.deepEqual(mountsOf(['/data/shared/', '/data/disk/shared/'], paths), [
    { roots: ['/data/'], others: ['/data/disk/'], isRest: true },
    { roots: ['/data/disk/'], others: ['/data/'], isRest: false },
  ]);
  assert.deepEqual(mountsOf(['/data/shared/'], paths), [undefined]);
});

Deno.test('names of members are names of directories on any disk, and nobody has the same', () => {
  const id = '3f0c1a2b-0000-4000-8000-000000000000';
  const nameOf = (name: string, taken: Parameters<typeof newMember>[2] = []) => newMember(id, name, taken).directory;
  assert.equal(nameOf('Bob'), 'bob-3f0c1a2b');
  assert.equal(nameOf('..'), 'user-3f0c1a2b');
  assert.equal(nameOf('.Zoë / à\nla "plage"'), 'zoë-à-la-plage-3f0c1a2b');
  assert.ok(new TextEncoder().encode(nameOf('ü'.repeat(300))).length < 100);
  const bob = newMember(id, 'Bob', []);
  const other = newMember('3f0c1a2b-1111-4000-8000-000000000000', 'Bob', [bob]);
  assert.notEqual(other.directory, bob.directory);
  assert.notEqual(other.label, bob.label);
});
