import assert from 'node:assert/strict';
import { EXIT, UserError } from '../../src/errors.ts';
import { countCodes } from '../../src/problems/problem.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { PathMap } from '../../src/files/path_map.ts';
import { readInstance } from '../../src/immich/instance.ts';
import { checkScans } from '../../src/share/checks/scans.ts';
import { completeJobs } from '../../src/share/jobs/complete.ts';
import { readImmichSchema } from '../../src/immich/schema.ts';
import { everything } from '../cli/everything.ts';
import { immichOf, scan, scanAll } from '../harness/immich_scan.ts';
import { World } from './world.ts';

/** What a job by hand may have for its library: how it is refused. */
const IMPORT_PATHS: readonly (readonly [what: string, importPath: string, says: RegExp])[] = [
  [
    'a directory above it, as an error of ours once proposed',
    '/external_library',
    /covers 38 photos and videos of Alice/,
  ],
  ['the same with a slash', '/external_library/', /covers 38 photos and videos of Alice/],
  ['everything', '/', /Immich's own folder "\/data\/upload"/],
];

for (const [what, importPath, says] of IMPORT_PATHS) {
  Deno.test(`a plain job is not begun while its library's next scan would import what is another's: ${what}`, async () => {
    await using world = await World.open('v3.1.0');
    const { sql, library } = world;
    const { id } = library.libraries.bobShared;
    await sql`UPDATE library SET "importPaths" = ${[importPath]} WHERE id = ${id}`;
    assert.ok((await scan(immichOf(world), id)).imported.length > 20, 'a scan imports everything of Alice');
    const before = await everything(world);
    const all = world.config.jobs;
    world.setJobs(all.slice(0, 1));
    await assert.rejects(world.share(), (error: UserError) => {
      assert.match(error.message, says);
      assert.match(error.message, /next scan imports that into Bob's account/);
      assert.match(error.remedy, /Give the library the import path "\/external_library\/bob_shared" and no other/);
      return error instanceof UserError && error.exitCode === EXIT.usage;
    });
    assert.deepEqual(await everything(world), before);
    world.setJobs(all);
    assert.deepEqual(countCodes(problemsOf(await world.share())), { 'job-left-out': 1 });
    assert.equal(await world.mirrorOf('family/portrait'), undefined);
    assert.ok(await world.mirrorOf('uploads/cat'), 'the other job goes on');
    await sql`UPDATE library SET "importPaths" = '{/external_library/bob_shared}' WHERE id = ${id}`;
    await world.share();
    assert.ok(await world.mirrorOf('family/portrait'));
    const scans = Object.values(await scanAll(immichOf(world)));
    assert.deepEqual(scans.flatMap(({ imported }) => imported), []);
  });
}

Deno.test('what only an exclusion pattern keeps away is a warning in every full cycle, and the pattern stays', async () => {
  await using world = await World.open('v3.1.0');
  const { sql, library, config, directory } = world;
  const { id } = library.libraries.bobShared;
  await sql`UPDATE library SET "importPaths" = '{/external_library}', "exclusionPatterns" = '{**/alice/**,**/carol_shared/**}' WHERE id = ${id}`;
  await world.share();
  assert.deepEqual((await scan(immichOf(world), id)).imported, []);
  const instance = await readInstance(sql, undefined);
  const schema = await readImmichSchema(sql);
  const paths = new PathMap([
    { immich: '/data', local: `${directory}/media` },
    { immich: '/external_library', local: `${directory}/external` },
  ]);
  const { leftOut, warnings } = await checkScans(
    sql,
    (await completeJobs(sql, schema, config, { instance, paths, hasOwnTables: true })).jobs,
    paths,
  );
  const [warning, ...more] = warnings;
  assert.deepEqual([more, leftOut], [[], []]);
  assert.match(
    warning ?? '',
    /and only the exclusion patterns "\*\*\/alice\/\*\*" and "\*\*\/carol_shared\/\*\*" keep Immich's scans from importing/,
  );
  assert.match(warning ?? '', /Leave its exclusion patterns as they are until that is done/);
});

Deno.test('a target outside of the import paths is told the one import path that covers nothing else', async () => {
  await using world = await World.open('v3.1.0');
  await world.sql`UPDATE library SET "importPaths" = '{/elsewhere}' WHERE id = ${world.library.libraries.bobShared.id}`;
  world.setJobs(world.config.jobs.slice(0, 1));
  await assert.rejects(world.share(), (error: UserError) => {
    assert.match(
      error.message,
      /give the library the import path "\/external_library\/bob_shared", and none that covers more/,
    );
    assert.doesNotMatch(error.message, /a directory above it/);
    return true;
  });
});

Deno.test('two libraries with one import path, and one that lies in the library of another, harm nobody', async () => {
  await using world = await World.open('v3.1.0');
  const { sql, library } = world;
  const { bobShared, carolShared, alice } = library.libraries;
  await sql`UPDATE library SET "importPaths" = '{/external_library/bob_shared}' WHERE id = ${carolShared.id}`;
  await sql`UPDATE library SET "importPaths" = '{/external_library}' WHERE id = ${alice.id}`;
  world.setJobs([
    ...world.config.jobs,
    ...world.config.jobs.slice(0, 1).map((job) => ({
      ...job,
      name: 'to carol',
      targetUserId: library.users.carol.id,
      targetLibraryId: carolShared.id,
      targetPathPrefix: '/external_library/bob_shared/.for-carol/',
      albumId: undefined,
    })),
  ]);
  await world.share();
  for (const { id } of [bobShared, carolShared]) {
    assert.deepEqual(await scan(immichOf(world), id), { imported: [], offline: [] });
  }
});
