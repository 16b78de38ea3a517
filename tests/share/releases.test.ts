import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { RELEASES } from '../harness/database.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

const CASES = [
  ...RELEASES.map((release) => ({ release, sameClusterGroup: false })),
  { release: 'v3.2.0', sameClusterGroup: true } as const,
  { release: 'v3.3.0', sameClusterGroup: true } as const,
];

for (const { release, sameClusterGroup } of CASES) {
  Deno.test(`${release}${sameClusterGroup ? ' in one cluster group' : ''}: the mirror is complete, and a second run writes nothing`, async () => {
    await using world = await World.open(release, { ownTables: false, sameClusterGroup });
    const report = await world.share();
    assert.deepEqual(report.jobs.map((job) => job.problems), [[], []]);
    const shared = world.library.assets.filter(({ expected }) =>
      ['shared-external', 'shared-upload', 'motion-part'].includes(expected)
    );
    const mirrored = await world.sql<{ id: string }[]>`SELECT source_asset_id AS id FROM immich_sidecar.asset_map`;
    const duplicates = await world.sql<{ id: string }[]>`
      SELECT source_asset_id AS id FROM immich_sidecar.skipped WHERE reason = 'duplicate'`;
    assert.deepEqual(
      [...mirrored, ...duplicates].map(({ id }) => id).sort(),
      shared.map(({ id }) => id).sort(),
      'what is shared is what the library declares to be shared',
    );
    assert.equal(duplicates.length, 1);
    assert.deepEqual(await world.verify(verifyMirrors), []);

    const [tables, files] = [await digestTables(world.sql), listFiles(world.directory)];
    const again = await world.share();
    assert.deepEqual(await digestTables(world.sql), tables);
    assert.deepEqual(listFiles(world.directory), files);
    assert.equal(again.complete, true);
  });
}
