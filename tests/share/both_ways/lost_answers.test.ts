import assert from 'node:assert/strict';
import { Secret } from '../../../src/config/secret.ts';
import { applyUndoMerge, planUndoMerge } from '../../../src/share/both_ways/undo_merge.ts';
import { readWritten } from '../../../src/share/both_ways/written.ts';
import { fakeLibrary } from '../../harness/fake_immich/library.ts';
import { FakeImmich } from '../../harness/fake_immich/server.ts';
import { editAsset } from '../../harness/immich_jobs/metadata.ts';
import type { World } from '../world.ts';
import { conflictsOf, edit, mirrorId, openTwoWays, PHOTO, said } from './two_ways.ts';

const KEY = 'key-of-the-owner-1';

Deno.test('what the receiver types while Immich writes is not overwritten, and goes to the original next', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  await edit(world, mirror, { description: 'first' });
  let edits = 0;
  await using _immich = behind(world, async (answer) => {
    if (edits++ === 0) await editAsset(world, mirror, { description: 'second' });
    return answer;
  });
  await world.share({ isFull: false });
  await world.untilIdle();
  assert.deepEqual([(await said(world, source)).description, (await said(world, mirror)).description], [
    'second',
    'second',
  ]);
});

Deno.test('what the owner types at the moment at which Immich has written stays', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  await edit(world, mirror, { description: "Bob's" });
  await using _immich = behind(world, async (answer) => {
    await editAsset(world, source, { description: "Alice's" });
    return answer;
  });
  await world.share({ isFull: false });
  assert.equal((await said(world, source)).description, "Alice's");
});

Deno.test('what Immich has written is listed and can be undone, also when its answer was lost', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  const { description: before } = await said(world, source);
  await edit(world, mirror, { description: "Bob's" });
  let isLost = true;
  await using _immich = behind(world, (answer) => isLost ? busy() : answer);
  await world.share({ isFull: false });
  assert.equal((await said(world, source)).description, "Bob's");
  assert.deepEqual((await readWritten(world.sql, {})).map(({ field }) => field), ['description']);
  await world.share({ isFull: false });

  // The same of undoing it: what Bob has typed stays on his side.
  const undo = () =>
    world.apply(async (tools) => {
      const { database: { sql }, schema } = tools;
      return await applyUndoMerge(tools, await planUndoMerge(sql, schema, {}));
    });
  assert.deepEqual((await undo()).undone, 0);
  assert.equal((await said(world, source)).description, before);
  isLost = false;
  await world.share();
  await world.share({ isFull: false });
  assert.equal((await said(world, mirror)).description, "Bob's");
  assert.deepEqual((await conflictsOf(world)).map(({ field, because }) => [field, because]), [[
    'description',
    'base-unknown',
  ]]);
});

Deno.test('what the owner types at the moment at which it is undone stays', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  await edit(world, mirror, { description: "Bob's" });
  let isUndone = false;
  await using _immich = behind(world, async (answer) => {
    if (isUndone) await editAsset(world, source, { description: "Alice's" });
    return answer;
  });
  await world.untilIdle();
  isUndone = true;
  await world.apply(async (tools) => {
    const { database: { sql }, schema } = tools;
    await applyUndoMerge(tools, await planUndoMerge(sql, schema, {}));
  });
  await world.share();
  assert.equal((await said(world, source)).description, "Alice's");
  assert.equal((await said(world, mirror)).description, "Bob's");
});

function busy(): Response {
  return new Response(JSON.stringify({ message: 'lost' }), { status: 503 });
}

/** Immich's API with Alice's key; `then` is called when it has written, with its answer. */
function behind(world: World, then: (answer: Response) => Response | Promise<Response>): AsyncDisposable {
  const immich = new FakeImmich({
    dialect: '3.1.0',
    library: fakeLibrary(),
    database: world.sql,
    keys: new Map([[KEY, { userId: world.library.users.alice.id, permissions: ['all'] }]]),
  });
  const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    const body = method === 'GET' ? null : await request.text();
    const response = await fetch(`${immich.url}${pathname}${search}`, { method, headers, body });
    const answer = new Response(await response.text(), { status: response.status, headers: response.headers });
    return method === 'PUT' ? await then(answer) : answer;
  });
  world.config = {
    ...world.config,
    immich: { url: `http://127.0.0.1:${server.addr.port}`, apiKey: new Secret(KEY) },
  };
  return {
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await immich[Symbol.asyncDispose]();
    },
  };
}
