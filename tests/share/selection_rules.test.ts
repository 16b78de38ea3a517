/** What no criterion changes, what is left out, and what a name does that fits nothing beside other jobs. */
import assert from 'node:assert/strict';
import type { JobConfig, Reasons, SelectConfig } from '../../src/config/config.ts';
import { jobsOf } from '../../src/demo/jobs.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { explainPhotos } from '../../src/share/explain/explain.ts';
import { planOnly } from '../../src/share/plan_only.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { InImmich } from './deeds_in_immich.ts';
import { Engine } from './oracle/engine.ts';
import { makeLibraries, sharedBetween, sharingAlbums } from './shared_albums_world.ts';
import { World } from './world.ts';

const NO_REASONS: Reasons = { albums: [], people: [], tags: [], paths: [] };
const NOTHING: SelectConfig = { ...NO_REASONS, peopleMatch: 'any', favorites: false };

function jobOf({ library }: World, select: Partial<SelectConfig>, rest: Partial<JobConfig> = {}): JobConfig {
  const [, uploads] = jobsOf(library, 'bob');
  assert.ok(uploads);
  return { ...uploads, name: 'chosen', kind: 'any', albumId: undefined, select: { ...NOTHING, ...select }, ...rest };
}

/** What Bob has of Alice's after one cycle without a problem. */
async function shared(world: World): Promise<string[]> {
  assert.deepEqual(problemsOf(await world.share()), []);
  assert.deepEqual(await world.verify(verifyMirrors), []);
  return (await sharedBetween(world))['alice to bob'] ?? [];
}

async function against(world: World, key: string): Promise<readonly string[]> {
  const [photo] = await planOnly(
    world.sql,
    world.config,
    undefined,
    (tx, view) => explainPhotos(tx, view, world.id(key)),
  );
  return photo?.jobs[0]?.against ?? [];
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: whatever selects them, locked, trashed, hidden and offline photos stay out, and archived ones come only where the job says so`, async () => {
    await using world = await World.open(release);
    const { sql, library } = world;
    const immich = new InImmich(world);
    const keys = [
      'uploads/locked',
      'family/archived',
      'family/hidden',
      'family/trashed',
      'family/harbour',
      'family/raw',
    ];
    const all = keys.map((key) => world.id(key));
    await immich.makeAlbum('alice', 'Everything', all);
    const tag = await immich.makeTag('alice', 'everything');
    for (const id of all) await immich.tag(tag, id);
    await sql`UPDATE asset SET "isFavorite" = "id" = ANY (${all}::uuid[]) WHERE "ownerId" = ${library.users.alice.id}`;
    await sql`UPDATE asset SET "isOffline" = true, "deletedAt" = now() WHERE id = ${world.id('family/harbour')}`;
    const ways: Partial<SelectConfig>[] = [
      { albums: ['Everything'] },
      { tags: ['everything'] },
      { favorites: true },
      { albums: ['Everything'], tags: ['everything'], favorites: true, paths: ['/'] },
    ];
    for (const way of ways.slice(0, 3)) {
      world.setJobs([jobOf(world, way)]);
      assert.deepEqual(await shared(world), ['family/raw'], JSON.stringify(way));
      world.setJobs([jobOf(world, way, { includeArchived: true })]);
      assert.deepEqual(await shared(world), ['family/archived', 'family/raw'], JSON.stringify(way));
    }
    world.setJobs([jobOf(world, ways[3] ?? {})]);
    const everything = await shared(world);
    for (const key of keys) assert.equal(everything.includes(key), key === 'family/raw', key);
    assert.deepEqual(await against(world, 'family/harbour'), ['Immich does not find its file']);
  });
}

Deno.test('never holds for every job and for shared albums, whichever of its reasons it is', async (t) => {
  await using world = await World.open('v3.3.0');
  const { sql, library } = world;
  const immich = new InImmich(world);
  await sql`DELETE FROM album`;
  await makeLibraries(world);
  const keys = [
    'family/portrait',
    'family/wedding',
    'family/harbour',
    'uploads/cat',
    'uploads/clip',
    'uploads/templated',
  ];
  const album = await immich.makeAlbum('alice', 'Family', keys.map((key) => world.id(key)));
  await immich.invite(album, 'bob');
  await immich.makeAlbum('alice', 'Nobody else', [world.id('uploads/cat')]);
  await immich.tag(await immich.makeTag('alice', 'private'), world.id('uploads/clip'));
  const gustav = library.people['alice/gustav'].name;
  const cases: Readonly<Record<string, [Partial<Reasons>, string[]]>> = {
    'nothing': [{}, []],
    'people': [{ people: [gustav] }, ['family/wedding']],
    'tags': [{ tags: ['private'] }, ['uploads/clip']],
    'albums': [{ albums: ['Nobody else'] }, ['uploads/cat']],
    'paths': [{ paths: ['/external_library/alice/family/2023/'] }, ['family/harbour', 'family/portrait']],
    'all of them': [
      { people: [gustav], tags: ['private'], albums: ['Nobody else'], paths: ['/external_library/alice/family/2023/'] },
      keys.filter((key) => key !== 'uploads/templated'),
    ],
  };
  for (const [what, [reasons, leftOut]] of Object.entries(cases)) {
    const never = { ...NO_REASONS, ...reasons };
    const wanted = keys.filter((key) => !leftOut.includes(key)).sort();
    await t.step(`${what}, of a job`, async () => {
      const { sharedAlbums: _, ...config } = world.config;
      world.config = { ...config, jobs: [jobOf(world, { albums: ['Family'] }, { never })] };
      assert.deepEqual(await shared(world), wanted);
    });
    await t.step(`${what}, of shared albums`, async () => {
      world.config = sharingAlbums(world, { never });
      assert.deepEqual(await shared(world), wanted);
    });
  }
});

Deno.test('in what is left out all count that have the name; one that nobody has is a warning, and keeps nothing away', async () => {
  await using world = await World.open('v3.3.0');
  const immich = new InImmich(world);
  const keys = ['family/portrait', 'uploads/cat', 'uploads/clip', 'family/raw'];
  await immich.makeAlbum('alice', 'Chosen', keys.map((key) => world.id(key)));
  await immich.makeAlbum('alice', 'Private', [world.id('family/portrait')]);
  await immich.makeAlbum('alice', 'Private', [world.id('uploads/cat')]);
  const theirs = await immich.makeAlbum('bob', 'Private', [world.id('uploads/clip')]);
  const warnings = () =>
    planOnly(world.sql, world.config, undefined, (_, { jobs }) => Promise.resolve(jobs[0]?.nameWarnings));
  world.setJobs([
    jobOf(world, { albums: ['Chosen'] }, {
      except: { ...NO_REASONS, albums: ['Private'], people: ['Nobody of that name'] },
    }),
  ]);
  assert.deepEqual(await shared(world), ['family/raw', 'uploads/clip'], 'what only others call so is no album of hers');
  assert.deepEqual(await warnings(), [
    'except.people: there is no person "Nobody of that name", so it leaves nothing out',
  ]);
  await immich.invite(theirs, 'alice');
  assert.deepEqual(await shared(world), ['family/raw'], 'she sees it now');
  await immich.renameAlbum(theirs, 'Not private');
  assert.deepEqual(await shared(world), ['family/raw'], 'what was meant once goes on to be left out');
});

for (const where of ['except', 'never'] as const) {
  Deno.test(`${where}: when somebody who is left out is gone, as after a reset of recognition, nothing that shows them is shared; a new person of that name is left out`, async () => {
    await using world = await World.open('v3.1.0');
    const { sql, library } = world;
    const immich = new InImmich(world);
    const gustav = library.people['alice/gustav'];
    await immich.makeAlbum('alice', 'Chosen', [world.id('family/wedding'), world.id('uploads/cat')]);
    const leftOut = { ...NO_REASONS, people: [gustav.name] };
    world.setJobs([jobOf(world, { albums: ['Chosen'] }, { [where]: leftOut })]);
    await using engine = await Engine.start(world.config);
    await engine.untilIdle(sql);
    const theirs = async () => (await sharedBetween(world))['alice to bob'] ?? [];
    assert.deepEqual(await theirs(), ['uploads/cat']);

    const faces = await sql<{ id: string }[]>`
      UPDATE asset_face SET "personId" = NULL WHERE "personId" = ${gustav.id} RETURNING id`;
    await sql`DELETE FROM person WHERE id = ${gustav.id}`;
    await immich.putInto(await immich.makeAlbum('alice', 'Others', []), [world.id('family/portrait')]);
    const isStopped = (cycle: Promise<unknown>) =>
      assert.rejects(cycle, new RegExp(`${where}\\.people: the person .+ is there no more`));
    for (const isFull of [false, true]) await isStopped(engine.cycle({ isFull }));
    await engine.end();
    await isStopped(world.share({ isFull: false })); // the next process knows it, too
    assert.deepEqual(await theirs(), ['uploads/cat'], 'what is shared stays');

    await sql`
      INSERT INTO person (id, "ownerId", name, "faceAssetId")
      VALUES (${crypto.randomUUID()}, ${library.users.alice.id}, ${gustav.name}, ${faces[0]?.id ?? null})`;
    await sql`
      UPDATE asset_face
      SET "personId" = (SELECT id FROM person WHERE "ownerId" = ${library.users.alice.id} AND name = ${gustav.name})
      WHERE id = ANY (${faces.map(({ id }) => id)}::uuid[])`;
    assert.deepEqual(problemsOf(await world.share()), []);
    assert.deepEqual(await theirs(), ['uploads/cat'], 'as they are known again');
  });
}

Deno.test('a name that fits nothing stops its own job only, until it is there', async () => {
  await using world = await World.open('v3.3.0');
  const immich = new InImmich(world);
  await immich.makeAlbum('alice', 'Family', [world.id('family/portrait')]);
  world.setJobs([
    jobOf(world, { albums: ['Famly'] }, { name: 'misspelt', targetPathPrefix: '/data/shared/bob/.other/' }),
    jobOf(world, { albums: ['Family'] }),
  ]);
  const problems = problemsOf(await world.share());
  assert.deepEqual(problems.map(({ code, where }) => [code, where.job]), [['job-left-out', 'misspelt']]);
  assert.match(
    problems[0]?.what ?? '',
    /no album of the source user has the name or id "Famly"; did you mean "Family" \(/,
  );
  assert.deepEqual(Object.values(await sharedBetween(world)), [['family/portrait']]);
  await immich.makeAlbum('alice', 'Famly', [world.id('uploads/cat')]);
  assert.deepEqual(await shared(world), ['family/portrait', 'uploads/cat']);
});

Deno.test('explain says that a photo waits for recognition, and that the brake holds it', async () => {
  await using world = await World.open('v3.3.0', { extraImages: 12 });
  const { sql, library, people: { faceKey } } = world;
  const [waiting, extra] = [
    world.id('family/portrait'),
    library.assets.filter(({ key }) => key.startsWith('family/extra/')),
  ];
  await sql`UPDATE asset_face SET ${sql(faceKey)} = NULL WHERE "assetId" = ${waiting}`;
  await sql`UPDATE asset_job_status SET "facesRecognizedAt" = now() WHERE "assetId" = ${waiting}`;
  const immich = new InImmich(world);
  const album = await immich.makeAlbum('alice', 'Family', [waiting, ...extra.map(({ id }) => id)]);
  world.setJobs([
    jobOf(world, { albums: ['Family'] }, { except: { ...NO_REASONS, people: [library.people['alice/gustav'].name] } }),
  ]);
  world.config = { ...world.config, brake: { percent: 20, minimum: 5 } };
  assert.equal((await shared(world)).includes('family/portrait'), false);
  assert.deepEqual(await against(world, 'family/portrait'), ['it waits for face recognition by Immich']);
  await immich.takeOut(album, extra.map(({ id }) => id));
  assert.equal((await world.share()).brakes.length, 1);
  assert.match(
    (await against(world, extra[0]?.key ?? '')).join('; '),
    /^it is not in the album "Family"; the removal is held back until somebody confirms it/,
  );
});

Deno.test('somebody is a person of the target only on what is shared, for as long as it is', async () => {
  await using world = await World.open('v3.3.0');
  const { library } = world;
  const immich = new InImmich(world);
  const album = await immich.makeAlbum('alice', 'Family', [world.id('family/portrait')]);
  const [before, dora, gustav] = [
    await world.namesOf('bob'),
    library.people['alice/dora'].name,
    library.people['alice/gustav'].name,
  ];
  world.setJobs([jobOf(world, { albums: ['Family'], people: [gustav], peopleMatch: 'all' })]);
  await shared(world);
  const now = await world.namesOf('bob');
  assert.ok(now.includes(dora) && now.includes(gustav));
  world.setJobs([jobOf(world, { albums: ['Family'] })]);
  await shared(world);
  assert.deepEqual((await world.namesOf('bob')).filter((name) => !before.includes(name)), [dora]);
  await immich.deleteAlbum(album);
  await shared(world);
  assert.deepEqual(await world.namesOf('bob'), before);
});

Deno.test('viewers, editors and owners receive alike, archived photos only where it is said', async () => {
  await using world = await World.open('v3.3.0');
  const { sql } = world;
  const immich = new InImmich(world);
  await sql`DELETE FROM album`;
  await makeLibraries(world);
  const keys = ['family/archived', 'uploads/cat', 'bob/dog', 'carol/garden'];
  const album = await immich.makeAlbum('alice', 'Family', keys.map((key) => world.id(key)));
  await immich.invite(album, 'bob');
  await immich.invite(album, 'carol');
  await sql`UPDATE album_user SET role = 'viewer' WHERE "albumId" = ${album} AND "userId" = ${world.library.users.carol.id}`;
  world.config = sharingAlbums(world);
  await shared(world);
  const each = (alices: string[]) => ({
    'alice to bob': alices,
    'alice to carol': alices,
    'bob to alice': ['bob/dog'],
    'bob to carol': ['bob/dog'],
    'carol to alice': ['carol/garden'],
    'carol to bob': ['carol/garden'],
  });
  assert.deepEqual(await sharedBetween(world), each(['uploads/cat']));
  world.config = sharingAlbums(world, { includeArchived: true });
  await shared(world);
  assert.deepEqual(await sharedBetween(world), each(['family/archived', 'uploads/cat']));
});
