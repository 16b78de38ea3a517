import assert from 'node:assert/strict';
import { EXIT, UserError } from '../../../src/errors.ts';
import type { KnownFile } from '../../../src/writeback/ledger/files.ts';
import { Ledger } from '../../../src/writeback/ledger/ledger.ts';
import { SecondAssets } from '../../../src/writeback/ledger/second_assets.ts';
import type { WritePlan } from '../../../src/writeback/tags.ts';
import { NOTHING_OWN } from '../../../src/writeback/fields/values.ts';
import { Sidecars } from '../../../src/writeback/sidecar_choice.ts';
import { rememberedOutcome } from '../../../src/writeback/run/known.ts';
import { recover } from '../../../src/writeback/run/recover.ts';

const LEDGER = new URL('../../../src/writeback/ledger/ledger.ts', import.meta.url).href;

function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: 'immich-ledger-' }));
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

const STAMP = Object.freeze({ size: 1234, mtimeMs: 1_700_000_000_123, inode: 18_446_744_073_709_551_000 });

function file(changes: Partial<KnownFile> = {}): KnownFile {
  return {
    path: '/photos/a.jpg',
    assetId: 'asset-a',
    runId: 1,
    wanted: 'digest',
    stamp: STAMP,
    sidecar: undefined,
    outcome: 'written',
    reason: undefined,
    isShared: false,
    instead: undefined,
    ...changes,
  };
}

function planOf(path: string, changes: Partial<WritePlan> = {}): WritePlan {
  const base = { path, kind: 'media', isNew: false, changes: [], own: NOTHING_OWN, seen: STAMP };
  return { ...base, ...changes } as WritePlan;
}

Deno.test('what is saved about files is found again, whatever their names and inodes', () => {
  using directory = temporaryDirectory();
  const names = ['it\'s "here"', 'new\nline', 'ünï/日本', '-execute', 'a\\b', '🎈'];
  const known = names.map((name, index) =>
    file({
      path: `/photos/${name}.jpg`,
      sidecar: index % 2 === 0 ? undefined : { path: `/photos/${name}.jpg.xmp`, stamp: { ...STAMP, size: index } },
      reason: index === 3 ? 'ExifTool cannot write it' : undefined,
    })
  );
  {
    using ledger = Ledger.open(directory.path);
    for (const one of known) ledger.commits.later(() => ledger.files.save(one));
  }
  using ledger = Ledger.open(directory.path);
  const found = ledger.files.find([...known.map(({ path }) => path), '/photos/unknown.jpg']);
  assert.deepEqual([...found.values()], known);
});

Deno.test("the ledger is its owner's alone: its files have mode 0600, and a second run is refused", () => {
  using directory = temporaryDirectory();
  const state = `${directory.path}/deep/state`;
  using ledger = Ledger.open(state);
  ledger.commits.later(() => ledger.files.save(file()));
  ledger.commits.now();
  for (const { name } of Deno.readDirSync(state)) {
    assert.equal((Deno.statSync(`${state}/${name}`).mode ?? 0) & 0o777, 0o600, name);
  }
  assert.throws(() => Ledger.open(state), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /Another run works with the history/);
    assert.equal(error.exitCode, EXIT.refused);
    return true;
  });
});

Deno.test('a ledger that is no ledger, or a newer one, is refused with a remedy and left as it is', () => {
  using directory = temporaryDirectory();
  Deno.writeTextFileSync(
    `${directory.path}/ledger.sqlite`,
    'this is not a database, but long enough to be one. '.repeat(20),
  );
  assert.throws(() => Ledger.open(directory.path), /is damaged/);
  Deno.removeSync(`${directory.path}/ledger.sqlite`);
  {
    using ledger = Ledger.open(directory.path);
    ledger.db.exec('PRAGMA user_version = 99');
  }
  assert.throws(() => Ledger.open(directory.path), /has version 99, but this program knows only up to/);
  assert.throws(() => Ledger.open('/proc/nowhere'), /cannot be written/);
});

Deno.test('a process that is killed loses nothing that it was promised, and its lock goes with it', async () => {
  using directory = temporaryDirectory();
  const script = `
    import { Ledger } from '${LEDGER}';
    const ledger = Ledger.open(${JSON.stringify(directory.path)});
    const run = ledger.runs.start('{}', 'now');
    await ledger.commits.durably(() => ledger.runs.markDone(run, 'promised', 'written'));
    ledger.commits.later(() => ledger.runs.markDone(run, 'not promised', 'written'));
    console.log('ready');
    setInterval(() => {}, 1000);`;
  const path = `${directory.path}/child.ts`;
  Deno.writeTextFileSync(path, script);
  const child = new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', '--config', new URL('../../../deno.json', import.meta.url).pathname, path],
    stdout: 'piped',
    stderr: 'inherit',
  }).spawn();
  for await (const _ of child.stdout) break;
  child.kill('SIGKILL');
  await child.status;
  using ledger = Ledger.open(directory.path);
  const run = ledger.runs.interrupted();
  assert.equal(run?.state, 'running');
  assert.deepEqual([...ledger.runs.done(run?.id ?? 0, ['promised', 'not promised'])], ['promised']);
  assert.deepEqual(ledger.runs.doneCounts(run?.id ?? 0), { written: 1 });
});

Deno.test('only what is exactly as it was needs no look', () => {
  using directory = temporaryDirectory();
  const sidecar = `${directory.path}/a.jpg.xmp`;
  const original = `${directory.path}/a.jpg`;
  const sidecars = new Sidecars('photo.jpg.xmp');
  const remembered = (known: KnownFile | undefined, wanted = 'digest', stamp = STAMP) =>
    rememberedOutcome(known, wanted, stamp, sidecars.find(original, undefined));
  assert.equal(remembered(file()), 'unchanged');
  assert.equal(remembered(file({ outcome: 'already-right' })), 'unchanged');
  assert.equal(remembered(file({ outcome: 'unwritable' })), 'unwritable');
  for (const outcome of ['failed', 'changed-meanwhile', 'not-found'] as const) {
    assert.equal(remembered(file({ outcome })), undefined, outcome);
  }
  assert.equal(remembered(undefined), undefined);
  assert.equal(remembered(file(), 'another digest'), undefined);
  for (const key of ['size', 'mtimeMs', 'inode'] as const) {
    assert.equal(remembered(file(), 'digest', { ...STAMP, [key]: 7 }), undefined, key);
  }
  Deno.writeTextFileSync(sidecar, '<x/>');
  assert.equal(remembered(file()), undefined, 'a sidecar has come');
  const { size, mtime, ino } = Deno.statSync(sidecar);
  const stamp = { size, mtimeMs: mtime?.getTime() ?? 0, inode: ino ?? 0 };
  const withSidecar = file({ sidecar: { path: sidecar, stamp } });
  assert.equal(remembered(withSidecar), 'unchanged');
  Deno.writeTextFileSync(sidecar, '<xy/>');
  assert.equal(remembered(withSidecar), undefined, 'the sidecar has changed');
  Deno.removeSync(sidecar);
  assert.equal(remembered(withSidecar), undefined, 'the sidecar has gone');
});

Deno.test('of two assets with one file the first stays the one that is written, until it is gone', () => {
  using directory = temporaryDirectory();
  using ledger = Ledger.open(directory.path);
  const path = '/photos/a.jpg';
  const known = (assetId: string, runId: number) => ({ assetId, runId });
  const second = (
    seconds: SecondAssets,
    id: string,
    row: { assetId: string; runId: number } | undefined,
    run: number,
  ) => seconds.isSecond(path, id, row, run);
  const run1 = new SecondAssets(ledger);
  assert.equal(second(run1, 'a', undefined, 1), false);
  assert.equal(second(run1, 'b', known('a', 1), 1), true, 'both in one run');
  run1.save({ seesAll: true });

  const run2 = new SecondAssets(ledger);
  assert.equal(second(run2, 'b', known('a', 1), 2), true, 'whichever comes first');
  assert.equal(second(run2, 'a', known('a', 1), 2), false);
  run2.save({ seesAll: true });

  const run3 = new SecondAssets(ledger);
  assert.equal(second(run3, 'b', known('a', 1), 3), true, 'a has been deleted, which this run finds out');
  run3.save({ seesAll: true });
  assert.equal(second(new SecondAssets(ledger), 'b', known('a', 1), 4), false, 'and the next one uses');
});

Deno.test('after a kill the ledger finds out which files were replaced, and temporary files go', () => {
  using directory = temporaryDirectory();
  using ledger = Ledger.open(directory.path);
  const { journal, files, runs } = ledger;
  const own = { lists: {}, values: { 'XMP-xmp:Rating': 5 } };
  const runId = runs.start('{}', 'now');
  const make = (name: string) => {
    const path = `${directory.path}/${name}`;
    Deno.writeTextFileSync(path, name);
    const { size, mtime, ino } = Deno.statSync(path);
    return { path, stamp: { size, mtimeMs: mtime?.getTime() ?? 0, inode: ino ?? 0 } };
  };
  const untouched = make('untouched.jpg');
  const replaced = make('replaced.jpg');
  const left = make('.untouched.jpg.tmp');
  const begin = (path: string, seen: WritePlan['seen'], temporaryPath: string) =>
    journal.begin(journal.nextId(), {
      ...{ runId, assetId: 'a', temporaryPath, ownBefore: NOTHING_OWN, bytesBefore: undefined },
      plan: planOf(path, { seen, own }),
    });
  begin(untouched.path, untouched.stamp, left.path);
  begin(replaced.path, { ...replaced.stamp, inode: 7 }, `${directory.path}/.replaced.jpg.tmp`);
  begin(`${directory.path}/never-made.xmp`, undefined, `${directory.path}/.x.tmp`);
  begin('/no/such/disk/a.jpg', STAMP, '/no/such/disk/.tmp');
  const recovered = recover(ledger, directory.path);
  assert.throws(() => Deno.statSync(left.path), Deno.errors.NotFound);
  assert.deepEqual(journal.idsOfRun(runId), [2], 'only what was replaced can be undone');
  assert.deepEqual(journal.find(2)?.written, replaced.stamp);
  assert.deepEqual(files.own(replaced.path), own);
  assert.deepEqual(files.own(untouched.path), NOTHING_OWN);
  Deno.writeTextFileSync(left.path, 'made by an ExifTool that outlived its program');
  recovered[Symbol.dispose]();
  assert.throws(() => Deno.statSync(left.path), Deno.errors.NotFound);
  assert.deepEqual(journal.begun().map(({ plan }) => plan.path), ['/no/such/disk/a.jpg'], 'waits for its disk');
});

Deno.test('after a kill during an undo the ledger finds out what was undone, and temporary files go', () => {
  using directory = temporaryDirectory();
  using ledger = Ledger.open(directory.path);
  const { journal, files, runs } = ledger;
  const runId = runs.start('{}', 'now');
  const [before, after] = [NOTHING_OWN, { lists: {}, values: { 'XMP-xmp:Rating': 5 } }];
  /** A write that is done, and an undo of it that was begun. */
  const undoing = (name: string, isThere: boolean, seen: 'same' | 'other') => {
    const [path, temporaryPath] = [`${directory.path}/${name}`, `${directory.path}/.immich-sidecar-${name}`];
    for (const file of [...(isThere ? [path] : []), temporaryPath]) Deno.writeTextFileSync(file, name);
    const { size = 0, mtime, ino } = isThere ? Deno.statSync(path) : {};
    const stamp = { size, mtimeMs: mtime?.getTime() ?? 0, inode: ino ?? 0 };
    const written = seen === 'same' ? stamp : { ...stamp, inode: 7 };
    const change = { runId, assetId: 'a', temporaryPath, ownBefore: before, bytesBefore: undefined };
    const id = journal.nextId();
    journal.begin(id, { ...change, plan: planOf(path, { own: after }) });
    journal.finish(id, written);
    files.saveOwn(path, after);
    journal.begin(journal.nextId(), { ...change, ownBefore: after, undoes: id, plan: planOf(path, { seen: written }) });
    return { id, path, temporaryPath };
  };
  const [still, undone, removed] = [
    undoing('still.jpg', true, 'same'),
    undoing('undone.jpg', true, 'other'),
    undoing('removed.xmp', false, 'other'),
  ];
  recover(ledger, directory.path)[Symbol.dispose]();
  for (const { temporaryPath } of [still, undone, removed]) {
    assert.throws(() => Deno.lstatSync(temporaryPath), Deno.errors.NotFound);
  }
  assert.deepEqual(journal.begun(), []);
  assert.deepEqual(journal.idsOfRun(runId), [still.id], 'only that can still be undone');
  assert.deepEqual([still, undone, removed].map(({ path }) => files.own(path)), [after, before, before]);
});

Deno.test('what the writer of a killed run told ExifTool goes, and nothing else that lies beside the ledger', () => {
  using directory = temporaryDirectory();
  using ledger = Ledger.open(directory.path);
  const mine = ['immich-sidecar-backup.txt', 'notes', 'run-1.json'];
  Deno.mkdirSync(`${directory.path}/immich-sidecar-abc123/deep`, { recursive: true });
  Deno.writeTextFileSync(`${directory.path}/immich-sidecar-abc123/1.json`, 'names of people');
  Deno.mkdirSync(`${directory.path}/notes`);
  for (const name of [mine[0], mine[2]]) Deno.writeTextFileSync(`${directory.path}/${name}`, 'kept');
  recover(ledger, directory.path)[Symbol.dispose]();
  const names = [...Deno.readDirSync(directory.path)].map(({ name }) => name);
  assert.deepEqual(names.filter((name) => !name.startsWith('ledger.sqlite')).sort(), mine);
});

Deno.test('what was done in a directory is what lies in it, not what has a longer name', () => {
  using directory = temporaryDirectory();
  using ledger = Ledger.open(directory.path);
  const { journal, runs } = ledger;
  const runId = runs.start('{}', 'now');
  const inside = ['/photos/2020/a.jpg', '/photos/2020/0/b.jpg', '/photos/2020/~.jpg', '/photos/2020/é.jpg'];
  const outside = ['0', '00/c.jpg', '-1/d.jpg', '.jpg', ' b/e.jpg'].map((end) => `/photos/2020${end}`);
  const idOf = new Map([...inside, ...outside, '/photos/202', '/photos/2020'].map((path) => {
    const id = journal.nextId();
    const change = { runId, assetId: 'a', temporaryPath: `${path}.t`, ownBefore: NOTHING_OWN, bytesBefore: undefined };
    journal.begin(id, { ...change, plan: planOf(path) });
    journal.finish(id, STAMP);
    return [path, id];
  }));
  const ids = (paths: readonly string[]) => paths.map((path) => idOf.get(path)).sort((a = 0, b = 0) => b - a);
  assert.deepEqual(journal.idsBelow('/photos/2020'), ids([...inside, '/photos/2020']));
  assert.deepEqual(journal.idsBelow('/photos/2020/a.jpg'), ids(['/photos/2020/a.jpg']));
  assert.deepEqual(journal.idsBelow('/photos/20'), []);
});

Deno.test('after a commit that failed nothing more is written: whoever comes later hears why', async () => {
  using directory = temporaryDirectory();
  using ledger = Ledger.open(directory.path);
  const { commits, db, files } = ledger;
  const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
  db.exec(`PRAGMA max_page_count = ${pages + 2}`);
  const many = Array.from({ length: 900 }, (_, index) => file({ path: `/photos/${'x'.repeat(200)}${index}.jpg` }));
  for (const one of many) commits.later(() => files.save(one));
  const isFull = (error: unknown) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /The history cannot be written: .*full/);
    return true;
  };
  await assert.rejects(commits.durably(() => files.save(file())), isFull);
  assert.equal(commits.hasFailed, true);
  // Although there is room now: what was lost is not known any more.
  db.exec('PRAGMA max_page_count = 1000000');
  let isWritten = false;
  const write = () => {
    isWritten = true;
  };
  await assert.rejects(commits.durably(write), isFull);
  commits.later(write);
  assert.throws(() => commits.now(), isFull);
  assert.equal(isWritten, false);
  assert.deepEqual(files.find([file().path, ...many.map(({ path }) => path)]).size, 0, 'all of it or nothing');
});

Deno.test('what earlier versions knew by the way that led to it is known by where it is, and can be undone', () => {
  using directory = temporaryDirectory();
  using ledger = Ledger.open(directory.path);
  const [old, other] = ['/photos/2024/ä.jpg.xmp', '/photos0/b.jpg.xmp'];
  const own = { lists: {}, values: { 'XMP-xmp:Rating': 5 } };
  const run = ledger.runs.start('{}', 'now');
  ledger.commits.later(() => {
    for (const path of [old, other]) {
      ledger.files.saveOwn(path, own);
      const plan = planOf(path, { kind: 'sidecar' });
      const id = ledger.journal.nextId();
      const change = {
        runId: run,
        assetId: 'a',
        plan,
        temporaryPath: `${path}.t`,
        ownBefore: own,
        bytesBefore: undefined,
      };
      ledger.journal.begin(id, change);
      ledger.journal.finish(id, STAMP);
      ledger.files.save(file({ path: `/volume1/${path}`, sidecar: { path, stamp: STAMP } }));
    }
  });
  ledger.follow([{ from: '/photos', to: '/volume1/pictures' }]);
  const now = '/volume1/pictures/2024/ä.jpg.xmp';
  assert.deepEqual([now, other, old].map((path) => ledger.files.own(path)), [own, own, NOTHING_OWN]);
  assert.deepEqual(ledger.journal.idsBelow('/volume1/pictures'), [1]);
  const change = ledger.journal.find(1);
  assert.deepEqual([change?.plan.path, change?.temporaryPath], [now, `${now}.t`]);
  assert.equal(ledger.journal.find(2)?.plan.path, other);
  const sidecars = [old, other].map((path) => `/volume1/${path}`);
  assert.deepEqual([...ledger.files.find(sidecars).values()].map(({ sidecar }) => sidecar?.path), [now, other]);
});
