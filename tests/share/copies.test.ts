import assert from 'node:assert/strict';
import type { Placement } from '../../src/config/config.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { otherFileSystem } from '../files/obstacles.ts';
import { testUnless } from '../files/scratch.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { readSaved } from '../../src/share/standing/saved.ts';
import { World } from './world.ts';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: copy placement makes files of their own, generated ones too, and another cycle changes nothing`, async () => {
    await using world = await World.open(release);
    setPlacement(world, 'copy');
    const report = await world.share();
    assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
    const pairs = await files(world);
    assert.ok(pairs.length > 20 && pairs.some(({ kind }) => kind === 'preview'));
    for (const { source, mirror } of pairs) {
      const [from, to] = [Deno.lstatSync(source), Deno.lstatSync(mirror)];
      assert.notEqual(to.ino, from.ino);
      assert.deepEqual([to.nlink, to.size, to.mtime], [1, from.size, from.mtime], mirror);
      assert.deepEqual(Deno.readFileSync(mirror), Deno.readFileSync(source));
    }
    const before = [await digestTables(world.sql), listFiles(world.directory)];
    await world.share();
    assert.deepEqual([await digestTables(world.sql), listFiles(world.directory)], before);
  });
}

Deno.test('a copy follows a source that was replaced, and goes with it; a file of somebody else in its place is kept', async () => {
  await using world = await World.open('v3.1.0');
  setPlacement(world, 'copy');
  await world.share();
  const [first, second] = await world.someMirrored();
  const [one, other] = [await pair(world, first), await pair(world, second)];
  Deno.writeTextFileSync(one.source, 'another picture');
  await world.share();
  assert.equal(Deno.readTextFileSync(one.mirror), 'another picture');
  assert.equal((await kept(world)).length, 0);
  assert.equal((await readSaved(world.sql)).size, 0, 'copies save nothing, also when they are made anew');

  Deno.writeTextFileSync(other.mirror, "Bob's editor");
  await world.share();
  assert.deepEqual(Deno.readFileSync(other.mirror), Deno.readFileSync(other.source));
  assert.deepEqual(await kept(world), [{ reason: 'another-file' }]);

  await world.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${first}`;
  await world.share();
  assert.throws(() => Deno.lstatSync(one.mirror), Deno.errors.NotFound);
  assert.equal((await kept(world)).length, 1, 'the source has it');
  assert.equal(Deno.readTextFileSync(one.source), 'another picture');
});

Deno.test('a copy that is the last one is kept when its source is lost', async () => {
  await using world = await World.open('v3.1.0');
  setPlacement(world, 'copy');
  await world.share();
  const [id] = await world.someMirrored();
  Deno.removeSync((await pair(world, id)).source);
  await world.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${id}`;
  await world.share();
  assert.deepEqual(await kept(world), [{ reason: 'source-file-gone' }]);
});

Deno.test('a file that is in the place of a copy stays, and the photo is left out', async () => {
  await using world = await World.open('v3.1.0');
  setPlacement(world, 'copy');
  const place = `${world.directory}/external/bob_shared/.alice/2023/portrait.jpg`;
  Deno.mkdirSync(place.replace(/\/[^/]+$/, ''), { recursive: true });
  Deno.writeTextFileSync(place, "Bob's own");
  const report = await world.share();
  assert.equal(report.jobs[0]?.standing?.skipped.occupied, 1);
  assert.equal(Deno.readTextFileSync(place), "Bob's own");
});

testUnless(
  otherFileSystem.obstacle,
  'on another disk hard links are refused in words that name copies, and copies work',
  async () => {
    await using world = await World.open('v3.1.0');
    const elsewhere = Deno.makeTempDirSync({ dir: otherFileSystem.directory, prefix: 'immich-copies-' });
    try {
      world.config = { ...world.config, pathMap: [{ immich: '/external_library/bob_shared', local: elsewhere }] };
      const problems = problemsOf(await world.share());
      assert.deepEqual(problems.map(({ code, where }) => [code, where.job]), [['job-left-out', 'family to bob']]);
      assert.match(problems[0]?.what ?? '', /on different file systems/);
      assert.match(problems[0]?.remedy ?? '', /placement: copy for this share, which takes the space a second time/);
      const [family, ...others] = world.config.jobs;
      assert.ok(family);
      world.setJobs([{ ...family, placement: 'copy' }, ...others]);
      const report = await world.share();
      assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
      assert.ok(Deno.lstatSync(`${elsewhere}/.alice/2023/portrait.jpg`).isFile);
    } finally {
      Deno.removeSync(elsewhere, { recursive: true });
    }
  },
);

function setPlacement(world: World, placement: Placement): void {
  world.setJobs(world.config.jobs.map((job) => ({ ...job, placement })));
}

/** Every file of a mirror beside its source's. */
async function files(world: World): Promise<{ kind: string; source: string; mirror: string }[]> {
  const rows = await world.sql<{ kind: string; source: string; mirror: string }[]>`
    SELECT 'original' AS kind, a."originalPath" AS source, mirror."originalPath" AS mirror
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    JOIN asset mirror ON mirror.id = m.mirror_asset_id
    UNION ALL
    SELECT mirror.type::text, source.path, mirror.path
    FROM immich_sidecar.asset_map m
    JOIN asset_file source ON source."assetId" = m.source_asset_id
    JOIN asset_file mirror ON mirror."assetId" = m.mirror_asset_id AND mirror.type = source.type
      AND to_jsonb(mirror)->'isEdited' IS NOT DISTINCT FROM to_jsonb(source)->'isEdited'`;
  return rows.map(({ kind, source, mirror }) => ({ kind, source: world.local(source), mirror: world.local(mirror) }));
}

async function pair(world: World, id: string): Promise<{ source: string; mirror: string }> {
  const [row] = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id}`;
  return { source: world.local(row?.path ?? ''), mirror: await world.localMirrorPath(id) };
}

async function kept({ sql }: World): Promise<{ reason: string }[]> {
  return [...await sql<{ reason: string }[]>`SELECT reason FROM immich_sidecar_kept.file ORDER BY kept_at`];
}
