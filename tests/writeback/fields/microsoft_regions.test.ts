import assert from 'node:assert/strict';
import { MICROSOFT_REGIONS, microsoftRegions } from '../../../src/writeback/fields/microsoft_regions.ts';
import { NOTHING_OWN } from '../../../src/writeback/fields/values.ts';

const EMIL = { name: 'Emil', box: { x: 0.5, y: 0.5, width: 0.2, height: 0.2 } };
const OURS = { PersonDisplayName: 'Emil', Rectangle: '0.4, 0.4, 0.2, 0.2' };
const THEIRS = { PersonDisplayName: 'Somebody', Rectangle: '0.1, 0.1, 0.1, 0.1', PersonEmailDigest: 'x' };
const current = (...regions: object[]) => ({ [MICROSOFT_REGIONS]: { Regions: regions } }) as never;

Deno.test('Microsoft’s regions: only what we add is ours, and of nothing that we add nothing is', () => {
  assert.deepEqual(microsoftRegions([], {}, {}, NOTHING_OWN), { value: null, own: null });
  assert.deepEqual(microsoftRegions([EMIL], {}, {}, NOTHING_OWN), {
    value: { Regions: [OURS] },
    own: { Regions: [OURS] },
  });
  assert.deepEqual(microsoftRegions([], current(THEIRS), {}, NOTHING_OWN), {
    value: { Regions: [THEIRS] },
    own: null,
  });
  assert.deepEqual(microsoftRegions([EMIL], current(THEIRS, OURS), {}, NOTHING_OWN), {
    value: { Regions: [THEIRS, OURS] },
    own: null,
  }, 'others wrote it, and it says what Immich says');
  assert.deepEqual(microsoftRegions([EMIL], current(THEIRS), {}, NOTHING_OWN), {
    value: { Regions: [THEIRS, OURS] },
    own: { Regions: [OURS] },
  });
});
