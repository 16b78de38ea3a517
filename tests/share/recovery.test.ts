import { describeProblem } from '../../src/problems/problem.ts';
import assert from 'node:assert/strict';
import { jobsOf } from '../../src/demo/jobs.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

Deno.test('files that were linked for rows that never came are removed at the next start, and nothing else is', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const [tables, files] = [await digestTables(world.sql), listFiles(world.directory)];

  // What a kill between linking and copying leaves: a journal row and a file; and one between journal and linking: a row.
  const bob = world.library.users.bob.id;
  const [linked, planned] = [crypto.randomUUID(), crypto.randomUUID()];
  const keep = `/data/thumbs/${bob}`;
  const path = `${keep}/zz/yy/${linked}_preview.jpeg`;
  Deno.mkdirSync(world.local(`${keep}/zz/yy`), { recursive: true });
  const source = world.library.assets.find(({ key }) => key === 'family/portrait')?.localPath ?? '';
  Deno.linkSync(source, world.local(path));
  await world.sql`
    INSERT INTO immich_sidecar.link (mirror_id, path, keep)
    VALUES (${linked}, ${path}, ${keep}), (${planned}, ${`${keep}/zz/yy/${planned}_preview.jpeg`}, ${keep})`;

  const report = await world.share();
  assert.equal(report.settled, 2);
  const after = await digestTables(world.sql);
  assert.deepEqual({ ...after, 'immich_sidecar.run': '' }, { ...tables, 'immich_sidecar.run': '' });
  assert.deepEqual(listFiles(world.directory), files, 'with the directories that were made for it');
});

Deno.test('a mirror that cannot lose its files keeps its rows, is reported, and goes when they can', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const mirror = await world.mirrorOf('family/portrait') ?? '';
  const [preview] = await world.sql<{ path: string }[]>`
    SELECT path FROM asset_file WHERE "assetId" = ${mirror} AND type = 'preview'`;
  const local = world.local(preview?.path ?? '');
  Deno.removeSync(local);
  Deno.mkdirSync(`${local}/in-the-way`, { recursive: true });
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/portrait')}`;
  const report = await world.share();
  assert.equal(report.complete, false);
  assert.match(
    report.jobs[0]?.problems.map(describeProblem).join() ?? '',
    /the next cycle tries again: it is not a regular file/,
  );
  assert.equal(await world.mirrorOf('family/portrait'), mirror);
  Deno.removeSync(local, { recursive: true });
  assert.equal((await world.share()).complete, true);
  assert.equal(await world.mirrorOf('family/portrait'), undefined);
});

Deno.test('everything can be withdrawn: without jobs for Bob his account and the disk are as before', async () => {
  await using world = await World.open('v3.1.0');
  const immich = (digests: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(digests).filter(([table]) => table.startsWith('public.') && !table.includes('_audit')),
    );
  const inodes = (files: Record<string, string>) => Object.keys(files).sort();
  const [tables, files] = [immich(await digestTables(world.sql)), inodes(listFiles(world.directory))];
  world.setJobs(world.config.jobs.map((job) => ({ ...job, albumId: undefined })));
  await world.share();
  world.setJobs(
    jobsOf(world.library, 'carol').map((job) => ({ ...job, sourcePathPrefix: '/external_library/alice/none/' })),
  );
  await world.share();
  assert.deepEqual(immich(await digestTables(world.sql)), tables);
  assert.deepEqual(inodes(listFiles(world.directory)), files);
});
