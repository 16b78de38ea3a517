import assert from 'node:assert/strict';
import { sameFile } from '../../src/files/identity.ts';
import { exists, reasonOf, Scratch, testOnBothRoots } from './scratch.ts';

testOnBothRoots(
  'a copy has the bytes and the time of its source and is a file of its own; it is known again',
  Scratch,
  (scratch) => {
    const target = `${scratch.target}/new/photo.jpg`;
    assert.equal(scratch.linker.copy(scratch.photo(), target), true);
    assert.equal(Deno.readTextFileSync(target), 'photo');
    assert.equal(Deno.statSync(target).mtime?.getTime(), scratch.photo().mtimeMs);
    assert.ok(!sameFile(target, `${scratch.source}/photo.jpg`));
    assert.equal(scratch.linker.copy(scratch.photo(), target), false);
  },
);

testOnBothRoots('a hard link is no copy: whoever writes into one would write into both', Scratch, (scratch) => {
  const target = `${scratch.target}/photo.jpg`;
  scratch.linker.link(scratch.photo(), target);
  assert.equal(scratch.linker.copy(scratch.photo(), target), true);
  Deno.writeTextFileSync(target, 'another cover');
  assert.equal(Deno.readTextFileSync(`${scratch.source}/photo.jpg`), 'photo');
  assert.equal(Deno.statSync(target).nlink, 1);
});

testOnBothRoots(
  'who may not read a source may not read its copy, and nobody else may write to one',
  Scratch,
  async (scratch) => {
    const { signal } = new AbortController();
    for (
      const [mode, expected] of [[0o600, 0o600], [0o640, 0o640], [0o664, 0o644], [0o4755, 0o644], [
        0o444,
        0o644,
      ]] as const
    ) {
      Deno.chmodSync(`${scratch.source}/photo.jpg`, mode);
      const targets = [`${scratch.target}/${mode}.jpg`, `${scratch.target}/${mode}-large.jpg`] as const;
      scratch.linker.copy(scratch.photo(), targets[0]);
      await scratch.linker.copyLarge(scratch.photo(), targets[1], { signal });
      assert.deepEqual(targets.map((path) => (Deno.statSync(path).mode ?? 0) & 0o7777), [expected, expected]);
    }
  },
);

testOnBothRoots('a pipe that somebody puts in the place of a source is not waited for', Scratch, (scratch) => {
  const photo = scratch.photo();
  Deno.removeSync(photo.realPath);
  assert.ok(new Deno.Command('mkfifo', { args: [photo.realPath] }).outputSync().success);
  assert.equal(reasonOf(() => scratch.linker.copy(photo, `${scratch.target}/photo.jpg`)), 'changed');
});

for (const what of ['size', 'time', 'kind'] as const) {
  testOnBothRoots(`a file of another ${what} is no copy, and is replaced`, Scratch, (scratch) => {
    const target = `${scratch.target}/photo.jpg`;
    const { mtimeMs } = scratch.photo();
    if (what === 'kind') Deno.symlinkSync(scratch.write('outside/photo.jpg', 'photo'), target);
    else Deno.writeTextFileSync(target, what === 'size' ? 'a longer one' : 'phot0');
    if (what === 'size') Deno.utimeSync(target, mtimeMs / 1_000, mtimeMs / 1_000);
    if (what === 'time') Deno.utimeSync(target, mtimeMs / 1_000 + 1, mtimeMs / 1_000 + 1);
    assert.equal(scratch.linker.copy(scratch.photo(), target), true);
    assert.equal(Deno.readTextFileSync(target), 'photo');
    assert.ok(Deno.lstatSync(target).isFile);
  });
}

/** Takes a file away, each in its way. */
const REMOVALS: Readonly<Record<string, (scratch: Scratch, path: string, keep: string) => void>> = {
  'remove': ({ linker }, path, keep) => linker.remove(path, keep),
  'removeAside': ({ linker }, path, keep) => linker.removeAside(path, keep, [`${keep}/.kept/.going-1`]),
};

for (const [name, remove] of Object.entries(REMOVALS)) {
  testOnBothRoots(
    `${name} also takes what a run that was killed has left under its temporary name, and then the directory`,
    Scratch,
    (scratch) => {
      const keep = `${scratch.target}/keep`;
      const path = `${keep}/a/b/photo.jpg`;
      scratch.linker.link(scratch.photo(), path);
      Deno.linkSync(path, `${keep}/a/b/.immich-sidecar-temporary`);
      remove(scratch, path, keep);
      assert.deepEqual([`${keep}/a`, keep].map(exists), [false, true]);
      assert.equal(Deno.statSync(`${scratch.source}/photo.jpg`).nlink, 1);
    },
  );
}
