import assert from 'node:assert/strict';
import { applyUnshare, planUnshare } from '../../../src/share/undo/unshare.ts';
import { momentOf } from '../../../src/cli/since.ts';
import { applyUndoMerge, planUndoMerge } from '../../../src/share/both_ways/undo_merge.ts';
import { readWritten } from '../../../src/share/both_ways/written.ts';
import type { World } from '../world.ts';
import { edit, mirrorId, openTwoWays, PHOTO, said, TYPED } from './two_ways.ts';

async function undo(world: World): Promise<number> {
  return await world.apply(async (tools) => {
    const { database: { sql }, schema } = tools;
    return (await applyUndoMerge(tools, await planUndoMerge(sql, schema, {}))).undone;
  });
}

Deno.test('what was written into originals stays when it is shared no more, and can be undone then', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  const before = await said(world, source);
  await edit(world, mirror, { ...TYPED.description, ...TYPED.date, ...TYPED.tags });
  await world.untilIdle();
  const typed = await said(world, source);
  await world.apply(async (tools, view) => await applyUnshare(tools, await planUnshare(view.sql, view, {}), () => {}));
  assert.equal(await world.mirrorOf(PHOTO, 'bob'), undefined);
  assert.deepEqual(await said(world, source), typed);
  assert.equal((await readWritten(world.sql, {})).length, 3);
  assert.equal(await undo(world), 3);
  assert.deepEqual(await said(world, source), before);
});

Deno.test('2020-02-31 is no day since when anything is undone', () => {
  for (const text of ['2020-02-31', '2021-02-29', '2020-13-01', '2020-00-10', 'yesterday']) {
    assert.throws(() => momentOf(text), { message: `--since: "${text}" is no time.` });
  }
  assert.equal(momentOf('2020-02-29'), '2020-02-29T00:00:00.000Z');
  assert.equal(momentOf('2020-12-31T23:30+02:00'), '2020-12-31T21:30:00.000Z');
});
