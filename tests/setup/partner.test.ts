import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { Ground } from './ground.ts';

Deno.test('setup warns when the source also shares with the target as a partner, shown in the timeline, and says what to switch off', async () => {
  await using ground = await Ground.open();
  const { alice, bob } = ground.world.library.users;
  const plan = async () => {
    const what = ['--share', 'external', '--path', '/external_library/alice/family', '--from', 'Alice', '--to', 'Bob'];
    const { code, stdout, stderr } = await ground.setup(['--yes', '--dry-run', ...ground.flags, ...what]);
    assert.equal(code, EXIT.ok, stderr);
    return (stdout + stderr).replaceAll(/\s+/g, ' ');
  };
  assert.doesNotMatch(await plan(), /partner/);
  await ground.world.sql`
    INSERT INTO partner ("sharedById", "sharedWithId", "inTimeline") VALUES (${alice.id}, ${bob.id}, true)`;
  const warned = await plan();
  assert.match(
    warned,
    /Alice also shares with Bob as a partner, shown in the timeline: each shared photo will be there twice\./,
  );
  assert.match(warned, /Partner Sharing > Show in timeline/);
});
