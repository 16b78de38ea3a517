import assert from 'node:assert/strict';
import { loadConfig } from '../../../src/config/load.ts';
import { assetOf } from '../../../src/demo/library_generator/result.ts';
import { World } from '../../share/world.ts';
import { configOf, fingerprints, libraryFiles, sumOf, tagsOf, write } from './helper.ts';

const LONG_AGO = new Date('2020-01-02T03:04:05Z');
const fields = ['caption'] as const;

async function describedWorld(): Promise<World> {
  const world = await World.open('v3.1.0');
  await world.sql`UPDATE asset_exif SET description = 'Said in Immich'`;
  return world;
}

function pathOf(world: World, key: string): string {
  return Deno.realPathSync(assetOf(world.library, key).localPath);
}

Deno.test('a JPEG of which 60 % has arrived is left for the next run, and then nothing of it is missing', async () => {
  await using world = await describedWorld();
  const config = configOf(world);
  const path = pathOf(world, 'family/beach');
  const bytes = await Deno.readFile(path);
  const picture = (await tagsOf([path])).get(path)?.['File:ImageDataHash'];
  const arrived = Math.floor(bytes.length * 0.6);
  const copier = await Deno.open(path, { write: true, truncate: true });
  try {
    await copier.write(bytes.subarray(0, arrived));
    await Deno.utime(path, LONG_AGO, LONG_AGO);
    const before = Deno.lstatSync(path).ino;
    const first = await write(config, { fields });
    assert.equal(first.outcomes['still-changing'], 1);
    assert.deepEqual([first.complete, sumOf(first)], [true, first.assets]);
    assert.equal(first.troubles.find((trouble) => trouble.path === path)?.reason, 'its end has not arrived yet');
    assert.equal(Deno.lstatSync(path).ino, before, 'it is the file that the copier has open');
    assert.deepEqual(libraryFiles(world).filter((file) => file.startsWith(`${path}.`)), [], 'no sidecar either');
    await copier.write(bytes.subarray(arrived));
  } finally {
    copier.close();
  }
  assert.deepEqual(await Deno.readFile(path), bytes);
  const second = await write(config, { fields });
  assert.deepEqual([second.outcomes['still-changing'], second.outcomes.written], [0, 1]);
  const tags = (await tagsOf([path])).get(path);
  assert.equal(tags?.['File:ImageDataHash'], picture);
  assert.equal(tags?.['XMP-dc:Description'], 'Said in Immich');
});

/** Makes it look as if nobody had touched a file for long: another name, as a mirror has, and an old time. */
function settle(world: World, path: string): void {
  Deno.linkSync(path, `${world.directory}/${crypto.randomUUID()}`);
  Deno.utimeSync(path, LONG_AGO, LONG_AGO);
}

Deno.test('what changed less than WRITE_SETTLE_SECONDS ago is left; at the end of the run it is looked at once more', async () => {
  await using world = await describedWorld();
  const config = configOf(world, { settleSeconds: 3600 });
  const before = fingerprints(libraryFiles(world));
  const none = await write(config, { fields });
  assert.deepEqual(fingerprints(libraryFiles(world)), before, 'its files were made a moment ago');
  assert.ok(none.outcomes['still-changing'] > 20);
  assert.deepEqual([none.outcomes.written, none.complete, sumOf(none)], [0, true, none.assets]);

  const [beach, picnic] = [pathOf(world, 'family/beach'), pathOf(world, 'family/picnic')];
  settle(world, beach);
  const planned: string[] = [];
  const report = await write(config, {
    fields,
    onPlan: (_, { path }) => {
      if (planned.length === 0) settle(world, picnic);
      planned.push(path);
    },
  });
  assert.deepEqual(planned, [beach, picnic]);
  assert.deepEqual([report.outcomes.written, sumOf(report)], [2, report.assets]);
  assert.equal(report.outcomes['still-changing'], none.outcomes['still-changing'] - 2);
});

Deno.test('what is as the ledger has it was whole then: a second run does not wait for what the first has written', async () => {
  await using world = await describedWorld();
  const first = await write(configOf(world), { fields });
  const { outcomes } = await write(configOf(world, { settleSeconds: 3600 }), { fields: ['caption', 'time'] });
  assert.ok(first.outcomes.written > 20);
  assert.ok(outcomes.written + outcomes['already-right'] >= first.outcomes.written);
  assert.equal(outcomes['still-changing'], 0, 'every file was looked at by the first run');
});

Deno.test('a sidecar that another program has just written is not written to', async () => {
  await using world = await describedWorld();
  const path = pathOf(world, 'family/beach');
  settle(world, path);
  const theirs =
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>';
  await Deno.writeTextFile(`${path}.xmp`, theirs);
  const report = await write(configOf(world, { settleSeconds: 3600 }), { fields });
  assert.equal(report.outcomes.written, 0);
  assert.match(
    report.troubles.find((trouble) => trouble.path === path)?.reason ?? '',
    /^its sidecar: it changed a moment/,
  );
  assert.equal(await Deno.readTextFile(`${path}.xmp`), theirs);
  assert.equal((await write(configOf(world), { fields })).outcomes['still-changing'], 0);
  assert.notEqual(await Deno.readTextFile(`${path}.xmp`), theirs);
});

Deno.test('a run that goes on looks again at what somebody was at work on', async () => {
  await using world = await describedWorld();
  settle(world, pathOf(world, 'family/beach'));
  const config = configOf(world, { settleSeconds: 3600 });
  const stop = new AbortController();
  const first = await write(config, { fields, signal: stop.signal, onPlan: () => stop.abort() });
  assert.equal(first.interrupted, true);
  const second = await write({ ...config, write: { ...config.write, settleSeconds: 0 } }, { fields, isResume: true });
  assert.equal(second.run, first.run);
  assert.equal(second.outcomes['still-changing'], 0);
  assert.ok(second.outcomes.written > 20);
});

Deno.test('a minute is what is waited for when nobody says anything', () => {
  assert.equal(loadConfig({ env: {}, cwd: '/nowhere', needJobs: false }).write.settleSeconds, 60);
});
