import { describeProblem } from '../../src/problems/problem.ts';
import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { connect } from '../../src/postgres/connect.ts';
import { withSharing } from '../../src/share/share.ts';
import { nextBatch } from '../../src/share/phases/embeddings.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { digestTables } from './snapshot.ts';
import { World } from './world.ts';

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: embeddings come in a phase of their own, are counted, and a second cycle copies none`, async () => {
    await using world = await World.open(release);
    const report = await world.share();
    assert.equal(copied(report), await countCopies(world));
    assert.ok(copied(report) > 20);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    assert.equal(copied(await world.share()), 0);
  });

  Deno.test(`${release}: embeddings that were lost, computed anew for a mirror or changed at the source are the source's again`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const [lost, recomputed] = [await world.mirrorOf('family/picnic'), await world.mirrorOf('family/portrait')];
    const before = await digestTables(sql);
    await sql`DELETE FROM smart_search WHERE "assetId" = ${lost ?? ''}`;
    await sql`DELETE FROM face_search USING asset_face f WHERE f.id = "faceId" AND f."assetId" = ${lost ?? ''}`;
    await sql`
      UPDATE smart_search SET embedding = (SELECT embedding FROM smart_search WHERE "assetId" = ${
      world.id('family/raw')
    })
      WHERE "assetId" = ${recomputed ?? ''}`;
    assert.equal(copied(await world.share()), 4, 'two photos, and the two faces of one of them');
    assert.deepEqual(withoutRun(await digestTables(sql)), withoutRun(before));

    await sql`
      UPDATE smart_search SET embedding = (SELECT embedding FROM smart_search WHERE "assetId" = ${
      world.id('family/raw')
    })
      WHERE "assetId" = ${world.id('family/picnic')}`;
    assert.equal(copied(await world.share()), 1);
    assert.deepEqual(await world.verify(verifyMirrors), []);
  });
}

Deno.test('an embedding that PostgreSQL refuses is reported; the photo can be seen, and all other embeddings come', async () => {
  await using world = await World.open('v3.1.0');
  await world.sql.unsafe(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT "originalFileName" FROM asset WHERE id = NEW."assetId") = 'picnic.jpg' THEN
        RAISE EXCEPTION 'no room in the index';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON smart_search FOR EACH ROW EXECUTE FUNCTION refuse();`);
  const report = await world.share();
  assert.equal(report.complete, false);
  assert.match(
    report.jobs[0]?.problems.map(describeProblem).join('\n') ?? '',
    /^smart_search [-0-9a-f]{36}: PostgreSQL refuses a row: no room in the index$/m,
  );
  const mirror = await world.mirrorOf('family/picnic');
  assert.ok(mirror);
  const findings = await world.verify(verifyMirrors) as { subject: string }[];
  assert.deepEqual([...new Set(findings.map(({ subject }) => subject.split(' ')[1]))], [mirror]);

  await world.sql`DROP TRIGGER refuse ON smart_search`;
  assert.equal(copied(await world.share()), 1);
  assert.deepEqual(await world.verify(verifyMirrors), []);
});

Deno.test('photos are there before their embeddings; a cycle that has no time for them leaves them to the next', async () => {
  await using world = await World.open('v3.1.0');
  const sql = await connect(world.config.database);
  try {
    await withSharing(sql, world.config, 'test', async (sharing) => {
      const first = await sharing.cycle({ progress: SILENT, embeddingsMs: 0 });
      assert.equal(first.hasBacklog, true);
      assert.equal(copied(first), 0);
      assert.ok(await world.mirrorOf('family/picnic'));
      assert.equal(await countCopies(world), 0);

      // What happens meanwhile is followed, although nothing has changed for the rest.
      await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/picnic')}`;
      const second = await sharing.cycle({ progress: SILENT, embeddingsMs: 0 });
      assert.deepEqual([second.hasBacklog, second.jobs[0]?.withdrawn], [true, { 'source-locked': 1 }]);

      const third = await sharing.cycle({ progress: SILENT });
      assert.equal(third.hasBacklog, false);
      assert.equal(copied(third), await countCopies(world));
      assert.equal(copied(await sharing.cycle({ progress: SILENT })), 0);
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
  assert.deepEqual(await world.verify(verifyMirrors), []);
});

Deno.test('one connection is enough', async () => {
  await using world = await World.open('v3.1.0');
  world.config = { ...world.config, vectorWorkers: 8, database: { ...world.config.database, maxConnections: 1 } };
  await world.share();
  assert.deepEqual(await world.verify(verifyMirrors), []);
});

Deno.test('a batch grows while there is no index to wait for, and shrinks to what half a second allows', () => {
  assert.equal(nextBatch(250, 20), 1_000);
  assert.equal(nextBatch(250, 1_000), 125);
  assert.equal(nextBatch(100, 500), 100);
  assert.equal(nextBatch(20, 60_000), 20);
});

function copied(report: { readonly jobs: readonly { readonly embeddings: number }[] }): number {
  return report.jobs.reduce((sum, job) => sum + job.embeddings, 0);
}

async function countCopies({ sql }: World): Promise<number> {
  const [row] = await sql<{ copies: number }[]>`
    SELECT (
      (SELECT count(*) FROM smart_search s JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = s."assetId")
      + (SELECT count(*) FROM face_search s JOIN immich_sidecar.face_map m ON m.mirror_face_id = s."faceId")
    )::int AS copies`;
  return row?.copies ?? 0;
}

/** Only the log of cycles may differ. */
function withoutRun(digests: Readonly<Record<string, string>>): Record<string, string> {
  return { ...digests, 'immich_sidecar.run': '' };
}
