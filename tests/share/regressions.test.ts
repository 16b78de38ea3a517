import { describeProblem } from '../../src/problems/problem.ts';
import assert from 'node:assert/strict';
import { jobsOf } from '../../src/demo/jobs.ts';
import { assetOf } from '../../src/demo/library_generator/result.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { faultOf } from '../../src/postgres/faults.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { onServer } from '../harness/server_databases.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { Engine } from './oracle/engine.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { bobToAlice } from './bob_to_alice.ts';
import { World } from './world.ts';

// Each of these is a bug that a program like this one once had.

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: mirror loop that nulls faces on a merge`, async () => {
    await using world = await World.open(release);
    world.setJobs([...jobsOf(world.library, 'bob'), await bobToAlice(world)]);
    await world.share();
    const { sql } = world;
    const { personKey, faceKey } = world.people;
    const { alice, bob } = world.library.users;
    const [dora, grandma] = [world.library.people['alice/dora'].id, world.library.people['alice/grandma'].id];
    const [mirrored] = await sql<{ id: string }[]>`
      SELECT mirror_person_id AS id
      FROM immich_sidecar.person_map
      WHERE origin_person_id = ${dora} AND target_user_id = ${bob.id}`;
    // Alice's Dora, as Bob knows her, is on Bob's own photo; it goes back to Alice.
    await sql`
      UPDATE asset_face SET ${sql(faceKey)} = ${mirrored?.id ?? ''} WHERE "assetId" = ${world.id('bob/dog')}`;
    await world.share();
    const back = await aliceHas(world, 'bob/dog');
    assert.deepEqual(await world.facesOn(back), ['Dora Example']);
    const before = await facesOfNobody(world);

    await sql`
      UPDATE asset_face SET ${sql(faceKey)} = ${grandma}
      WHERE ${sql(faceKey)} = ${dora} AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${alice.id})`;
    await sql`DELETE FROM person WHERE ${sql(personKey)} = ${dora} AND "ownerId" = ${alice.id}`;
    await world.share();
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/portrait')), ['Grandma']);
    assert.deepEqual(await world.facesOn(world.id('family/portrait')), ['Grandma']);
    assert.equal(await facesOfNobody(world), before, 'no face has lost its person');
    await assertAtRest(world);
  });

  Deno.test(`${release}: reassignment that never converges`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const { faceKey } = world.people;
    const mirror = await world.mirrorOf('family/portrait') ?? '';
    const own = world.library.people['bob/dora'].id;
    await sql`UPDATE asset_face SET ${sql(faceKey)} = ${own} WHERE "assetId" = ${mirror}`;
    await assertAtRest(world);
    assert.deepEqual(await world.facesOn(mirror), ['Dora']);
    await sql`
      UPDATE asset_face SET ${sql(faceKey)} = ${world.library.people['alice/grandma'].id}
      WHERE "assetId" = ${world.id('family/portrait')}`;
    await world.share();
    assert.deepEqual(await world.facesOn(mirror), ['Grandma']);
    await assertAtRest(world);
    // The only face of a person is taken from him: he is not made again for it.
    const wedding = await world.mirrorOf('family/harbour') ?? '';
    await sql`
      INSERT INTO asset_face ("assetId", ${sql(faceKey)}, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2")
      VALUES (${world.id('family/harbour')}, ${world.library.people['alice/secret'].id}, 100, 100, 50, 50)`;
    await world.share();
    assert.deepEqual(await world.facesOn(wedding), ['Secret Friend']);
    await sql`UPDATE asset_face SET ${sql(faceKey)} = ${own} WHERE "assetId" = ${wedding}`;
    await world.share();
    assert.deepEqual(await world.facesOn(wedding), ['Dora']);
    assert.ok(!(await world.namesOf('bob')).includes('Secret Friend'));
    await assertAtRest(world);
    assert.deepEqual(await world.facesOn(wedding), ['Dora']);
  });

  Deno.test(`${release}: mapping left after a hard delete by the target`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const [mirror, source] = [await world.mirrorOf('family/picnic') ?? '', world.id('family/picnic')];
    await sql`DELETE FROM asset WHERE id = ${mirror}`;
    const report = await world.share();
    assert.deepEqual(report.jobs[0]?.withdrawn, { 'target-deleted': 1 });
    for (const [table, column] of REMEMBERED) {
      const rows = await sql`SELECT FROM immich_sidecar.${sql(table)} WHERE ${sql(column)} = ${mirror}`;
      assert.equal(rows.length, 0, `${table} still knows the mirror`);
    }
    const refused = await sql`SELECT FROM immich_sidecar.withdrawn WHERE source_asset_id = ${source}`;
    assert.equal(refused.length, 1);
    assert.deepEqual(Object.keys(listFiles(world.directory)).filter((path) => path.includes(mirror)), []);
    await assertAtRest(world);
    assert.equal(await world.mirrorOf('family/picnic'), undefined);
  });

  Deno.test(`${release}: foreign key violation in album backfill`, async () => {
    await using world = await World.open(release);
    const [family, uploads] = world.config.jobs;
    assert.ok(family && uploads);
    world.setJobs([{ ...family, albumId: undefined }, uploads]);
    await world.share();
    // Before the album is filled some mirrors go: by the target's hand, and by a watcher that saw their links vanish.
    await world.sql`DELETE FROM asset WHERE id = ${await world.mirrorOf('family/picnic') ?? ''}`;
    await world.sql`
      UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${
      await world.mirrorOf('family/edited') ?? ''
    }`;
    const lost = await world.mirrorOf('family/crowd') ?? '';
    await world.sql`DELETE FROM asset WHERE id = ${lost}`;
    await world.sql`DELETE FROM asset_audit WHERE "assetId" = ${lost}`;
    world.setJobs([family, uploads]);
    const report = await world.share();
    assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
    const { length: missing } = await world.sql`
      SELECT
      FROM immich_sidecar.asset_map m
      JOIN asset mirror ON mirror.id = m.mirror_asset_id AND mirror.visibility = 'timeline'
      WHERE m.job_name = ${family.name}
        AND NOT EXISTS (
          SELECT 1
          FROM immich_sidecar.album_entry e
          WHERE e.mirror_asset_id = mirror.id AND e.album_id = ${family.albumId ?? null}
        )`;
    assert.equal(missing, 0);
    assert.notEqual(await world.mirrorOf('family/crowd'), lost);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertAtRest(world);
  });

  Deno.test(`${release}: foreign key violation on merges`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const { personKey, faceKey } = world.people;
    const { alice, bob } = world.library.users;
    const { 'alice/dora': dora, 'alice/gustav': gustav, 'alice/grandma': grandma, 'bob/dora': own } =
      world.library.people;
    const mirrorOf = async (origin: string) => {
      const [row] = await sql<{ id: string }[]>`
        SELECT mirror_person_id AS id
        FROM immich_sidecar.person_map
        WHERE origin_person_id = ${origin} AND target_user_id = ${bob.id}`;
      return row?.id ?? '';
    };
    const merge = async (owner: string, from: string, into: string) => {
      await sql`
        UPDATE asset_face SET ${sql(faceKey)} = ${into}
        WHERE ${sql(faceKey)} = ${from} AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${owner})`;
      await sql`DELETE FROM person WHERE ${sql(personKey)} = ${from} AND "ownerId" = ${owner}`;
    };
    // On both sides at once, and on the target's side two mirrored people into one that is then deleted.
    const [doraHere, gustavHere] = [await mirrorOf(dora.id), await mirrorOf(gustav.id)];
    await merge(bob.id, doraHere, own.id);
    await merge(alice.id, gustav.id, grandma.id);
    await sql`DELETE FROM person WHERE ${sql(personKey)} = ${gustavHere} AND "ownerId" = ${bob.id}`;
    const report = await world.share();
    assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/portrait')), ['Dora']);
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/edited')), ['Emil, Jr.', 'Grandma']);
    await assertAtRest(world);
  });

  Deno.test(`${release}: a birth date that is still to come for PostgreSQL (person_birthDate_chk)`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    const { personKey } = world.people;
    const { 'alice/dora': dora, 'alice/gustav': gustav } = world.library.people;
    /** As Immich does it where it is a day later already. */
    const bornTomorrow = async ({ id }: { readonly id: string }) => {
      await sql`ALTER TABLE person DROP CONSTRAINT "person_birthDate_chk"`;
      await sql`
        UPDATE person SET "birthDate" = CURRENT_DATE + 1
        WHERE ${sql(personKey)} = ${id} AND "ownerId" = ${world.library.users.alice.id}`;
      await sql`
        ALTER TABLE person ADD CONSTRAINT "person_birthDate_chk" CHECK ("birthDate" <= CURRENT_DATE) NOT VALID`;
    };
    const refusals = async () => {
      const problems = problemsOf(await world.share());
      assert.deepEqual([...new Set(problems.map(({ code }) => code))], ['constraint']);
      for (const { what } of problems) assert.match(what, /person_birthDate_chk/);
    };
    await bornTomorrow(dora);
    await refusals();
    for (const key of ['family/portrait', 'family/wedding', 'uploads/cat']) {
      assert.ok(await world.mirrorOf(key), `the first sync shares ${key}`);
    }
    const names = await world.namesOf('bob');
    assert.deepEqual([names.includes('Gustav'), names.includes('Dora Example')], [true, false]);
    // Of somebody who is there already; what else there is to do is done.
    await bornTomorrow(gustav);
    await sql`UPDATE asset_exif SET description = 'news' WHERE "assetId" = ${world.id('family/portrait')}`;
    await refusals();
    const [{ description } = {}] = await sql`
      SELECT description FROM asset_exif WHERE "assetId" = ${await world.mirrorOf('family/portrait') ?? null}`;
    assert.equal(description, 'news');
    // The day has come.
    await sql`UPDATE person SET "birthDate" = CURRENT_DATE WHERE "birthDate" > CURRENT_DATE`;
    assert.deepEqual(problemsOf(await world.share()), []);
    assert.ok((await world.namesOf('bob')).includes('Dora Example'));
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertAtRest(world);
  });

  Deno.test(`${release}: a mirror that is deleted while a face is copied (asset_face_assetId_fkey)`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const { faceKey } = world.people;
    const keys = ['family/picnic', 'family/harbour'];
    for (const key of keys) {
      await sql`
        INSERT INTO asset_face ("assetId", ${
        sql(faceKey)
      }, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2")
        VALUES (${world.id(key)}, ${world.library.people['alice/grandma'].id}, 100, 100, 50, 50)`;
    }
    const [deleted, other] = await Promise.all(keys.map((key) => world.mirrorOf(key)));
    await sql`
      CREATE FUNCTION delete_photo() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN DELETE FROM asset WHERE id = NEW."assetId"; RETURN NEW; END $$`;
    await sql.unsafe(`
      CREATE TRIGGER delete_photo BEFORE INSERT ON asset_face FOR EACH ROW
      WHEN (NEW."assetId" = '${deleted}') EXECUTE FUNCTION delete_photo()`);
    const problems = problemsOf(await world.share());
    assert.deepEqual(problems.map(({ code, where }) => [code, where.assetId]), [
      ['changed-meanwhile', world.id('family/picnic')],
    ]);
    assert.match(problems[0]?.what ?? '', /asset_face_assetId_fkey/);
    assert.ok((await world.facesOn(other)).includes('Grandma'), 'the other face is there');
    await sql`DROP TRIGGER delete_photo ON asset_face`;
    assert.deepEqual(problemsOf(await world.share()), []);
    assert.ok((await world.facesOn(deleted)).includes('Grandma'));
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertAtRest(world);
  });

  Deno.test(`${release}: one source to two targets`, async () => {
    await using world = await World.open(release);
    world.setJobs([...jobsOf(world.library, 'bob'), ...jobsOf(world.library, 'carol')]);
    await world.share();
    const mirrors = [await world.mirrorOf('family/portrait', 'bob'), await world.mirrorOf('family/portrait', 'carol')];
    assert.equal(new Set(mirrors).size, 2);
    assert.ok(mirrors.every((id) => id !== undefined));
    await world.sql`DELETE FROM asset WHERE id = ${mirrors[0] ?? ''}`;
    await world.share();
    assert.equal(await world.mirrorOf('family/portrait', 'bob'), undefined);
    assert.equal(await world.mirrorOf('family/portrait', 'carol'), mirrors[1], 'what Bob does not want, Carol keeps');
    assert.deepEqual(await world.facesOn(mirrors[1]), ['Dora Example']);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertAtRest(world);
  });
}

Deno.test('pool wedged after a failed reconnect', async () => {
  await using world = await World.open('v3.1.0');
  const url = world.db.server;
  const { name } = world.config.database;
  const engine = await Engine.start(world.config);
  await engine.cycle();
  const admit = async (isAllowed: boolean) => {
    await onServer(url, 'postgres', async (sql) => {
      await sql.unsafe(`ALTER DATABASE "${name}" WITH ALLOW_CONNECTIONS ${isAllowed}`);
    });
  };
  await admit(false);
  await onServer(url, 'postgres', (sql) =>
    sql`
      SELECT pg_terminate_backend(pid)
      FROM pg_stat_activity
      WHERE datname = ${name} AND application_name = 'immich-sidecar'`);
  const isTransient = (error: unknown) => faultOf(error) !== undefined;
  await assert.rejects(engine.cycle(), isTransient);
  await assert.rejects(engine.cycle(), isTransient, 'a lost pool says so again, and does not hang');
  await engine.end().catch(() => {});
  await assert.rejects(Engine.start(world.config));
  await admit(true);
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/portrait')}`;
  const again = await Engine.start(world.config);
  try {
    const report = await again.cycle();
    assert.deepEqual(report.jobs[0]?.withdrawn, { 'source-locked': 1 });
  } finally {
    await again.end();
  }
});

Deno.test('endless retry of a skipped asset', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const source = assetOf(world.library, 'family/picnic');
  await sql`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$`;
  await sql.unsafe(`
    CREATE TRIGGER refuse BEFORE INSERT ON asset FOR EACH ROW
    WHEN (NEW."originalFileName" = 'picnic.jpg') EXECUTE FUNCTION refuse()`);
  const first = await world.share();
  assert.match(first.jobs[0]?.problems.map(describeProblem).join() ?? '', /not this one/);
  const skips = () => sql`SELECT since::text, retry FROM immich_sidecar.skipped WHERE source_asset_id = ${source.id}`;
  const before = await skips();
  assert.deepEqual(before.map(({ retry }) => retry), ['when-changed']);
  const [tables, files] = [await digestTables(sql), listFiles(world.directory)];
  const second = await world.share();
  assert.deepEqual(second.jobs[0]?.problems, [], 'it was not tried again');
  assert.deepEqual([...await skips()], [...before]);
  assert.deepEqual(await digestTables(sql), tables);
  assert.deepEqual(listFiles(world.directory), files);
  await sql`DROP TRIGGER refuse ON asset`;
  await sql`UPDATE asset SET "isFavorite" = true WHERE id = ${source.id}`;
  assert.equal((await world.share()).complete, true);
  assert.ok(await world.mirrorOf('family/picnic'), 'a change of the asset is a reason to try again');
  assert.equal((await skips()).length, 0);
});

Deno.test('links orphaned by a rollback', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const files = Object.keys(listFiles(world.directory)).sort();
  await sql`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nothing of this'; END $$`;
  // The links of a batch are made when its rows are refused, one asset after the other.
  await sql.unsafe(`
    CREATE TRIGGER refuse BEFORE INSERT ON asset_exif FOR EACH ROW EXECUTE FUNCTION refuse()`);
  const report = await world.share();
  assert.equal(report.complete, false);
  assert.equal(report.jobs.reduce((sum, { created }) => sum + created, 0), 0);
  assert.deepEqual(Object.keys(listFiles(world.directory)).sort(), files, 'no link, and no directory, is left');
  assert.equal((await sql`SELECT FROM immich_sidecar.link`).length, 0);
  assert.equal((await sql`SELECT FROM immich_sidecar.asset_map`).length, 0);
  await sql`DROP TRIGGER refuse ON asset_exif`;
  await sql`UPDATE asset SET "isFavorite" = "isFavorite" WHERE "ownerId" = ${world.library.users.alice.id}`;
  assert.equal((await world.share()).complete, true);
  assert.deepEqual(await world.verify(verifyMirrors), []);
});

Deno.test('relative and escaping symlinks', async () => {
  await using world = await World.open('v3.1.0');
  const outside = await Deno.makeTempDir({ prefix: 'immich-outside-' });
  try {
    const [relative, escaping] = [assetOf(world.library, 'family/picnic'), assetOf(world.library, 'family/portrait')];
    const folder = relative.localPath.slice(0, relative.localPath.lastIndexOf('/'));
    Deno.mkdirSync(`${folder}/elsewhere`);
    Deno.renameSync(relative.localPath, `${folder}/elsewhere/real.jpg`);
    Deno.symlinkSync('elsewhere/real.jpg', relative.localPath);
    Deno.renameSync(escaping.localPath, `${outside}/secret.jpg`);
    Deno.symlinkSync(`${outside}/secret.jpg`, escaping.localPath);

    const report = await world.share();
    const mirror = await world.mirrorOf('family/picnic');
    const [row] = await world.sql<{ path: string }[]>`
      SELECT "originalPath" AS path FROM asset WHERE id = ${mirror ?? null}`;
    const linked = Deno.lstatSync(world.local(row?.path ?? ''));
    assert.equal(linked.isFile, true, 'the file itself, not a link that leads nowhere from here');
    assert.equal(linked.ino, Deno.statSync(relative.localPath).ino);

    assert.equal(await world.mirrorOf('family/portrait'), undefined);
    assert.equal(Deno.lstatSync(`${outside}/secret.jpg`).nlink, 1, 'nothing outside has a second name');
    assert.match(report.jobs[0]?.problems.map(describeProblem).join() ?? '', /outside the configured directories/);
  } finally {
    Deno.removeSync(outside, { recursive: true });
  }
});

/** Our tables that speak of a mirror. */
const REMEMBERED = [
  ['asset_map', 'mirror_asset_id'],
  ['face_map', 'mirror_asset_id'],
  ['album_entry', 'mirror_asset_id'],
  ['link', 'mirror_id'],
] as const;

async function aliceHas(world: World, key: string): Promise<string | undefined> {
  const [row] = await world.sql<{ id: string }[]>`
    SELECT mirror_asset_id AS id
    FROM immich_sidecar.asset_map
    WHERE source_asset_id = ${world.id(key)} AND target_user_id = ${world.library.users.alice.id}`;
  return row?.id;
}

async function facesOfNobody(world: World): Promise<number> {
  const rows = await world.sql`SELECT FROM asset_face WHERE ${world.sql(world.people.faceKey)} IS NULL`;
  return rows.length;
}

/** Two more cycles change nothing. */
async function assertAtRest(world: World): Promise<void> {
  await world.share();
  const [tables, files] = [await digestTables(world.sql), listFiles(world.directory)];
  await world.share();
  assert.deepEqual(await digestTables(world.sql), tables);
  assert.deepEqual(listFiles(world.directory), files);
}
