import assert from 'node:assert/strict';
import { makeFile as makeNewFile } from '../../../src/writeback/in_place.ts';
import { WriteProblem } from '../../../src/writeback/write_problem.ts';
import { canRun } from '../../packaging/repository.ts';
import { Attacker, seen, SWAPS_TEMPORARY_FILES } from '../attacker.ts';
import { makeFile } from './media.ts';
import { RECORD, World } from './world.ts';

const HAS_PERL = await canRun('perl', ['-v']);

/** A file outside of the library that nobody but its owner may read. */
async function makeVictim(): Promise<AsyncDisposable & { readonly path: string }> {
  const directory = await Deno.makeTempDir({ prefix: 'elsewhere-' });
  const path = `${directory}/secret`;
  await Deno.writeTextFile(path, 'nobody else may read this', { mode: 0o600 });
  await Deno.utime(path, new Date('2001-02-03T04:05:06Z'), new Date('2001-02-03T04:05:06Z'));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }) };
}

Deno.test('owner, mode and times go to the new file, whatever somebody puts in place of it', {
  ignore: !HAS_PERL,
}, async () => {
  await using world = await World.open(['caption', 'rating']);
  await using victim = await makeVictim();
  const before = seen(victim.path);
  let [written, refused] = [0, 0];
  await using _ = await Attacker.start(SWAPS_TEMPORARY_FILES, [world.directory, victim.path]);
  for (let photo = 0; photo < 60; photo++) {
    const path = await world.add(`${photo}.jpg`, makeFile('jpg'));
    await Deno.chmod(path, 0o666);
    if (Deno.uid() === 0) await Deno.chown(path, 12_345, 12_345);
    try {
      await world.write(path, RECORD, { fields: ['caption', 'rating'], destination: photo % 2 ? 'sidecar' : 'embed' });
      written++;
      const info = Deno.lstatSync(photo % 2 ? `${path}.xmp` : path);
      assert.equal(info.isFile, true, 'what was said to be written is a file');
      assert.equal((info.mode ?? 0) & 0o7777, 0o666);
    } catch (error) {
      if (!(error instanceof WriteProblem)) throw error;
      refused++;
    }
    assert.equal(seen(victim.path), before, `after ${photo + 1} photos`);
  }
  assert.ok(refused > 0, `the attack never came at the right time: ${written} written`);
});

Deno.test('bits that let a program run as somebody else are never given to a new file', async () => {
  await using world = await World.open(['caption']);
  const path = await world.add('a.jpg', makeFile('jpg'));
  await Deno.chmod(path, 0o7755);
  await world.write(path, RECORD, { fields: ['caption'], destination: 'both' });
  for (const file of [path, `${path}.xmp`]) assert.equal((Deno.lstatSync(file).mode ?? 0) & 0o7000, 0, file);
  assert.equal((Deno.lstatSync(path).mode ?? 0) & 0o777, 0o755);
});

Deno.test('a file from before 1970 keeps its time, and every millisecond stays', async () => {
  await using world = await World.open(['caption']);
  for (const time of ['1965-04-03T02:01:00.500Z', '2023-11-14T22:13:20.123Z', '2023-11-14T22:13:20.999Z']) {
    const path = await world.add('a.jpg', makeFile('jpg'));
    await Deno.utime(path, new Date(time), new Date(time));
    await world.write(path, { ...RECORD, description: time }, { fields: ['caption'] });
    assert.equal(Deno.lstatSync(path).mtime?.toISOString(), time);
  }
});

for (const [what, umask] of [['an open umask', '000'], ['the usual umask', '022']] as const) {
  Deno.test(
    `a file in the making is its owner's alone from the first byte: ${what}`,
    { ignore: !HAS_PERL },
    async () => {
      await using world = await World.open(['caption', 'rating']);
      const modes: string[] = [];
      for (const format of ['jpg', 'tif', 'png', 'mp4', 'webp'] as const) {
        const path = await world.add(`a.${format}`, makeFile(format));
        await Deno.chmod(path, 0o666);
        const previous = Deno.umask(parseInt(umask, 8));
        try {
          let modeOf = () => Promise.resolve('not written');
          await world.write(path, RECORD, {}, async ({ temporaryPath }) => {
            modeOf = await watch(temporaryPath);
          });
          modes.push(await modeOf());
          makeNewFile(`${path}.new`, new Uint8Array(1));
          modes.push(((Deno.lstatSync(`${path}.new`).mode ?? 0) & 0o7777).toString(8));
        } finally {
          Deno.umask(previous);
        }
      }
      assert.deepEqual(modes, Array(10).fill('600'));
    },
  );
}

/** Another process, which looks for a file from now on: the mode that it has when it first appears. */
async function watch(path: string): Promise<() => Promise<string>> {
  const script = '$| = 1; print "ready\\n"; my $p = shift; my $end = time + 5; ' +
    'while (time < $end) { my @s = lstat $p or next; printf "%o", $s[2] & 07777; exit }';
  const child = new Deno.Command('perl', { args: ['-e', script, path], stdout: 'piped' }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await output.read();
  return async () => {
    const { value = 'never seen' } = await output.read();
    await child.status;
    return value;
  };
}
