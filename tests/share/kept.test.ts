import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { deleteKept, restoreKept } from '../../src/share/kept/decide.ts';
import { fateOf } from '../../src/share/kept/fate.ts';
import { readKept } from '../../src/share/kept/records.ts';
import { findKept } from '../../src/share/kept/set_aside.ts';
import { planOnly } from '../../src/share/plan_only.ts';
import { readShareStatus } from '../../src/status/share.ts';
import { jobsOf } from '../../src/demo/jobs.ts';
import { UserError } from '../../src/errors.ts';
import { BadDisk } from '../crash/bad_disk.ts';
import { listFiles } from './snapshot.ts';
import { World } from './world.ts';

/** A photo that Bob has a mirror of: its id, its original and the mirror's, as this machine sees them. */
async function aPhoto(world: World): Promise<{ id: string; original: string; mirror: string }> {
  await world.share();
  const [id] = await world.someMirrored();
  return { id, original: await originalOf(world, id), mirror: await world.localMirrorPath(id) };
}

async function originalOf(world: World, id: string): Promise<string> {
  const [row] = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id}`;
  return world.local(row?.path ?? '');
}

async function trash(world: World, id: string): Promise<void> {
  await world.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${id}`;
}

/** The kept files, each where it lies on this machine, with its content. */
async function kept(world: World) {
  return (await readKept(world.sql)).map(({ path, reason, photo, bytes }) => ({
    reason,
    photo: world.local(photo ?? ''),
    bytes,
    path: world.local(path),
    content: Deno.readTextFileSync(world.local(path)),
  }));
}

Deno.test('the last copy of a photo is kept, not unlinked, when its original is lost on disk', async () => {
  await using world = await World.open('v3.1.0');
  const { id, original, mirror } = await aPhoto(world);
  Deno.writeTextFileSync(original, 'the only copy'); // in place: the mirror is the same file
  Deno.removeSync(original);
  await trash(world, id);
  await world.share();
  assert.equal(existsSync(mirror), false);
  const [file, ...others] = await kept(world);
  assert.deepEqual(others, []);
  assert.deepEqual([file?.reason, file?.photo, file?.content], ['source-file-gone', original, 'the only copy']);
  assert.equal((Deno.statSync(file?.path ?? '').mode ?? 0) & 0o777, 0o600);
  assert.match(file?.path ?? '', /\/\.kept\/[-0-9a-f]{36}\.\w+$/);
});

for (const [where, directory] of [['in .kept', '/.kept'], ['beside it', '']] as const) {
  Deno.test(`the last copy is kept when a run was killed that had moved it aside already, ${where}, and a disk does not show it at first`, async () => {
    await using world = await World.open('v3.1.0');
    const { id, original, mirror } = await aPhoto(world);
    const shared = `${world.directory}/external/bob_shared`;
    const aside = `${shared}${directory}/.going-${await world.mirrorOfId(id)}${mirror.slice(mirror.lastIndexOf('.'))}`;
    Deno.mkdirSync(dirname(aside), { recursive: true });
    Deno.renameSync(mirror, aside);
    Deno.writeTextFileSync(original, 'the only copy');
    Deno.removeSync(original);
    await trash(world, id);
    let looks = 0;
    using disk = BadDisk.begin(world.directory, (_, what) => what === `lstatSync ${aside}` && ++looks === 1);
    assert.equal((await world.share()).complete, false);
    disk[Symbol.dispose]();
    assert.deepEqual([disk.failed.length, Deno.readTextFileSync(aside)], [1, 'the only copy']);
    await world.share();
    const [file] = await kept(world);
    assert.deepEqual([file?.reason, file?.photo, file?.content], ['source-file-gone', original, 'the only copy']);
    assert.deepEqual([existsSync(aside), [...Deno.readDirSync(`${shared}/.kept`)].length], [false, 1]);
  });
}

Deno.test('a photo whose original is there is unlinked and nothing is kept, and no trace stays', async () => {
  await using world = await World.open('v3.1.0');
  const { id, original, mirror } = await aPhoto(world);
  await trash(world, id);
  await world.share();
  assert.deepEqual([existsSync(mirror), existsSync(original), await kept(world)], [false, true, []]);
  assert.equal(Deno.statSync(original).nlink, 1);
  assert.deepEqual(
    [...Deno.readDirSync(`${world.directory}/external/bob_shared`)].filter(({ name }) => name === '.kept'),
    [],
  );
});

Deno.test("what an editor of the target's has saved over the link is kept when the link is made again", async () => {
  await using world = await World.open('v3.1.0');
  const { original, mirror } = await aPhoto(world);
  Deno.writeTextFileSync(`${mirror}.new`, "the target's work");
  Deno.renameSync(`${mirror}.new`, mirror);
  await world.share();
  const [file] = await kept(world);
  assert.deepEqual([file?.reason, file?.content], ['another-file', "the target's work"]);
  assert.equal(Deno.statSync(mirror).ino, Deno.statSync(original).ino);
  await world.share();
  assert.equal((await kept(world)).length, 1, 'once');
});

Deno.test('a source that its owner replaces, or writes to in place, is followed as ever; nothing is kept', async () => {
  await using world = await World.open('v3.1.0');
  const { id, original, mirror } = await aPhoto(world);
  Deno.writeTextFileSync(original, 'edited in place');
  await world.share();
  Deno.writeTextFileSync(`${original}.new`, 'replaced');
  Deno.renameSync(`${original}.new`, original);
  await world.sql`UPDATE asset SET "fileModifiedAt" = now() WHERE id = ${id}`;
  await world.share();
  assert.deepEqual([Deno.readTextFileSync(mirror), await kept(world)], ['replaced', []]);
});

for (
  const [what, change] of [
    ['locks', (world: World, id: string) => world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${id}`],
    ['deletes', (world: World, id: string) => world.sql`DELETE FROM asset WHERE id = ${id}`],
  ] as const
) {
  Deno.test(`of a photo that its owner ${what} nothing is kept, wherever its file is`, async () => {
    await using world = await World.open('v3.1.0');
    const { id, original, mirror } = await aPhoto(world);
    Deno.removeSync(original);
    await change(world, id);
    await world.share();
    assert.deepEqual([existsSync(mirror), await kept(world)], [false, []]);
  });
}

for (
  const [what, block] of [
    ['a file', (place: string) => Deno.writeTextFileSync(place, '')],
    ['a link', (place: string, elsewhere: string) => Deno.symlinkSync(elsewhere, place)],
  ] as const
) {
  Deno.test(`a receiver who makes ${what} of .kept keeps nothing, and no last copy is lost`, async () => {
    await using world = await World.open('v3.1.0');
    await aPhoto(world);
    const [trashed, lost, locked] = await world.someMirrored();
    const shared = `${world.directory}/external/bob_shared`;
    const original = await originalOf(world, lost);
    const mirrors = await Promise.all([trashed, lost, locked].map((id) => world.localMirrorPath(id)));
    Deno.writeTextFileSync(original, 'the only copy');
    Deno.removeSync(original);
    block(`${shared}/.kept`, `${world.directory}/external/alice`);
    await trash(world, trashed);
    await trash(world, lost);
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${locked}`;
    const report = await world.share();
    assert.deepEqual([report.complete, mirrors.map((path) => existsSync(path))], [true, [false, false, false]]);
    assert.equal(Deno.statSync(await originalOf(world, locked)).nlink, 1);
    const names = [...Deno.readDirSync(shared)].map(({ name }) => name).filter((name) => name.startsWith('.'));
    const beside = names.find((name) => name.startsWith('.kept-')) ?? '';
    assert.deepEqual(names.sort(), ['.alice', '.kept', beside].sort());
    assert.equal((await kept(world))[0]?.path, `${shared}/${beside}`);
    const [file] = await readKept(world.sql);
    await world.apply((tools) => restoreKept(tools, [file ?? assert.fail()]));
    assert.deepEqual([Deno.readTextFileSync(original), existsSync(`${shared}/${beside}`)], ['the only copy', false]);
  });
}

/** Immich does not find it for a month, and then deletes its row; a cycle has seen the first. */
async function purge(world: World, id: string, seen = () => world.share().then(() => {})): Promise<void> {
  world.config = { ...world.config, offlineGraceHours: 10_000 };
  await world.sql`UPDATE asset SET "isOffline" = true, "deletedAt" = now() - interval '30 days' WHERE id = ${id}`;
  await seen();
  await world.sql`DELETE FROM asset WHERE id = ${id}`;
}

Deno.test('the last copy is kept when Immich has deleted what it did not find for a month: once, however many had it', async () => {
  await using world = await World.open('v3.1.0');
  world.setJobs([...jobsOf(world.library, 'bob'), ...jobsOf(world.library, 'carol')]);
  const { id, original, mirror } = await aPhoto(world);
  Deno.writeTextFileSync(original, 'the only copy');
  Deno.removeSync(original);
  assert.equal(Deno.statSync(mirror).nlink, 2);
  await purge(world, id);
  const withdrawn = (await world.share()).jobs.map(({ withdrawn }) => withdrawn['source-deleted']);
  assert.deepEqual(withdrawn.filter((count) => count !== undefined), [1, 1]);
  const [file, ...others] = await kept(world);
  assert.deepEqual([existsSync(mirror), others, file?.reason, file?.content], [
    false,
    [],
    'source-file-gone',
    'the only copy',
  ]);
});

Deno.test('of a photo that Immich finds again, or whose file has another name, nothing is kept when it is deleted', async () => {
  await using world = await World.open('v3.1.0');
  await aPhoto(world);
  const [found, renamed] = await world.someMirrored();
  await purge(world, renamed);
  await world.sql`UPDATE asset SET "isOffline" = true, "deletedAt" = now() WHERE id = ${found}`;
  await world.share();
  await world.sql`UPDATE asset SET "isOffline" = false, "deletedAt" = NULL WHERE id = ${found}`;
  assert.equal((await world.share()).found, 1);
  Deno.removeSync(await originalOf(world, found));
  await world.sql`DELETE FROM asset WHERE id = ${found}`;
  await world.share();
  assert.deepEqual(await kept(world), []);
});

Deno.test('while no job can be worked on, as a disk is away, what Immich does not find is noted, and files of locked photos go where they can', async () => {
  await using world = await World.open('v3.1.0');
  const { id, original } = await aPhoto(world);
  const [, locked] = await world.someMirrored();
  const lockedMirror = await world.localMirrorPath(locked);
  const lockedId = await world.mirrorOfId(locked);
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${locked}`;
  Deno.writeTextFileSync(original, 'the only copy');
  Deno.removeSync(original);
  await purge(world, id, async () => {
    Deno.renameSync(`${world.directory}/media`, `${world.directory}/away`);
    await assert.rejects(() => world.share(), UserError);
    assert.equal(existsSync(lockedMirror), false);
    Deno.renameSync(`${world.directory}/away`, `${world.directory}/media`);
  });
  assert.notDeepEqual(Object.keys(listFiles(world.directory)).filter((path) => path.includes(lockedId)), []);
  await world.share();
  assert.deepEqual((await kept(world)).map(({ content }) => content), ['the only copy']);
  assert.deepEqual(Object.keys(listFiles(world.directory)).filter((path) => path.includes(lockedId)), []);
});

Deno.test('what was moved aside by mistake is listed, counted, and restored to a directory', async () => {
  await using world = await World.open('v3.1.0');
  const { id, mirror } = await aPhoto(world);
  const aside = `${world.directory}/external/bob_shared/.kept/.going-${await world.mirrorOfId(id)}`;
  const name = `${aside}${mirror.slice(mirror.lastIndexOf('.'))}`;
  Deno.mkdirSync(dirname(name));
  Deno.writeTextFileSync(name, "somebody's work");
  await trash(world, id);
  assert.equal((await world.share()).complete, false);
  assert.equal((await world.share()).complete, true);
  assert.equal(existsSync(mirror), false);
  const found = await planOnly(world.sql, world.config, undefined, findKept);
  assert.deepEqual(found.map(({ reason, bytes, photo }) => [reason, bytes, photo]), [['set-aside', 15, null]]);
  assert.deepEqual((await planOnly(world.sql, world.config, undefined, readShareStatus)).kept, { files: 1, bytes: 15 });
  const nowhere = await world.apply((tools) => restoreKept(tools, found));
  assert.deepEqual([nowhere.done, nowhere.problems.length], [0, 1]);
  const directory = '/external_library/bob_shared/found';
  assert.equal((await world.apply((tools) => restoreKept(tools, found, directory))).done, 1);
  const [restored] = [...Deno.readDirSync(world.local(directory))];
  assert.match(restored?.name ?? '', /^[-0-9a-f]{36}\.\w+$/);
  assert.equal(Deno.readTextFileSync(`${world.local(directory)}/${restored?.name}`), "somebody's work");
  assert.deepEqual(await planOnly(world.sql, world.config, undefined, findKept), []);
});

Deno.test('a kept file is restored to where the original was, if nothing is there, or deleted; then it is forgotten', async () => {
  await using world = await World.open('v3.1.0');
  const { id, original } = await aPhoto(world);
  Deno.writeTextFileSync(original, 'the only copy');
  Deno.chmodSync(original, 0o640);
  Deno.removeSync(original);
  await trash(world, id);
  await world.share();
  const file = (await readKept(world.sql))[0] ?? assert.fail();
  Deno.writeTextFileSync(original, 'somebody was faster');
  const occupied = await world.apply((tools) => restoreKept(tools, [file]));
  assert.deepEqual([occupied.done, occupied.problems.map(({ code }) => code)], [0, ['occupied']]);
  assert.equal(Deno.readTextFileSync(original), 'somebody was faster');
  Deno.removeSync(original);
  assert.deepEqual(await world.apply((tools) => restoreKept(tools, [file])), { done: 1, problems: [] });
  assert.deepEqual([Deno.readTextFileSync(original), await kept(world)], ['the only copy', []]);
  assert.equal((Deno.statSync(original).mode ?? 0) & 0o777, 0o640, 'as it was');
});

Deno.test('a kept file is deleted when a person says so, with its directory', async () => {
  await using world = await World.open('v3.1.0');
  const { id, original } = await aPhoto(world);
  Deno.removeSync(original);
  await trash(world, id);
  await world.share();
  const [file] = await readKept(world.sql);
  assert.deepEqual(await world.apply((tools) => deleteKept(tools, [file ?? assert.fail()])), {
    done: 1,
    problems: [],
  });
  assert.deepEqual([existsSync(world.local(file?.path ?? '')), await kept(world)], [false, []]);
});

/** A file in the place of a mirror's original, of which the journal does not say what we put there. */
const FOUND = { device: 1, inode: 2, size: 3, mtimeMs: 4 };
const SOURCE = { ...FOUND, inode: 9, realPath: '/photos/a.jpg' };

for (
  const [what, names, stamp, source, expected] of [
    ['with another name somewhere, its source there', 2, null, SOURCE, 'unlink-beside'],
    ['with one name, its source there', 1, null, SOURCE, 'keep: another-file'],
    ['with another name, its source gone', 2, null, undefined, 'keep: source-file-gone'],
    ['that is its source itself', 1, null, { ...SOURCE, inode: 2 }, 'unlink-beside'],
    ['that is what we put there, with one name, as its source was replaced', 1, FOUND, SOURCE, 'unlink-beside'],
    ['that is not what we put there, with another name', 2, { ...FOUND, size: 5 }, SOURCE, 'keep: another-file'],
    ['that was written to since, with another name', 2, { ...FOUND, mtimeMs: 5 }, SOURCE, 'keep: another-file'],
    ['with the same number on another disk', 1, null, { ...SOURCE, inode: 2, device: 7 }, 'keep: another-file'],
  ] as const
) {
  Deno.test(`a file ${what}: ${expected}`, () => {
    const fate = fateOf({ ...FOUND, names }, { stamp, source, reason: 'source-trashed', wasMissed: true });
    assert.equal(fate.kind === 'keep' ? `keep: ${fate.reason}` : fate.kind, expected);
  });
}
