import assert from 'node:assert/strict';
import exifToolScript from 'exiftool-vendored.pl';
import { UserError } from '../../../src/errors.ts';
import type { AssetRecord } from '../../../src/writeback/fields/record.ts';
import { WriteProblem } from '../../../src/writeback/write_problem.ts';
import { ImmichReader } from './as_immich_reads.ts';
import { makeFile } from './media.ts';
import { RECORD, World } from './world.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

const NOTES = 'what somebody keeps elsewhere';

/** A BMP of one pixel. */
function makeBmp(): Uint8Array {
  const bmp = new Uint8Array(58);
  const view = new DataView(bmp.buffer);
  bmp.set(ascii('BM'));
  view.setUint32(2, 58, true);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, 1, true);
  view.setInt32(22, 1, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  return bmp;
}

/** Begins as a Matroska film does. */
const MKV = Uint8Array.from([
  0x1a,
  0x45,
  0xdf,
  0xa3,
  0x93,
  0x42,
  0x82,
  0x88,
  ...ascii('matroska'),
  0x42,
  0x87,
  0x81,
  4,
]);
const AVI = Uint8Array.from([...ascii('RIFF'), 4, 0, 0, 0, ...ascii('AVI ')]);
/** Two packets of an MPEG transport stream, with the time stamps of a camcorder. */
const MTS = new Uint8Array(192 * 4).map((_, at) => at % 192 === 4 ? 0x47 : 0xff);

const UNWRITABLE: readonly [name: string, bytes: Uint8Array][] = [
  ['film.mts', MTS],
  ['film.avi', AVI],
  ['film.mkv', MKV],
  ['picture.bmp', makeBmp()],
  ['empty.jpg', new Uint8Array()],
  ['text.jpg', ascii('not a picture at all')],
  ['truncated in its header.jpg', makeFile('jpg').subarray(0, 150)],
  ['truncated.png', makeFile('png').subarray(0, 60)],
  ['truncated.heic', makeFile('heic').subarray(0, 200)],
  ['truncated.mp4', makeFile('mp4').subarray(0, 300)],
  ['a heic called.jpg', makeFile('heic')],
  ['a png called.jpg', makeFile('png')],
  ['a jpeg called.png', makeFile('jpg')],
  ['a jpeg called.mov', makeFile('jpg')],
];

for (const [name, bytes] of UNWRITABLE) {
  Deno.test(`what cannot be written into gets a sidecar: ${name}`, async () => {
    await using world = await World.open();
    const reader = new ImmichReader();
    const path = await world.add(name, bytes);
    const [seen] = await world.writer.look([{ path, realPath: path }]);
    assert.ok(seen);
    let planned = await world.plan(path, RECORD);
    const [first] = planned.plans;
    if (first?.kind === 'media') {
      // Only trying shows that ExifTool cannot.
      const problem: WriteProblem = await world.writer.apply(first, () => {}).then(
        () => assert.fail('It was written.'),
        (error) => error,
      );
      assert.equal(problem.outcome, 'unwritable', problem.message);
      planned = await world.planAround(path, RECORD, problem.reason);
    }
    assert.equal(planned.instead?.isPermanent, true);
    assert.deepEqual(planned.plans.map(({ kind, isNew }) => [kind, isNew]), [['sidecar', true]]);
    for (const plan of planned.plans) await world.writer.apply(plan, () => {});
    assert.deepEqual(await Deno.readFile(path), bytes);
    assert.deepEqual(world.names(), [name, `${name}.xmp`].sort());
    assert.equal(String((await reader.raw(`${path}.xmp`))['XMP-tiff:ImageDescription']), RECORD.description);
  });
}

Deno.test('a read-only photo gets a sidecar', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  await Deno.chmod(path, 0o444);
  const { plans, instead } = await world.write(path, RECORD);
  assert.deepEqual(plans.map(({ kind }) => kind), ['sidecar']);
  assert.match(instead?.reason ?? '', /read-only/);
  await world.write(path, { ...RECORD, rating: 1 });
  assert.equal((await world.writer.lookAt(`${path}.xmp`, 'sidecar')).tags['XMP-xmp:Rating'], '1');
});

for (const target of ['elsewhere.xmp', 'nowhere.xmp']) {
  Deno.test(`a sidecar that is a symbolic link to ${target} is left alone, and said to be`, async () => {
    await using world = await World.open();
    const path = await world.add('a.jpg', makeFile('jpg'));
    if (target === 'elsewhere.xmp') await Deno.writeTextFile(`${world.directory}/${target}`, NOTES);
    await Deno.symlink(`${world.directory}/${target}`, `${path}.xmp`);
    const { plans, refused } = await world.write(path, RECORD, { destination: 'both' });
    assert.deepEqual(plans.map(({ kind }) => kind), ['media']);
    assert.deepEqual(refused, ['the sidecar is left alone: it is a symbolic link']);
    assert.ok(Deno.lstatSync(`${path}.xmp`).isSymlink);
    const names = target === 'elsewhere.xmp' ? ['a.jpg', 'a.jpg.xmp', target] : ['a.jpg', 'a.jpg.xmp'];
    assert.deepEqual(world.names(), names);
    if (target === 'elsewhere.xmp') assert.equal(Deno.readTextFileSync(`${world.directory}/${target}`), NOTES);
  });
}

Deno.test('a sidecar that is not XMP is left alone, and said to be', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  await world.add('a.jpg.xmp', ascii('my notes'));
  const { plans, refused } = await world.plan(path, RECORD);
  assert.deepEqual(plans.map(({ kind }) => kind), ['media']);
  assert.match(refused.join(), /the sidecar is left alone/);
  const sidecarOnly = await world.plan(path, RECORD, { destination: 'sidecar' });
  assert.deepEqual(sidecarOnly.plans, []);
  assert.equal(sidecarOnly.obstacle?.isPermanent, true);
});

/** The plan's write fails with this outcome; the file is what it was, and nothing else is left. */
async function assertFails(
  world: World,
  path: string,
  outcome: WriteProblem['outcome'],
  meddle: (temporaryPath: string) => void | Promise<void>,
  record: AssetRecord = RECORD,
): Promise<WriteProblem> {
  const { plans: [plan] } = await world.plan(path, record);
  assert.ok(plan);
  const problem = await world.writer.apply(plan, ({ temporaryPath }) => meddle(temporaryPath)).then(
    () => assert.fail('It was written.'),
    (error) => error,
  );
  assert.ok(problem instanceof WriteProblem, String(problem));
  assert.equal(problem.outcome, outcome, problem.message);
  return problem;
}

Deno.test('a photo that changes after the plan is not written', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  const theirs = makeFile('jpg', 1, 'changed by somebody else');
  await assertFails(world, path, 'changed-meanwhile', () => Deno.writeFile(path, theirs));
  assert.deepEqual(await Deno.readFile(path), theirs);
  assert.deepEqual(world.names(), ['a.jpg']);
});

Deno.test('a photo that vanishes after the plan does not come back', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  await assertFails(world, path, 'not-found', () => Deno.remove(path));
  const other = await world.add('b.jpg', makeFile('jpg'));
  const { plans: [plan] } = await world.plan(other, RECORD);
  await Deno.remove(other);
  assert.ok(plan);
  await assert.rejects(world.writer.apply(plan, () => {}), { outcome: 'not-found' });
  assert.deepEqual(world.names(), []);
});

Deno.test('a sidecar that somebody else makes in the meantime stays', async () => {
  await using world = await World.open();
  const path = await world.add('a.bmp', makeBmp());
  await assertFails(world, path, 'changed-meanwhile', () => Deno.writeTextFile(`${path}.xmp`, 'theirs'));
  assert.equal(await Deno.readTextFile(`${path}.xmp`), 'theirs');
  assert.deepEqual(world.names(), ['a.bmp', 'a.bmp.xmp']);
});

/** A program that is ExifTool, but cannot write files of more than 16 KiB: to it, the disk is full then. */
async function withFullDisk<T>(signal: 'ignored' | 'deadly', use: (exifToolPath: string) => Promise<T>): Promise<T> {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/exiftool`;
  const trap = signal === 'ignored' ? `trap '' XFSZ\n` : '';
  await Deno.writeTextFile(path, `#!/bin/sh\n${trap}ulimit -f 32\nexec perl '${exifToolScript}' "$@"\n`, {
    mode: 0o755,
  });
  try {
    return await use(path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

for (const signal of ['ignored', 'deadly'] as const) {
  Deno.test(`a disk that is full leaves the photo whole, and the next one is written (signal ${signal})`, async () => {
    await withFullDisk(signal, async (exifToolPath) => {
      await using world = await World.open(['caption'], exifToolPath);
      const bytes = makeFile('jpg', 1, 'x'.repeat(30_000));
      const path = await world.add('a.jpg', bytes);
      const options = { fields: ['caption'] } as const;
      await assertFails(world, path, 'failed', () => {});
      assert.deepEqual(await Deno.readFile(path), bytes);
      assert.deepEqual(world.names(), ['a.jpg']);
      const small = await world.add('b.jpg', makeFile('jpg'));
      await world.write(small, { ...RECORD, description: 'short' }, options);
      assert.deepEqual((await world.plan(small, { ...RECORD, description: 'short' }, options)).plans, []);
    });
  });
}

/** Makes a file system read-only, which stops root too. undefined where that is not allowed. */
async function mountReadOnly(directory: string): Promise<AsyncDisposable | undefined> {
  const mount = async (...args: string[]) =>
    (await new Deno.Command(args[0] ?? '', { args: args.slice(1), stderr: 'null' }).output()).success;
  if (!await mount('mount', '--bind', directory, directory)) return undefined;
  await mount('mount', '-o', 'remount,ro,bind', directory);
  return { [Symbol.asyncDispose]: async () => void await mount('umount', directory) };
}

Deno.test({
  name: 'on a file system that is read-only, the reason is told',
  ignore: Deno.build.os !== 'linux' || Deno.uid() !== 0,
  fn: async () => {
    await using world = await World.open();
    const path = await world.add('a.jpg', makeFile('jpg'));
    await using mounted = await mountReadOnly(world.directory);
    if (mounted === undefined) return; // in a container without that right
    const problem = await assertFails(world, path, 'failed', () => {});
    assert.match(problem.reason, /mounted read-only/);
    assert.deepEqual(world.names(), ['a.jpg']);
  },
});

for (const exifToolPath of ['/bin/false', '/bin/cat', '/no/such/exiftool']) {
  Deno.test(`${exifToolPath} is not an ExifTool`, async () => {
    await using world = await World.open(['people'], exifToolPath);
    const path = await world.add('a.png', makeFile('png'));
    for (const attempt of [() => world.writer.version(), () => world.write(path, RECORD)]) {
      await assert.rejects(attempt, (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, /ExifTool cannot be run/);
        assert.match(error.remedy, /EXIFTOOL_PATH/);
        return true;
      });
    }
  });
}

/** How often the writing process is killed. */
const KILLS = Number(Deno.env.get('KILLS') ?? 6);

Deno.test(`killed ${KILLS} times while it writes, it leaves every photo old or new, and nothing that is not on record`, async () => {
  await using world = await World.open();
  const old = makeFile('jpg');
  const names = Array.from({ length: 40 }, (_, number) => `${number}.jpg`);
  for (const name of names) await world.add(name, old);
  const log = `${world.directory}/intents.log`;
  const scratch = await Deno.makeTempDir();
  for (let kill = 0; kill < KILLS; kill++) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ['run', '-A', import.meta.resolve('./write_child.ts'), world.directory, log, String(kill), scratch],
      stdout: 'piped',
      stderr: 'inherit',
    }).spawn();
    const output = child.stdout.getReader();
    await output.read(); // it has begun to write
    await new Promise((resolve) => setTimeout(resolve, 25 * kill));
    child.kill('SIGKILL');
    await child.status;
    await output.cancel();
    const onRecord = new Set((await Deno.readTextFile(log)).split('\n'));
    for (const name of world.names().filter((entry) => !names.includes(entry) && entry !== 'intents.log')) {
      assert.ok(onRecord.has(`${world.directory}/${name}`), `${name} is not on record`);
      await Deno.remove(`${world.directory}/${name}`).catch(() => {}); // ExifTool may still be at it
    }
    for (const name of names) {
      const state = await world.writer.lookAt(`${world.directory}/${name}`, 'media');
      assert.equal(state.obstacle, undefined, name);
      const said = state.tags['XMP-dc:Description'] ?? null;
      assert.ok(said === null || /^description \d+$/.test(String(said)), String(said));
      if (said === null) assert.deepEqual(await Deno.readFile(`${world.directory}/${name}`), old);
    }
  }
  await Deno.remove(scratch, { recursive: true });
});

/** Two blocks of EXIF, of which ExifTool warns when it writes, and 5 MB of comments. */
function largeWithHarmlessFault(): Uint8Array<ArrayBuffer> {
  const jpeg = makeFile('jpg');
  const view = new DataView(jpeg.buffer);
  let [exif, at] = [new Uint8Array(), 2];
  while (view.getUint8(at + 1) !== 0xda) {
    const end = at + 2 + view.getUint16(at + 2);
    if (view.getUint8(at + 1) === 0xe1 && exif.length === 0) exif = jpeg.slice(at, end);
    at = end;
  }
  const comment = new Uint8Array(65_535);
  comment.set([0xff, 0xfe, 0xff, 0xfd]);
  const comments = Array.from({ length: 80 }, () => [...comment]).flat();
  return Uint8Array.from([...jpeg.slice(0, 2), ...exif, ...jpeg.slice(2, at), ...comments, ...jpeg.slice(at)]);
}

Deno.test('a photo with a harmless fault that finds no room on the disk is tried again, not called unwritable', async () => {
  await using world = await World.open();
  const bytes = largeWithHarmlessFault();
  const path = await world.add('a.jpg', bytes);
  await using scratch = await World.open();
  const child = new URL('outcome_child.ts', import.meta.url).pathname;
  const write = async (mostKiB: string) => {
    // A limit to the size of files: what does not fit fails to be written, as on a full disk.
    const script = `trap '' XFSZ; ulimit -f ${mostKiB}; exec "$0" "$@"`;
    const args = ['-c', script, Deno.execPath(), 'run', '-A', '--cached-only', child, path, scratch.directory];
    const { stdout, stderr } = await new Deno.Command('bash', { args, stdout: 'piped', stderr: 'piped' }).output();
    return new TextDecoder().decode(stdout).trim() || new TextDecoder().decode(stderr);
  };
  assert.equal(await write('2000'), 'failed');
  assert.deepEqual(world.names(), ['a.jpg']);
  assert.deepEqual(await Deno.readFile(path), bytes);
  assert.equal(await write('unlimited'), 'written');
});
