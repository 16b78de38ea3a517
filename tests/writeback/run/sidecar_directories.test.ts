import assert from 'node:assert/strict';
import { WRITE_LIMITS } from '../../../src/writeback/limits.ts';
import { SidecarDirectories } from '../../../src/writeback/run/sidecar_directories.ts';

/** What is said of a directory on a new page, once it is worth a look. */
function ask(directories: SidecarDirectories, directory: string): boolean {
  directories.nextPage();
  return Array.from({ length: 8 }, () => directories.hasNone(directory)).at(-1) ?? false;
}

function setAge(directory: string, seconds: number): void {
  const time = new Date(Date.now() - seconds * 1_000);
  Deno.utimeSync(directory, time, time);
}

Deno.test('a sidecar that appears in a directory is seen from the next page on, and so is one that goes', async () => {
  const directory = await Deno.makeTempDir();
  const directories = new SidecarDirectories(WRITE_LIMITS);
  await Deno.writeTextFile(`${directory}/a.jpg`, '');
  setAge(directory, 1_000);
  for (const [index, name] of ['a.jpg.xmp', 'a.XMP'].entries()) {
    assert.deepEqual([ask(directories, directory), ask(directories, directory)], [true, true]);
    const path = `${directory}/${name}`;
    await Deno.writeTextFile(path, '');
    assert.equal(ask(directories, directory), false, name);
    setAge(directory, 900 - index * 100);
    assert.equal(ask(directories, directory), false, name);
    await Deno.remove(path);
    setAge(directory, 850 - index * 100);
  }
  assert.equal(ask(directories, directory), true);
  await Deno.remove(directory, { recursive: true });
  assert.equal(ask(directories, directory), false, 'of what is gone nothing is known');
});

Deno.test('a directory that has just changed is not relied upon, as the clock of the disk is coarse', async () => {
  const directory = await Deno.makeTempDir();
  const directories = new SidecarDirectories(WRITE_LIMITS);
  assert.equal(ask(directories, directory), false);
  setAge(directory, 10);
  assert.equal(ask(directories, directory), true);
  await Deno.remove(directory, { recursive: true });
});

Deno.test('a directory that few photos lie in is not listed', async () => {
  const directory = await Deno.makeTempDir();
  setAge(directory, 10);
  const directories = new SidecarDirectories(WRITE_LIMITS);
  directories.nextPage();
  assert.deepEqual(Array.from({ length: 8 }, () => directories.hasNone(directory)), [...Array(7).fill(false), true]);
  await Deno.remove(directory, { recursive: true });
});
