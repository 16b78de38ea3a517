import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { RefusedError } from '../../src/errors.ts';
import { readOwnership } from '../../src/postgres/ownership.ts';
import { describeProblem } from '../../src/problems/problem.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { OWN_SCHEMAS } from '../../src/share/schema/own_tables.ts';
import { type Release, REPRESENTATIVE } from '../harness/database.ts';
import { editAsset, writeSidecar } from '../harness/immich_jobs/metadata.ts';
import { allowSchemas } from '../harness/role.ts';
import { onServer } from '../harness/server_databases.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

/** What of our own tables can be missing, alone or together. */
const LOST: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  'the schema': ({ sql }) => sql`DROP SCHEMA immich_sidecar CASCADE`,
  'all mappings': (world) =>
    truncate(world, ['asset_map', 'face_map', 'person_map', 'link', 'album_entry']).then(() =>
      world.sql`TRUNCATE immich_sidecar_stacks.stack_map`
    ),
  'the assets': (world) => truncate(world, ['asset_map']),
  'the faces': (world) => truncate(world, ['face_map']),
  'the people': (world) => truncate(world, ['person_map']),
  'the links': (world) => truncate(world, ['link']),
  'assets and links': (world) => truncate(world, ['asset_map', 'link']),
  'assets and faces': (world) => truncate(world, ['asset_map', 'face_map']),
  'assets and people': (world) => truncate(world, ['asset_map', 'person_map']),
  'faces and people': (world) => truncate(world, ['face_map', 'person_map']),
  'assets, faces and people': (world) => truncate(world, ['asset_map', 'face_map', 'person_map']),
  'faces, people and links': (world) => truncate(world, ['face_map', 'person_map', 'link']),
};

Deno.test('after Immich has restored a backup everything is its own: a cycle says which statements give our tables back, and goes on after them', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql } = world;
  for (const { kind, name } of (await readOwnership(sql, OWN_SCHEMAS))?.objects ?? []) {
    if (kind !== 'SEQUENCE') await sql.unsafe(`ALTER ${kind} ${name} OWNER TO CURRENT_USER`);
  }
  const statements: string[] = [];
  await assert.rejects(world.share(), (error) => {
    assert.ok(error instanceof RefusedError, String(error));
    assert.match(error.message, /They belong to \S+, as after Immich has restored a backup\.$/);
    statements.push(...error.remedy.match(/ALTER (?:SCHEMA|TABLE) \S+ OWNER TO \w+/g) ?? []);
    return true;
  });
  assert.ok(statements.length > OWN_SCHEMAS.length);
  for (const statement of statements) await sql.unsafe(statement);
  const after = (await world.share()).jobs.map(({ created, problems }) => [created, problems.length]);
  assert.deepEqual(after, [[0, 0], [0, 0]]);
});

for (const release of REPRESENTATIVE) {
  const losses = Object.entries(LOST).slice(0, release >= 'v3.2' ? undefined : 2);
  for (const [what, lose] of losses) {
    Deno.test(`${release}: without ${what} the same mirrors are recognised, nothing is made twice, nothing left over`, async () => {
      await using world = await World.open(release);
      await world.share();
      await world.share();
      const before = await picture(world);
      await lose(world);
      const report = await world.share();
      assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
      assert.deepEqual(report.jobs.map(({ created, withdrawn }) => ({ created, withdrawn })), [
        { created: 0, withdrawn: {} },
        { created: 0, withdrawn: {} },
      ]);
      assert.deepEqual(await picture(world), before);
      assert.deepEqual(await world.verify(verifyMirrors), []);
      await changesNothing(world);
    });
  }
}

Deno.test('what the target has done to mirrors stays when they are adopted, and what the source does later follows', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql } = world;
  const [picnic, portrait, raw] = await mirrorsOf(world, ['family/picnic', 'family/portrait', 'family/raw']);
  const album = world.config.jobs[0]?.albumId ?? '';
  await sql`UPDATE asset SET "isFavorite" = true WHERE id = ${picnic}`;
  await sql`UPDATE asset_exif SET description = 'mine' WHERE "assetId" = ${picnic}`;
  await sql`DELETE FROM album_asset WHERE "assetId" = ${portrait} AND "albumId" = ${album}`;
  await sql`UPDATE person SET name = 'Dorothea' WHERE name = 'Dora Example' AND "ownerId" = ${world.library.users.bob.id}
    AND id IN (SELECT mirror_person_id FROM immich_sidecar.person_map WHERE is_ours)`;
  const [own] = await sql<{ id: string }[]>`
    INSERT INTO person ("ownerId", name) VALUES (${world.library.users.bob.id}, 'His own') RETURNING id`;
  await sql`UPDATE asset_face SET "personId" = ${own?.id ?? ''} WHERE "assetId" = ${portrait}`;

  await sql`DROP SCHEMA immich_sidecar CASCADE`;
  await sql`UPDATE asset_exif SET description = 'new at the source' WHERE "assetId" = ${world.id('family/raw')}`;
  await world.share();
  assert.deepEqual(await mirrorsOf(world, ['family/picnic', 'family/portrait', 'family/raw']), [picnic, portrait, raw]);
  const [row] = await sql`
    SELECT a."isFavorite", e.description FROM asset a JOIN asset_exif e ON e."assetId" = a.id WHERE a.id = ${picnic}`;
  assert.deepEqual({ ...row }, { isFavorite: true, description: 'mine' });
  assert.equal((await sql`SELECT FROM album_asset WHERE "assetId" = ${portrait}`).length, 0);
  assert.deepEqual(await world.facesOn(portrait), ['His own']);
  assert.ok((await world.namesOf('bob')).includes('Dorothea'));
  await changesNothing(world);

  // From now on every field that is as the source has it follows again.
  await sql`UPDATE asset_exif SET description = 'later', rating = 2 WHERE "assetId" = ${world.id('family/picnic')}`;
  await sql`UPDATE person SET name = 'Emilia' WHERE name = 'Emil, Jr.' AND "ownerId" = ${world.library.users.alice.id}`;
  await world.share();
  const [later] = await sql`SELECT description, rating FROM asset_exif WHERE "assetId" = ${picnic}`;
  assert.deepEqual({ ...later }, { description: 'mine', rating: 2 });
  assert.ok((await world.namesOf('bob')).includes('Emilia'));
});

Deno.test('a mirror whose source went while nothing of ours was there is withdrawn', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const [gone, locked] = await mirrorsOf(world, ['family/picnic', 'family/portrait']);
  await world.sql`DROP SCHEMA immich_sidecar CASCADE`;
  await world.sql`DELETE FROM asset WHERE id = ${world.id('family/picnic')}`;
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/portrait')}`;
  const report = await world.share();
  assert.deepEqual(report.jobs[0]?.withdrawn, { 'source-deleted': 1, 'source-locked': 1 });
  assert.equal((await world.sql`SELECT FROM asset WHERE id IN (${gone ?? ''}, ${locked ?? ''})`).length, 0);
  assert.deepEqual(Object.keys(listFiles(world.directory)).filter((path) => path.includes(gone ?? '')), []);
  assert.deepEqual(await world.verify(verifyMirrors), []);
});

/** One cycle without the first job, and one with it: the other jobs, and the files that there were before it. */
async function shareFamilyLast(world: World) {
  const [family, ...others] = world.config.jobs;
  assert.ok(family);
  world.config = { ...world.config, jobs: others, brake: { percent: 100, minimum: 1_000_000 } };
  await world.share();
  const before = Object.keys(listFiles(world.directory));
  world.setJobs([family, ...others]);
  await world.share();
  return { others, before };
}

Deno.test('a job that is taken out while the journal has lost its links leaves no files, and takes none of the source', async () => {
  await using world = await World.open('v3.1.0');
  const { others, before } = await shareFamilyLast(world);
  assert.ok(Object.keys(listFiles(world.directory)).length > before.length + 20);
  await truncate(world, ['link']);
  world.setJobs(others);
  const report = await world.share();
  assert.deepEqual(problemsOf(report), []);
  assert.equal(await world.mirrorOf('family/picnic'), undefined);
  assert.deepEqual(Object.keys(listFiles(world.directory)), before);
  await changesNothing(world);
});

Deno.test('what Immich wrote beside a shared photo goes with it, also where the journal has lost the photo and a scan has marked it offline', async () => {
  await using world = await World.open('v3.1.0');
  const { others, before } = await shareFamilyLast(world);
  const mirror = await world.mirrorOf('family/picnic') ?? '';
  await editAsset(world, mirror, { dateTimeOriginal: new Date(Date.UTC(1974, 5, 2, 10)) });
  await writeSidecar(world, mirror);
  const original = await world.localMirrorPath(world.id('family/picnic'));
  assert.ok(existsSync(`${original}.xmp`));
  Deno.removeSync(original);
  await world.sql`UPDATE asset SET "isOffline" = true, "deletedAt" = now() WHERE id = ${mirror}`;
  await world.sql`DELETE FROM immich_sidecar.link WHERE mirror_id = ${mirror}`;
  world.setJobs(others);
  assert.deepEqual(problemsOf(await world.share()), []);
  assert.equal(await world.mirrorOf('family/picnic'), undefined);
  assert.deepEqual(Object.keys(listFiles(world.directory)), before);
  await changesNothing(world);
});

for (const placement of ['hardlink', 'symlink'] as const) {
  Deno.test(`a photo that is locked while its job is taken out and the journal has lost its files leaves none, and takes none of the source (${placement})`, async () => {
    await using world = await World.open('v3.1.0');
    const [family, ...others] = world.config.jobs;
    assert.ok(family);
    world.config = { ...world.config, jobs: others, brake: { percent: 100, minimum: 1_000_000 } };
    const directory = world.local('/external_library/bob_shared');
    Deno.mkdirSync(directory, { recursive: true });
    if (placement === 'symlink') Deno.symlinkSync(world.local('/external_library/alice/family'), `${directory}/.alice`);
    // Its originals have other names.
    const { localPath } = world.library.assets.find(({ key }) => key === 'family/portrait') ?? assert.fail();
    Deno.linkSync(localPath, `${world.directory}/another name`);
    await world.share();
    const before = Object.keys(listFiles(world.directory));
    world.setJobs([{ ...family, placement }, ...others]);
    await world.share();
    const photos = ['family/portrait', 'family/wedding', 'family/clip', 'family/picnic'];
    assert.ok((await mirrorsOf(world, photos)).every((id) => id !== ''));
    assert.ok(Object.keys(listFiles(world.directory)).length > before.length + 20);

    await truncate(world, ['link']);
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ANY (${
      photos.slice(1).map((key) => world.id(key))
    }::uuid[])`;
    world.setJobs(others);
    const report = await world.share();
    assert.deepEqual(problemsOf(report).map(describeProblem), []);
    assert.deepEqual(Object.keys(listFiles(world.directory)), before);
    await changesNothing(world);
  });
}

Deno.test('with symbolic links mirrors are recognised too, and the files of the source are not taken for ours', async () => {
  await using world = await World.open('v3.1.0');
  const [family] = world.config.jobs;
  assert.ok(family);
  Deno.mkdirSync(world.local('/external_library/bob_shared'), { recursive: true });
  Deno.symlinkSync(world.local('/external_library/alice/family'), world.local('/external_library/bob_shared/.alice'));
  world.setJobs([{ ...family, placement: 'symlink' }]);
  const files = Object.keys(listFiles(`${world.directory}/external`));
  await world.share();
  const before = await picture(world);
  await world.sql`DROP SCHEMA immich_sidecar CASCADE`;
  assert.equal((await world.share()).jobs[0]?.created, 0);
  assert.deepEqual(await picture(world), before);
  const [link] = await world.sql`SELECT FROM immich_sidecar.link WHERE path LIKE '/external_library/%'`;
  assert.equal(link, undefined);
  assert.deepEqual(Object.keys(listFiles(`${world.directory}/external`)), files);
});

for (const release of REPRESENTATIVE) {
  Deno.test({
    name: `${release}: after an older backup of the whole database was restored one cycle makes everything right`,
    fn: () => restoreOlder(release),
  });
}

/** The backup is of a time when one photo was not shared yet, and one still was. */
async function restoreOlder(release: Release): Promise<void> {
  await using world = await World.open(release);
  const { sql } = world;
  const bob = world.library.users.bob.id;
  const sourceFiles = Object.keys(listFiles(world.directory));
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/wedding')}`;
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('uploads/clip')}`;
  await world.share();
  const early = await world.mirrorOf('family/picnic');
  await using backup = await Backup.of(world);

  await sql`UPDATE asset SET visibility = 'timeline' WHERE "ownerId" = ${world.library.users.alice.id}
    AND id IN (${world.id('family/wedding')}, ${world.id('uploads/clip')})`;
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/picnic')}`;
  await world.share();
  assert.equal(await world.mirrorOf('family/picnic'), undefined);
  const late = await world.mirrorOf('family/wedding') ?? '';
  const strays = () => Object.keys(listFiles(world.directory)).filter((path) => path.includes(late));
  assert.ok(strays().length > 0);

  await backup.restore();
  const report = await world.share();
  assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
  assert.equal(await world.mirrorOf('family/picnic'), early, 'it has its files again');
  assert.equal(await world.mirrorOf('family/wedding'), undefined);
  assert.deepEqual(strays(), []);
  assert.deepEqual(await world.verify(verifyMirrors), []);
  await changesNothing(world);

  await sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${world.id('family/wedding')}`;
  await world.share();
  assert.ok(await world.mirrorOf('family/wedding'));
  assert.deepEqual(await world.verify(verifyMirrors), []);
  const left = new Set(Object.keys(listFiles(world.directory)));
  assert.deepEqual(sourceFiles.filter((path) => !left.has(path)), []);
  assert.equal(
    (await sql`SELECT FROM person WHERE "ownerId" = ${bob} GROUP BY name HAVING count(*) > 1 AND name <> ''`).length,
    0,
  );
}

Deno.test({
  name: 'an older backup with the photos of that time: their files are used again, not made twice',
  fn: async () => {
    await using world = await World.open('v3.1.0');
    await using backup = await Backup.of(world);
    await world.share();
    const files = countFiles(world);
    await backup.restore();
    const report = await world.share();
    assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    assert.equal(countFiles(world), files);
    await changesNothing(world);
  },
});

/** Hashed folders differ from run to run, files do not. */
function countFiles(world: World): number {
  return Object.values(listFiles(world.directory)).filter((line) => line.startsWith('f')).length;
}

/** A copy of a world's database, as a dump would be. */
class Backup implements AsyncDisposable {
  private constructor(readonly world: World, readonly name: string, readonly url: string) {}

  static async of(world: World): Promise<Backup> {
    const backup = new Backup(world, `backup_${crypto.randomUUID().replaceAll('-', '')}`, world.db.server);
    await backup.#copy(world.db.config.name, backup.name);
    return backup;
  }

  async restore(): Promise<void> {
    const name = this.world.db.config.name;
    await onServer(this.url, 'postgres', (sql) => sql`DROP DATABASE ${sql(name)} WITH (FORCE)`);
    await this.#copy(this.name, name);
  }

  async #copy(from: string, to: string): Promise<void> {
    await onServer(this.url, 'postgres', async (sql) => {
      await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${from}`;
      await sql`CREATE DATABASE ${sql(to)} TEMPLATE ${sql(from)}`;
    });
    await onServer(this.url, to, allowSchemas);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await onServer(this.url, 'postgres', (sql) => sql`DROP DATABASE IF EXISTS ${sql(this.name)} WITH (FORCE)`);
  }
}

async function truncate({ sql }: World, tables: readonly string[]): Promise<void> {
  for (const table of tables) await sql`TRUNCATE ${sql(`immich_sidecar.${table}`)}`;
}

async function mirrorsOf(world: World, keys: readonly string[]): Promise<string[]> {
  const mirrors: string[] = [];
  for (const key of keys) mirrors.push(await world.mirrorOf(key) ?? '');
  return mirrors;
}

/** Immich's rows, our mappings and journal, and every file: what must be the same before and after. */
async function picture(world: World): Promise<unknown> {
  const digests = await digestTables(world.sql);
  const immich = Object.entries(digests).filter(([table]) => table.startsWith('public.'));
  const pairs = await world.sql`
    SELECT mirror_asset_id, source_asset_id, source_user_id, target_user_id, job_name, stack_id
    FROM immich_sidecar.asset_map ORDER BY 1`;
  const faces = await world.sql`
    SELECT mirror_face_id, source_face_id, person_id FROM immich_sidecar.face_map ORDER BY 1`;
  const people = await world.sql`SELECT * FROM immich_sidecar.person_map ORDER BY origin_person_id, target_user_id`;
  const links = await world.sql`SELECT * FROM immich_sidecar.link ORDER BY path`;
  return {
    immich: Object.fromEntries(immich),
    pairs: [...pairs],
    faces: [...faces],
    people: [...people],
    links: [...links],
    files: listFiles(world.directory),
  };
}

async function changesNothing(world: World): Promise<void> {
  const [tables, files] = [await digestTables(world.sql), listFiles(world.directory)];
  await world.share();
  assert.deepEqual(await digestTables(world.sql), tables);
  assert.deepEqual(listFiles(world.directory), files);
}
