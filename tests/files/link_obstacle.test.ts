import assert from 'node:assert/strict';
import { describeLinkObstacle, linkObstacle } from '../../src/files/link_obstacle.ts';
import { asFileProblem } from '../../src/files/problem.ts';

function problemOf(code: string) {
  return asFileProblem(Object.assign(new Error(code), { code }), '/x/a.jpg');
}

Deno.test('EPERM from link() means what it means here: a file of our own can be linked, so the other one is not ours to link', () => {
  const directory = Deno.makeTempDirSync({ prefix: 'immich-links-' });
  try {
    assert.equal(linkObstacle(problemOf('EPERM'), directory), 'foreign-owner');
    assert.deepEqual([...Deno.readDirSync(directory)], [], 'nothing is left');
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test('file systems without hard links, and files with too many, have sentences and remedies of their own', () => {
  assert.equal(linkObstacle(problemOf('ENOTSUP'), '/nowhere'), 'no-hard-links');
  assert.equal(linkObstacle(problemOf('ENOSYS'), '/nowhere'), 'no-hard-links');
  assert.equal(linkObstacle(problemOf('EMLINK'), '/nowhere'), 'too-many-links');
  for (const code of ['EXDEV', 'EACCES', 'EROFS', 'ENOSPC']) {
    assert.equal(linkObstacle(problemOf(code), '/nowhere'), undefined);
  }
  // Nothing can be written there at all, which is said in other words.
  assert.equal(linkObstacle(problemOf('EPERM'), '/nowhere'), undefined);
  const told = (['no-hard-links', 'foreign-owner', 'too-many-links'] as const).map((one) =>
    describeLinkObstacle(one, '"/a"', '"/b"')
  );
  assert.equal(new Set(told.map(({ message }) => message)).size, 3);
  assert.match(told[0]?.message ?? '', /FAT, exFAT/);
  assert.match(told[1]?.remedy ?? '', /fs\.protected_hardlinks/);
});
