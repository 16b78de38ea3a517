import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { EXIT } from '../../src/errors.ts';
import { ImmichApi } from '../../src/immich/api/client.ts';
import { listLibraries } from '../../src/immich/api/libraries.ts';
import { applySetup } from '../../src/setup/apply.ts';
import { readExisting } from '../../src/setup/existing.ts';
import { Scans } from '../../src/setup/scans.ts';
import type { Server } from '../../src/setup/session.ts';
import { immichOf, scanAll } from '../harness/immich_scan.ts';
import { PredecessorWorld } from '../share/predecessor_world.ts';
import { Ground } from './ground.ts';

const SHARE = ['--share', 'external', '--from', 'Alice', '--to', 'Bob', '--path', '/external_library/alice/family'];

/** Gives Bob an empty library; returns its id. */
async function give({ world }: Ground, importPath: string, patterns: readonly string[] = ['**/*']): Promise<string> {
  const [row] = await world.sql<{ id: string }[]>`
    INSERT INTO library ("ownerId", name, "importPaths", "exclusionPatterns")
    VALUES (${world.library.users.bob.id}, 'Shared from Alice', ${[importPath]}, ${patterns as string[]})
    RETURNING id`;
  return row?.id ?? '';
}

async function libraryOf({ world }: Ground, id: string): Promise<readonly unknown[]> {
  const [row] = await world.sql`SELECT "importPaths", "exclusionPatterns" FROM library WHERE id = ${id}`;
  return [row?.importPaths, row?.exclusionPatterns];
}

/** What the scans of all libraries import, and what those take offline that hold mirrors. */
async function scanned({ world }: Ground): Promise<{ imported: string[]; offline: string[] }> {
  const results = Object.entries(await scanAll(immichOf(world)));
  return {
    imported: results.flatMap(([, { imported }]) => imported),
    offline: results.filter(([name]) => !name.startsWith('Alice')).flatMap(([, { offline }]) => offline),
  };
}

const NOTHING = { imported: [], offline: [] };

/** Syncs, and asks the doctor: nothing is imported before or after, by whomever, and nobody is told of a danger. */
async function assertSafe(ground: Ground): Promise<void> {
  assert.deepEqual(await scanned(ground), NOTHING);
  const sync = await ground.run(['sync', '--json']);
  assert.equal(sync.code, EXIT.ok, sync.stderr);
  assert.ok(JSON.parse(sync.stdout).jobs[0].created > 0);
  assert.doesNotMatch(sync.stderr, /import/);
  assert.deepEqual(await scanned(ground), NOTHING);
  const doctor = JSON.parse((await ground.run(['doctor', '--json'])).stdout);
  const findings: { check: string; status: string; message: string }[] = doctor.findings;
  const bad = findings.filter(({ check, status }) => /^jobs\.(scans|imports)/.test(check) && status !== 'ok');
  assert.deepEqual(bad, []);
}

Deno.test('an empty library that covers everything is narrowed before it loses its pattern', async () => {
  await using ground = await Ground.open();
  const id = await give(ground, '/external_library');
  assert.deepEqual(await scanned(ground), NOTHING);
  const puts: unknown[] = [];
  ground.watch.onRequest = ({ method, path, body }) => {
    if (method === 'PUT' && path.startsWith('/libraries/')) puts.push(body);
    return undefined;
  };
  const { code, stdout, stderr } = await ground.setup(['--yes', ...ground.flags, ...SHARE]);
  assert.equal(code, EXIT.ok, stderr);
  assert.match(
    stdout,
    /^~ external library "Shared from Alice": import path \/external_library\/bob_shared instead of \/external_library, without the exclusion patterns \*\*\/\*$/m,
  );
  assert.deepEqual(puts, [{ importPaths: ['/external_library/bob_shared'], exclusionPatterns: [] }], 'in one step');
  assert.deepEqual(await libraryOf(ground, id), [['/external_library/bob_shared'], []]);
  assert.ok(ground.read('config.yaml').includes(id));
  await assertSafe(ground);
});

const KINDS: readonly {
  readonly what: string;
  readonly importPath: string;
  readonly patterns?: readonly string[];
  readonly make?: (external: string) => void;
  /** The import path of the library that is used at last. */
  readonly used: string;
  /** Whether that is another one. */
  readonly isNew?: true;
}[] = [
  { what: 'with a slash at the end', importPath: '/external_library/', used: '/external_library/bob_shared' },
  {
    what: 'with no pattern at all',
    importPath: '/external_library',
    patterns: [],
    used: '/external_library/bob_shared',
  },
  {
    what: 'with the patterns that Immich gives',
    importPath: '/external_library',
    patterns: ['**/@eaDir/**', '**/._*'],
    used: '/external_library/bob_shared',
  },
  { what: 'everything', importPath: '/', used: '/external_library/bob_shared' },
  {
    what: "a symbolic link to the originals, as the predecessor's README has it",
    importPath: '/external_library/bob_shared/',
    make: (external) => Deno.symlinkSync('alice/family', `${external}/bob_shared`),
    used: '/data/shared/bob',
    isNew: true,
  },
  {
    what: 'a directory with a symbolic link to the originals in it',
    importPath: '/external_library/bob_shared',
    make: (external) => {
      Deno.mkdirSync(`${external}/bob_shared`);
      Deno.symlinkSync('../alice/family', `${external}/bob_shared/photos`);
    },
    used: '/data/shared/bob',
    isNew: true,
  },
  {
    what: 'a directory in which somebody keeps photos that Immich has not seen',
    importPath: '/external_library/bob_shared',
    make: (external) => {
      Deno.mkdirSync(`${external}/bob_shared`);
      Deno.writeTextFileSync(`${external}/bob_shared/private.jpg`, 'x');
    },
    used: '/data/shared/bob',
    isNew: true,
  },
];

for (const { what, importPath, patterns, make, used, isNew } of KINDS) {
  Deno.test(`setup --yes where there is an empty library: no scan imports anything afterwards (${what})`, async () => {
    await using ground = await Ground.open();
    make?.(`${ground.world.directory}/external`);
    const id = await give(ground, importPath, patterns);
    const before = await libraryOf(ground, id);
    const { code, stderr } = await ground.setup(['--yes', ...ground.flags, ...SHARE]);
    assert.equal(code, EXIT.ok, stderr);
    const [job] = parse(ground.read('config.yaml')).jobs;
    assert.deepEqual(await libraryOf(ground, job.target_library_id), [
      [used],
      patterns?.includes('**/@eaDir/**') ? ['**/@eaDir/**'] : [],
    ]);
    assert.equal(job.target_library_id !== id, isNew === true);
    if (isNew) assert.deepEqual(await libraryOf(ground, id), before, 'the other is left as it is');
    await assertSafe(ground);
  });
}

Deno.test('without the database nothing is proven, so no pattern goes and another library is made', async () => {
  await using ground = await Ground.open();
  const id = await give(ground, '/external_library/bob_shared', ['**/._*']);
  const { code, stderr } = await ground.setup(['--yes', ...ground.flags, ...SHARE, '--db-host', '127.0.0.1:1']);
  assert.equal(code, EXIT.ok, stderr);
  assert.match(stderr, /^! The library "Shared from Alice" of Bob is left as it is/m);
  assert.deepEqual(await libraryOf(ground, id), [['/external_library/bob_shared'], ['**/._*']]);
  assert.notEqual(parse(ground.read('config.yaml')).jobs[0].target_library_id, id);
  assert.deepEqual(await scanned(ground), NOTHING);
});

Deno.test('a directory among the originals is refused, as the library above it would cover them', async (t) => {
  await using ground = await Ground.open();
  const external = `${ground.world.directory}/external`;
  await give(ground, '/external_library');
  const before = await ground.everything();
  const cases: readonly (readonly [directory: string, says: RegExp, more?: readonly string[]])[] = [
    [
      '/external_library/.bob',
      /"\/external_library" would be the import path of a library of Bob, and covers .* of Alice/,
    ],
    ['/external_library/alice/.bob', /"\/external_library\/alice" would be .* covers .* of Alice/],
    ['/external_library/elsewhere/.bob', /covers 1 file that Immich does not know .*elsewhere\/new\.jpg/],
    ['/external_library/x/.bob', /The library "Shared from Alice" covers .*so Immich's scans/, [
      '--library',
      'Shared from Alice',
    ]],
  ];
  Deno.mkdirSync(`${external}/elsewhere`);
  Deno.writeTextFileSync(`${external}/elsewhere/new.jpg`, 'x');
  Deno.mkdirSync(`${external}/x/y`, { recursive: true });
  Deno.symlinkSync('../../alice', `${external}/x/y/z`);
  for (const [directory, says, more = []] of cases) {
    await t.step(directory, async () => {
      const { code, stderr } = await ground.setup([
        '--yes',
        ...ground.flags,
        ...SHARE,
        '--target-dir',
        directory,
        ...more,
      ]);
      assert.equal(code, EXIT.usage, stderr);
      assert.match(stderr, /^error: --target-dir: /m);
      assert.match(stderr, says);
    });
  }
  Deno.removeSync(`${external}/x`, { recursive: true });
  Deno.removeSync(`${external}/elsewhere`, { recursive: true });
  assert.deepEqual(await ground.everything(), before);
});

Deno.test('what has come there between plan and yes is noticed before the pattern goes', async () => {
  await using ground = await Ground.open();
  const { world, immich } = ground;
  const id = await give(ground, '/external_library');
  const { url, apiKey } = immich;
  const api = new ImmichApi({ url, apiKey, concurrency: 1, timeoutMs: 5_000, retries: 0 });
  const libraries = await listLibraries(api);
  const server = { api, url, apiKey, libraries, users: [] } as unknown as Server;
  const mounts = immichOf(world).mounts;
  const existing = readExisting({ env: {}, cwd: ground.cwd, configFile: undefined });
  const change = (importPath: string) =>
    applySetup(
      {
        directories: [],
        links: [],
        libraries: [],
        libraryChanges: [{
          libraryId: id,
          name: 'Shared from Alice',
          ownerId: world.library.users.bob.id,
          now: { importPaths: ['/external_library'], patterns: ['**/*'] },
          then: { importPaths: [importPath], patterns: [] },
        }],
        albums: [],
        jobs: [],
        settings: [],
        retired: [],
      },
      existing,
      { server, scans: new Scans(world.config.database, server, { mounts, mediaLocation: '/data' }) },
      { signal: new AbortController().signal, stamp: 'x', owner: undefined },
    );
  Deno.mkdirSync(`${world.directory}/external/bob_shared`);
  Deno.symlinkSync('../alice', `${world.directory}/external/bob_shared/alice`);
  await assert.rejects(
    change('/external_library/bob_shared'),
    /"Shared from Alice" would cover .* now, which was not there/,
  );
  assert.deepEqual(await libraryOf(ground, id), [['/external_library'], ['**/*']]);
  Deno.removeSync(`${world.directory}/external/bob_shared/alice`);
  await change('/external_library/bob_shared');
  assert.deepEqual(await libraryOf(ground, id), [['/external_library/bob_shared'], []]);
});

Deno.test("what setup has done to a library's import path is undone when a later step fails", async () => {
  await using ground = await Ground.open();
  const id = await give(ground, '/external_library');
  ground.watch.onRequest = ({ method, path }) => method === 'POST' && path === '/albums' ? { status: 400 } : undefined;
  const album = ['--album', 'new:Family', '--album-key-file', '../bob.key'];
  const { code, stderr } = await ground.setup(['--yes', ...ground.flags, ...SHARE, ...album]);
  assert.equal(code, EXIT.usage);
  assert.match(stderr, /Everything that setup had made was undone/);
  assert.deepEqual(await libraryOf(ground, id), [['/external_library'], ['**/*']]);
});

Deno.test({
  name: "from the predecessor's wizard to hard links: takeover, setup, sync; no scan imports anything on the way",
  fn: async () => {
    await using ground = await Ground.open({ keepsLibraries: true });
    const { world } = ground;
    await PredecessorWorld.share(world, 'wizard');
    const { users, libraries } = world.library;
    Deno.writeTextFileSync(
      `${ground.cwd}/.env`,
      `DB_HOSTNAME=${world.config.database.hostname}
DB_PORT=${world.config.database.port}
DB_USERNAME=${world.config.database.username}
DB_PASSWORD=${ground.password}
DB_DATABASE_NAME=${world.config.database.name}
IMMICH_API_KEY=${ground.apiKey}
UPLOAD_LOCATION=../media
EXTERNAL_LIBRARY_DIR=../external
TARGET_USER_ID=${users.bob.id}
SOURCE_USER_ID=${users.alice.id}
TARGET_LIBRARY_ID=${libraries.bobShared.id}
SHARED_PATH_PREFIX=/external_library/alice/family/
TARGET_PATH_PREFIX=/external_library/bob_shared/
UPLOAD_SOURCE_USER_ID=${users.alice.id}
UPLOAD_TARGET_LIBRARY_ID=${libraries.bobUploads.id}
TARGET_UPLOAD_PATH_PREFIX=/external_library/bob_uploads/alice/
`,
    );
    const imports = async () => (await scanned(ground)).imported;
    assert.deepEqual(await imports(), []);
    const taken = await ground.run(['takeover', '--yes']);
    assert.equal(taken.code, EXIT.ok, taken.stderr + taken.stdout);
    assert.deepEqual(await imports(), []);
    const moved = await ground.setup([
      '--yes',
      '--compose',
      '../immich-app',
      '--immich-url',
      ground.immich.url,
      '--share',
      'external-library',
      '--target-dir',
      '/external_library/for_bob/.alice',
      '--placement',
      'hardlink',
    ]);
    assert.equal(moved.code, EXIT.ok, moved.stderr);
    assert.match(moved.stdout, /import path \/external_library\/for_bob instead of \/external_library/);
    assert.deepEqual(await imports(), []);
    const sync = await ground.run(['sync', '--json', '--confirm-withdrawals']);
    assert.ok([EXIT.ok, EXIT.partial].includes(sync.code as 0), sync.stderr);
    assert.deepEqual(await imports(), []);
    const [row] = await world.sql<{ path: string }[]>`
      SELECT "originalPath" AS path FROM asset WHERE id = ${await world.mirrorOf('family/portrait') ?? ''}`;
    assert.equal(row?.path, '/external_library/for_bob/.alice/2023/portrait.jpg');
    assert.deepEqual(await libraryOf(ground, libraries.bobShared.id), [['/external_library/for_bob'], []]);
  },
});
