import assert from 'node:assert/strict';
import { readSidecar } from '../../src/immich/sidecar.ts';
import { type Release, REPRESENTATIVE } from '../harness/database.ts';
import { type Edit, editAsset, extractMetadata, writeSidecar } from '../harness/immich_jobs/metadata.ts';
import { type FileTags, writeXmp } from '../harness/immich_jobs/xmp.ts';
import { World } from './world.ts';

/** What the file of the photo says in these tests. */
const MEDIA: FileTags = { dateTimeOriginal: '2019-05-01T12:00:00+02:00', rating: 2, description: 'from the camera' };

const ASKED = 'family/wedding';

// With locks that are lifted once the sidecar is written.
for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: after the receiver has described a photo, its owner's dates and ratings still arrive, whatever Immich extracts`, async () => {
    await using world = await opened(release);
    await edit(world, await mirror(world), { description: "Bob's words" });
    await world.share();
    for (const [year, rating] of [[2001, 5], [2002, 4]] as const) {
      await edit(world, world.id(ASKED), { dateTimeOriginal: new Date(Date.UTC(year, 1, 3)), rating });
      await world.share();
      assert.deepEqual(await said(world), { description: "Bob's words", year, rating });
      await extract(world, await mirror(world));
      assert.notEqual((await said(world)).rating, rating, 'Immich has read the sidecar of the mirror again');
      await world.share();
      assert.deepEqual(await said(world), { description: "Bob's words", year, rating });
    }
  });

  Deno.test(`${release}: Immich extracts a mirror while its owner's change is not in the sidecar yet: the change is back at once`, async () => {
    await using world = await opened(release);
    await editAsset(world, world.id(ASKED), { rating: 5 });
    await world.share();
    await extract(world, await mirror(world));
    assert.equal((await said(world)).rating, 2);
    await world.share();
    assert.equal((await said(world)).rating, 5);
    await editAsset(world, world.id(ASKED), { rating: 3 });
    await world.share();
    assert.equal((await said(world)).rating, 3, 'and the next one follows');
  });

  Deno.test(`${release}: a mirror that carries the mistake is put right`, async () => {
    await using world = await opened(release);
    await edit(world, await mirror(world), { description: "Bob's words" });
    await edit(world, world.id(ASKED), { rating: 5 });
    await world.share();
    // An earlier version noted nothing of sidecars, and took what extraction wrote for Bob's.
    await world.sql`UPDATE immich_sidecar.asset_map SET sidecar_said = NULL`;
    await extract(world, await mirror(world));
    await world.share();
    assert.deepEqual(await said(world), { description: "Bob's words", year: 2019, rating: 5 });
  });

  Deno.test(`${release}: what the receiver changes stays, before its sidecar is written, afterwards, and when it is what its owner once said`, async () => {
    await using world = await opened(release);
    await edit(world, world.id(ASKED), { description: 'first', rating: 4 });
    await world.share();
    await edit(world, world.id(ASKED), { description: 'second' });
    await world.share();
    const id = await mirror(world);
    await editAsset(world, id, { description: 'first' });
    await world.share();
    assert.equal((await said(world)).description, 'first', 'as long as it is locked');
    await writeSidecar(world, id);
    await world.share();
    await extract(world, id);
    await world.share();
    await edit(world, world.id(ASKED), { description: 'third', rating: 1 });
    await world.share();
    assert.deepEqual(await said(world), { description: 'first', year: 2019, rating: 1 });
    await edit(world, id, { rating: null });
    await world.share();
    await extract(world, id);
    await world.share();
    assert.equal((await said(world)).rating, null, 'no rating is a rating, too');
  });

  Deno.test(`${release}: locks are each user's own`, async () => {
    await using world = await opened(release);
    await editAsset(world, world.id(ASKED), { description: 'not written yet' });
    await world.share();
    const [row] = await world.sql<{ locks: string[] | null }[]>`
      SELECT "lockedProperties" AS locks FROM asset_exif WHERE "assetId" = ${await mirror(world)}`;
    assert.equal(row?.locks ?? null, null);
  });
}

Deno.test('a release without locks: what the receiver has changed is kept until Immich extracts the mirror, and then if the sidecar has it', async () => {
  await using world = await World.open('v2.0.0');
  await world.share();
  const id = await mirror(world);
  await world
    .sql`UPDATE asset_job_status SET "metadataExtractedAt" = now() - interval '1 hour' WHERE "assetId" = ${id}`;
  await world.sql`UPDATE asset_exif SET description = 'Bob''s words' WHERE "assetId" = ${id}`;
  await world.share();
  assert.equal((await descriptions(world, id))[0], "Bob's words");
  const [asset] = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id}`;
  const sidecar = `${asset?.path}.xmp`;
  Deno.removeSync(world.local(sidecar));
  Deno.writeTextFileSync(world.local(sidecar), writeXmp({ description: "Bob's words" }));
  await world.sql`UPDATE asset SET "sidecarPath" = ${sidecar} WHERE id = ${id}`;
  await world.sql`UPDATE asset_exif SET rating = 5 WHERE "assetId" = ${id}`;
  await world.sql`UPDATE asset_job_status SET "metadataExtractedAt" = now() WHERE "assetId" = ${id}`;
  await world.share();
  const [source] = await world.sql<{ rating: number | null }[]>`
    SELECT rating FROM asset_exif WHERE "assetId" = ${world.id(ASKED)}`;
  const [row] = await world.sql<{ rating: number | null }[]>`SELECT rating FROM asset_exif WHERE "assetId" = ${id}`;
  assert.equal((await descriptions(world, id))[0], "Bob's words");
  assert.equal(row?.rating ?? null, source?.rating ?? null);
});

Deno.test('a sidecar says the same however its XMP is written', () => {
  const written = readSidecar(writeXmp({ rating: 5, description: 'a & b', tags: ['x/y'] }));
  const compact = readSidecar(
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
      `<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"/></rdf:RDF></x:xmpmeta>`,
  );
  assert.equal(written?.get('rating'), compact?.get('rating'));
  assert.deepEqual([...compact?.keys() ?? []], ['rating']);
  assert.equal(readSidecar('no XMP'), undefined);
});

async function opened(release: Release): Promise<World> {
  const world = await World.open(release);
  await extract(world, world.id(ASKED));
  await world.share();
  return world;
}

async function mirror(world: World): Promise<string> {
  return await world.mirrorOf(ASKED) ?? '';
}

/** In Immich, with the sidecar and the extraction that follow. */
async function edit(world: World, id: string, change: Edit): Promise<void> {
  await editAsset(world, id, change);
  await writeSidecar(world, id);
  await extract(world, id);
}

async function extract(world: World, id: string): Promise<void> {
  assert.ok(await extractMetadata(world, id, MEDIA));
}

async function said(world: World): Promise<{ description: string; year: number; rating: number | null }> {
  const [row] = await world.sql<{ description: string; year: number; rating: number | null }[]>`
    SELECT description, extract(year FROM "dateTimeOriginal" AT TIME ZONE 'UTC')::int AS year, rating
    FROM asset_exif
    WHERE "assetId" = ${await mirror(world)}`;
  assert.ok(row);
  return { ...row };
}

async function descriptions({ sql }: World, id: string): Promise<string[]> {
  const rows = await sql<{ description: string }[]>`SELECT description FROM asset_exif WHERE "assetId" = ${id}`;
  return rows.map(({ description }) => description);
}
