import assert from 'node:assert/strict';
import type { GeneratedLibrary } from '../../src/demo/library_generator/result.ts';
import { assetOf } from '../../src/demo/library_generator/result.ts';
import type { Sql } from '../../src/postgres/connect.ts';
import { RELEASES } from '../harness/database.ts';
import {
  assertFilesExist,
  assertReadiness,
  assertRowsMatchFiles,
  assertSignatures,
  digestFile,
  digestTree,
} from './library_assertions.ts';
import { complaintAbout, kindOf } from './signatures.ts';
import { withLibrary } from './temporary_library.ts';

const SHAREABLE = ['shared-external', 'shared-upload'];

for (const release of RELEASES) {
  Deno.test(`the library of ${release} is whole: rows, files, checksums, readiness`, async () => {
    await withLibrary(release, {}, async (temporary) => {
      await assertFilesExist(temporary);
      assertSignatures(temporary);
      await assertRowsMatchFiles(temporary);
      await assertReadiness(temporary);
      const { assets } = temporary.library;
      assert.ok(assets.filter(({ expected }) => SHAREABLE.includes(expected)).length >= 24);
      assert.ok(assets.length < 60);
    });
  });
}

Deno.test('the signature checks notice files that are cut off', async () => {
  await withLibrary('v3.1.0', {}, ({ library }) => {
    for (const key of ['family/beach', 'family/screenshot', 'family/phone', 'family/clip', 'family/live-video']) {
      const { localPath } = assetOf(library, key);
      const content = Deno.readFileSync(localPath);
      const kind = kindOf(localPath);
      assert.ok(kind);
      assert.ok(complaintAbout(kind, content.subarray(0, -3)), key);
    }
  });
});

Deno.test('the same seed gives the same library, another seed another one', async () => {
  const fingerprint = (seed: number) =>
    withLibrary('v3.1.0', { seed }, async ({ library, roots }) => ({
      // Paths of this machine differ from run to run.
      ids: JSON.stringify({
        ...library,
        libraries: undefined,
        assets: library.assets.map((a) => ({ ...a, localPath: '' })),
      }),
      files: await digestTree(`${roots.localMedia}`) + await digestTree(roots.localExternal),
    }));
  const first = await fingerprint(7);
  const again = await fingerprint(7);
  const other = await fingerprint(8);
  assert.deepEqual(again, first);
  assert.notEqual(other.ids, first.ids);
});

Deno.test('people: covers, secrets and the kinds of faces are as tests expect them', async () => {
  await withLibrary('v3.1.0', {}, async ({ db: { sql }, library }) => {
    const keysByPerson = await facesByPerson(sql, library);
    assert.deepEqual(keysByPerson['alice/secret'], ['private/party']);
    assert.ok(keysByPerson['alice/gustav']?.some((key) => key.startsWith('family/')));
    assert.equal(await coverOf(sql, library, 'alice/gustav'), assetOf(library, 'private/party').id);
    const [counts] = await sql`
      SELECT
        count(*) FILTER (WHERE f."sourceType" <> 'machine-learning' AND s."faceId" IS NOT NULL)::int AS wrong,
        count(*) FILTER (WHERE f."sourceType" = 'machine-learning' AND s."faceId" IS NULL)::int AS missing,
        count(*) FILTER (WHERE f."sourceType" = 'exif')::int AS exif,
        count(*) FILTER (WHERE f."sourceType" = 'manual')::int AS manual,
        count(*) FILTER (WHERE f."deletedAt" IS NOT NULL)::int AS deleted,
        count(*) FILTER (WHERE NOT f."isVisible")::int AS invisible,
        count(*) FILTER (WHERE f."personId" IS NULL)::int AS nobodys
      FROM asset_face f
      LEFT JOIN face_search s ON s."faceId" = f.id`;
    assert.deepEqual({ ...counts }, { wrong: 0, missing: 0, exif: 1, manual: 1, deleted: 1, invisible: 1, nobodys: 1 });
  });
});

Deno.test('embeddings are unit vectors, and faces of one human lie near each other', async () => {
  await withLibrary('v3.1.0', {}, async ({ db: { sql } }) => {
    const rows = await sql<{ person: string; values: number[] }[]>`
      SELECT p.name AS person, s.embedding::real[] AS values
      FROM face_search s
      JOIN asset_face f ON f.id = s."faceId"
      JOIN person p ON p.id = f."personId"
      WHERE p.name IN ('Dora Example', 'Dora', 'Emil, Jr.')`;
    const similarity = (a: readonly number[], b: readonly number[]) =>
      a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
    for (const one of rows) {
      assert.ok(Math.abs(similarity(one.values, one.values) - 1) < 0.001);
      for (const other of rows) {
        const isSame = one.person.startsWith('Dora') === other.person.startsWith('Dora');
        assert.ok(isSame === similarity(one.values, other.values) > 0.5);
      }
    }
  });
});

Deno.test('live photos, motion photos, stacks and edits are linked', async () => {
  await withLibrary('v3.1.0', {}, async ({ db: { sql }, library }) => {
    for (const [still, video] of [['family/live', 'family/live-video'], ['uploads/live', 'uploads/live-video']]) {
      assert.equal(assetOf(library, still ?? '').livePhotoVideoId, assetOf(library, video ?? '').id);
    }
    const motion = Deno.readFileSync(assetOf(library, 'uploads/motion').localPath);
    const part = Deno.readFileSync(assetOf(library, 'uploads/motion-video').localPath);
    assert.deepEqual(motion.subarray(-part.length), part);
    const edited = await sql`SELECT "originalFileName", width, height FROM asset WHERE "isEdited"`;
    assert.deepEqual(edited.map((row) => ({ ...row })), [{ originalFileName: 'edited.jpg', width: 160, height: 200 }]);
    const stacked = await sql`
      SELECT array_agg(a."originalFileName" ORDER BY a.id <> s."primaryAssetId", a."originalFileName") AS names
      FROM asset a
      JOIN stack s ON s.id = a."stackId"
      GROUP BY s.id
      ORDER BY 1`;
    assert.deepEqual(stacked.map((row) => row.names), [
      ['DSC_0007.jpg', 'DSC_0007.dng'],
      ['IMG_2001.jpg', 'VID_3001.mp4', 'passport.jpg'],
      ['screenshot.png', 'locked.jpg'],
    ]);
  });
});

Deno.test("Bob owns a copy of one of Alice's shared photos: same stem, same moment, other bytes", async () => {
  await withLibrary('v3.1.0', {}, async ({ db: { sql }, library }) => {
    const rows = await sql`
      SELECT e."dateTimeOriginal", a."originalFileName"
      FROM asset a
      JOIN asset_exif e ON e."assetId" = a.id
      WHERE a.id IN (${assetOf(library, 'family/beach').id}, ${assetOf(library, 'bob/beach').id})`;
    assert.equal(rows.length, 2);
    assert.deepEqual(rows[0], rows[1]);
    const [alices, bobs] = ['family/beach', 'bob/beach'].map((key) => digestFile(assetOf(library, key)));
    assert.notEqual(alices, bobs);
  });
});

Deno.test('odd file names reach database and disk unchanged', async () => {
  await withLibrary('v3.1.0', {}, ({ library }) => {
    const names = library.assets.filter(({ key }) => key.startsWith('family/names/'))
      .map(({ originalFileName }) => originalFileName);
    assert.ok(names.some((name) => new TextEncoder().encode(name).length === 255));
    assert.ok(names.some((name) => name !== name.normalize('NFC')));
    assert.ok(names.some((name) => name !== name.normalize('NFD')));
    for (const part of ['\n', '"', "'", '%', '\\', '$(']) assert.ok(names.some((name) => name.includes(part)), part);
    for (const start of ['-', '_', '  ']) assert.ok(names.some((name) => name.startsWith(start)), start);
  });
});

Deno.test('v3.3.0: Alice and Bob name one group, or two, as asked', async () => {
  for (const sameClusterGroup of [false, true]) {
    await withLibrary('v3.3.0', { sameClusterGroup }, async ({ db: { sql }, library }) => {
      const { 'alice/dora': alices, 'bob/dora': bobs } = library.people;
      assert.equal(alices.id === bobs.id, sameClusterGroup);
      const rows = await sql`SELECT name FROM person WHERE "personGroupId" = ${alices.id} ORDER BY name`;
      assert.deepEqual(rows.map(({ name }) => name), sameClusterGroup ? ['Dora', 'Dora Example'] : ['Dora Example']);
      const groups = await sql`SELECT count(*)::int AS count FROM cluster_group`;
      assert.equal(groups[0]?.count, sameClusterGroup ? 3 : 4);
    });
  }
});

Deno.test('extra images are plain shared photos', async () => {
  await withLibrary('v3.1.0', { extraImages: 30 }, async (temporary) => {
    const extra = temporary.library.assets.filter(({ key }) => key.startsWith('family/extra/'));
    assert.equal(extra.length, 30);
    assert.ok(extra.every(({ expected }) => expected === 'shared-external'));
    await assertFilesExist(temporary);
  });
});

async function facesByPerson(sql: Sql, library: GeneratedLibrary): Promise<Record<string, string[]>> {
  const rows = await sql<{ assetId: string; personId: string }[]>`
    SELECT "assetId", "personId"
    FROM asset_face
    WHERE "personId" IS NOT NULL`;
  const keyOfAsset = new Map(library.assets.map(({ id, key }) => [id, key]));
  return Object.fromEntries(
    Object.entries(library.people).map(([key, { id }]) => [
      key,
      rows.filter(({ personId }) => personId === id).map(({ assetId }) => keyOfAsset.get(assetId) ?? ''),
    ]),
  );
}

async function coverOf(sql: Sql, library: GeneratedLibrary, key: 'alice/gustav'): Promise<string | undefined> {
  const [row] = await sql`
    SELECT f."assetId"
    FROM person p
    JOIN asset_face f ON f.id = p."faceAssetId"
    WHERE p.id = ${library.people[key].id}`;
  return row?.assetId;
}
