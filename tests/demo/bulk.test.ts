import assert from 'node:assert/strict';
import { generateBulk } from '../harness/bulk_library/bulk.ts';
import { RELEASES, withImmich } from '../harness/database.ts';
import { localOf, pathsInDatabase } from './library_assertions.ts';
import { complaintAbout, kindOf } from './signatures.ts';
import { withRoots } from './temporary_library.ts';

for (const release of RELEASES) {
  Deno.test(`the bulk library of ${release} has all its rows and files, and can grow`, async () => {
    await withRoots((roots) =>
      withImmich(release, async ({ sql }) => {
        const options = { ...roots, assets: 40, facesPerAsset: 2, people: 5 };
        const { users } = await generateBulk(sql, options);
        await generateBulk(sql, { ...options, first: 41, assets: 10 });
        const tables = [
          'asset',
          'asset_exif',
          'asset_job_status',
          'smart_search',
          'asset_file',
          'asset_face',
          'face_search',
        ];
        const counts = await Promise.all(tables.map(async (table) => {
          const [row] = await sql`SELECT count(*)::int AS count FROM ${sql(table)}`;
          return row?.count;
        }));
        assert.deepEqual(counts, [50, 50, 50, 50, 100, 100, 100]);
        const embeddings = await sql`SELECT DISTINCT embedding::real[] FROM face_search`;
        assert.equal(embeddings.length, 100);
        const people = await sql`SELECT FROM person WHERE "faceAssetId" IS NOT NULL AND "ownerId" = ${users.alice.id}`;
        assert.equal(people.length, 5);
        for (const path of await pathsInDatabase(sql)) {
          const local = localOf(path, roots);
          assert.equal(complaintAbout(kindOf(path) ?? 'jpeg', Deno.readFileSync(local)), undefined, path);
        }
        const modified = await sql`SELECT "originalPath", "fileModifiedAt" FROM asset`;
        for (const row of modified) {
          assert.deepEqual(Deno.statSync(localOf(row.originalPath, roots)).mtime, row.fileModifiedAt);
        }
      })
    );
  });
}
