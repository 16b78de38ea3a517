/** What is said of names in the configuration that stand for something that is called otherwise now. */
import { configure, type LogRecord, reset } from '@logtape/logtape';
import assert from 'node:assert/strict';
import type { Config, SelectConfig } from '../../src/config/config.ts';
import { type CycleReport, problemsOf } from '../../src/share/cycle/report.ts';
import { InImmich } from './deeds_in_immich.ts';
import { tellCounts } from './idle.ts';
import { Engine } from './oracle/engine.ts';
import { makeLibraries, sharedBetween, sharingAlbums } from './shared_albums_world.ts';
import { World } from './world.ts';

/** The warnings since it was asked last, as sentences. */
async function listen(): Promise<() => string[]> {
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { all: (record) => void records.push(record) },
    loggers: [
      { category: ['immich-sidecar'], lowestLevel: 'debug', sinks: ['all'] },
      { category: ['logtape', 'meta'], lowestLevel: 'error', sinks: [] },
    ],
  });
  return () =>
    records.splice(0).filter(({ level }) => level === 'warning').map(({ message }) => message.map(String).join(''));
}

/**
 * One warning in the cycle after a deed, then silence: while nothing happens, when everything is looked at, and after the next start. `looked`: at what that cycle looks.
 * With `isOtherProcess` it is the first of a new process.
 */
async function isSaidOnce(
  world: World,
  does: () => Promise<unknown>,
  expected: readonly RegExp[],
  { looked, isOtherProcess = false }: { readonly looked: CycleReport['scope']; readonly isOtherProcess?: boolean },
): Promise<void> {
  const mirrors = async () =>
    (await world.sql<{ id: string }[]>`SELECT mirror_asset_id AS id FROM immich_sidecar.asset_map ORDER BY 1`)
      .map(({ id }) => id);
  const heard = await listen();
  let engine = await Engine.start(world.config);
  try {
    await engine.untilIdle(world.sql);
    heard();
    const before = await mirrors();
    assert.ok(before.length > 0);
    await does();
    await tellCounts(world.sql);
    if (isOtherProcess) {
      await engine.end();
      engine = await Engine.start(world.config);
    }
    assert.equal((await engine.cycle()).scope, looked);
    const said = heard();
    assert.equal(said.length, expected.length, said.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(said[index] ?? '', pattern);
    await engine.untilIdle(world.sql);
    await engine.cycle({ isFull: true });
    assert.deepEqual(heard(), [], 'once');
    assert.deepEqual(await mirrors(), before, 'what is called otherwise goes on to be meant');
  } finally {
    await engine.end();
    await reset();
  }
  const later = await listen();
  try {
    await world.share();
    assert.deepEqual(later(), [], 'nor by the next process');
  } finally {
    await reset();
  }
}

Deno.test('an album, a person or a tag that is renamed is told of once, and goes on to be meant', async (t) => {
  await using world = await World.open('v3.3.0');
  const { sql, library, people: { personKey } } = world;
  const immich = new InImmich(world);
  const album = await immich.makeAlbum('alice', 'Family', [world.id('family/portrait')]);
  const tag = await immich.makeTag('alice', 'shared');
  await immich.tag(tag, world.id('family/harbour'));
  const gustav = library.people['alice/gustav'];
  const uploads = world.config.jobs.at(-1);
  assert.ok(uploads !== undefined && gustav !== undefined);
  const select: SelectConfig = {
    albums: ['Family'],
    people: [gustav.name],
    tags: ['shared'],
    paths: [],
    peopleMatch: 'any',
    favorites: false,
  };
  world.setJobs([{ ...uploads, name: 'chosen', kind: 'any', albumId: undefined, select }]);
  const rename = (name: string) => sql`UPDATE person SET name = ${name} WHERE ${sql(personKey)} = ${gustav.id}`;
  const steps: Readonly<Record<string, Parameters<typeof isSaidOnce>>> = {
    'an album': [world, () => immich.renameAlbum(album, 'La famille'), [
      /^The album "Family" is called "La famille" now\. What the configuration calls "Family" goes on to mean it\.$/,
    ], { looked: 'changes' }],
    'an album, while the program does not run': [world, () => immich.renameAlbum(album, 'Familie'), [
      /^The album "La famille" is called "Familie" now\. What the configuration calls "Family" goes on to mean it\.$/,
    ], { looked: 'changes', isOtherProcess: true }],
    'a person': [world, () => rename('Augustus'), [
      /^The person ".+" is called "Augustus" now\./,
    ], { looked: 'changes' }],
    'a person, while the program does not run': [world, () => rename('Gus'), [
      /^The person "Augustus" is called "Gus" now\./,
    ], { looked: 'changes', isOtherProcess: true }],
    // Others may lie below it now.
    'a tag': [world, () => sql`UPDATE tag SET value = 'seen by Bob' WHERE id = ${tag}`, [
      /^The tag "shared" is called "seen by Bob" now\./,
    ], { looked: 'everything' }],
  };
  for (const [what, parameters] of Object.entries(steps)) await t.step(what, () => isSaidOnce(...parameters));
});

Deno.test('a shared album that is named and renamed is told of once, however many pairs there are', async () => {
  await using world = await World.open('v3.3.0');
  const immich = new InImmich(world);
  await world.sql`DELETE FROM album`;
  await makeLibraries(world);
  const album = await immich.makeAlbum('alice', 'Family', [world.id('family/portrait'), world.id('bob/dog')]);
  await immich.invite(album, 'bob');
  await immich.invite(album, 'carol');
  world.config = sharingAlbums(world, { albums: ['Family'] });
  await isSaidOnce(world, () => immich.renameAlbum(album, 'La famille'), [
    /^The album "Family" is called "La famille" now\./,
  ], { looked: 'everything' });
});

Deno.test('shared albums: an album that is renamed, and has a name from then on that is chosen or left out, counts in the next cycle', async (t) => {
  await using world = await World.open('v3.3.0');
  const immich = new InImmich(world);
  await world.sql`DELETE FROM album`;
  await makeLibraries(world);
  const album = await immich.makeAlbum('alice', 'Trip', [world.id('family/portrait'), world.id('uploads/cat')]);
  await immich.invite(album, 'bob');
  const own = await immich.makeAlbum('alice', 'Holidays', [world.id('family/portrait')]);
  const bobs = async () => (await sharedBetween(world))['alice to bob'] ?? [];
  const renamed = async (config: Config, id: string, name: string) => {
    await using engine = await Engine.start(config);
    await engine.untilIdle(world.sql);
    const before = await bobs();
    await immich.renameAlbum(id, name);
    await tellCounts(world.sql);
    const report = await engine.cycle();
    return { before, after: await bobs(), problems: problemsOf(report) };
  };
  const all = ['family/portrait', 'uploads/cat'];
  await t.step('never: no album had the name', async () => {
    const never = { albums: ['Secret'], people: [], tags: [], paths: [] };
    assert.deepEqual(await renamed(sharingAlbums(world, { never }), own, 'Secret'), {
      before: all,
      after: ['uploads/cat'],
      problems: [],
    });
  });
  await t.step('except: no album had the name', async () => {
    assert.deepEqual(await renamed(sharingAlbums(world, { exceptAlbums: ['Private'] }), album, 'Private'), {
      before: all,
      after: [],
      problems: [],
    });
  });
  await t.step('a name that has fitted nothing', async () => {
    const { jobs: [job] } = world.config;
    assert.ok(job !== undefined);
    const config = { ...sharingAlbums(world, { albums: ['Family'] }), jobs: [{ ...job, albumId: undefined }] };
    assert.deepEqual((await renamed(config, album, 'Family')).problems, []);
  });
});
