import assert from 'node:assert/strict';
import { readAhead } from '../../src/postgres/read_ahead.ts';

/** Counts up; tells what happened to it. */
async function* counting(log: string[], count: number, fail?: Error): AsyncGenerator<number> {
  try {
    for (let number = 0; number < count; number++) {
      log.push(`made ${number}`);
      yield await Promise.resolve(number);
    }
    if (fail) throw fail;
  } finally {
    log.push('closed');
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

Deno.test('the next item is made while one is worked on, and no more', async () => {
  const log: string[] = [];
  for await (const number of readAhead(counting(log, 3))) {
    await turn();
    log.push(`used ${number}`);
  }
  assert.deepEqual(log, ['made 0', 'made 1', 'used 0', 'made 2', 'used 1', 'closed', 'used 2']);
});

Deno.test('an error comes when its turn comes, and is never unhandled', async () => {
  const log: string[] = [];
  const used: number[] = [];
  await assert.rejects(async () => {
    for await (const number of readAhead(counting(log, 2, new Error('broken')))) {
      await turn();
      used.push(number);
    }
  }, /broken/);
  assert.deepEqual(used, [0, 1]);
});

Deno.test('a consumer that stops closes the source', async () => {
  const log: string[] = [];
  for await (const _ of readAhead(counting(log, 9))) break;
  assert.deepEqual(log, ['made 0', 'made 1', 'closed']);
});

Deno.test('nothing is nothing', async () => {
  assert.deepEqual(await Array.fromAsync(readAhead(counting([], 0))), []);
});
