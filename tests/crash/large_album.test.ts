/** An album that is put together at once: how ever often its copying is cut off, it goes on where it was. */
import assert from 'node:assert/strict';
import { EXTERNAL_ROOT, MEDIA_LOCATION } from '../../src/demo/roots.ts';
import { LIMITS, type Limits } from '../../src/share/cycle/limits.ts';
import { variablesOf, workingDirectory } from '../cli/program.ts';
import { generateBulk } from '../harness/bulk_library/bulk.ts';
import { InImmich } from '../share/deeds_in_immich.ts';
import { makeLibraries } from '../share/shared_albums_world.ts';
import { World } from '../share/world.ts';
import { Ground } from './ground.ts';
import { RunningProgram, until } from './process.ts';

/** 50,000 before a release: that takes some minutes. */
const PHOTOS = Number(Deno.env.get('ALBUM_PHOTOS') ?? 300);

/** So that the few photos take as many transactions as the many. */
const PAGES: Limits = PHOTOS > 1_000
  ? LIMITS
  : { ...LIMITS, batch: 10, search: 40, mirrors: 20, versions: 100, changes: 50 };

/** What part of the photos has come when the program is killed. */
const KILLED_AT = [0.2, 0.5, 0.8];

const CONFIG = `
shared_albums:
  albums: all
  members: all
  directory: /data/shared
`;

Deno.test(`an album of ${PHOTOS} photos that are put into it at once comes whole, although the program is killed on the way`, async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const immich = new InImmich(world);
  await sql`DELETE FROM album`;
  await makeLibraries(world);
  await generateBulk(sql, {
    assets: PHOTOS,
    facesPerAsset: 1,
    people: 20,
    mediaLocation: MEDIA_LOCATION,
    localMedia: `${world.directory}/media`,
    externalRoot: EXTERNAL_ROOT,
    localExternal: `${world.directory}/external`,
  });
  await sql`ANALYZE`;
  const photos = (await sql<{ id: string }[]>`
    SELECT id FROM asset WHERE "originalPath" LIKE '%/family/bulk/%' ORDER BY id`).map(({ id }) => id);
  assert.equal(photos.length, PHOTOS);
  const ground = new Ground(world);
  using cwd = workingDirectory(CONFIG);
  const start = () =>
    RunningProgram.start([JSON.stringify(PAGES)], {
      cwd: cwd.path,
      env: { ...variablesOf(world), LOG_LEVEL: 'WARNING' },
      main: new URL('one_cycle.ts', import.meta.url).pathname,
    });
  const mirrors = async () =>
    new Map((await sql<{ id: string; mirror: string }[]>`
      SELECT source_asset_id AS id, mirror_asset_id AS mirror FROM immich_sidecar.asset_map`)
      .map(({ id, mirror }) => [id, mirror]));
  const finished = async () => {
    const { code, stdout, stderr } = await start().ended();
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };
  const album = await immich.makeAlbum('alice', 'Everything', [world.id('uploads/cat')]);
  await immich.invite(album, 'bob');
  assert.deepEqual(await finished(), { created: 1, brakes: [], problems: [] });

  await immich.putInto(album, photos);
  let known = await mirrors();
  for (const part of KILLED_AT) {
    const program = start();
    await until(`${part} of the photos have come`, async () => program.hasEnded || await count(sql) > part * PHOTOS);
    assert.ok(program.signal('SIGKILL'), program.log);
    assert.equal((await program.ended()).code, 137);
    const now = await mirrors();
    assert.ok(now.size < PHOTOS, 'it was in the middle of it');
    for (const [id, mirror] of known) assert.equal(now.get(id), mirror, 'what had come stays as it is');
    known = now;
  }
  assert.deepEqual(await finished(), { created: PHOTOS + 1 - known.size, brakes: [], problems: [] });
  const all = await mirrors();
  assert.deepEqual([...all.keys()].sort(), [...photos, world.id('uploads/cat')].sort());
  for (const [id, mirror] of known) assert.equal(all.get(id), mirror);
  await ground.assertRight('the end');
  assert.deepEqual(await finished(), { created: 0, brakes: [], problems: [] });
});

async function count(sql: World['sql']): Promise<number> {
  const [row] = await sql<{ count: number }[]>`SELECT count(*)::int AS count FROM immich_sidecar.asset_map`;
  return row?.count ?? 0;
}
