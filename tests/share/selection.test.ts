/** What a job selects by albums, people, tags, favourites, paths, dates, ratings and types. */
import assert from 'node:assert/strict';
import type { JobConfig, Reasons, SelectConfig } from '../../src/config/config.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { until } from '../crash/process.ts';
import { REPRESENTATIVE, SPREAD } from '../harness/database.ts';
import { InImmich } from './deeds_in_immich.ts';
import { Engine } from './oracle/engine.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

const NO_REASONS: Reasons = { albums: [], people: [], tags: [], paths: [] };
const NOTHING: SelectConfig = { ...NO_REASONS, peopleMatch: 'any', favorites: false };

/** The job that shares Alice's uploads with Bob, as one that selects. */
function choosing(world: World, select: Partial<SelectConfig> | undefined, rest: Partial<JobConfig> = {}): JobConfig {
  const uploads = world.config.jobs.at(-1);
  assert.ok(uploads);
  const chosen = select === undefined ? {} : { select: { ...NOTHING, ...select } };
  return { ...uploads, name: 'chosen', kind: 'any', albumId: undefined, ...chosen, ...rest };
}

/** The keys of what Bob has mirrors of, without the motion parts of live photos, in order. */
async function shared(world: World): Promise<string[]> {
  const rows = await world.sql<{ id: string }[]>`
    SELECT m.source_asset_id AS id
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id AND a.visibility <> 'hidden'
    WHERE m.target_user_id = ${world.library.users.bob.id}`;
  const ids = new Set(rows.map(({ id }) => id));
  return world.library.assets.filter(({ id }) => ids.has(id)).map(({ key }) => key).sort();
}

/** One cycle; nothing fails, and a second one finds nothing to do. */
async function cycle(world: World): Promise<string[]> {
  const report = await world.share();
  assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
  assert.deepEqual(await world.verify(verifyMirrors), []);
  const before = [await digestTables(world.sql), listFiles(world.directory)];
  await world.share();
  assert.deepEqual([await digestTables(world.sql), listFiles(world.directory)], before, 'a second cycle finds no more');
  return await shared(world);
}

for (const release of SPREAD) {
  Deno.test(`${release}: albums, people, tags, favourites, paths and ranges select what they say, wherever it lies`, async (t) => {
    await using world = await World.open(release);
    const immich = new InImmich(world);
    const id = (key: string) => world.id(key);
    await immich.makeAlbum('alice', 'Family', [
      id('family/portrait'),
      id('family/live'),
      id('uploads/cat'),
      id('uploads/locked'),
    ]);
    const shared = await immich.makeAlbum('bob', 'Trip', [id('uploads/templated')]);
    await immich.invite(shared, 'alice');
    const share = await immich.makeTag('alice', 'share');
    const below = await immich.makeTag('alice', 'share/bob', share);
    await immich.tag(below, id('family/harbour'));
    await immich.tag(share, id('uploads/clip'));
    const cases: Readonly<Record<string, [JobConfig, string[]]>> = {
      'an album by name, of uploads and libraries alike; what is locked stays out': [
        choosing(world, { albums: ['Family'] }),
        ['family/live', 'family/portrait', 'uploads/cat'],
      ],
      'an album of somebody else that is shared with them': [choosing(world, { albums: [shared] }), [
        'uploads/templated',
      ]],
      'a tag, with all below it': [choosing(world, { tags: ['share'] }), ['family/harbour', 'uploads/clip']],
      'a tag below another one': [choosing(world, { tags: ['SHARE/bob'] }), ['family/harbour']],
      'one of several reasons': [
        choosing(world, { albums: ['Trip'], tags: ['share/bob'] }),
        ['family/harbour', 'uploads/templated'],
      ],
      'favourites (another one is an upload of Bob as well)': [choosing(world, { favorites: true }), ['uploads/cat']],
      'a path as a reason': [
        choosing(world, { paths: ['/external_library/alice/family/1999/'], favorites: true }),
        ['family/wedding', 'uploads/cat'],
      ],
      'any of two people': [
        choosing(world, { people: ['Grandma', 'Gustav'].map((name) => nameOf(world, name)) }),
        ['family/birthday', 'family/edited', 'family/wedding', 'private/party', 'uploads/live'],
      ],
      'all of two people': [
        choosing(world, { people: ['Grandma', 'Gustav'].map((name) => nameOf(world, name)), peopleMatch: 'all' }),
        ['family/wedding'],
      ],
      'only these people': [
        choosing(world, { people: [nameOf(world, 'Dora')], peopleMatch: 'only' }),
        ['family/clip', 'family/picnic', 'family/portrait'],
      ],
      'not what is in an album, shows a person, has a tag, lies below a path': [
        choosing(world, { albums: ['Family'], tags: ['share'], favorites: true }, {
          except: {
            ...NO_REASONS,
            people: [nameOf(world, 'Dora')],
            tags: ['share/bob'],
            albums: ['Nothing of the kind'],
          },
        }),
        ['family/live', 'uploads/cat', 'uploads/clip'],
      ],
      'never': [
        choosing(world, { albums: ['Family'] }, { never: { ...NO_REASONS, paths: ['/external_library/'] } }),
        ['uploads/cat'],
      ],
      'days': [
        choosing(world, { paths: ['/external_library/alice/family/'] }, { since: '2023-12-31', until: '2023-12-31' }),
        ['family/birthday'],
      ],
      'a rating': [
        choosing(world, { paths: ['/external_library/alice/family/'] }, { minRating: 4 }),
        ['family/harbour'],
      ],
      'a type': [
        choosing(world, { paths: ['/external_library/alice/family/'] }, { types: ['video'] }),
        ['family/clip', 'family/clip-transcoded'],
      ],
    };
    for (const [what, [job, expected]] of Object.entries(cases)) {
      await t.step(what, async () => {
        world.setJobs([job]);
        assert.deepEqual(await cycle(world), expected);
      });
    }
  });
}

Deno.test('a name that fits nothing, or several, is a problem with the candidates and their ids; nothing is written', async () => {
  await using world = await World.open('v3.3.0');
  const immich = new InImmich(world);
  const ids = [await immich.makeAlbum('alice', 'Family'), await immich.makeAlbum('alice', 'family')];
  const theirs = await immich.makeAlbum('bob', 'Bob’s own');
  const refusal = async (select: Partial<SelectConfig>, rest: Partial<JobConfig> = {}) => {
    world.setJobs([choosing(world, select, rest)]);
    let message = '';
    await assert.rejects(world.share(), (error: Error) => {
      message = error.message;
      return true;
    });
    return message;
  };
  const several = await refusal({ albums: ['FAMILY'] });
  assert.match(several, /select\.albums: 2 albums have the name "FAMILY"/);
  for (const id of ids) assert.ok(several.includes(id));
  const none = await refusal({ albums: ['Famly'] });
  assert.match(none, /no album of the source user has the name or id "Famly"; did you mean "Family" \(/);
  assert.ok(
    !(await refusal({ albums: [theirs] })).includes('Bob’s own'),
    'an album that is not shared with them is none',
  );
  assert.match(await refusal({ people: ['Nobody'] }), /select\.people: no person .* there are "/);
  assert.match(await refusal({ tags: ['famly/kids'] }), /did you mean "family\/kids"/);
  assert.match(await refusal({ favorites: true }, { sourceUserId: 'nobody@example.com' }), /source: no user has/);
  assert.match(
    await refusal({ favorites: true }, {
      sourceUserId: world.library.users.bob.id,
      targetUserId: await emailOf(world, 'bob'),
    }),
    /source and target are the same user/,
  );
});

Deno.test('the very name is meant before one that differs in case; users are known by e-mail, name and id', async () => {
  await using world = await World.open('v3.1.0');
  const immich = new InImmich(world);
  await immich.makeAlbum('alice', 'Family', [world.id('family/portrait')]);
  await immich.makeAlbum('alice', 'family', [world.id('family/picnic')]);
  world.setJobs([
    choosing(world, { albums: ['family'] }, {
      sourceUserId: (await emailOf(world, 'alice')).toUpperCase(),
      targetUserId: world.library.users.bob.name,
    }),
  ]);
  assert.deepEqual(await cycle(world), ['family/picnic']);
});

async function emailOf(world: World, user: 'alice' | 'bob'): Promise<string> {
  const [row] = await world.sql<{ email: string }[]>`SELECT email FROM "user" WHERE id = ${
    world.library.users[user].id
  }`;
  return row?.email ?? '';
}

Deno.test('adding select moves nothing, nor does taking it out again; what it means no more goes', async () => {
  await using world = await World.open('v3.1.0');
  const immich = new InImmich(world);
  const [, uploads] = world.config.jobs;
  assert.ok(uploads);
  world.setJobs([uploads]);
  const all = await cycle(world);
  const pathOf = async (key: string) => await world.localMirrorPath(world.id(key));
  const before = await pathOf('uploads/cat');
  const mirror = await world.mirrorOf('uploads/cat');
  await immich.makeAlbum('alice', 'Chosen', [world.id('uploads/cat'), world.id('family/portrait')]);
  world.setJobs([{ ...uploads, kind: 'any', select: { ...NOTHING, albums: ['Chosen'] } }]);
  assert.deepEqual(await cycle(world), ['family/portrait', 'uploads/cat']);
  assert.deepEqual([await pathOf('uploads/cat'), await world.mirrorOf('uploads/cat')], [before, mirror]);
  const added = await pathOf('family/portrait');
  const library = world.library.libraries.alice.id;
  assert.ok(
    added.endsWith(`/media/shared/bob/.alice/${library}/external_library/alice/family/2023/portrait.jpg`),
    added,
  );
  world.setJobs([uploads]);
  assert.deepEqual(await cycle(world), all);
  assert.deepEqual([await pathOf('uploads/cat'), await world.mirrorOf('uploads/cat')], [before, mirror]);
});

Deno.test('with two jobs of one pair, a shared photo belongs to the one that made it while that means it, then to the first that does, and is followed', async () => {
  await using world = await World.open('v3.1.0');
  const immich = new InImmich(world);
  const photo = world.id('family/portrait');
  const [one, two] = [await immich.makeAlbum('alice', 'One', [photo]), await immich.makeAlbum('alice', 'Two', [photo])];
  const jobs = [
    choosing(world, { albums: [two] }, { name: 'second' }),
    choosing(world, { albums: [one] }, { name: 'first', targetPathPrefix: '/data/shared/bob/.more/' }),
  ];
  world.setJobs(jobs.slice(1));
  await cycle(world);
  const mirror = await world.mirrorOf('family/portrait');
  const place = await world.localMirrorPath(photo);
  const owner = async () => {
    const [row] = await world.sql<
      { name: string }[]
    >`SELECT job_name AS name FROM immich_sidecar.asset_map WHERE source_asset_id = ${photo}`;
    return row?.name;
  };
  world.setJobs(jobs);
  await cycle(world);
  assert.equal(await owner(), 'first', 'the job that made it');
  await immich.takeOut(one, [photo]);
  await cycle(world);
  assert.deepEqual([await owner(), await world.mirrorOf('family/portrait')], ['second', mirror]);
  assert.equal(await world.localMirrorPath(photo), place, 'it is not moved');
  // Its files follow, which nobody saw to once the first job meant it no more.
  const source = world.library.assets.find(({ id }) => id === photo)?.localPath ?? '';
  const bytes = await Deno.readFile(source);
  await Deno.writeFile(`${source}.new`, new Uint8Array([...bytes, 0]));
  await Deno.rename(`${source}.new`, source);
  await world.share();
  assert.equal(Deno.statSync(await world.localMirrorPath(photo)).ino, Deno.statSync(source).ino);
  await immich.takeOut(two, [photo]);
  assert.deepEqual(await cycle(world), []);
});

function nameOf(world: World, name: string): string {
  const person = Object.entries(world.library.people).find(([key]) => key === `alice/${name.toLowerCase()}`)?.[1];
  assert.ok(person?.name, name);
  return person.name;
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: with people who are left out, a photo waits until its faces are recognised, and never flashes up`, async () => {
    await using world = await World.open(release);
    const { sql, library, people: { faceKey } } = world;
    const [photo, gustav] = [world.id('family/portrait'), library.people['alice/gustav']];
    const nobody = async () => {
      await sql`UPDATE asset_face SET ${sql(faceKey)} = NULL WHERE "assetId" = ${photo}`;
      await sql`UPDATE asset_job_status SET "facesRecognizedAt" = now() WHERE "assetId" = ${photo}`;
    };
    await nobody();
    const job = choosing(world, { paths: ['/external_library/alice/family/'] }, {
      except: { ...NO_REASONS, people: [gustav.name] },
    });
    world.setJobs([job]);
    const engine = await Engine.start(world.config);
    const follow = async () => {
      await tellCounts(sql);
      return await engine.cycle();
    };
    try {
      const { jobs } = await follow();
      assert.deepEqual(jobs[0]?.standing?.pending['recognition'], 1);
      assert.ok(!(await shared(world)).includes('family/portrait'));
      assert.ok(!(await shared(world)).includes('family/edited'), 'who is left out is left out');
      assert.ok((await shared(world)).includes('family/picnic'), 'what has no face that is nobody’s does not wait');
      await sql`UPDATE asset_face SET ${sql(faceKey)} = ${gustav.id} WHERE "assetId" = ${photo}`;
      await follow();
      assert.ok(!(await shared(world)).includes('family/portrait'), 'they are on it');
      await nobody();
      await follow();
      // Ten minutes after faces were found, which a second from now will be: nothing is written when they are over.
      await sql`
        UPDATE asset_job_status SET "facesRecognizedAt" = clock_timestamp() - interval '10 minutes' + interval '1 second'
        WHERE "assetId" = ${photo}`;
      await follow();
      assert.ok(!(await shared(world)).includes('family/portrait'), 'it is not over yet');
      await until('the photo is shared', async () => {
        await engine.cycle();
        return (await shared(world)).includes('family/portrait');
      });
    } finally {
      await engine.end();
    }
  });
}
