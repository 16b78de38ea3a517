import assert from 'node:assert/strict';
import { readRegularFile } from '../../src/files/regular.ts';
import { saidBy } from '../../src/share/mirrors/sidecars.ts';
import { Scratch } from './scratch.ts';

Deno.test('only a regular file of a certain length is read, also behind a symbolic link; a pipe is not waited for', () => {
  using scratch = new Scratch();
  assert.equal(readRegularFile(`${scratch.source}/in.jpg`, 5)?.toString(), 'photo');
  assert.equal(readRegularFile(`${scratch.source}/photo.jpg`, 4), undefined);
  assert.equal(readRegularFile(scratch.source, 1 << 20), undefined);
  assert.throws(() => readRegularFile(`${scratch.source}/nothing`, 1), { code: 'ENOENT' });
  const pipe = `${scratch.target}/photo.jpg.xmp`;
  assert.ok(new Deno.Command('mkfifo', { args: [pipe] }).outputSync().success);
  assert.equal(readRegularFile(pipe, 1 << 20), undefined);
  assert.deepEqual(saidBy(pipe), [], "a receiver's pipe in the place of a sidecar");
});
