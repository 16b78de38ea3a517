import { existsSync } from 'node:fs';
import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { World } from '../share/world.ts';

interface Damage {
  readonly what: string;
  /** Does harm to the mirror of family/portrait (or to the account). */
  readonly harm: (world: World, mirrorId: string) => Promise<unknown> | unknown;
  readonly found: RegExp;
}

const update = (what: string, set: string, found: RegExp, table = 'asset', key = 'id'): Damage => ({
  what,
  harm: ({ sql }, id) => sql.unsafe(`UPDATE ${table} SET ${set} WHERE "${key}" = $1`, [id]),
  found,
});

const DAMAGES: readonly Damage[] = [
  update('another name', `"originalFileName" = 'x.jpg'`, /^asset .* differs from its source/),
  update('no thumbhash', 'thumbhash = NULL', /would be computed again: thumbnails/),
  update('favourite', '"isFavorite" = true', /wrong value of its own: isFavorite/),
  update('not external', '"isExternal" = false', /wrong value of its own: isExternal/),
  update('another owner', `"ownerId" = (SELECT id FROM "user" WHERE name = 'Carol')`, /wrong value of its own: owner/),
  update('a checksum of something else', `checksum = '\\x00'`, /checksum that is not of its path/),
  update('another time', `"fileModifiedAt" = now()`, /extracted anew by a scan/),
  update(
    'the path of the source',
    `"originalPath" = replace("originalPath", 'bob_shared/.alice', 'alice/family')`,
    /source.s (own )?path/,
  ),
  update('another make', `make = 'x'`, /asset_exif .* differs/, 'asset_exif', 'assetId'),
  update(
    'no metadata date',
    '"metadataExtractedAt" = NULL',
    /would be computed again: metadata/,
    'asset_job_status',
    'assetId',
  ),
  update(
    'no faces date',
    '"facesRecognizedAt" = NULL',
    /would be computed again: face detection/,
    'asset_job_status',
    'assetId',
  ),
  update('no text date', '"ocrAt" = NULL', /would be computed again: text recognition/, 'asset_job_status', 'assetId'),
  update('a moved face', '"boundingBoxX1" = 1', /asset_face .* differs/, 'asset_face', 'assetId'),
  update('a file of another kind', '"isProgressive" = true', /asset_file .* differs/, 'asset_file', 'assetId'),
  {
    what: 'no embedding',
    harm: ({ sql }, id) => sql`DELETE FROM smart_search WHERE "assetId" = ${id}`,
    found: /smart_search .* no row/,
  },
  {
    what: 'no face embedding',
    harm: ({ sql }, id) =>
      sql`DELETE FROM face_search USING asset_face f WHERE f.id = "faceId" AND f."assetId" = ${id}`,
    found: /face_search .* differs/,
  },
  {
    what: 'no exif row',
    harm: ({ sql }, id) => sql`DELETE FROM asset_exif WHERE "assetId" = ${id}`,
    found: /asset_exif .* no row/,
  },
  { what: 'no row', harm: ({ sql }, id) => sql`DELETE FROM asset WHERE id = ${id}`, found: /mapping and no row/ },
  {
    what: 'a face of nobody',
    harm: ({ sql, people }, id) => sql`UPDATE asset_face SET ${sql(people.faceKey)} = NULL WHERE "assetId" = ${id}`,
    found: /another person than its source: Dora Example <> nobody/,
  },
  {
    what: 'a face of somebody else',
    harm: ({ sql, people, library }, id) =>
      sql`UPDATE asset_face SET ${sql(people.faceKey)} = (
        SELECT mirror_person_id FROM immich_sidecar.person_map
        WHERE origin_person_id = ${library.people['alice/grandma'].id}
      ) WHERE "assetId" = ${id}`,
    found: /another person than its source: Dora Example <> Grandma/,
  },
  {
    what: 'another birth date',
    harm: ({ sql, library }) =>
      sql`UPDATE person SET "birthDate" = '2000-01-01' WHERE name = 'Dora Example' AND "ownerId" = ${library.users.bob.id}`,
    found: /another person than its source: Dora Example <> Dora Example/,
  },
  {
    what: 'a person without a face',
    harm: ({ sql, library, people }) =>
      sql`UPDATE asset_face SET "deletedAt" = now() WHERE ${sql(people.faceKey)} = (
        SELECT mirror_person_id FROM immich_sidecar.person_map
        WHERE origin_person_id = ${library.people['alice/neighbour'].id}
      ) AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${library.users.bob.id})`,
    found: /person .* has no shared face: Neighbour/,
  },
  {
    what: 'a locked source',
    harm: (world) => world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/portrait')}`,
    found: /is shared and must not be/,
  },
  {
    what: 'a thumbnail of a private photo',
    harm: ({ sql, library }) =>
      sql`UPDATE person SET "thumbnailPath" = '/x' WHERE name = 'Gustav' AND "ownerId" = ${library.users.bob.id}`,
    found: /thumbnail of a photo that is not shared: Gustav/,
  },
  {
    what: 'no original',
    harm: async (world, id) => Deno.removeSync(await pathOf(world, id)),
    found: /originalPath is not on disk/,
  },
  {
    what: 'a copy instead of a link',
    harm: async (world, id) => {
      const path = await pathOf(world, id);
      Deno.copyFileSync(path, `${path}.copy`);
      Deno.renameSync(`${path}.copy`, path);
    },
    found: /originalPath is not the source's file/,
  },
  {
    what: 'a stray file',
    harm: (world) => Deno.writeTextFileSync(`${world.directory}/external/bob_shared/.alice/stray.jpg`, ''),
    found: /stray\.jpg.* is named by no row/,
  },
];

async function pathOf(world: World, id: string): Promise<string> {
  const [row] = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id}`;
  return world.local(row?.path ?? '');
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: the verifier finds nothing wrong with a fresh share, and every kind of damage`, async (t) => {
    await using world = await World.open(release, { ownTables: false });
    await world.share();
    assert.deepEqual(await world.verify(verifyMirrors), []);
    const before = await freeze(world);
    for (const { what, harm, found } of DAMAGES) {
      await t.step(what, async () => {
        const mirror = await world.mirrorOf('family/portrait') ?? '';
        await harm(world, mirror);
        const findings = (await verifyMirrors(world.sql, { config: world.config }))
          .map(({ subject, problem }) => `${subject} ${problem}`);
        assert.ok(findings.some((finding) => found.test(finding)), `${what}: ${JSON.stringify(findings)}`);
        await before.restore();
        assert.deepEqual(await world.verify(verifyMirrors), [], 'and nothing once it is mended');
      });
    }
  });
}

/** Puts rows and files back as they are now. */
async function freeze(world: World): Promise<{ restore: () => Promise<void> }> {
  const tables = await world.sql<{ name: string }[]>`
    SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`;
  await world.sql.unsafe('CREATE SCHEMA frozen');
  for (const { name } of tables) await world.sql.unsafe(`CREATE TABLE frozen."${name}" AS TABLE public."${name}"`);
  const mirror = await world.mirrorOf('family/portrait') ?? '';
  const original = await pathOf(world, mirror);
  const source = world.library.assets.find(({ key }) => key === 'family/portrait')?.localPath ?? '';
  return {
    restore: async () => {
      await world.sql.begin(async (tx) => {
        await tx`SET LOCAL session_replication_role = replica`;
        for (const { name } of tables) {
          await tx.unsafe(`DELETE FROM public."${name}"`);
          await tx.unsafe(`INSERT INTO public."${name}" SELECT * FROM frozen."${name}"`);
        }
      });
      for (const path of [`${world.directory}/external/bob_shared/.alice/stray.jpg`, original]) {
        if (existsSync(path)) Deno.removeSync(path);
      }
      Deno.linkSync(source, original);
    },
  };
}
