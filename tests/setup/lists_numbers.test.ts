/** setup says how much is shared before it writes anything: the numbers of a dry run; and takes whatever names there are. */
import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { EXIT } from '../../src/errors.ts';
import { connect, disconnect } from '../../src/postgres/connect.ts';
import { dryRun } from '../../src/share/plan_only.ts';
import { DIALECTS } from '../harness/fake_immich/captures.ts';
import { InImmich } from '../share/deeds_in_immich.ts';
import { Ground } from './ground.ts';
import { KEYS } from './screen.ts';
import { typing } from './typing.ts';

const TAB = '\t';

/** An answer of `setup --json`. */
interface Planned {
  readonly plan: {
    readonly jobs: readonly { readonly name: string; readonly now?: { photos: number; bytes: number } }[];
    readonly sharedAlbums?: { readonly now?: { photos: number; bytes: number } };
  };
}

/** What setup says before it does anything, and what a dry run of what it did selects. */
async function bothNumbers(ground: Ground, args: readonly string[]) {
  const setup = await ground.setup(['--yes', '--json', ...ground.flags, ...args]);
  assert.equal(setup.code, EXIT.ok, setup.stderr);
  const { plan } = JSON.parse(setup.stdout) as Planned;
  const config = loadConfig({ env: ground.environment, cwd: ground.cwd });
  const sql = await connect(config.database);
  try {
    const { standings } = await dryRun(sql, config, { sink: () => {} });
    return { plan, selected: new Map([...standings].map(([job, standing]) => [job, standing.selected])) };
  } finally {
    await disconnect(sql);
  }
}

/** Bytes of what Alice has in her album, of two people, or with the tag; without what is hidden, archived, locked or deleted. */
async function bytesOf({ world }: Ground): Promise<number> {
  const [row] = await world.sql<{ bytes: number }[]>`
    SELECT sum(e."fileSizeInByte")::float8 AS bytes
    FROM asset a
    JOIN asset_exif e ON e."assetId" = a.id
    WHERE a."ownerId" = ${world.library.users.alice.id}
      AND a.visibility = 'timeline' AND a."deletedAt" IS NULL AND NOT a."isOffline"
      AND (
        a.id IN (SELECT "assetId" FROM album_asset JOIN album al ON al.id = "albumId" WHERE "albumName" = 'Holiday, 2023')
        OR a.id IN (
          SELECT f."assetId" FROM asset_face f JOIN person p ON p.id = f."personId"
          WHERE p.name IN ('Grandma', 'Emil, Jr.') AND f."deletedAt" IS NULL AND f."isVisible"
        )
        OR a.id = ${world.id('family/harbour')}
      )`;
  return row?.bytes ?? 0;
}

for (const dialect of DIALECTS) {
  Deno.test(`people, albums, tags and favourites by flags: the number of setup is that of the dry run (${dialect})`, async () => {
    await using ground = await Ground.open({ dialect });
    const immich = new InImmich(ground.world);
    const tag = await immich.makeTag('alice', 'share');
    await immich.tag(tag, ground.world.id('family/harbour'));
    const chosen = [
      ...['--people', 'grandma, Emil, Jr.', '--albums', 'Holiday, 2023'],
      ...['--tags', 'share', '--from', 'Alice', '--to', 'Bob'],
    ];
    const { plan, selected } = await bothNumbers(ground, chosen);
    const now = plan.jobs[0]?.now;
    assert.ok(now !== undefined && now.photos > 3 && now.bytes > 0);
    assert.equal(now.photos, selected.get('alice to bob'));
    const { jobs } = parse(ground.read('config.yaml'));
    assert.deepEqual(jobs[0].select, { albums: ['Holiday, 2023'], people: ['Emil, Jr.', 'Grandma'], tags: ['share'] });
    assert.equal(jobs[0].kind, 'any');

    const again = await ground.setup(['--yes', ...ground.flags, ...chosen]);
    assert.match(again.stdout, /there is nothing to change/, 'the second time there is nothing to do');
    assert.equal(now.bytes, await bytesOf(ground));
    assert.equal((await ground.run(['sync'])).code, EXIT.ok);
    const explained = await ground.run(['explain', '--job', 'alice to bob', '--json']);
    assert.equal(JSON.parse(explained.stdout).meant, now.photos, explained.stdout);

    const other = await ground.setup([
      '--yes',
      ...ground.flags,
      '--favorites',
      'yes',
      '--from',
      'Alice',
      '--to',
      'Bob',
    ]);
    assert.equal(other.code, EXIT.ok, other.stderr);
    const after = parse(ground.read('config.yaml')).jobs;
    assert.deepEqual(after[1].select, { favorites: true }, 'what is chosen otherwise is another share');
    assert.deepEqual(after[0], jobs[0]);

    const changed = await ground.setup(['--yes', ...ground.flags, '--share', 'alice to bob', '--people', 'Gustav']);
    assert.equal(changed.code, EXIT.ok, changed.stderr);
    assert.deepEqual(parse(ground.read('config.yaml')).jobs[0].select, { people: ['Gustav'] });
  });
}

Deno.test('shared albums and two more shares in one run, and each number is that of its dry run', async () => {
  await using ground = await Ground.open();
  const { plan, selected } = await bothNumbers(ground, [
    '--shared-albums',
    'Holiday, 2023',
    '--share',
    'external',
    '--from',
    'Alice',
    '--to',
    'Carol',
    '--path',
    '/external_library/alice/family',
  ]);
  assert.equal(plan.jobs[0]?.now?.photos, selected.get('alice to carol'));
  // The first sync makes the libraries, without which a dry run leaves pairs out.
  const sync = await ground.run(['sync', '--json']);
  assert.equal(sync.code, EXIT.ok, sync.stderr);
  const { jobs } = JSON.parse(sync.stdout) as { jobs: { job: string; standing: { selected: number } }[] };
  const pairs = jobs.filter(({ job }) => job.startsWith('shared albums: '));
  assert.deepEqual(pairs.map(({ job }) => job), ['shared albums: Alice → Bob']);
  assert.equal(plan.sharedAlbums?.now?.photos, pairs[0]?.standing.selected);
  const later = await ground.setup(['--yes', '--dry-run', '--json', ...ground.flags, '--shared-albums', 'all']);
  const { sharedAlbums } = (JSON.parse(later.stdout) as Planned).plan;
  // Three of Alice's, and the one of Bob's that the other album has.
  assert.equal(sharedAlbums?.now?.photos, 4, 'mirrors are not counted, once they are there');
});

Deno.test('all shared albums, or some from the list; Escape goes back to the choice', async () => {
  await using ground = await Ground.open();
  const { screen, prepared } = typing(ground);
  await screen.answers("Directory of Immich's docker-compose.yml");
  await screen.answers('What shall be set up?', KEYS.down, KEYS.down);
  await screen.sees('◆ Which shared albums reach their members?');
  await screen.sees('all of them, and what is shared later (2 albums: 4 photos and videos');
  await screen.types(KEYS.down, KEYS.enter);
  await screen.sees('Holiday, 2023 (');
  await screen.sees('Alice and Bob');
  await screen.types(KEYS.escape);
  await screen.answers('Which shared albums reach their members?', KEYS.down);
  await screen.answers('Which of them?', ...'holi', TAB);
  await screen.answers('In which directory do the shared files lie');
  await screen.answers('What else?');
  await screen.answers('Keep the API key in .env?');
  const { plan } = await prepared;
  assert.deepEqual(plan.sharedAlbums?.albums, [{ text: 'Holiday, 2023' }]);
  assert.equal(plan.sharedAlbums?.now?.photos, 3);
});

Deno.test('names that YAML or commas could spoil, namesakes, and five thousand albums', async (t) => {
  await using ground = await Ground.open();
  const { world } = ground;
  const immich = new InImmich(world);
  const odd = ['"quoted": yes', '2024', 'all', 'true', '- # no', 'Ünïcödé 🏖️ 家族', "it's", '{a: b}', '*x &y', '~'];
  for (const name of odd) await immich.makeAlbum('alice', name, [world.id('uploads/cat')]);
  const broken = await immich.makeAlbum('alice', 'two\nlines\u0007', [world.id('uploads/cat')]);
  const spaced = await immich.makeAlbum('alice', ' around ', [world.id('uploads/cat')]);
  const twins = [await immich.makeAlbum('alice', 'Trip'), await immich.makeAlbum('alice', 'Trip')];
  await world.sql`
    INSERT INTO album (id, "albumName") SELECT gen_random_uuid(), 'Album ' || n FROM generate_series(1, 5000) AS n`;
  await world.sql`
    INSERT INTO album_user ("albumId", "userId", role)
    SELECT id, ${world.library.users.alice.id}, 'owner' FROM album WHERE "albumName" LIKE 'Album %'`;
  const albums = (text: string) =>
    ground.setup(['--yes', ...ground.flags, '--share', 'chosen', '--from', 'Alice', '--to', 'Bob', '--albums', text]);

  await t.step('two of one name: the ids are said', async () => {
    const { code, stderr } = await albums('Trip');
    assert.equal(code, EXIT.usage, stderr);
    assert.match(stderr, /--albums: 2 can be meant by the album "Trip"/);
    for (const id of twins) assert.ok(stderr.includes(id));
  });
  await t.step('one that is not there: some that are', async () => {
    const { code, stderr } = await albums('Nothing, of the kind');
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /No album is called "Nothing" or "of the kind"/);
    assert.match(stderr, /4,\d{3} more/);
  });
  await t.step('nothing at all', async () => {
    const { code, stderr } = await albums(' , ');
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /Nothing is chosen/);
    const person = ['--people', 'Neighbour', '--from', 'Alice', '--to', 'Bob'];
    const secret = await ground.setup(['--yes', ...ground.flags, ...person]);
    assert.equal(secret.code, EXIT.usage);
    assert.match(secret.stderr, /No person is called "Neighbour"/);
  });
  await t.step('a name twice counts once, whatever is in it, and what is written means the same', async () => {
    const ids = [...odd, broken, spaced, twins[0] ?? '', 'Album 4999', 'Album 4999'];
    const { code, stderr } = await albums(ids.join(', '));
    assert.equal(code, EXIT.ok, stderr);
    const written: string[] = parse(ground.read('config.yaml')).jobs[0].select.albums;
    assert.deepEqual(written.toSorted(), [...odd, broken, spaced, twins[0] ?? '', 'Album 4999'].toSorted());
    const sync = await ground.run(['sync', '--json']);
    assert.equal(sync.code, EXIT.ok, sync.stderr);
    const { jobs } = JSON.parse(sync.stdout);
    assert.deepEqual(jobs[0].problems, []);
    assert.equal(jobs[0].created, 1);
  });
});

Deno.test('a role that may not read what is chosen by: setup goes on without numbers, and says why', async () => {
  await using ground = await Ground.open();
  await ground.world.sql`REVOKE SELECT ON asset_exif FROM sidecar`;
  const { code, stdout, stderr } = await ground.setup([
    '--yes',
    ...ground.flags,
    ...['--share', 'upload', '--from', 'Alice', '--to', 'Bob'],
  ]);
  assert.equal(code, EXIT.ok, stderr);
  assert.match(stderr, /It cannot be said how much is shared: .*(may not|permission denied)/);
  assert.ok(!stdout.includes('; now '));
});
