import assert from 'node:assert/strict';
import { problem } from '../../src/problems/problem.ts';
import { Said } from '../../src/share/cycle/said.ts';

Deno.test('what was said of a photo is said again when its reason changes, or when it comes back after a full cycle without it', () => {
  const said = new Said();
  const missing = problem('missing', { job: 'a', assetId: '1', path: '/x/temporary-1' });
  assert.equal(said.isNews(missing), true);
  assert.equal(
    said.isNews({ ...missing, where: { ...missing.where, path: '/x/temporary-2' } }),
    false,
    'the path may differ',
  );
  said.fullCycleEnded();
  assert.equal(said.isNews(missing), false);
  assert.equal(said.isNews(problem('io', missing.where)), true, 'another reason');
  assert.equal(said.isNews(problem('missing', { job: 'a', assetId: '2' })), true, 'another photo');
  said.fullCycleEnded();
  said.fullCycleEnded();
  assert.equal(said.isNews(missing), true, 'it was gone meanwhile');
});
