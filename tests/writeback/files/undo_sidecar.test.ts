import assert from 'node:assert/strict';
import type { WriteProblem } from '../../../src/writeback/write_problem.ts';
import { makeFile } from './media.ts';
import { setTags } from './set_tags.ts';
import { BLANK, RECORD, World } from './world.ts';

/** Does something to a sidecar that we wrote, and returns what it is then; undefined when it is gone. */
const OTHERS: Readonly<Record<string, (path: string) => Promise<void> | void>> = {
  'added a tag': (path) => setTags(path, { 'XMP-xmp:Label': 'Green' }),
  'replaced it by another': (path) => {
    Deno.writeTextFileSync(`${path}.new`, Deno.readTextFileSync(path));
    Deno.renameSync(`${path}.new`, path);
  },
  'wrote other letters, as many': (path) => {
    Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace('sea', 'lea'));
    Deno.utimeSync(path, new Date(), new Date('2030-01-01'));
  },
};

for (const [what, change] of Object.entries(OTHERS)) {
  for (const isThere of [true, false]) {
    Deno.test(`undo leaves a sidecar alone that ${isThere ? 'was there and' : 'we made, of which'} others ${what}`, async () => {
      await using world = await World.open();
      const path = await world.add('a.jpg', makeFile('jpg'));
      const sidecar = `${path}.xmp`;
      if (isThere) {
        await world.write(path, { ...BLANK, description: 'somebody’s' }, { destination: 'sidecar' });
        world.forget();
        world.done.length = 0;
      }
      const { plans: [plan] } = await world.write(path, RECORD, { destination: 'sidecar' });
      assert.deepEqual([plan?.path, plan?.isNew], [sidecar, !isThere]);
      await change(sidecar);
      const theirs = Deno.readFileSync(sidecar);
      await assert.rejects(world.undoAll(), (error: WriteProblem) => {
        assert.deepEqual([error.outcome, error.path], ['changed-meanwhile', sidecar]);
        return true;
      });
      assert.deepEqual(Deno.readFileSync(sidecar), theirs);
      assert.deepEqual(world.names(), ['a.jpg', 'a.jpg.xmp']);
    });
  }
}

Deno.test('undo of a sidecar that is gone: of one that we made there is nothing to do, any other one is not made again', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  await world.write(path, { ...BLANK, description: 'one' }, { destination: 'sidecar' });
  await world.write(path, { ...BLANK, description: 'two' }, { destination: 'sidecar' });
  Deno.removeSync(`${path}.xmp`);
  const [made, changed] = world.done;
  assert.ok(made && changed);
  await assert.rejects(world.writer.undo(changed, () => {}), { outcome: 'not-found' });
  assert.equal((await world.writer.undo(made, () => assert.fail('nothing begins'))).stamp, undefined);
  assert.deepEqual(world.names(), ['a.jpg']);
});
