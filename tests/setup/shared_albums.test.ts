/** setup offers to share what is in shared albums, and says how much that is before it writes anything. */
import assert from 'node:assert/strict';
import { sharedBetween } from '../share/shared_albums_world.ts';
import { Ground } from './ground.ts';

Deno.test('setup shares albums: all or some, with their sizes, and the next sync makes the libraries', async () => {
  await using ground = await Ground.open();
  const args = (...more: string[]) => [...ground.flags, '--share', 'albums', ...more];
  const dry = await ground.setup(['--dry-run', '--yes', ...args()]);
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(
    dry.stdout,
    /\+ share all shared albums with their members, in \/data\/shared\/albums\/; now \d+ photos and videos, [\d.]+ (bytes|[KM]iB)/,
  );
  assert.throws(() => ground.read('config.yaml'), 'a dry run writes nothing');

  const strange = await ground.setup(['--yes', ...args('--albums', 'Nothing of the kind')]);
  assert.equal(strange.code, 2);
  assert.match(strange.stderr, /--albums.*No shared album is called "Nothing of the kind"/s);
  assert.match(strange.stderr, /There are "Holiday, 2023" and "From Alice"/);

  const done = await ground.setup(['--yes', ...args('--target-dir', '/data/shared/together')]);
  assert.equal(done.code, 0, done.stderr);
  assert.match(
    ground.read('config.yaml'),
    /shared_albums:\n {2}albums: all\n {2}directory: \/data\/shared\/together\/\n/,
  );
  assert.match(ground.read('.env'), /^SYNC_INTERVAL_SECONDS=5$/m);
  const again = await ground.setup(['--yes', ...args('--target-dir', '/data/shared/together')]);
  assert.match(again.stdout, /there is nothing to change/, 'the second time there is nothing to do');

  const sync = await ground.run(['sync']);
  assert.equal(sync.code, 0, sync.stderr);
  const shared = await sharedBetween(ground.world);
  assert.deepEqual(Object.keys(shared), ['alice to bob', 'bob to carol']);
  assert.match((await ground.run(['status'])).stdout, /shared albums: Alice → Bob/);
});
