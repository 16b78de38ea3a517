import assert from 'node:assert/strict';
import { Linker } from '../../src/files/linker.ts';
import { exists, reasonOf, Scratch, testUnless } from './scratch.ts';
import { immutable, otherFileSystem } from './obstacles.ts';

testUnless(otherFileSystem.obstacle, 'a link to another file system is refused as such and leaves nothing', () => {
  using scratch = new Scratch();
  const elsewhere = Deno.makeTempDirSync({ dir: otherFileSystem.directory, prefix: 'immich-sidecar-files-' });
  try {
    const linker = new Linker([scratch.source, elsewhere]);
    const source = linker.inspect(`${scratch.source}/photo.jpg`);
    assert.equal(reasonOf(() => linker.link(source, `${elsewhere}/photo.jpg`)), 'other-filesystem');
    Deno.writeTextFileSync(`${elsewhere}/taken.jpg`, 'taken');
    assert.equal(reasonOf(() => linker.replace(source, `${elsewhere}/taken.jpg`)), 'other-filesystem');
    assert.equal(Deno.readTextFileSync(`${elsewhere}/taken.jpg`), 'taken');
    assert.deepEqual([...Deno.readDirSync(elsewhere)].map(({ name }) => name), ['taken.jpg']);
  } finally {
    Deno.removeSync(elsewhere, { recursive: true });
  }
});

Deno.test('what would not leave a gigabyte free is not copied, and nothing is left of it', async () => {
  using scratch = new Scratch();
  Deno.truncateSync(`${scratch.source}/photo.jpg`, 8 * 1024 ** 4); // sparse: it takes no room itself
  const [source, target] = [
    scratch.linker.inspect(`${scratch.source}/photo.jpg`),
    `${scratch.target}/folder/photo.jpg`,
  ];
  const { signal } = new AbortController();
  await assert.rejects(scratch.linker.copyLarge(source, target, { signal }), { reason: 'no-space' });
  assert.deepEqual([...Deno.readDirSync(`${scratch.target}/folder`)], []);
});

Deno.test('a copy that is broken off leaves nothing', async () => {
  using scratch = new Scratch();
  Deno.writeFileSync(`${scratch.source}/photo.jpg`, new Uint8Array(3 * 1024 ** 2));
  const source = scratch.linker.inspect(`${scratch.source}/photo.jpg`);
  const controller = new AbortController();
  const copying = scratch.linker.copyLarge(source, `${scratch.target}/folder/photo.jpg`, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(copying, /enough/);
  assert.deepEqual([...Deno.readDirSync(`${scratch.target}/folder`)], []);
});

testUnless(await immutable.obstacle(), 'where nothing may be written or removed the reason is permission', () => {
  using scratch = new Scratch();
  const [directory, target] = [`${scratch.target}/folder`, `${scratch.target}/folder/photo.jpg`];
  scratch.linker.link(scratch.photo(), target);
  const other = scratch.linker.inspect(`${scratch.source}/folder/deep.jpg`);
  {
    using _ = immutable.make(directory);
    assert.equal(reasonOf(() => scratch.linker.link(other, `${directory}/new.jpg`)), 'permission');
    assert.equal(reasonOf(() => scratch.linker.link(other, `${directory}/new/new.jpg`)), 'permission');
    assert.equal(reasonOf(() => scratch.linker.replace(other, target)), 'permission');
    assert.equal(reasonOf(() => scratch.linker.remove(target, scratch.target)), 'permission');
    assert.ok(exists(target));
  }
  assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ['photo.jpg']);
  assert.equal(Deno.readTextFileSync(target), 'photo');
});

Deno.test('33,000 directories take no more memory than 11,000', async () => {
  // In memory where possible: 33,000 directories on a disk take ten seconds.
  const directory = Deno.makeTempDirSync({
    ...(otherFileSystem.obstacle === undefined ? { dir: otherFileSystem.directory } : {}),
    prefix: 'immich-sidecar-many-',
  });
  const script = new URL('many_directories.ts', import.meta.url).pathname;
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', '--v8-flags=--expose-gc', script, directory],
    stdout: 'piped',
    stderr: 'inherit',
  }).output();
  Deno.removeSync(directory, { recursive: true });
  assert.ok(success);
  const { grownBytes } = JSON.parse(new TextDecoder().decode(stdout));
  assert.ok(grownBytes < 3_000_000, `${grownBytes} bytes; remembering them all takes 8,700,000`);
});
