import assert from 'node:assert/strict';
import { assetOf } from '../../../src/demo/library_generator/result.ts';
import { World } from '../../share/world.ts';
import { setTags } from '../files/set_tags.ts';
import { configOf, fingerprints, libraryFiles, plan, stateOf, tagsOf, undoAll, write } from './helper.ts';

/** Everything in the library by path, byte for byte. */
function bytesOf(world: World): Map<string, Uint8Array> {
  return new Map(libraryFiles(world).map((path) => [path, Deno.readFileSync(path)]));
}

Deno.test('undo gives everything back byte for byte, photos and films, too; what was made goes', async () => {
  await using world = await World.open('v3.1.0');
  const bytes = bytesOf(world);
  const config = configOf(world, { destination: 'both' });
  const report = await write(config);
  assert.equal(report.complete, true, JSON.stringify(report.troubles));
  assert.ok(report.sidecarsWritten > 20 && report.mediaWritten > 20);
  const written = fingerprints(libraryFiles(world));

  const shown = await undoAll(config, { isDryRun: true });
  assert.equal(shown?.outcomes['would-undo'], report.mediaWritten + report.sidecarsWritten);
  assert.equal(await undoAll(config, { confirm: () => false }), undefined);
  assert.deepEqual(fingerprints(libraryFiles(world)), written, 'neither changed anything');

  const undone = await undoAll(config);
  assert.equal(undone?.complete, true);
  assert.equal(undone?.outcomes.undone, report.mediaWritten + report.sidecarsWritten);
  assert.deepEqual([...bytesOf(world).keys()], [...bytes.keys()]);
  for (const [path, now] of bytesOf(world)) assert.deepEqual(now, bytes.get(path), path);
  await assert.rejects(undoAll(config), { name: 'UserError', message: /knows of no change/ });
  const { report: again } = await plan(config);
  assert.equal(again.outcomes['would-write'], report.outcomes.written, 'the next run would write it all again');
});

Deno.test('undo of several runs goes back step by step, for one photo or for a run; what was changed since stays', async (t) => {
  await using world = await World.open('v3.1.0');
  const config = configOf(world);
  const [beach, picnic] = ['family/beach', 'family/picnic'].map((key) =>
    Deno.realPathSync(assetOf(world.library, key).localPath)
  ) as [string, string];
  const describe = (key: string, text: string) =>
    world.sql`UPDATE asset_exif SET description = ${text} WHERE "assetId" = ${world.id(key)}`;
  const descriptions = async () => {
    const tags = await tagsOf([beach, picnic]);
    return [beach, picnic].map((path) => tags.get(path)?.['XMP-dc:Description']);
  };
  const original = await tagsOf([beach, picnic]);
  const runs: number[] = [];
  for (const text of ['one', 'two', 'three']) {
    await describe('family/beach', text);
    if (text !== 'two') await describe('family/picnic', text);
    const report = await write(config, { fields: ['caption'] });
    assert.equal(report.complete, true);
    runs.push(report.run ?? 0);
  }
  assert.deepEqual(await descriptions(), ['three', 'three']);

  await t.step('a run that a later one has built upon stays, and says so', async () => {
    const reasons: (string | undefined)[] = [];
    const report = await undoAll(config, {
      scope: { runId: runs[1], paths: [] },
      onChange: (_, __, reason) => reasons.push(reason),
    });
    assert.deepEqual([report?.outcomes['changed-since'], report?.complete], [1, false]);
    assert.deepEqual(reasons, [`run ${runs[2]} has written it since; undo that first`]);
    assert.deepEqual(await descriptions(), ['three', 'three']);
  });

  await t.step('the last run', async () => {
    assert.equal((await undoAll(config))?.complete, true);
    assert.deepEqual(await descriptions(), ['two', 'one']);
  });

  await t.step('everything that was ever written into one photo', async () => {
    const report = await undoAll(config, { scope: { paths: [beach] } });
    assert.deepEqual([report?.outcomes.undone, report?.complete], [2, true]);
    assert.deepEqual((await tagsOf([beach])).get(beach), original.get(beach));
    assert.deepEqual(await descriptions(), [original.get(beach)?.['XMP-dc:Description'], 'one']);
  });

  await t.step('of a photo that somebody else has changed since only what we wrote goes', async () => {
    await setTags(picnic, { 'XMP-dc:Title': 'by somebody else' });
    const report = await undoAll(config, { scope: { paths: [`${world.directory}/external`] } });
    assert.equal(report?.complete, true);
    const { 'XMP-dc:Title': title, ...rest } = (await tagsOf([picnic])).get(picnic) ?? {};
    assert.equal(title, 'by somebody else');
    assert.deepEqual(rest, original.get(picnic));
  });
});

Deno.test('a photo that was copied since, and is the one that was written byte for byte, gets its bytes back', async () => {
  await using world = await World.open('v3.1.0');
  const config = configOf(world);
  const path = Deno.realPathSync(assetOf(world.library, 'family/beach').localPath);
  const bytes = Deno.readFileSync(path);
  await write(config);
  const written = Deno.readFileSync(path);
  assert.notDeepEqual(written, bytes);
  Deno.removeSync(path);
  Deno.writeFileSync(path, written);
  const report = await undoAll(config, { scope: { paths: [path] } });
  assert.deepEqual([report?.outcomes.undone, report?.complete], [1, true]);
  assert.deepEqual(Deno.readFileSync(path), bytes);
});

Deno.test('what was written before bytes were kept is undone tag for tag', async () => {
  await using world = await World.open('v3.1.0');
  const config = configOf(world);
  const path = Deno.realPathSync(assetOf(world.library, 'family/beach').localPath);
  const before = (await tagsOf([path])).get(path);
  await write(config);
  Deno.removeSync(`${stateOf(world)}/undo.sqlite`);
  const report = await undoAll(config, { scope: { paths: [path] } });
  assert.deepEqual([report?.outcomes.undone, report?.complete], [1, true]);
  assert.deepEqual((await tagsOf([path])).get(path), before);
});

Deno.test('what somebody has changed since stays and is listed, and everything else is as it was', async () => {
  await using world = await World.open('v3.1.0');
  const config = configOf(world);
  const beach = Deno.realPathSync(assetOf(world.library, 'family/beach').localPath);
  const picnic = Deno.realPathSync(assetOf(world.library, 'family/picnic').localPath);
  await world.sql`UPDATE asset_exif SET description = 'Said in Immich', rating = 3`;
  const fields = ['people', 'caption', 'rating'] as const;
  await setTags(beach, { 'XMP-dc:Subject': ['sea'], 'XMP-xmp:Rating': 1 });
  const before = (await tagsOf([beach])).get(beach);
  await write(config, { fields });
  await setTags(beach, { 'XMP-dc:Description': 'by somebody else', 'XMP-dc:Subject': ['Dora Example', 'sand'] });
  // Nothing is left there of what was written.
  await setTags(picnic, {}, ['-all=']);
  await setTags(picnic, { 'XMP-dc:Description': 'mine', 'IFD0:ImageDescription': 'mine', 'XMP-xmp:Rating': 1 });
  const bytes = Deno.readFileSync(picnic);
  const reasons = new Map<string, string | undefined>();
  const report = await undoAll(config, {
    scope: { paths: [beach, picnic] },
    onChange: ({ plan }, outcome, reason) => reasons.set(plan.path, `${outcome}: ${reason}`),
  });
  const { 'undone-in-part': inPart, 'changed-since': since } = report?.outcomes ?? {};
  assert.deepEqual([inPart, since, report?.complete], [1, 1, false], JSON.stringify([...reasons]));
  assert.equal(reasons.get(beach), 'undone-in-part: XMP-dc:Description was changed since and left alone');
  const after = (await tagsOf([beach])).get(beach) ?? {};
  assert.deepEqual(
    [after['XMP-dc:Description'], [after['XMP-dc:Subject']].flat(), after['XMP-xmp:Rating']],
    ['by somebody else', ['sand'], 1],
  );
  const others = (tags: Record<string, unknown> = {}) =>
    Object.entries(tags).filter(([tag]) => !['XMP-dc:Description', 'XMP-dc:Subject'].includes(tag));
  assert.deepEqual(others(after), others(before));
  assert.equal(reasons.get(picnic), 'changed-since: all that was written was changed since');
  assert.deepEqual(Deno.readFileSync(picnic), bytes);
  await assert.rejects(undoAll(config, { scope: { paths: [beach] } }), /knows of no change/);
});
