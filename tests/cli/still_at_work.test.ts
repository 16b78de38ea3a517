import assert from 'node:assert/strict';
import { stillAtWork } from '../../src/cli/still_at_work.ts';

Deno.test('who waits is told that work goes on, as it is at that moment, until it is done', async () => {
  const said: string[] = [];
  let looked = 0;
  const done = Promise.withResolvers<string>();
  const say = (what: string) => {
    said.push(what);
    done.resolve('done');
  };
  assert.equal(await stillAtWork(() => `${++looked} so far`, () => done.promise, say), 'done');
  assert.deepEqual(said, ['1 so far']);
});

Deno.test('of what is done at once nothing is said, nor of what fails', async () => {
  const say = () => assert.fail('nobody waits');
  assert.equal(await stillAtWork(() => '', () => Promise.resolve(1), say), 1);
  await assert.rejects(stillAtWork(() => '', () => Promise.reject(new Error('no')), say), /no/);
});
