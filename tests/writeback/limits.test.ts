import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { Commits } from '../../src/writeback/ledger/commits.ts';
import { WRITE_LIMITS } from '../../src/writeback/limits.ts';
import { locateExifTool } from '../../src/writeback/exiftool/location.ts';
import { ExifToolPool } from '../../src/writeback/exiftool/pool.ts';
import { WriteTally } from '../../src/writeback/run/report.ts';
import { SidecarDirectories } from '../../src/writeback/run/sidecar_directories.ts';
import { World } from '../share/world.ts';
import { configOf, libraryFiles, sumOf, write } from './run/helper.ts';

Deno.test('so many writes of the ledger wait, and the next takes all of them along', async () => {
  const directory = await Deno.makeTempDir();
  const db = new DatabaseSync(`${directory}/ledger`);
  const other = new DatabaseSync(`${directory}/ledger`);
  try {
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE written (number)');
    const insert = db.prepare('INSERT INTO written VALUES (?)');
    const commits = new Commits(db, 3, undefined);
    const seen = () => other.prepare('SELECT count(*) AS count FROM written').get()?.['count'];
    for (const [number, expected] of [[1, 0], [2, 0], [3, 3], [4, 3], [5, 3], [6, 6]] as const) {
      commits.later(() => insert.run(number));
      assert.equal(seen(), expected, `after ${number}`);
    }
    commits.later(() => insert.run(7));
    commits.now();
    assert.equal(seen(), 7);
  } finally {
    other.close();
    db.close();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test('a run whose every limit is reached writes the same, and each asset comes to one end', async () => {
  await using world = await World.open('v3.1.0');
  await using other = await World.open('v3.1.0');
  const [usual, small] = [
    await write(configOf(world)),
    await write(configOf(other), { limits: { waiting: 1, young: 0, troubles: 0, directories: 0 } }),
  ];
  assert.deepEqual(small.outcomes, usual.outcomes);
  assert.deepEqual([small.mediaWritten, small.sidecarsWritten], [usual.mediaWritten, usual.sidecarsWritten]);
  const names = (one: World) => libraryFiles(one).map((path) => path.slice(one.directory.length));
  assert.deepEqual(names(other), names(world));
  assert.equal((await write(configOf(other))).outcomes.written, 0, 'everything is on record');
});

Deno.test('of more young files than are remembered each is reported, and written by a later run', async () => {
  await using world = await World.open('v3.1.0');
  const now = new Date();
  const young = libraryFiles(world).filter((path) => path.startsWith(`${world.directory}/external/alice/family/`));
  for (const path of young) Deno.utimeSync(path, now, now);
  const settling = configOf(world, { settleSeconds: 3_600 });
  const few = await write(settling, { isDryRun: true, limits: { ...WRITE_LIMITS, young: 2 } });
  const all = await write(settling, { isDryRun: true });
  assert.ok(all.outcomes['still-changing'] > 2);
  assert.deepEqual(few.outcomes, all.outcomes);
  assert.equal(sumOf(few), few.assets);
  assert.equal(
    few.troubles.filter(({ outcome }) => outcome === 'still-changing').length,
    few.outcomes['still-changing'],
  );
  assert.equal((await write(configOf(world))).outcomes['still-changing'], 0);
});

Deno.test('of more troubles than are reported the first are, and all are counted', () => {
  const tally = new WriteTally({ troubles: 2 });
  for (const path of ['a', 'b', 'c']) {
    tally.look();
    tally.end('failed');
    tally.note({ path, outcome: 'failed', reason: 'no' });
  }
  assert.deepEqual([tally.troubles.map(({ path }) => path), tally.failed, tally.counts.failed], [['a', 'b'], 3, 3]);
  tally.check();
});

Deno.test('with more directories than are remembered the answers stay right', async () => {
  const root = await Deno.makeTempDir();
  const paths = Array.from({ length: 5 }, (_, index) => `${root}/${index}`);
  const old = new Date(Date.now() - 60_000);
  for (const path of paths) {
    Deno.mkdirSync(path);
    Deno.utimeSync(path, old, old);
  }
  const directories = new SidecarDirectories({ directories: 2 });
  const ask = () => {
    directories.nextPage();
    return paths.map((path) => Array.from({ length: 8 }, () => directories.hasNone(path)).at(-1));
  };
  assert.deepEqual([ask(), ask()], [Array(5).fill(true), Array(5).fill(true)]);
  Deno.writeTextFileSync(`${paths[3]}/a.jpg.xmp`, '');
  assert.deepEqual(ask(), [true, true, true, false, true]);
  await Deno.remove(root, { recursive: true });
});

Deno.test('an ExifTool that has run so many commands is replaced, and no answer is lost', async () => {
  const directory = await Deno.makeTempDir();
  const [config, log] = [`${directory}/config`, `${directory}/log`];
  // Each ExifTool that starts reads its configuration once.
  await Deno.writeTextFile(config, `open(my $log, '>>', '${log}'); print $log "started\\n"; close $log; 1;`);
  const pool = new ExifToolPool({
    workers: 1,
    command: await locateExifTool(undefined),
    config,
    commandsPerProcess: 2,
  });
  const versions: string[] = [];
  for (let command = 0; command < 5; command++) versions.push((await pool.run(['-ver'])).output.trim());
  await pool[Symbol.asyncDispose]();
  assert.equal(new Set(versions).size, 1);
  assert.match(versions[0] ?? '', /^\d+\.\d+/);
  assert.equal(Deno.readTextFileSync(log), 'started\n'.repeat(3));
  await Deno.remove(directory, { recursive: true });
});
