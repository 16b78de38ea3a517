import assert from 'node:assert/strict';
import { importPathOf, narrowestImportPaths } from '../../../src/immich/scan/crawler.ts';

Deno.test('the import path for a target prefix ends above its first hidden directory', () => {
  for (
    const [prefix, expected] of [
      ['/external_library/bob_shared/.alice/', '/external_library/bob_shared'],
      ['/external_library/bob_shared/.alice/.family/', '/external_library/bob_shared'],
      ['/external_library/bob.shared/.alice/', '/external_library/bob.shared'],
      ['/external_library/bob_shared/alice/', ''],
      ['/.alice/', ''],
    ] as const
  ) assert.equal(importPathOf(prefix), expected, prefix);
});

Deno.test('the fewest import paths for several prefixes: none below another, and none at all where one is not hidden', () => {
  const [alice, carol, deeper] = ['/x/bob/.alice/', '/x/bob/.carol/', '/x/bob/more/.dora/'] as const;
  assert.deepEqual(narrowestImportPaths([alice, carol]), ['/x/bob']);
  assert.deepEqual(narrowestImportPaths([deeper, alice]), ['/x/bob']);
  assert.deepEqual(narrowestImportPaths([alice, '/x/bobby/.alice/']), ['/x/bob', '/x/bobby']);
  assert.equal(narrowestImportPaths([alice, '/x/bob/alice/']), undefined);
  assert.equal(narrowestImportPaths([]), undefined);
});
