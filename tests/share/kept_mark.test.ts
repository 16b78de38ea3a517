import assert from 'node:assert/strict';
import { NUMBER_FILE } from '../../src/share/cycle/kept_mark.ts';
import type { CycleReport } from '../../src/share/cycle/report.ts';
import { digestOfFiles } from '../../src/version.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { Engine } from './oracle/engine.ts';
import { redirected } from './redirected.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: a new process goes on where the last one has stopped`, async () => {
    await using world = await World.open(release);
    await world.share();
    await untilIdle(world);
    const kept = await markOf(world);
    assert.notEqual(kept, undefined);
    assert.equal((await next(world)).scope, 'nothing');
    assert.deepEqual(await markOf(world), kept, 'a cycle that finds nothing writes nothing');

    const { sql } = world;
    await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/picnic')}`;
    const [person] = await sql<{ id: string; name: string }[]>`
      UPDATE person SET name = 'Renamed'
      WHERE "ownerId" = ${world.library.users.alice.id} AND name <> ''
        AND ${sql(world.people.personKey)} IN (SELECT origin_person_id FROM immich_sidecar.person_map)
      RETURNING name`;
    const report = await next(world);
    assert.equal(report.scope, 'changes');
    assert.deepEqual(report.jobs[0]?.withdrawn, { 'source-locked': 1 });
    assert.ok((await world.namesOf('bob')).includes(person?.name ?? ''), 'so are people followed');
    assert.notDeepEqual(await markOf(world), kept);
    await untilIdle(world);
  });
}

Deno.test('what is news of people alone is not news to each process to come', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  await world.share();
  await untilIdle(world);
  await sql`UPDATE person SET name = 'Renamed' WHERE id = ${world.library.people['alice/dora'].id}`;
  await tellCounts(sql);
  await next(world);
  assert.ok((await world.namesOf('bob')).includes('Renamed'));
  await tellCounts(sql);
  await next(world); // what was written is news once
  await tellCounts(sql);
  assert.equal((await next(world)).scope, 'nothing');
});

Deno.test('a photo that waits for Immich is shared by a later process, once Immich is done with it', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const id = world.id('family/picnic');
  const readiness = await sql`
    UPDATE asset_job_status before SET "metadataExtractedAt" = NULL
    FROM asset_job_status old
    WHERE before."assetId" = ${id} AND old."assetId" = before."assetId"
    RETURNING old."metadataExtractedAt" AS at`;
  await world.share();
  assert.equal(await world.mirrorOf('family/picnic'), undefined);
  await untilIdle(world);
  await sql`UPDATE asset_job_status SET "metadataExtractedAt" = ${readiness[0]?.['at']} WHERE "assetId" = ${id}`;
  await tellCounts(sql);
  assert.equal((await next(world)).scope, 'changes');
  assert.notEqual(await world.mirrorOf('family/picnic'), undefined);
});

const UNCOUNTED: Readonly<Record<string, (world: World) => unknown>> = {
  'another configuration': (world) => world.setJobs(world.config.jobs.map((job) => ({ ...job, includeHidden: true }))),
  'another brake': (world) => world.config = { ...world.config, brake: { percent: 30, minimum: 50 } },
  'another time of grace': (world) => world.config = { ...world.config, offlineGraceHours: 0 },
  "Immich's tables are other ones, as in a restored backup from before ours": (world) => world.sql`VACUUM FULL asset`, // which gives the table another file, as a restore does
  'without the file that has its number': (world) => Deno.removeSync(numberFile(world)),
  'with the number of another mark, as when the database was rolled back': (world) =>
    Deno.writeTextFileSync(numberFile(world), `${crypto.randomUUID()}\n`),
  'PostgreSQL was started anew, with whatever clock': (world) =>
    world.sql`UPDATE immich_sidecar_marks.mark SET statistics = 'another start'`,
  "the database's clock is before it": (world) =>
    world.sql`UPDATE immich_sidecar_marks.mark SET at_ms = at_ms + 3600000`,
  'this machine was started anew, so that nobody knows how long ago it was': (world) =>
    world.sql`
      UPDATE immich_sidecar_marks.mark
      SET mark = jsonb_set(mark, '{answeredUptimeMs}', to_jsonb(${(Deno.osUptime() + 60) * 1_000}::float8))`,
  'everything was looked at too long ago': (world) =>
    world.sql`UPDATE immich_sidecar_marks.mark SET full_at_ms = full_at_ms - ${
      world.config.reconcileHours * 3_600_000
    }`,
  'a library has changed': (world) =>
    world
      .sql`UPDATE library SET "importPaths" = "importPaths" || '{/external_library/more}' WHERE "ownerId" = ${world.library.users.alice.id}`,
  'our table of mirrors is another one, as in a restored backup': (world) =>
    world.sql.begin(async (sql) => {
      await sql`CREATE TABLE immich_sidecar.copied (LIKE immich_sidecar.asset_map INCLUDING ALL)`;
      await sql`INSERT INTO immich_sidecar.copied SELECT * FROM immich_sidecar.asset_map`;
      const [{ owner } = { owner: '' }] = await sql<{ owner: string }[]>`
        SELECT tableowner AS owner FROM pg_tables WHERE schemaname = 'immich_sidecar' AND tablename = 'asset_map'`;
      await sql`ALTER TABLE immich_sidecar.copied OWNER TO ${sql(owner)}`;
      await sql`DROP TABLE immich_sidecar.asset_map`;
      await sql`ALTER TABLE immich_sidecar.copied RENAME TO asset_map`;
    }),
  'a cycle of one job came after it': (world) => world.share({ jobName: world.config.jobs[0]?.name ?? '' }),
};

for (const [what, change] of Object.entries(UNCOUNTED)) {
  Deno.test(`a kept mark does not count: ${what}`, async () => {
    await using world = await World.open('v3.1.0');
    await world.share();
    await untilIdle(world);
    await change(world);
    assert.equal((await next(world)).scope, 'everything');
    await untilIdle(world);
  });
}

Deno.test('the rules that marks belong to are those in the files of the program', async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${directory}/share/phases`, { recursive: true });
    const digests = new Set<string>();
    for (const [name, text] of [['a.ts', 'one'], ['a.ts', 'another'], ['phases/a.ts', 'another']] as const) {
      await Deno.writeTextFile(`${directory}/share/${name}`, text);
      digests.add(digestOfFiles(directory, ['share']));
    }
    assert.equal(digests.size, 3);
    assert.equal(digestOfFiles(directory, ['share']), [...digests].at(-1));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

for (const isNew of [false, true]) {
  Deno.test(`a photo in the trash whose file could not be removed is tried again by ${isNew ? 'the next process' : 'the next cycle'}`, async () => {
    await using world = await World.open('v3.1.0');
    await world.share();
    await untilIdle(world);
    const engine = isNew ? undefined : await Engine.start(world.config);
    try {
      const cycle = () => engine?.cycle() ?? next(world);
      await cycle();
      const id = world.id('family/picnic');
      const path = await world.localMirrorPath(id);
      await world.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${id}`;
      {
        using _ = redirected(path);
        for (let tried = 0; tried < 3; tried++) {
          const report = await cycle();
          assert.deepEqual([report.scope, report.jobs[0]?.withdrawn, report.complete], ['changes', {}, false]);
        }
      }
      const report = await cycle();
      assert.deepEqual([report.scope, report.jobs[0]?.withdrawn], ['changes', { 'source-trashed': 1 }]);
      assert.equal(await world.mirrorOf('family/picnic'), undefined);
    } finally {
      await engine?.end();
    }
  });
}

Deno.test('while a cycle writes, the file with the number is away, so that the mark does not count after a kill and a database that was rolled back', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  await untilIdle(world);
  const { sql } = world;
  await sql`CREATE TABLE rolled_back AS SELECT * FROM immich_sidecar_marks.mark`;
  await sql`UPDATE asset_exif SET description = 'new' WHERE "assetId" = ${world.id('family/picnic')}`;
  await sql`
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'XX000'; END $$`;
  await sql`CREATE TRIGGER fails BEFORE UPDATE ON asset_exif FOR EACH ROW EXECUTE FUNCTION fail()`;
  await assert.rejects(next(world));
  await sql`DROP TRIGGER fails ON asset_exif`;
  await sql`INSERT INTO immich_sidecar_marks.mark SELECT * FROM rolled_back`;
  assert.equal((await next(world)).scope, 'everything');
});

Deno.test('a cycle that fails leaves no mark, and the next one looks at everything', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql } = world;
  await sql`UPDATE asset_exif SET description = 'new' WHERE "assetId" = ${world.id('family/picnic')}`;
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/portrait')}`;
  await sql`
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'XX000'; END $$`;
  await sql`CREATE TRIGGER fails BEFORE UPDATE ON asset_exif FOR EACH ROW EXECUTE FUNCTION fail()`;
  await assert.rejects(next(world));
  assert.equal(await markOf(world), undefined);
  await sql`DROP TRIGGER fails ON asset_exif`;
  assert.equal((await next(world)).scope, 'everything');
});

Deno.test('a photo that is locked while cycles over changes cannot even begin is gone with the second process', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  await untilIdle(world);
  const { sql } = world;
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/portrait')}`;
  await sql`ALTER TABLE immich_sidecar_remembered.photo RENAME TO gone`;
  await assert.rejects(next(world));
  await assert.rejects(next(world));
  assert.equal(await world.mirrorOf('family/portrait'), undefined);
  await sql`ALTER TABLE immich_sidecar_remembered.gone RENAME TO photo`;
  assert.equal((await next(world)).scope, 'everything');
});

Deno.test('when PostgreSQL counts anew, what is found by its counts is looked at once more', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql } = world;
  await untilIdle(world);
  const [face] = await sql<{ id: string }[]>`
    UPDATE asset_face SET "boundingBoxX1" = "boundingBoxX1" + 1
    WHERE id = (SELECT source_face_id FROM immich_sidecar.face_map ORDER BY 1 LIMIT 1)
    RETURNING id`;
  await tellCounts(sql);
  await sql`SELECT pg_stat_reset()`;
  assert.equal((await next(world)).scope, 'changes');
  const [same] = await sql<{ same: boolean }[]>`
    SELECT source."boundingBoxX1" = mirror."boundingBoxX1" AS same
    FROM immich_sidecar.face_map fm
    JOIN asset_face source ON source.id = fm.source_face_id
    JOIN asset_face mirror ON mirror.id = fm.mirror_face_id
    WHERE source.id = ${face?.id ?? ''}`;
  assert.equal(same?.same, true);
});

Deno.test('without a directory for its number everything is looked at each time, and shared', async () => {
  await using world = await World.open('v3.1.0');
  Deno.writeTextFileSync(`${world.directory}/file`, '');
  world.config = { ...world.config, write: { ...world.config.write, stateDirectory: `${world.directory}/file/state` } };
  assert.ok((await next(world)).jobs.some(({ created }) => created > 0));
  assert.equal((await next(world)).scope, 'everything');
});

/** One cycle as a new process runs it. */
async function next(world: World): Promise<CycleReport> {
  return await world.share({ isFull: false });
}

/** The processes after a full cycle go on from there, until one finds nothing. */
async function untilIdle(world: World): Promise<void> {
  await world.untilIdle(({ scope }) => assert.notEqual(scope, 'everything', 'the mark counts'));
}

async function markOf({ sql }: World): Promise<unknown> {
  const [row] = await sql`SELECT * FROM immich_sidecar_marks.mark`;
  return row;
}

function numberFile({ config }: World): string {
  return `${config.write.stateDirectory}/${NUMBER_FILE}`;
}
