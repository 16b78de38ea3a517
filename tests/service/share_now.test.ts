import assert from 'node:assert/strict';
import { assetOf } from '../../src/demo/library_generator/result.ts';
import { actionsOf } from '../../src/service/actions.ts';
import { dashboard } from '../../src/service/dashboard/page.ts';
import { publicSnapshot } from '../../src/service/public_snapshot.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import { until } from '../crash/process.ts';
import { World } from '../share/world.ts';
import { RunningService } from './running_service.ts';

Deno.test('the page says when what failed is tried again, to everybody and without a name, and "Share now" tries it', async () => {
  await using world = await World.open('v3.1.0');
  const { localPath } = assetOf(world.library, 'family/portrait');
  Deno.renameSync(localPath, `${localPath}.away`);
  await using service = new RunningService(world.config);
  const snapshot = () => publicSnapshot(snapshotOf(service.state, service.scheduler.config, 'test'));
  await until('it waits until it is tried again', () => Date.parse(snapshot().retries.nextAt ?? '') > Date.now());
  assert.equal(snapshot().retries.photos, 1);
  const visitor = { canSignIn: true, isSignedIn: false, message: undefined };
  const page = String(await dashboard(snapshot(), visitor, Date.now()));
  assert.match(page, /photo of which something failed is tried again/);
  assert.ok(!page.includes('portrait'));

  Deno.renameSync(`${localPath}.away`, localPath);
  await actionsOf(service.scheduler).run();
  await until('it is shared', async () => await world.mirrorOf('family/portrait') !== undefined);
  await until('nothing is left', () => snapshot().retries.photos === 0);
});
