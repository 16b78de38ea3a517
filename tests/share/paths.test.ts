import { dirname } from 'node:path/posix';
import { describeProblem } from '../../src/problems/problem.ts';
import assert from 'node:assert/strict';
import type { GeneratedAsset } from '../../src/demo/library_generator/result.ts';
import { assetOf } from '../../src/demo/library_generator/result.ts';
import type { CycleReport } from '../../src/share/cycle/report.ts';
import type { SkipReason, Standing } from '../../src/share/cycle/outcome.ts';
import { otherFileSystem } from '../files/obstacles.ts';
import { testUnless } from '../files/scratch.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

const FAMILY = '/external_library/alice/family';

/** A photo of Alice's family directory with one thing wrong, or strange, about its paths. */
interface Case {
  readonly what: string;
  /** Undefined: strange, but it goes through. */
  readonly reason: SkipReason | undefined;
  spoil(world: World, photo: GeneratedAsset): unknown;
  /** Default: the rows of the photo as they were. */
  mend?(world: World, photo: GeneratedAsset): unknown;
}

/** Gives a photo another path in the database, and moves nothing. */
function setPath(world: World, photo: GeneratedAsset, path: string) {
  return world.sql`UPDATE asset SET "originalPath" = ${path} WHERE id = ${photo.id}`;
}

/** Moves a photo, as its owner might on his disk before a scan. */
function move(world: World, photo: GeneratedAsset, path: string) {
  Deno.mkdirSync(dirname(world.local(path)), { recursive: true });
  Deno.renameSync(photo.localPath, world.local(path));
  return setPath(world, photo, path);
}

function setPreview(world: World, photo: GeneratedAsset, path: string) {
  return world.sql`UPDATE asset_file SET path = ${path} WHERE "assetId" = ${photo.id} AND type = 'preview'`;
}

async function previewOf(world: World, assetId: string): Promise<string> {
  const [row] = await world.sql<{ path: string }[]>`
    SELECT path FROM asset_file WHERE "assetId" = ${assetId} AND type = 'preview'`;
  return row?.path ?? '';
}

const outsideOf = (world: World) => `${world.directory}/outside`;

function pathCase(what: string, path: string, reason: SkipReason | undefined): Case {
  return { what, reason, spoil: (world, photo) => setPath(world, photo, path) };
}

function previewCase(what: string, path: string): Case {
  return { what, reason: 'outside-roots', spoil: (world, photo) => setPreview(world, photo, path) };
}

function nameCase(what: string, name: string): Case {
  return { what, reason: undefined, spoil: (world, photo) => move(world, photo, `${FAMILY}/twins/${name}`) };
}

const CASES: readonly Case[] = [
  pathCase('steps upwards out of the roots', `${FAMILY}/../../../etc/passwd`, 'outside-roots'),
  pathCase('steps upwards inside the roots', `${FAMILY}/../private/diary.jpg`, 'outside-roots'),
  pathCase('ends in a step upwards', `${FAMILY}/..`, 'outside-roots'),
  pathCase('an empty segment', `${FAMILY}//extra/IMG_0001.jpg`, 'outside-roots'),
  pathCase('a dot segment', `${FAMILY}/./extra/IMG_0001.jpg`, 'outside-roots'),
  pathCase('the shared directory itself', `${FAMILY}/`, 'outside-roots'),
  pathCase('a directory', `${FAMILY}/2023`, 'not-a-file'),
  pathCase('a file as a directory', `${FAMILY}/2023/beach.jpg/x.jpg`, 'missing'),
  pathCase('a file that is not there', `${FAMILY}/2023/nothing.jpg`, 'missing'),
  pathCase('a name of 256 bytes', `${FAMILY}/${'x'.repeat(256)}`, 'name-too-long'),
  pathCase('a path of 100,000 segments', FAMILY + '/d'.repeat(100_000), 'missing'),
  pathCase('control characters, but no such file', `${FAMILY}/\u001b[2J\u0007\r.jpg`, 'missing'),
  {
    what: 'a symbolic link to a file outside',
    reason: 'outside-roots',
    spoil: (world, photo) => {
      Deno.symlinkSync(`${outsideOf(world)}/secret.jpg`, world.local(`${FAMILY}/out.jpg`));
      return setPath(world, photo, `${FAMILY}/out.jpg`);
    },
  },
  {
    what: 'a directory that is a symbolic link to outside',
    reason: 'outside-roots',
    spoil: (world, photo) => {
      Deno.symlinkSync(outsideOf(world), world.local(`${FAMILY}/out`));
      return setPath(world, photo, `${FAMILY}/out/folder/secret.jpg`);
    },
  },
  {
    what: 'a symbolic link inside the roots',
    reason: undefined,
    spoil: (world, photo) => {
      Deno.symlinkSync('extra', world.local(`${FAMILY}/in`));
      return setPath(world, photo, photo.originalPath.replace('/extra/', '/in/'));
    },
  },
  nameCase('a composed name (NFC)', 'Zo\u00eb.jpg'),
  nameCase('the same name decomposed (NFD)', 'Zoe\u0308.jpg'),
  nameCase('an upper-case name', 'TWIN.JPG'),
  nameCase('the same name in lower case', 'twin.jpg'),
  nameCase('control characters', '\u0001\u001b[31m\r\t\u007f\n.jpg'),
  nameCase('what only looks like a step', '..\\..\\%2e%2e.jpg'),
  nameCase('255 bytes', `${'\u00fc'.repeat(125)}y.jpg`),
  previewCase('a thumbnail in /etc', '/etc/passwd'),
  previewCase('a thumbnail with steps upwards', '/data/thumbs/../../../../etc/passwd'),
  previewCase('a thumbnail with a relative path', 'data/thumbs/preview.jpeg'),
  previewCase('a thumbnail without a path', ''),
  {
    what: 'a thumbnail behind a symbolic link to outside',
    reason: 'outside-roots',
    spoil: (world, photo) => {
      Deno.symlinkSync(outsideOf(world), `${world.directory}/media/thumbs/out`);
      return setPreview(world, photo, '/data/thumbs/out/secret.jpg');
    },
  },
  {
    what: 'a kind of thumbnail that would climb',
    reason: 'outside-roots',
    spoil: (world, photo) => {
      // Without the id of its asset in it, so that the mirror's file is named after the type.
      const alien = '/data/thumbs/alien.jpeg';
      Deno.writeTextFileSync(world.local(alien), 'alien');
      return world.sql`
        INSERT INTO asset_file ("assetId", type, path)
        SELECT "assetId", '/../../../../../../outside/evil', ${alien}
        FROM asset_file
        WHERE "assetId" = ${photo.id} AND type = 'preview'`;
    },
    mend: (world, photo) => world.sql`DELETE FROM asset_file WHERE "assetId" = ${photo.id} AND type LIKE '%evil'`,
  },
  {
    what: 'a thumbnail that is not there',
    reason: 'missing',
    spoil: async (world, photo) => {
      const path = world.local(await previewOf(world, photo.id));
      Deno.renameSync(path, `${path}.away`);
    },
    mend: async (world, photo) => {
      const path = world.local(await previewOf(world, photo.id));
      Deno.copyFileSync(`${path}.away`, path);
    },
  },
  {
    what: 'a trigger that raises',
    reason: 'constraint',
    spoil: (world, photo) =>
      world.sql.unsafe(`
        CREATE FUNCTION refuse_asset() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN RAISE EXCEPTION 'not this one'; END $$;
        CREATE TRIGGER refuse_asset BEFORE INSERT ON asset FOR EACH ROW
          WHEN (NEW."originalFileName" = '${photo.originalFileName}') EXECUTE FUNCTION refuse_asset()`),
    mend: ({ sql }) => sql.unsafe('DROP FUNCTION refuse_asset CASCADE'),
  },
  {
    what: 'a check constraint',
    reason: 'constraint',
    spoil: (world, photo) =>
      world.sql.unsafe(`
        ALTER TABLE asset ADD CONSTRAINT refuse_asset CHECK ("originalFileName" <> '${photo.originalFileName}') NOT VALID`),
    mend: ({ sql }) => sql.unsafe('ALTER TABLE asset DROP CONSTRAINT refuse_asset'),
  },
];

/** Why each photo has no mirror, by the name of its case. */
async function skippedReasons(world: World, photos: readonly GeneratedAsset[]): Promise<Record<string, string>> {
  const rows = await world.sql<{ id: string; reason: string }[]>`
    SELECT source_asset_id AS id, reason FROM immich_sidecar.skipped WHERE reason <> 'duplicate'`;
  return Object.fromEntries(rows.map(({ id, reason }) => {
    const index = photos.findIndex((photo) => photo.id === id);
    return [CASES[index]?.what ?? id, reason];
  }));
}

/** The counts of a standing add up, and to what the source really has. */
async function assertAddsUp(world: World, report: CycleReport): Promise<void> {
  const sum = (counts: Partial<Record<string, number>>) =>
    Object.values(counts).reduce<number>((all, n) => all + (n ?? 0), 0);
  const whole = (standing: Standing) =>
    standing.mirrored + sum(standing.pending) + sum(standing.skipped) + standing.withdrawn + standing.next;
  for (const { standing } of report.jobs) {
    assert.ok(standing !== undefined);
    assert.equal(whole(standing), standing.selected);
  }
  const [actual] = await world.sql<{ mirrors: number; skipped: number }[]>`
    SELECT
      (SELECT count(*)::int FROM immich_sidecar.asset_map) AS mirrors,
      (SELECT count(*)::int FROM immich_sidecar.skipped) AS skipped`;
  assert.equal(report.jobs.reduce((all, { standing }) => all + (standing?.mirrored ?? 0), 0), actual?.mirrors);
  assert.equal(report.jobs.reduce((all, { standing }) => all + sum(standing?.skipped ?? {}), 0), actual?.skipped);
}

/** Every file that was there is there still, with the same inode, size and time. */
function assertNothingLost(before: Record<string, string>, after: Record<string, string>): void {
  const withoutLinkCount = (entry: string | undefined) => entry?.replace(/ \d+$/, '');
  for (const [path, entry] of Object.entries(before)) {
    if (!entry.startsWith('d')) assert.equal(withoutLinkCount(after[path]), withoutLinkCount(entry), path);
    else assert.equal(after[path], entry, path);
  }
}

function makeOutside(world: World): void {
  Deno.mkdirSync(`${outsideOf(world)}/folder`, { recursive: true });
  Deno.mkdirSync(`${outsideOf(world)}/empty`);
  for (const name of ['secret.jpg', 'folder/secret.jpg', 'evil.jpeg']) {
    Deno.writeTextFileSync(`${outsideOf(world)}/${name}`, name);
  }
}

Deno.test('hostile paths are skipped, each for its reason; everything else is shared, and nothing outside is touched', async () => {
  await using world = await World.open('v3.1.0', { extraImages: CASES.length + 1 });
  makeOutside(world);
  const photos = CASES.map((_, index) => assetOf(world.library, `family/extra/${String(index + 2).padStart(4, '0')}`));
  const each = async (work: (one: Case, photo: GeneratedAsset) => unknown) => {
    for (const [index, one] of CASES.entries()) await work(one, photos[index] ?? assert.fail());
  };
  const previews = new Map<string, string>();
  await each(async ({ spoil }, photo) => {
    previews.set(photo.id, await previewOf(world, photo.id));
    await spoil(world, photo);
  });
  const before = listFiles(world.directory);
  const [outside, passwd] = [listFiles(outsideOf(world)), Deno.lstatSync('/etc/passwd').nlink];
  const assertUntouched = () => {
    assert.deepEqual(listFiles(outsideOf(world)), outside);
    assert.equal(Deno.lstatSync('/etc/passwd').nlink, passwd);
    assertNothingLost(before, listFiles(world.directory));
  };

  const report = await world.share();
  const bad = CASES.filter(({ reason }) => reason !== undefined);
  assert.deepEqual(
    await skippedReasons(world, photos),
    Object.fromEntries(bad.map(({ what, reason }) => [what, reason])),
  );
  assert.equal(report.complete, false);
  assert.equal(report.jobs[0]?.problems.length, bad.length);
  assert.deepEqual(report.jobs[1]?.problems, []);
  await assertAddsUp(world, report);
  for (const { key, expected } of world.library.assets) {
    const index = photos.findIndex((photo) => photo.key === key);
    const isShared = /^shared-|^motion-part/.test(expected) && key !== 'family/beach' &&
      CASES[index]?.reason === undefined;
    assert.equal(await world.mirrorOf(key) !== undefined, isShared, CASES[index]?.what ?? key);
  }
  assertUntouched();

  // A cycle that meets the same obstacles again changes nothing, neither in the tables nor on the disk.
  const [tables, files] = [await digestTables(world.sql), listFiles(world.directory)];
  const again = await world.share();
  assert.equal(again.complete, false);
  await assertAddsUp(world, again);
  assert.deepEqual(await digestTables(world.sql), tables);
  assert.deepEqual(listFiles(world.directory), files);

  // What is mended goes through; what was remembered waits for a change of its asset, which mending a row is.
  await each(async ({ reason, mend }, photo) => {
    if (mend !== undefined) await mend(world, photo);
    else if (reason !== undefined) {
      await setPath(world, photo, photo.originalPath);
      await setPreview(world, photo, previews.get(photo.id) ?? assert.fail());
    }
  });
  const mended = await world.share();
  assert.deepEqual(await skippedReasons(world, photos), {
    'a trigger that raises': 'constraint',
    'a check constraint': 'constraint',
  });
  await assertAddsUp(world, mended);
  await world.sql`
    UPDATE asset SET "isFavorite" = NOT "isFavorite" WHERE id = ANY (${photos.map(({ id }) => id)}::uuid[])`;
  const last = await world.share();
  assert.deepEqual(await skippedReasons(world, photos), {});
  assert.deepEqual([last.complete, last.jobs.flatMap(({ problems }) => problems)], [true, []]);
  await assertAddsUp(world, last);
  assertUntouched();
});

Deno.test('a target name that somebody else has taken is refused, and his file stays; it goes through once it is free', async () => {
  await using world = await World.open('v3.1.0');
  const theirs = world.local('/external_library/bob_shared/.alice/2023/portrait.jpg');
  Deno.mkdirSync(dirname(theirs), { recursive: true });
  Deno.writeTextFileSync(theirs, 'the only copy of something');
  for (let cycle = 1; cycle <= 2; cycle++) {
    const report = await world.share();
    assert.deepEqual(report.jobs[0]?.standing?.skipped.occupied, 1);
    assert.match(
      report.jobs[0]?.problems.map(describeProblem).join() ?? '',
      /portrait\.jpg": a file that is not ours is already there/,
    );
    assert.equal(Deno.readTextFileSync(theirs), 'the only copy of something');
    await assertAddsUp(world, report);
  }
  Deno.removeSync(theirs);
  assert.equal((await world.share()).complete, true);
  assert.ok(await world.mirrorOf('family/portrait'));
});

Deno.test("somebody else's sidecar beside a mirror survives the mirror's coming and going", async () => {
  await using world = await World.open('v3.1.0');
  const theirs = world.local('/external_library/bob_shared/.alice/1999/wedding.jpg.xmp');
  Deno.mkdirSync(dirname(theirs), { recursive: true });
  Deno.writeTextFileSync(theirs, 'mine');
  await world.share();
  assert.ok(await world.mirrorOf('family/wedding'), 'a mirror without its sidecar is still whole');
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/wedding')}`;
  await world.share();
  assert.equal(await world.mirrorOf('family/wedding'), undefined);
  assert.equal(Deno.readTextFileSync(theirs), 'mine');
});

Deno.test('a run that was killed before it linked does not undo what somebody else had put there', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const path = '/external_library/bob_shared/.alice/theirs.jpg';
  Deno.writeTextFileSync(world.local(path), 'the only copy of something');
  await world.sql`
    INSERT INTO immich_sidecar.link (mirror_id, path, keep)
    VALUES (${crypto.randomUUID()}, ${path}, '/external_library/bob_shared')`;
  await world.share();
  assert.equal(Deno.readTextFileSync(world.local(path)), 'the only copy of something');
});

Deno.test('a journal row that was never settled does not take the file of a mirror made since', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const path = '/external_library/bob_shared/.alice/2023/portrait.jpg';
  await world.sql`
    INSERT INTO immich_sidecar.link (mirror_id, path, keep)
    VALUES (${crypto.randomUUID()}, ${path}, '/external_library/bob_shared')`;
  await world.share();
  assert.ok(await world.mirrorOf('family/portrait'));
  assert.equal(Deno.lstatSync(world.local(path)).nlink, 2);
});

Deno.test('an upload with an impossible path is skipped alone, and shared once its path is right', async () => {
  await using world = await World.open('v3.1.0');
  const cat = assetOf(world.library, 'uploads/cat');
  for (const path of ['upload/library/cat.jpg', '', '/', '/etc/passwd', '../../etc/passwd']) {
    await setPath(world, cat, path);
    const report = await world.share();
    assert.deepEqual(report.jobs.map(({ standing }) => standing?.skipped), [{ duplicate: 1 }, { 'outside-roots': 1 }]);
    assert.equal(report.jobs[1]?.problems.length, 1, path);
    assert.ok(await world.mirrorOf('uploads/templated'));
    await assertAddsUp(world, report);
  }
  await setPath(world, cat, cat.originalPath);
  assert.equal((await world.share()).complete, true);
  assert.ok(await world.mirrorOf('uploads/cat'));
});

Deno.test('files that a mirror says it has are removed with it only where Immich would have put them', async () => {
  await using world = await World.open('v3.1.0');
  makeOutside(world);
  await world.share();
  const mirror = await world.mirrorOf('family/portrait') ?? assert.fail();
  const theirs = ['/external_library/alice/private/diary.jpg', '/data/backups/dump.sql.gz'];
  Deno.mkdirSync(world.local('/data/backups'), { recursive: true });
  Deno.writeTextFileSync(world.local('/data/backups/dump.sql.gz'), 'all we have');
  const made = `${dirname(await previewOf(world, mirror))}/${mirror}_fullsize.jpeg`;
  Deno.writeTextFileSync(world.local(made), 'made by Immich');
  const listed = [...theirs, made, `/data/../../outside/secret.jpg`, `${outsideOf(world)}/secret.jpg`];
  for (const [index, path] of listed.entries()) {
    await world.sql`
      INSERT INTO asset_file ("assetId", type, path) VALUES (${mirror}, ${`fullsize${index}`}, ${path})`;
  }
  const before = listFiles(outsideOf(world));
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/portrait')}`;
  await world.share();
  assert.equal(await world.mirrorOf('family/portrait'), undefined);
  assert.deepEqual(listFiles(outsideOf(world)), before);
  for (const path of theirs) assert.ok(Deno.lstatSync(world.local(path)).isFile, path);
  assert.throws(() => Deno.lstatSync(world.local(made)), Deno.errors.NotFound);
});

Deno.test('a portrait outside the roots is not linked, and the person is shared without it', async () => {
  await using world = await World.open('v3.1.0');
  const { nlink } = Deno.lstatSync('/etc/passwd');
  await world.sql`
    UPDATE person SET "thumbnailPath" = '/data/../../../../../etc/passwd' WHERE id = ${
    world.library.people['alice/dora'].id
  }`;
  await world.sql`
    UPDATE person SET "thumbnailPath" = '/etc/passwd' WHERE id = ${world.library.people['alice/emil'].id}`;
  const report = await world.share();
  assert.equal(report.complete, true);
  const rows = await world.sql<{ path: string }[]>`
    SELECT p."thumbnailPath" AS path
    FROM person p
    WHERE p."ownerId" = ${world.library.users.bob.id} AND p.name IN ('Dora', 'Emil')`;
  assert.deepEqual(rows.map(({ path }) => path).filter((path) => path.includes('etc')), []);
  assert.equal(Deno.lstatSync('/etc/passwd').nlink, nlink);
});

Deno.test('a prefix means itself: "_" and "%" are no wildcards, and letters have their case', async () => {
  await using world = await World.open('v3.1.0', { extraImages: 4 });
  const photo = (number: number) => assetOf(world.library, `family/extra/000${number}`);
  const folders = ['fam_ly', '%', 'FAMILY', 'family_2'];
  for (const [index, folder] of folders.entries()) {
    await move(world, photo(index + 1), `/external_library/alice/${folder}/photo.jpg`);
  }
  const [job] = world.config.jobs;
  assert.ok(job);
  const targets = '/external_library/bob_shared/.alice/';
  world.setJobs([...folders, 'f%', 'famil'].map((folder) => ({
    ...job,
    name: folder,
    sourcePathPrefix: `/external_library/alice/${folder}/`,
    targetPathPrefix: `${targets}${folder}/`,
  })));
  const report = await world.share();
  assert.deepEqual(report.jobs.map(({ job, standing }) => [job, standing?.selected, standing?.mirrored]), [
    ['fam_ly', 1, 1],
    ['%', 1, 1],
    ['FAMILY', 1, 1],
    ['family_2', 1, 1],
    ['f%', 0, 0],
    ['famil', 0, 0],
  ]);
  assert.ok(Deno.lstatSync(world.local(`${targets}%/photo.jpg`)).isFile);
});

testUnless(
  otherFileSystem.obstacle,
  'one photo on another file system is skipped as such, all others are shared',
  async () => {
    await using world = await World.open('v3.1.0', { extraImages: 2 });
    using elsewhere = temporaryDirectory(otherFileSystem.directory);
    const photo = assetOf(world.library, 'family/extra/0001');
    Deno.copyFileSync(photo.localPath, `${elsewhere.path}/photo.jpg`);
    await setPath(world, photo, `${FAMILY}/nas/photo.jpg`);
    world.config = { ...world.config, pathMap: [{ immich: `${FAMILY}/nas`, local: elsewhere.path }] };
    const report = await world.share();
    assert.deepEqual(report.jobs[0]?.standing?.skipped, { 'duplicate': 1, 'other-filesystem': 1 });
    assert.match(
      report.jobs[0]?.problems.map(describeProblem).join() ?? '',
      /nas\/photo\.jpg": source and target are on different file systems/,
    );
    await assertAddsUp(world, report);
    assert.ok(await world.mirrorOf('family/extra/0002'));
    await setPath(world, photo, photo.originalPath);
    assert.equal((await world.share()).complete, true);
    assert.ok(await world.mirrorOf('family/extra/0001'));
  },
);

for (const placement of ['hardlink', 'symlink'] as const) {
  testUnless(
    otherFileSystem.obstacle,
    `${placement}: external libraries may lie on another file system than Immich's media, as no link crosses over`,
    async () => {
      using elsewhere = temporaryDirectory(otherFileSystem.directory);
      await using world = await World.open('v3.1.0', { localExternal: elsewhere.path });
      world.config = { ...world.config, externalLibraryDir: elsewhere.path };
      if (placement === 'symlink') {
        Deno.symlinkSync(`${elsewhere.path}/alice/family`, `${elsewhere.path}/bob_shared/.alice`);
      }
      const [job] = world.config.jobs;
      assert.ok(job);
      world.setJobs([{ ...job, placement }]);
      const report = await world.share();
      assert.equal(report.complete, true);
      assert.ok(await world.mirrorOf('family/portrait'));
    },
  );
}

function temporaryDirectory(parent: string): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ dir: parent, prefix: 'immich-sidecar-paths-' });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
