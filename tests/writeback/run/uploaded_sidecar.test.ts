import assert from 'node:assert/strict';
import { dirname } from 'node:path/posix';
import { assetOf } from '../../../src/demo/library_generator/result.ts';
import { World } from '../../share/world.ts';
import { configOf, libraryFiles, undoAll, write } from './helper.ts';

const THEIRS = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="of the upload"/></rdf:RDF></x:xmpmeta>`;

/** Gives an upload the sidecar that was uploaded with it: Immich puts it in a directory of its own, under a name of its own. */
async function putUploadedSidecar(world: World, key: string): Promise<string> {
  const { localPath } = assetOf(world.library, key);
  const [row] = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${
    world.id(key)
  }`;
  const original = row?.path ?? '';
  const elsewhere = (path: string) =>
    `${dirname(dirname(dirname(path)))}/0a/1b/0a1b0000-0000-4000-8000-000000000001.xmp`;
  Deno.mkdirSync(dirname(elsewhere(localPath)), { recursive: true });
  Deno.writeTextFileSync(elsewhere(localPath), THEIRS);
  const [column] = await world.sql`
    SELECT FROM information_schema.columns
    WHERE table_name = 'asset' AND column_name = 'sidecarPath'`;
  if (column !== undefined) {
    await world.sql`UPDATE asset SET "sidecarPath" = ${elsewhere(original)} WHERE id = ${world.id(key)}`;
  } else {
    await world.sql`
      INSERT INTO asset_file ("assetId", type, path)
      VALUES (${world.id(key)}, 'sidecar', ${elsewhere(original)})`;
  }
  return Deno.realPathSync(elsewhere(localPath));
}

for (const release of ['v2.0.0', 'v3.1.0'] as const) {
  Deno.test(`the sidecar of an upload is the one that Immich has on record, wherever it lies: ${release}`, async () => {
    await using world = await World.open(release);
    await world.sql`UPDATE asset_exif SET description = 'Said in Immich' WHERE "assetId" = ${world.id('uploads/cat')}`;
    const sidecar = await putUploadedSidecar(world, 'uploads/cat');
    const path = Deno.realPathSync(assetOf(world.library, 'uploads/cat').localPath);
    // Beside the photo Immich does not look any more.
    Deno.writeTextFileSync(`${path}.xmp`, 'of nobody');
    const [config, files] = [configOf(world, { destination: 'sidecar' }), libraryFiles(world)];
    const report = await write(config, { fields: ['caption'] });
    assert.equal(report.complete, true, JSON.stringify(report.troubles));
    const written = Deno.readTextFileSync(sidecar);
    assert.match(written, /Said in Immich/);
    assert.match(written, /of the upload/);
    assert.equal(Deno.readTextFileSync(`${path}.xmp`), 'of nobody');
    const second = await write(config, { fields: ['caption'] });
    assert.equal(second.outcomes.written, 0);
    assert.equal(second.outcomes['already-right'], 0, 'nothing is opened');
    await undoAll(config, { scope: { paths: [path] } });
    assert.equal(Deno.readTextFileSync(sidecar), THEIRS, 'who names the photo means its sidecar, too');
    assert.ok(files.includes(sidecar));
  });
}
