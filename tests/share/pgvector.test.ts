import assert from 'node:assert/strict';
import { demoConfig, jobsOf } from '../../src/demo/jobs.ts';
import { generateLibrary } from '../../src/demo/library_generator/generate.ts';
import { assetOf } from '../../src/demo/library_generator/result.ts';
import { EXTERNAL_ROOT, MEDIA_LOCATION } from '../../src/demo/roots.ts';
import { installImmichSchema } from '../../src/demo/schema/install.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import type { Connection, Sql } from '../../src/postgres/connect.ts';
import { share } from '../../src/share/share.ts';
import { openPGlite } from '../harness/pglite.ts';
import { loadSchema } from '../harness/releases.ts';

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

Deno.test("with pgvector and its indexes the target's search finds what is shared, and no longer what is locked", async () => {
  await using database = await openPGlite();
  const { sql } = database;
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: 'immich-pgvector-' }));
  try {
    const options = { vector: 'pgvector', vectorIndexes: true, mediaLocation: MEDIA_LOCATION } as const;
    await installImmichSchema(sql, await loadSchema('v3.2.0'), options);
    const library = await generateLibrary(sql, {
      mediaLocation: MEDIA_LOCATION,
      localMedia: `${directory}/media`,
      externalRoot: EXTERNAL_ROOT,
      localExternal: `${directory}/external`,
    });
    const config = demoConfig(database.config, directory, jobsOf(library, 'bob'));
    const cycle = () => share(sql, config, { version: 'test', progress: SILENT });

    const first = await cycle();
    assert.ok(first.jobs.reduce((sum, { embeddings }) => sum + embeddings, 0) > 20);
    assert.deepEqual(await verifyMirrors(sql, { config }), []);
    assert.equal((await cycle()).jobs.reduce((sum, { embeddings }) => sum + embeddings, 0), 0);

    const { id: picnic } = assetOf(library, 'family/picnic');
    const mirror = await mirrorOf(sql, picnic);
    assert.ok(mirror);
    assert.deepEqual(await nearest(sql, picnic), [picnic, mirror].sort(), 'its own embedding is the nearest of all');

    await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${picnic}`;
    await cycle();
    assert.deepEqual(await verifyMirrors(sql, { config }), []);
    assert.ok(!(await nearest(sql, picnic)).includes(mirror));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

async function mirrorOf(sql: Sql, source: string): Promise<string | undefined> {
  const [row] = await sql<{ id: string }[]>`
    SELECT mirror_asset_id AS id
    FROM immich_sidecar.asset_map
    WHERE source_asset_id = ${source}`;
  return row?.id;
}

/** The two photos that look most like this one, by the index, as Immich's search asks for them; in the order of their ids. */
async function nearest(sql: Connection, asset: string): Promise<string[]> {
  return await sql.begin(async (tx) => {
    await tx`SET LOCAL enable_seqscan = off`;
    const search = tx`
      SELECT "assetId" AS id
      FROM smart_search
      ORDER BY embedding <=> (SELECT embedding FROM smart_search WHERE "assetId" = ${asset})
      LIMIT 2`;
    const plan = await tx<{ 'QUERY PLAN': string }[]>`EXPLAIN ${search}`;
    assert.match(plan.map((line) => line['QUERY PLAN']).join('\n'), /Index Scan using clip_index/);
    const rows = await tx<{ id: string }[]>`${search}`;
    return rows.map(({ id }) => id).sort();
  });
}
