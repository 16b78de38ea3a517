import assert from 'node:assert/strict';
import jpeg from 'jpeg-js';
import { Linker } from '../../src/files/linker.ts';
import { PathMap } from '../../src/files/path_map.ts';
import { type Cover, makeThumbnails } from '../../src/share/people/covers.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { fakeLibrary } from '../harness/fake_immich/library.ts';
import { FakeImmich } from '../harness/fake_immich/server.ts';
import { World } from './world.ts';

interface Seen {
  readonly name: string;
  readonly isHidden: boolean;
  readonly birthDate: string | null;
  readonly color: string | null;
  readonly thumbnailPath: string;
  readonly faceAssetId: string | null;
}

async function mirrorOfPerson(world: World, key: 'alice/dora' | 'alice/gustav'): Promise<Seen | undefined> {
  const [row] = await world.sql<Seen[]>`
    SELECT p.name, p."isHidden", p."birthDate"::text, p.color, p."thumbnailPath", p."faceAssetId"
    FROM immich_sidecar.person_map pm
    JOIN person p
      ON p.${world.sql(world.people.personKey)} = pm.mirror_person_id
      AND p."ownerId" = pm.target_user_id
    WHERE pm.origin_person_id = ${world.library.people[key].id}
      AND pm.target_user_id = ${world.library.users.bob.id}`;
  return row;
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: name, visibility, birth date and colour follow; what the target changed is his`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const { personKey } = world.people;
    const dora = world.library.people['alice/dora'].id;
    const alice = world.library.users.alice.id;
    await sql`
      UPDATE person
      SET name = 'Dora E.', "isHidden" = true, "birthDate" = '1991-01-01', color = '#000000'
      WHERE ${sql(personKey)} = ${dora} AND "ownerId" = ${alice}`;
    await world.share();
    const { thumbnailPath: _, faceAssetId: __, ...followed } = await mirrorOfPerson(world, 'alice/dora') ?? {};
    assert.deepEqual(followed, { name: 'Dora E.', isHidden: true, birthDate: '1991-01-01', color: '#000000' });

    await sql`UPDATE person SET name = 'Mum' WHERE name = 'Dora E.' AND "ownerId" = ${world.library.users.bob.id}`;
    await sql`
      UPDATE person
      SET name = 'Theodora', "isHidden" = false
      WHERE ${sql(personKey)} = ${dora} AND "ownerId" = ${alice}`;
    await world.share();
    const mixed = await mirrorOfPerson(world, 'alice/dora');
    assert.deepEqual([mixed?.name, mixed?.isHidden], ['Mum', false], 'his name, the other field follows');
  });

  Deno.test(`${release}: a cover is shared only while the target can see its photo`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const gustav = await mirrorOfPerson(world, 'alice/gustav');
    // His cover shows a private photo: another one is cut out of a photo that Bob can see, at once.
    assert.ok(gustav?.faceAssetId);
    const portrait = jpeg.decode(Deno.readFileSync(world.local(gustav.thumbnailPath)));
    assert.equal(portrait.width, portrait.height);
    assert.ok(portrait.width > 10 && portrait.width <= 250);
    const dora = await mirrorOfPerson(world, 'alice/dora');
    assert.ok(dora);
    const shared = Deno.readFileSync(world.local(dora.thumbnailPath));

    await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/portrait')}`;
    await world.share();
    const without = await mirrorOfPerson(world, 'alice/dora');
    assert.ok(without?.faceAssetId && without.faceAssetId !== dora.faceAssetId);
    const cut = Deno.readFileSync(world.local(without.thumbnailPath));
    assert.equal(jpeg.decode(cut).width, jpeg.decode(cut).height, 'cut out of another photo, at once');
    assert.notDeepEqual(cut, shared);
    assert.deepEqual(await world.verify(verifyMirrors), []);

    await sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${world.id('family/portrait')}`;
    await world.share();
    assert.deepEqual(Deno.readFileSync(world.local(dora.thumbnailPath)), shared);
    assert.deepEqual(await world.verify(verifyMirrors), []);
  });

  Deno.test(`${release}: a cover that the target has chosen stays when the source picks another`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const { personKey, faceKey } = world.people;
    const [alice, bob] = [world.library.users.alice.id, world.library.users.bob.id];
    const dora = await mirrorOfPerson(world, 'alice/dora');
    const chosen = await sql<{ id: string; source: string }[]>`
      SELECT f.id, fm.source_face_id AS source
      FROM immich_sidecar.person_map pm
      JOIN asset_face f ON f.${sql(faceKey)} = pm.mirror_person_id AND f."deletedAt" IS NULL
      JOIN immich_sidecar.face_map fm ON fm.mirror_face_id = f.id
      WHERE pm.origin_person_id = ${world.library.people['alice/dora'].id}
        AND pm.target_user_id = ${bob}
        AND f.id <> ${dora?.faceAssetId ?? null}
      ORDER BY f.id`;
    const [own, other] = chosen;
    assert.ok(own && other);
    await sql`UPDATE person SET "faceAssetId" = ${own.id} WHERE "faceAssetId" = ${
      dora?.faceAssetId ?? null
    } AND "ownerId" = ${bob}`;
    await sql`
      UPDATE person SET "faceAssetId" = ${other.source}
      WHERE ${sql(personKey)} = ${world.library.people['alice/dora'].id} AND "ownerId" = ${alice}`;
    await world.share();
    assert.equal((await mirrorOfPerson(world, 'alice/dora'))?.faceAssetId, own.id);
  });

  Deno.test(`${release}: nobody without a mirrored face reaches the target, and the last face takes the person along`, async () => {
    await using world = await World.open(release);
    await world.share();
    assert.ok(!(await world.namesOf('bob')).includes('Secret Friend'));
    assert.ok((await world.namesOf('bob')).includes('Neighbour'));
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/birthday')}`;
    await world.share();
    assert.ok(!(await world.namesOf('bob')).includes('Neighbour'));
    assert.deepEqual(await world.verify(verifyMirrors), []);
  });
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: the target's own person, into whom they merged a shared one, stays as they have it, with its thumbnail`, async () => {
    await using world = await World.open(release);
    world.config = { ...world.config, brake: { percent: 100, minimum: 1_000 } };
    await world.share();
    const { sql, people: { personKey, faceKey }, library: { users, people } } = world;
    const [own, origin] = [people['bob/dora'].id, people['alice/dora'].id];
    const [{ id: mirrored } = assert.fail()] = await sql<{ id: string }[]>`
      SELECT mirror_person_id AS id
      FROM immich_sidecar.person_map
      WHERE origin_person_id = ${origin} AND target_user_id = ${users.bob.id}`;
    const facesOfBob = sql`"assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${users.bob.id})`;
    await sql`UPDATE asset_face SET ${sql(faceKey)} = ${own} WHERE ${sql(faceKey)} = ${mirrored} AND ${facesOfBob}`;
    await sql`DELETE FROM person WHERE ${sql(personKey)} = ${mirrored} AND "ownerId" = ${users.bob.id}`;
    await world.share();
    const seen = async () => {
      const [row] = await sql<{ thumbnailPath: string }[]>`
        SELECT name, "isHidden", "birthDate"::text, color, "thumbnailPath"
        FROM person
        WHERE ${sql(personKey)} = ${own} AND "ownerId" = ${users.bob.id}`;
      return row === undefined ? undefined : { ...row, file: Deno.readFileSync(world.local(row.thumbnailPath)).length };
    };
    const before = await seen();
    assert.ok(before !== undefined && before.file > 0);

    const [{ id: otherFace } = assert.fail()] = await sql<{ id: string }[]>`
      SELECT f.id
      FROM asset_face f
      JOIN person p ON p.${sql(personKey)} = f.${sql(faceKey)} AND p."ownerId" = ${users.alice.id}
      JOIN immich_sidecar.asset_map m ON m.source_asset_id = f."assetId"
      WHERE f.${sql(faceKey)} = ${origin} AND f.id IS DISTINCT FROM p."faceAssetId"
      LIMIT 1`;
    await sql`
      UPDATE person
      SET name = 'Theodora', "isHidden" = true, "birthDate" = '1991-01-01', color = '#000000', "faceAssetId" = ${otherFace}
      WHERE ${sql(personKey)} = ${origin} AND "ownerId" = ${users.alice.id}`;
    await world.share();
    assert.deepEqual(await seen(), before, 'what the source says of theirs');

    // Nobody sees this person any more, on mirrors or on Bob's own photos.
    await sql`UPDATE asset SET visibility = 'locked' WHERE "ownerId" = ${users.alice.id}`;
    await sql`DELETE FROM asset_face WHERE ${sql(faceKey)} = ${own} AND ${facesOfBob}`;
    await world.share();
    assert.deepEqual(await seen(), before, 'without a face');
    await sql`DELETE FROM person WHERE ${sql(personKey)} = ${origin} AND "ownerId" = ${users.alice.id}`;
    await world.share();
    assert.deepEqual(await seen(), before, 'without the one who was shared');
  });

  Deno.test(`${release}: a face that the target has removed is no cover, neither the source's nor the largest one`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql, people: { personKey, faceKey }, library: { users } } = world;
    const remove = (id: string | null | undefined) =>
      sql`UPDATE asset_face SET "deletedAt" = now() WHERE id = ${id ?? ''} RETURNING id`;
    const isLiving = async (id: string | null | undefined) =>
      (await sql`SELECT FROM asset_face WHERE id = ${id ?? null} AND "deletedAt" IS NULL`).length === 1;
    const dora = await mirrorOfPerson(world, 'alice/dora');
    assert.ok(dora && await isLiving(dora.faceAssetId));
    const before = Deno.readFileSync(world.local(dora.thumbnailPath));
    await remove(dora.faceAssetId);
    await world.share();
    const another = await mirrorOfPerson(world, 'alice/dora');
    assert.ok(another && await isLiving(another.faceAssetId));
    assert.notDeepEqual(Deno.readFileSync(world.local(another.thumbnailPath)), before);

    // Immich takes a cover away with the face; the largest of those that are left is the next.
    await remove(another.faceAssetId);
    const ofBob = sql`"assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${users.bob.id})`;
    await sql`
      UPDATE person SET "faceAssetId" = NULL
      WHERE "faceAssetId" = ${another.faceAssetId} AND "ownerId" = ${users.bob.id}`;
    const left = await sql`
      SELECT FROM asset_face f JOIN person p ON p.${sql(personKey)} = f.${sql(faceKey)}
      WHERE p."ownerId" = ${users.bob.id} AND p.name = ${dora.name} AND ${ofBob} AND f."deletedAt" IS NULL`;
    await world.share();
    const last = await mirrorOfPerson(world, 'alice/dora');
    assert.equal(last !== undefined && last.faceAssetId !== null, left.length > 0);
    if (last !== undefined) assert.ok(await isLiving(last.faceAssetId));
  });

  Deno.test(`${release}: a thumbnail in a directory where Immich has none for this person stays when the person goes`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql, library: { users } } = world;
    const odd = [
      `/data/thumbs/${users.alice.id}/somebody.jpeg`,
      `/data/thumbs/${users.bob.id}/odd/somebody.jpeg`,
      '/external_library/alice/family/somebody.jpeg',
    ];
    for (const path of odd) {
      await Deno.mkdir(world.local(path.replace(/[^/]+$/, '')), { recursive: true });
      await Deno.writeTextFile(world.local(path), 'not ours');
      await sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${world.id('family/birthday')}`;
      assert.equal((await world.share()).complete, true);
      const [person] = await sql`
        UPDATE person SET "thumbnailPath" = ${path} WHERE name = 'Neighbour' AND "ownerId" = ${users.bob.id} RETURNING name`;
      assert.ok(person);
      await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/birthday')}`;
      const report = await world.share();
      assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
      assert.ok(!(await world.namesOf('bob')).includes('Neighbour'));
      assert.equal(await Deno.readTextFile(world.local(path)), 'not ours', path);
    }
  });
}

Deno.test('a cover goes to another face when a crop leaves it out', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql } = world;
  const gustav = await mirrorOfPerson(world, 'alice/gustav');
  // Bob crops it otherwise than Alice has.
  await sql`
    UPDATE asset_edit
    SET action = 'crop', parameters = ${sql.json({ x: 0, y: 0, width: 9, height: 9 })}
    WHERE "assetId" = (SELECT "assetId" FROM asset_face WHERE id = ${gustav?.faceAssetId ?? null})`;
  await sql`UPDATE asset_face SET "isVisible" = false WHERE id = ${gustav?.faceAssetId ?? null}`;
  await world.share();
  const now = await mirrorOfPerson(world, 'alice/gustav');
  const [face] = await sql<{ isVisible: boolean }[]>`
    SELECT "isVisible" FROM asset_face WHERE id = ${now?.faceAssetId ?? null}`;
  assert.equal(face?.isVisible, true);
  assert.notEqual(now?.faceAssetId, gustav?.faceAssetId);
});

Deno.test('a preview that is not a JPEG: Immich is asked for the thumbnail at once, or makes it at night', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const webp = new TextEncoder().encode('RIFF....WEBPVP8 ');
  const previews = (await sql<{ path: string }[]>`SELECT path FROM asset_file WHERE type = 'preview'`)
    .map(({ path }) => ({ path, bytes: Deno.readFileSync(world.local(path)) }));
  for (const { path } of previews) Deno.writeFileSync(world.local(path), webp);
  await using immich = new FakeImmich({
    dialect: '3.1.0',
    library: fakeLibrary(),
    fault: () => ({ status: 201, body: '{}' }),
  });
  world.config = { ...world.config, immich: { url: immich.url, apiKey: immich.apiKey } };
  const report = await world.share();
  assert.equal(report.complete, true);
  const gustav = await mirrorOfPerson(world, 'alice/gustav');
  assert.ok(gustav?.faceAssetId);
  assert.equal(gustav.thumbnailPath, '');
  assert.deepEqual(immich.requests.map(({ method, path, body }) => ({ method, path, body })), [
    { method: 'PUT', path: '/jobs/thumbnailGeneration', body: { command: 'start', force: false } },
  ]);
  assert.ok(report.jobs.some(({ thumbnailsLeft }) => thumbnailsLeft > 0));
  await world.share();
  assert.equal(immich.requests.length, 1, 'once');

  for (const { path, bytes } of previews) Deno.writeFileSync(world.local(path), bytes);
  await world.share();
  const healed = await mirrorOfPerson(world, 'alice/gustav');
  assert.equal(healed?.faceAssetId, gustav.faceAssetId);
  assert.ok(
    jpeg.decode(Deno.readFileSync(world.local(healed.thumbnailPath))).width > 10,
    'of previews that are JPEGs now',
  );
  assert.equal(immich.requests.length, 1);
});

Deno.test('Alice locks the photo from which the cover of a person of Bob’s own was cut: Immich is asked for another at once', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql, library: { users } } = world;
  const [face] = await sql<{ id: string; source: string }[]>`
    SELECT f.id, m.source_asset_id AS source
    FROM asset_face f
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = f."assetId" AND m.target_user_id = ${users.bob.id}
    WHERE f."deletedAt" IS NULL
    ORDER BY f.id
    LIMIT 1`;
  const thumbnail = `/data/thumbs/${users.bob.id}/aa/bb/own.jpeg`;
  Deno.mkdirSync(world.local(`/data/thumbs/${users.bob.id}/aa/bb`), { recursive: true });
  Deno.writeTextFileSync(world.local(thumbnail), 'cut from what Alice shares');
  await sql`
    INSERT INTO person ("ownerId", name, "faceAssetId", "thumbnailPath")
    VALUES (${users.bob.id}, 'Own', ${face?.id ?? ''}, ${thumbnail})`;
  await using immich = new FakeImmich({
    dialect: '3.1.0',
    library: fakeLibrary(),
    fault: () => ({ status: 201, body: '{}' }),
  });
  world.config = { ...world.config, immich: { url: immich.url, apiKey: immich.apiKey } };
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${face?.source ?? ''}`;
  const report = await world.share();
  const [own] = await sql<{ path: string }[]>`SELECT "thumbnailPath" AS path FROM person WHERE name = 'Own'`;
  assert.equal(own?.path, '');
  assert.throws(() => Deno.statSync(world.local(thumbnail)), Deno.errors.NotFound);
  assert.equal(report.coversTaken, 1);
  assert.deepEqual(immich.requests.map(({ path, body }) => ({ path, body })), [
    { path: '/jobs/thumbnailGeneration', body: { command: 'start', force: false } },
  ]);
  await world.share();
  assert.equal(immich.requests.length, 1, 'once');
});

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: who has a cover and no thumbnail gets one in the next cycle, whoever has chosen the cover`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql, people: { personKey, faceKey }, library: { users } } = world;
    const [dora, gustav] = [await mirrorOfPerson(world, 'alice/dora'), await mirrorOfPerson(world, 'alice/gustav')];
    assert.ok(dora?.faceAssetId && gustav?.faceAssetId);
    const lose = async ({ faceAssetId, thumbnailPath }: Seen) => {
      Deno.removeSync(world.local(thumbnailPath));
      const lost = await sql`
        UPDATE person SET "thumbnailPath" = ''
        WHERE "faceAssetId" = ${faceAssetId} AND "ownerId" = ${users.bob.id} RETURNING name`;
      assert.equal(lost.length, 1);
    };
    const shared = Deno.readFileSync(world.local(dora.thumbnailPath));
    const cut = Deno.readFileSync(world.local(gustav.thumbnailPath));
    await lose(dora);
    await lose(gustav);
    await world.share({ isFull: false });
    assert.deepEqual([await mirrorOfPerson(world, 'alice/dora'), await mirrorOfPerson(world, 'alice/gustav')], [
      dora,
      gustav,
    ]);
    assert.deepEqual(Deno.readFileSync(world.local(dora.thumbnailPath)), shared, "a copy of the source's");
    assert.deepEqual(Deno.readFileSync(world.local(gustav.thumbnailPath)), cut, 'cut out of a photo that Bob sees');

    const [{ id: chosen } = assert.fail()] = await sql<{ id: string }[]>`
      SELECT f.id
      FROM asset_face f
      JOIN person p ON p.${sql(personKey)} = f.${sql(faceKey)} AND p."ownerId" = ${users.bob.id}
      WHERE p."faceAssetId" = ${dora.faceAssetId}
        AND f.id <> p."faceAssetId"
        AND f."assetId" IN (SELECT id FROM asset WHERE "ownerId" = p."ownerId")
      LIMIT 1`;
    await sql`
      UPDATE person SET "faceAssetId" = ${chosen} WHERE "faceAssetId" = ${dora.faceAssetId} AND "ownerId" = ${users.bob.id}`;
    await lose({ ...dora, faceAssetId: chosen });
    for (const isFull of [false, true]) {
      await world.share({ isFull });
      const own = await mirrorOfPerson(world, 'alice/dora');
      assert.deepEqual([own?.faceAssetId, own?.thumbnailPath], [chosen, dora.thumbnailPath]);
      assert.notDeepEqual(Deno.readFileSync(world.local(dora.thumbnailPath)), shared);
    }
  });
}

Deno.test('while portraits are cut, others have their turn, a cycle that ends ends it, and what takes long waits for the next', async () => {
  const directory = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    const [width, height] = [800, 600];
    const preview = jpeg.encode({ width, height, data: new Uint8Array(width * height * 4).fill(200) }, 80).data;
    Deno.writeFileSync(`${directory}/preview.jpeg`, preview);
    const root = { immich: '/data', local: directory };
    const files = { linker: new Linker([directory]), paths: new PathMap([root]) };
    let faces = 0;
    const eight = () =>
      Array.from({ length: 8 }, (_, index): Cover => ({
        mirrorPersonId: `${index}`,
        coverFaceId: null,
        fallbackFaceId: 'face',
        sourceThumbnailPath: '',
        cut: {
          previewPath: '/data/preview.jpeg',
          imageWidth: width,
          imageHeight: height,
          x1: 10,
          y1: 10,
          x2: 90 + faces++, // what was cut once is not cut again
          y2: 90,
        },
        path: `/data/${index}.jpeg`,
        keep: '/data',
      }));
    const covers = eight();
    let turns = 0;
    const others = setInterval(() => turns++, 0);
    const made = await makeThumbnails(covers, files, new AbortController().signal);
    clearInterval(others);
    assert.deepEqual(made.map(({ making }) => making), covers.map(() => 'made'));
    assert.ok(turns >= covers.length - 1, `${turns} turns`);

    const [first] = covers;
    const again = await makeThumbnails(
      first === undefined ? [] : [{ ...first, path: '/data/again.jpeg' }],
      files,
      new AbortController().signal,
    );
    assert.deepEqual(again.map(({ making }) => making), ['made']);
    assert.deepEqual(Deno.readFileSync(`${directory}/again.jpeg`), Deno.readFileSync(`${directory}/0.jpeg`));

    const ending = new AbortController();
    setTimeout(() => ending.abort(new Error('stopped')), 0);
    await assert.rejects(makeThumbnails(eight(), files, ending.signal), /stopped/);

    const late = await makeThumbnails(covers, files, new AbortController().signal, 0);
    assert.deepEqual(late.map(({ making }) => making), covers.map(() => 'postponed'));
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test('an Immich that does not answer, or a key that may not, is no failure of a cycle', async () => {
  await using world = await World.open('v3.1.0');
  for (const { path } of await world.sql<{ path: string }[]>`SELECT path FROM asset_file WHERE type = 'preview'`) {
    Deno.writeFileSync(world.local(path), new Uint8Array());
  }
  await using immich = new FakeImmich({ dialect: '3.1.0', library: fakeLibrary(), fault: () => ({ status: 403 }) });
  world.config = { ...world.config, immich: { url: immich.url, apiKey: immich.apiKey } };
  assert.equal((await world.share()).complete, true);
  assert.equal(immich.requests.length, 1);
});
