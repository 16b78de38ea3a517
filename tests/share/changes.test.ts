import assert from 'node:assert/strict';
import { jobsOf } from '../../src/demo/jobs.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { connect } from '../../src/postgres/connect.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { tellCounts } from './idle.ts';
import { Engine } from './oracle/engine.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

/** Changes that a cycle must notice without looking at everything, each traced in another place (docs/immich.md). */
const CHANGES: Readonly<Record<string, (world: World, cycle: () => Promise<unknown>) => Promise<unknown>>> = {
  'a description': async (world) =>
    await world.sql`UPDATE asset_exif SET description = 'new' WHERE "assetId" = ${(await world.someMirrored())[0]}`,
  'a locked photo': async (world) =>
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${(await world.someMirrored())[0]}`,
  'a deleted photo': async (world) => await world.sql`DELETE FROM asset WHERE id = ${(await world.someMirrored())[0]}`,
  'a photo that becomes ready without a new updateId': async (world, cycle) => {
    const [id] = await world.someMirrored();
    await world.sql`UPDATE asset_job_status SET "metadataExtractedAt" = NULL WHERE "assetId" = ${id}`;
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${id}`;
    await cycle();
    await world.sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${id}`;
    await cycle();
    assert.equal((await world.sql`SELECT 1 FROM immich_sidecar.asset_map WHERE source_asset_id = ${id}`).length, 0);
    await world.sql`UPDATE asset_job_status SET "metadataExtractedAt" = now() WHERE "assetId" = ${id}`;
  },
  'a new file': async (world) => {
    const [id] = await world.someMirrored();
    const [row] = await world.sql<{ path: string }[]>`
      SELECT path FROM asset_file WHERE "assetId" = ${id} AND type = 'preview'`;
    const path = row?.path ?? '';
    await Deno.copyFile(world.local(path), world.local(path.replace('preview', 'fullsize')));
    await world.sql`
      INSERT INTO asset_file ("assetId", type, path) VALUES (${id}, 'fullsize', ${
      path.replace('preview', 'fullsize')
    })`;
  },
  'a face that is given to somebody else': async ({ sql, people: { faceKey, personKey }, library }) =>
    await sql`
      UPDATE asset_face SET ${sql(faceKey)} = (
        SELECT ${sql(personKey)} FROM person WHERE "ownerId" = ${library.users.alice.id} ORDER BY name DESC LIMIT 1
      )
      WHERE id = (SELECT source_face_id FROM immich_sidecar.face_map WHERE person_id IS NOT NULL ORDER BY 1 LIMIT 1)`,
  'a face that is gone': async ({ sql }) =>
    await sql`DELETE FROM asset_face WHERE id = (SELECT source_face_id FROM immich_sidecar.face_map ORDER BY 1 LIMIT 1)`,
  'a person with another name': async ({ sql, library, people: { personKey } }) =>
    await sql`
      UPDATE person SET name = 'renamed'
      WHERE "ownerId" = ${library.users.alice.id}
        AND ${sql(personKey)} IN (SELECT origin_person_id FROM immich_sidecar.person_map)`,
  'a person whom Bob deleted': async ({ sql, library, people: { personKey } }) =>
    await sql`
      DELETE FROM person
      WHERE "ownerId" = ${library.users.bob.id}
        AND ${
      sql(personKey)
    } = (SELECT mirror_person_id FROM immich_sidecar.person_map WHERE is_ours ORDER BY name LIMIT 1)`,
  'a mirror that Bob trashed': async (world) =>
    await world.sql`
      UPDATE asset SET "deletedAt" = now(), status = 'trashed'
      WHERE id = ${await world.mirrorOfId((await world.someMirrored())[0])}`,
  'a mirror that Bob deleted': async (world) =>
    await world.sql`DELETE FROM asset WHERE id = ${await world.mirrorOfId((await world.someMirrored())[0])}`,
  'faces that Immich took from a mirror': async ({ sql }) =>
    await sql`DELETE FROM asset_face WHERE id IN (SELECT mirror_face_id FROM immich_sidecar.face_map LIMIT 3)`,
  'a live photo that is locked': async ({ sql }) =>
    await sql`
      UPDATE asset SET visibility = 'locked'
      WHERE "livePhotoVideoId" IS NOT NULL AND id IN (SELECT source_asset_id FROM immich_sidecar.asset_map)`,
};

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: a cycle over changes notices each of them, and does what a full one does`, async (t) => {
    await using world = await World.open(release);
    const engine = await Engine.start(world.config);
    const cycle = async () => {
      await tellCounts(world.sql);
      return await engine.cycle();
    };
    try {
      await cycle();
      for (const [what, change] of Object.entries(CHANGES)) {
        await t.step(what, async () => {
          await change(world, cycle);
          const { scope } = await cycle();
          assert.notEqual(scope, 'nothing');
          // Somebody who is gone may have been on any photo.
          assert.equal(scope === 'everything', what === 'a person whom Bob deleted');
          assert.deepEqual(await world.verify(verifyMirrors), []);
        });
      }
      await engine.untilIdle(world.sql);
    } finally {
      await engine.end();
    }
    const before = [await digestTables(world.sql), listFiles(world.directory)];
    await world.share();
    assert.deepEqual([await digestTables(world.sql), listFiles(world.directory)], before, 'a full cycle finds no more');
  });
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: a person who is gone is noticed on photos that lead to him through others`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    const { personKey, faceKey } = world.people;
    const { alice, bob } = world.library.users;
    const dora = world.library.people['alice/dora'].id;
    const [, uploads] = jobsOf(world.library, 'carol');
    assert.ok(uploads);
    world.setJobs([...world.config.jobs, { ...uploads, name: 'bob to carol', sourceUserId: bob.id }]);
    const engine = await Engine.start(world.config);
    try {
      await engine.cycle();
      await sql`
        UPDATE asset_face SET ${sql(faceKey)} = (
          SELECT mirror_person_id FROM immich_sidecar.person_map
          WHERE origin_person_id = ${dora} AND target_user_id = ${bob.id}
        )
        WHERE "assetId" = ${world.id('bob/dog')}`;
      await tellCounts(world.sql);
      await engine.cycle();
      await engine.untilIdle(sql);
      assert.deepEqual(await world.facesOn(await world.mirrorOf('bob/dog', 'carol')), ['Dora Example']);
      await sql`DELETE FROM person WHERE ${sql(personKey)} = ${dora} AND "ownerId" = ${alice.id}`;
      await tellCounts(world.sql);
      await engine.cycle();
    } finally {
      await engine.end();
    }
    const before = await digestTables(sql);
    await world.share();
    assert.deepEqual(await digestTables(sql), before, 'a full cycle finds no more');
  });
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: a face that is not to be seen waits for its person until it is`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    const { faceKey } = world.people;
    const [secret, removed] = [world.library.people['alice/secret'].id, world.id('family/harbour')];
    await sql`
      INSERT INTO asset_face ("assetId", ${
      sql(faceKey)
    }, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2", "deletedAt")
      VALUES (${removed}, ${secret}, 100, 100, 50, 50, now())`;
    const engine = await Engine.start(world.config);
    try {
      await engine.cycle();
      await engine.untilIdle(sql);
      await sql`UPDATE asset_face SET ${sql(faceKey)} = ${secret} WHERE "assetId" = ${world.id('family/portrait')}`;
      await tellCounts(world.sql);
      await engine.cycle();
    } finally {
      await engine.end();
    }
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/portrait')), ['Secret Friend']);
    const before = await digestTables(sql);
    await world.share();
    assert.deepEqual(await digestTables(sql), before, 'a full cycle finds no more');
    await sql`UPDATE asset_face SET "deletedAt" = NULL WHERE "assetId" = ${removed}`;
    await world.share();
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/harbour')), ['Secret Friend']);
  });
}

for (const release of ['v2.7.5', 'v3.1.0'] as const) {
  Deno.test(`${release}: a photo whose pictures Immich makes anew has its text again after the next cycle`, async () => {
    await using world = await World.open(release);
    const engine = await Engine.start(world.config);
    const texts = async () =>
      Array.from(
        await world.sql<{ source: string; mirror: string }[]>`
        SELECT source.text AS source, own.text AS mirror
        FROM immich_sidecar.asset_map m
        JOIN ocr_search source ON source."assetId" = m.source_asset_id
        JOIN ocr_search own ON own."assetId" = m.mirror_asset_id`,
      );
    const cycle = async () => {
      await tellCounts(world.sql);
      return await engine.cycle();
    };
    try {
      await cycle();
      await engine.untilIdle(world.sql);
      const before = await texts();
      assert.notEqual(before.length, 0);
      // From the statements of both releases (`POST /assets/jobs`, regenerate-thumbnail): this one and no other.
      await world.sql`
        UPDATE ocr_search SET text = '' WHERE "assetId" IN (SELECT mirror_asset_id FROM immich_sidecar.asset_map)`;
      await cycle();
      assert.deepEqual(await texts(), before);
      // What Alice's own server has forgotten of her photos is forgotten by Bob, too.
      await world.sql`
        UPDATE ocr_search SET text = '' WHERE "assetId" IN (SELECT source_asset_id FROM immich_sidecar.asset_map)`;
      await cycle();
      assert.deepEqual(await texts(), before.map(() => ({ source: '', mirror: '' })));
      await engine.untilIdle(world.sql);
    } finally {
      await engine.end();
    }
  });
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: text that Immich recognises anew is on the mirror, and finds it, after the next cycle`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    const engine = await Engine.start(world.config);
    const textOf = async (id: string) =>
      (await sql<{ boxes: string[]; found: string }[]>`
        SELECT ARRAY(SELECT text FROM asset_ocr o WHERE o."assetId" = s."assetId" ORDER BY 1) AS boxes, s.text AS found
        FROM ocr_search s
        WHERE s."assetId" = ${id}`)[0];
    try {
      await engine.cycle();
      await engine.untilIdle(sql);
      const [photo] = await sql<{ source: string; mirror: string }[]>`
        SELECT m.source_asset_id AS source, m.mirror_asset_id AS mirror
        FROM immich_sidecar.asset_map m
        JOIN asset_ocr o ON o."assetId" = m.source_asset_id
        LIMIT 1`;
      assert.ok(photo);
      // OcrRepository.upsert and OcrService.handleOcr: all boxes anew, the text of all of them, and when that was.
      await sql`
        WITH gone AS (DELETE FROM asset_ocr WHERE "assetId" = ${photo.source} RETURNING *)
        INSERT INTO asset_ocr ("assetId", x1, y1, x2, y2, x3, y3, x4, y4, "boxScore", "textScore", text)
        SELECT "assetId", x1, y1, x2, y2, x3, y3, x4, y4, "boxScore", "textScore", 'another sign' FROM gone`;
      await sql`UPDATE ocr_search SET text = 'another sign' WHERE "assetId" = ${photo.source}`;
      await sql`UPDATE asset_job_status SET "ocrAt" = now() WHERE "assetId" = ${photo.source}`;
      await tellCounts(sql);
      const { scope } = await engine.cycle();
      assert.notEqual(scope, 'everything');
      assert.deepEqual(await textOf(photo.mirror), await textOf(photo.source));
      assert.equal((await textOf(photo.mirror))?.found, 'another sign');
      await engine.untilIdle(sql);
    } finally {
      await engine.end();
    }
  });
}

Deno.test({
  name: 'a change that is committed long after it was made is noticed',
  fn: async () => {
    await using world = await World.open('v3.1.0');
    const [engine, immich] = [await Engine.start(world.config), await connect(world.config.database)];
    try {
      for (let cycle = 0; cycle < 3; cycle++) await engine.cycle();
      const [id] = await world.someMirrored();
      await immich.begin(async (tx) => {
        await tx`UPDATE asset_exif SET description = 'late' WHERE "assetId" = ${id}`;
        for (let cycle = 0; cycle < 2; cycle++) {
          assert.ok((await engine.cycle()).jobs.every(({ rowsUpdated }) => rowsUpdated === 0));
        }
      });
      assert.ok((await engine.cycle()).jobs.some(({ rowsUpdated }) => rowsUpdated === 1));
      assert.deepEqual(await world.verify(verifyMirrors), []);
    } finally {
      await engine.end();
      await immich.end();
    }
  },
});

Deno.test('a change of a face that PostgreSQL counts late is noticed', async () => {
  await using world = await World.open('v3.1.0');
  const engine = await Engine.start(world.config);
  const immich = await world.sql.reserve();
  try {
    await engine.cycle();
    await tellCounts(immich, 1);
    await engine.cycle();
    // Within a second of the last report to the others, so that this one is kept back.
    await immich`
      UPDATE asset_face SET "boundingBoxX1" = "boundingBoxX1" + 1
      WHERE id = (SELECT source_face_id FROM immich_sidecar.face_map ORDER BY 1 LIMIT 1)`;
    const reports = [await engine.cycle()];
    await tellCounts(immich, 1);
    reports.push(await engine.cycle());
    const updated = reports.flatMap(({ jobs }) => jobs).reduce((sum, { facesUpdated }) => sum + facesUpdated, 0);
    assert.equal(updated, 1);
  } finally {
    immich.release();
    await engine.end();
  }
});
