import assert from 'node:assert/strict';
import { assetOf } from '../../../src/demo/library_generator/result.ts';
import { World } from '../../share/world.ts';
import { configOf, fingerprints, sumOf, tagsOf, write } from './helper.ts';

const fields = ['caption', 'rating'] as const;

/** A world in which every photo has a caption, the local path of some of them, and nothing written yet. */
async function described(): Promise<World> {
  const world = await World.open('v3.1.0');
  await world.sql`UPDATE asset_exif SET description = 'Something to write'`;
  return world;
}

function pathOf(world: World, key: string): string {
  return Deno.realPathSync(assetOf(world.library, key).localPath);
}

Deno.test('what cannot be written itself gets a sidecar; what has room for neither is counted, remembered and said once', async () => {
  await using world = await described();
  const [broken, film, readOnly, walled] = ['beach', 'picnic', 'portrait', 'birthday'].map((key) =>
    pathOf(world, `family/${key}`)
  ) as [string, string, string, string];
  // A photo that was cut off, a film under the name of a photo, a photo that may not be changed.
  Deno.truncateSync(broken, 300);
  Deno.writeTextFileSync(film, 'RIFF\0\0\0\0AVI LIST' + '\0'.repeat(2000));
  Deno.chmodSync(readOnly, 0o444);
  Deno.writeTextFileSync(walled, 'no photo at all');
  Deno.mkdirSync(`${walled}.xmp`);
  const before = fingerprints([broken, film, readOnly, walled]);

  const first = await write(configOf(world), { fields });
  assert.equal(sumOf(first), first.assets);
  const captions = await tagsOf([broken, film, readOnly].map((path) => `${path}.xmp`));
  for (const [path, tags] of captions) assert.equal(tags['XMP-dc:Description'], 'Something to write', path);
  assert.deepEqual(fingerprints([broken, film, readOnly, walled]), before, 'the originals are as they were');
  const ending = first.troubles.find(({ path }) => path === walled);
  assert.ok(ending !== undefined && ['unwritable', 'failed'].includes(ending.outcome), JSON.stringify(ending));

  const second = await write(configOf(world), { fields });
  assert.equal(second.outcomes.written, 0);
  assert.equal(second.outcomes[ending.outcome], first.outcomes[ending.outcome], 'it ends like that every time');
});

Deno.test('a file that ExifTool can never write is remembered: the next run neither opens nor mentions it', async () => {
  await using world = await described();
  const path = pathOf(world, 'family/beach');
  Deno.writeTextFileSync(path, 'no photo at all');
  Deno.writeTextFileSync(`${path}.xmp`, 'and no sidecar');
  const first = await write(configOf(world), { fields });
  assert.equal(first.outcomes.unwritable, 1, JSON.stringify(first.troubles));
  assert.equal(first.troubles.length, 1);
  const second = await write(configOf(world, { exiftoolPath: '/nonexistent/exiftool' }), { fields });
  assert.equal(second.outcomes.unwritable, 1);
  assert.deepEqual(second.troubles, []);
  assert.equal(Deno.readTextFileSync(`${path}.xmp`), 'and no sidecar');
  Deno.removeSync(`${path}.xmp`);
  const third = await write(configOf(world), { fields });
  assert.equal(third.outcomes.written, 1, 'as soon as there is room it is written');
});

Deno.test('the mirror of a shared photo keeps the whole file that it had, until the next share cycle follows', async () => {
  await using world = await described();
  const shared = await world.share();
  assert.equal(shared.complete, true);
  const source = pathOf(world, 'family/portrait');
  const [row] = await world.sql<{ path: string }[]>`
    SELECT "originalPath" AS path FROM asset WHERE id = ${await world.mirrorOf('family/portrait') ?? null}`;
  const mirror = world.local(row?.path ?? '');
  const before = Deno.statSync(mirror);
  const bytes = Deno.readFileSync(mirror);
  assert.equal(before.ino, Deno.statSync(source).ino);
  const { mode, mtime } = Deno.statSync(source);

  const report = await write(configOf(world), { fields });
  assert.equal(report.complete, true, JSON.stringify(report.troubles));
  assert.ok(report.outcomes.mirror > 20);
  const after = Deno.statSync(source);
  assert.notEqual(after.ino, before.ino);
  assert.deepEqual([after.mode, after.mtime], [mode, mtime]);
  assert.equal(Deno.statSync(mirror).ino, before.ino);
  assert.deepEqual(Deno.readFileSync(mirror), bytes);

  assert.equal((await world.share()).complete, true);
  assert.equal(Deno.statSync(mirror).ino, after.ino, 'the next share cycle gives the mirror the new file');
});

Deno.test('a file that fails is tried again, and keeps none of the others', async () => {
  await using world = await described();
  // One name of the library is so long that there is no room for `.xmp` behind it.
  const config = configOf(world, { destination: 'sidecar' });
  const report = await write(config, { fields });
  assert.equal(report.outcomes.failed, 1, JSON.stringify(report.troubles));
  assert.match(report.troubles[0]?.reason ?? '', /name is too long/);
  assert.equal(report.complete, false);
  assert.ok(report.outcomes.written > 20);
  const again = await write(config, { fields });
  assert.deepEqual([again.outcomes.failed, again.outcomes.written], [1, 0]);
  assert.equal((await write(configOf(world), { fields })).complete, true, 'it can be written itself');
});

Deno.test('a file that changes while it is being planned is left alone and taken next time', async () => {
  await using world = await described();
  const path = pathOf(world, 'family/beach');
  const report = await write(configOf(world), {
    fields,
    onPlan: (_, plan) => {
      if (plan.path === path) Deno.utimeSync(path, new Date(), new Date(1_600_000_000_000));
    },
  });
  assert.equal(report.outcomes['changed-meanwhile'], 1);
  assert.equal(report.complete, false);
  assert.equal(sumOf(report), report.assets);
  const next = await write(configOf(world), { fields });
  assert.deepEqual([next.outcomes.written, next.complete], [1, true]);
});
