/** What the receiver of a photo has done to it is given back when the photo comes back (docs/invariants.md, 11). */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { explainPhotos } from '../../src/share/explain/explain.ts';
import { applyDetach } from '../../src/share/undo/detach.ts';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { readShareStatus } from '../../src/status/share.ts';
import { SPREAD } from '../harness/database.ts';
import { extractMetadata } from '../harness/immich_jobs/metadata.ts';
import { Bob, type Deeds } from './bob.ts';
import { World } from './world.ts';

const LEFT_OUT = 'Not for Bob';

interface Journey {
  readonly name: string;
  readonly go: (world: World, ids: string[], leftOut: string) => Promise<unknown> | void;
  readonly comeBack: (world: World, ids: string[], leftOut: string) => Promise<unknown> | void;
}

/** Whatever makes a photo go, and what makes it come back. */
const JOURNEYS: readonly Journey[] = [
  {
    name: 'trashed and restored',
    go: ({ sql }, ids) => sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ANY (${ids}::uuid[])`,
    comeBack: ({ sql }, ids) =>
      sql`UPDATE asset SET "deletedAt" = NULL, status = 'active' WHERE id = ANY (${ids}::uuid[])`,
  },
  {
    name: 'archived and back on the timeline',
    go: ({ sql }, ids) => sql`UPDATE asset SET visibility = 'archive' WHERE id = ANY (${ids}::uuid[])`,
    comeBack: ({ sql }, ids) => sql`UPDATE asset SET visibility = 'timeline' WHERE id = ANY (${ids}::uuid[])`,
  },
  {
    name: 'locked and unlocked',
    go: ({ sql }, ids) => sql`UPDATE asset SET visibility = 'locked' WHERE id = ANY (${ids}::uuid[])`,
    comeBack: ({ sql }, ids) => sql`UPDATE asset SET visibility = 'timeline' WHERE id = ANY (${ids}::uuid[])`,
  },
  {
    name: 'offline for longer than its grace',
    go: ({ sql }, ids) =>
      sql`UPDATE asset SET "isOffline" = true, "deletedAt" = now() - interval '25 hours' WHERE id = ANY (${ids}::uuid[])`,
    comeBack: ({ sql }, ids) =>
      sql`UPDATE asset SET "isOffline" = false, "deletedAt" = NULL WHERE id = ANY (${ids}::uuid[])`,
  },
  {
    name: 'left out by a criterion, and not any more',
    go: (world, ids, leftOut) => new Bob(world).inImmich.putInto(leftOut, ids),
    comeBack: (world, ids, leftOut) => new Bob(world).inImmich.takeOut(leftOut, ids),
  },
  {
    name: 'of a job that is taken out and put back',
    go: (world) => world.setJobs(world.config.jobs.filter(({ name }) => name !== 'family to bob')),
    comeBack: (world) => world.setJobs(jobsOf(world)),
  },
];

const JOBS = new WeakMap<World, World['config']['jobs']>();

function jobsOf(world: World): World['config']['jobs'] {
  return JOBS.get(world) ?? [];
}

for (const release of SPREAD) {
  Deno.test(`${release}: a photo that comes back has all that its receiver had done to it, whatever it was away for`, async () => {
    await using world = await World.open(release);
    const bob = new Bob(world);
    const leftOut = await bob.inImmich.makeAlbum('alice', LEFT_OUT);
    const except = { albums: [LEFT_OUT], people: [], tags: [], paths: [] };
    world.setJobs(world.config.jobs.map((job) => ({ ...job, except })));
    JOBS.set(world, world.config.jobs);
    await world.share();
    const all = await bob.photos();
    const ids = all.slice(0, 4);
    await bob.isBusy(ids, all);
    await world.share();
    const before = await bob.account(all);
    assertBusy(ids.map((id) => before[id]), bob.hasEdits);
    const inAlbum = Object.values(before).filter(({ albums }) => albums.some((name) => /best/.test(name)));
    assert.equal(inAlbum.length, all.length);
    for (const { name, go, comeBack } of JOURNEYS) {
      const former = await Promise.all(ids.map((id) => world.mirrorOfId(id)));
      await go(world, ids, leftOut);
      await world.share({ isFull: false });
      assert.equal((await world.sql`SELECT FROM asset WHERE id = ANY (${former}::uuid[])`).length, 0, name);
      await comeBack(world, ids, leftOut);
      const report = await world.share({ isFull: false });
      assert.deepEqual([report.problems, report.jobs.flatMap(({ problems }) => problems)], [[], []], name);
      assert.deepEqual(await bob.account(all), before, name);
      assert.deepEqual(await rest(world), [0, 0], name);
    }
  });
}

Deno.test('the pictures of a crop go with it, and Immich makes them anew when it is back', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const bob = new Bob(world);
  const [photo = ''] = await bob.photos();
  await bob.crops(await world.mirrorOfId(photo));
  const pictures = await edited(world, photo);
  assert.equal(pictures.length, 3);
  await lock(world, photo);
  await world.share();
  assert.deepEqual(pictures.filter((path) => existsSync(world.local(path))), []);
  await unlock(world, photo);
  await world.share();
  const [mirror] = await world.sql`SELECT "isEdited", width FROM asset WHERE id = ${await world.mirrorOfId(photo)}`;
  assert.deepEqual({ ...mirror }, { isEdited: true, width: 90 });
  assert.deepEqual(await edited(world, photo), [], 'which is what the nightly job looks for');
});

Deno.test('what the receiver has deleted, or sees no more, is passed over; a cover that they have chosen since stays', async () => {
  await using world = await World.open('v3.1.0');
  const bob = new Bob(world);
  const { sql } = world;
  await world.share();
  const [one = '', two = '', three = ''] = await bob.photos();
  const mirrors = await Promise.all([one, two, three].map((id) => world.mirrorOfId(id))) as [string, string, string];
  const gone = await bob.inImmich.makeAlbum('bob', 'Gone', mirrors);
  const alices = await bob.inImmich.makeAlbum('alice', 'Of Alice', [mirrors[0]]);
  await bob.inImmich.invite(alices, 'bob');
  const [automatic, chosen] = [
    await bob.inImmich.makeAlbum('bob', 'Automatic', mirrors),
    await bob.inImmich.makeAlbum('bob', 'Chosen', mirrors),
  ];
  const cover = (id: string | undefined, albums: string[]) =>
    sql`UPDATE album SET "albumThumbnailAssetId" = ${id ?? null} WHERE id = ANY (${albums}::uuid[])`;
  await cover(mirrors[0], [gone, automatic, chosen]);
  const [stack] = await sql<{ id: string }[]>`
    INSERT INTO stack ("primaryAssetId", "ownerId") VALUES (${mirrors[0]}, ${bob.id}) RETURNING id`;
  await sql`UPDATE asset SET "stackId" = ${stack?.id ?? ''} WHERE id = ANY (${mirrors}::uuid[])`;
  await lock(world, one);
  await world.share();
  const byAge = await sql<{ id: string }[]>`
    SELECT id FROM asset WHERE id = ANY (${mirrors.slice(1)}::uuid[]) ORDER BY "fileCreatedAt" DESC, id`;
  await cover(byAge[0]?.id, [automatic]);
  await cover(byAge[1]?.id, [chosen]);
  await bob.inImmich.deleteAlbum(gone);
  await bob.inImmich.dismiss(alices, 'bob');
  await sql`UPDATE asset SET "stackId" = NULL WHERE "stackId" = ${stack?.id ?? ''}`;
  await sql`DELETE FROM stack WHERE id = ${stack?.id ?? ''}`;
  await unlock(world, one);
  const report = await world.share();
  assert.deepEqual([report.problems, report.complete], [[], true]);
  const account = (await bob.account([one]))[one];
  assert.deepEqual(account?.albums.filter((name) => !name.startsWith('From Alice')), ['Automatic*', 'Chosen']);
  assert.deepEqual(account?.stack, []);
});

Deno.test('a stack of the receiver whose members go and come back one after the other is whole again, with its first', async () => {
  await using world = await World.open('v3.1.0');
  const bob = new Bob(world);
  const { sql } = world;
  await world.share();
  const photos = (await bob.photos()).slice(0, 3);
  const mirrors = await Promise.all(photos.map((id) => world.mirrorOfId(id)));
  const [stack] = await sql<{ id: string }[]>`
    INSERT INTO stack ("primaryAssetId", "ownerId") VALUES (${mirrors[1] ?? ''}, ${bob.id}) RETURNING id`;
  await sql`UPDATE asset SET "stackId" = ${stack?.id ?? ''} WHERE id = ANY (${mirrors}::uuid[])`;
  const before = await bob.account(photos);
  const [one = '', first = '', three = ''] = photos;
  for (const id of [first, three, one]) {
    await lock(world, id);
    await world.share({ isFull: false });
  }
  assert.equal((await sql`SELECT FROM stack WHERE "ownerId" = ${bob.id} AND id = ${stack?.id ?? ''}`).length, 0);
  for (const id of [three, one, first]) {
    await unlock(world, id);
    await world.share({ isFull: false });
  }
  assert.deepEqual(await bob.account(photos), before);
  assert.deepEqual(await rest(world), [0, 0]);
});

Deno.test('of a locked photo nothing is remembered that may be its own; it goes also when nothing can be remembered', async () => {
  await using world = await World.open('v3.1.0');
  const bob = new Bob(world);
  await world.share();
  const [one = '', two = ''] = await bob.photos();
  const mirror = await world.mirrorOfId(one);
  await world.sql`UPDATE asset SET "isFavorite" = true WHERE id = ANY (${[
    mirror,
    await world.mirrorOfId(two),
  ]}::uuid[])`;
  await extractMetadata(world, mirror, { description: 'in the file of Alice', latitude: 48.5, longitude: 9 });
  await lock(world, one);
  await world.share();
  const [known] = await world.sql<{ own: Record<string, string>; exif: unknown; asset: unknown }[]>`
    SELECT own, exif, asset FROM immich_sidecar_remembered.photo`;
  assert.deepEqual([Object.keys(known?.own ?? {}), known?.exif, known?.asset], [['favorite'], {}, {
    isFavorite: true,
  }]);

  await world.sql`ALTER TABLE immich_sidecar_remembered.photo ADD CHECK (false) NOT VALID`;
  await lock(world, two);
  const report = await world.share();
  assert.equal(
    await world.sql`SELECT FROM immich_sidecar.asset_map WHERE source_asset_id = ${two}`.then((rows) => rows.length),
    0,
  );
  const problems = [...report.problems, ...report.jobs.flatMap((job) => job.problems)];
  assert.deepEqual(problems.map(({ code, where }) => [code, where.assetId]), [['not-remembered', two]]);
});

Deno.test('what is remembered is told by status and explain, and forgotten when the photo is deleted for good', async () => {
  await using world = await World.open('v3.1.0');
  const bob = new Bob(world);
  await world.share();
  const [one = '', two = ''] = await bob.photos();
  for (const id of [one, two]) {
    await world.sql`UPDATE asset SET "isFavorite" = true WHERE id = ${await world.mirrorOfId(id)}`;
    await lock(world, id);
  }
  await world.share();
  await world.apply(async (_tools, view) => {
    const { remembered } = await readShareStatus(view.sql, view);
    assert.deepEqual([...remembered], [{ job: 'family to bob', photos: 2 }]);
    const [explained] = await explainPhotos(view.sql, view, one);
    assert.ok(explained?.jobs.some(({ rememberedSince }) => rememberedSince !== null));
  });
  await world.sql`DELETE FROM asset WHERE id = ${one}`;
  const report = await world.share({ isFull: false });
  assert.equal(report.forsaken, 1);
  assert.deepEqual(await rest(world), [1, 0]);
});

for (const keep of [false, true]) {
  Deno.test(`unshare${keep ? ' --keep' : ''} leaves nothing of what was remembered, also of a job of which nothing else is left`, async () => {
    await using world = await World.open('v3.1.0');
    const bob = new Bob(world);
    await world.share();
    const all = await bob.photos();
    await bob.isBusy(all.slice(0, 4), all);
    for (const id of all.slice(0, 4)) await lock(world, id);
    world.setJobs(world.config.jobs.filter(({ name }) => name !== 'family to bob'));
    await world.share();
    assert.notDeepEqual(await rest(world), [0, 0]);
    await world.apply(async (tools, view) => {
      const plan = await planUnshare(view.sql, view, { job: 'family to bob' });
      assert.equal(plan.mirrors.length, 0);
      const result = await (keep ? applyDetach : applyUnshare)(tools, plan, () => {});
      assert.deepEqual(result.problems, []);
    });
    assert.deepEqual(await rest(world), [0, 0]);
  });
}

function assertBusy([one, two, three, four]: readonly (Deeds | undefined)[], hasEdits: boolean): void {
  assert.deepEqual([one?.isFavorite, one?.description, one?.rating], [true, 'his words', 4]);
  assert.ok(one?.takenAt?.startsWith('2001-02-03') && one.albums.includes('The best*'));
  assert.deepEqual((hasEdits ? one : two)?.tags, hasEdits ? ['mine', 'mine/best'] : ['by hand']);
  assert.ok(
    two?.visibility === 'archive' && two.albums.some((name) => !name.startsWith('The best') && name.endsWith('*')),
  );
  assert.deepEqual([three?.memories, three?.links, three?.stack.length], [1, 1, 2]);
  assert.equal(four?.albums.length, 1, 'taken out of the album of the job');
  if (hasEdits) assert.deepEqual([four?.edits.length, four?.size], [1, [90, 80]]);
}

async function lock({ sql }: World, id: string): Promise<void> {
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${id}`;
}

async function unlock({ sql }: World, id: string): Promise<void> {
  await sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${id}`;
}

/** The edited pictures of the mirror of a photo. */
async function edited(world: World, source: string): Promise<string[]> {
  const rows = await world.sql<{ path: string }[]>`
    SELECT path FROM asset_file WHERE "assetId" = ${await world.mirrorOfId(source)} AND "isEdited"`;
  return rows.map(({ path }) => path);
}

/** How many mirrors and stacks are remembered. */
async function rest({ sql }: World): Promise<number[]> {
  const [row] = await sql<{ counts: number[] }[]>`
    SELECT ARRAY[
      (SELECT count(*)::int FROM immich_sidecar_remembered.photo),
      (SELECT count(*)::int FROM immich_sidecar_remembered.stack)
    ] AS counts`;
  return row?.counts ?? [];
}
