import assert from 'node:assert/strict';
import { noteRewritten, Rewritten } from '../../src/files/rewritten.ts';
import { World } from './world.ts';

Deno.test('files that write-back has written anew are remembered until all shares were looked at, not just one', async () => {
  await using world = await World.open('v3.1.0');
  const [job] = world.config.jobs;
  assert.ok(job);
  const { stateDirectory } = world.config.write;
  Deno.mkdirSync(stateDirectory, { recursive: true });
  const ids = [world.id('family/portrait')];
  noteRewritten(stateDirectory, ids);
  const noted = () => new Rewritten(stateDirectory).read();
  await world.share({ jobName: job.name });
  assert.deepEqual(noted(), ids);
  await world.share();
  assert.deepEqual(noted(), []);
});
