import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { EXIT } from '../../src/errors.ts';
import { full, mounted, unlinkable } from '../files/obstacles.ts';
import { testUnless } from '../files/scratch.ts';
import { DIALECTS } from '../harness/fake_immich/captures.ts';
import { RunningProgram } from '../crash/process.ts';
import { PredecessorWorld } from '../share/predecessor_world.ts';
import { BOBS_KEY, Ground, LIMITED_KEY } from './ground.ts';

const SHARE = [
  '--share',
  'external',
  '--from',
  'Alice',
  '--to',
  'bob@example.com',
  '--path',
  '/external_library/alice/family',
];

const WHAT = ['--share', 'external', '--path', '/external_library/alice/family'];

for (const dialect of DIALECTS) {
  Deno.test(`unattended: what setup writes shares the first photo (${dialect})`, async () => {
    await using ground = await Ground.open({ dialect });
    const { code, stdout, stderr } = await ground.setup(['--yes', ...ground.flags, ...SHARE]);
    assert.equal(code, EXIT.ok, stderr);
    assert.match(stdout, /^\+ external library "Shared by Alice" of Bob, import path \/external_library\/bob_shared$/m);
    assert.match(stdout, /^\+ share "alice to bob": what Alice has in \/external_library\/alice\/family\/, for Bob/m);
    for (const secret of [ground.apiKey, ground.password]) assert.ok(!(stdout + stderr).includes(secret));
    for (const file of ['.env', 'config.yaml'] as const) {
      assert.equal((Deno.statSync(`${ground.cwd}/${file}`).mode ?? 0) & 0o777, 0o600);
    }

    const { jobs } = parse(ground.read('config.yaml'));
    const [library] = await ground.world
      .sql`SELECT * FROM library WHERE "ownerId" = ${ground.world.library.users.bob.id}`;
    assert.deepEqual(jobs, [{
      name: 'alice to bob',
      kind: 'external',
      source_user_id: ground.world.library.users.alice.id,
      target_user_id: ground.world.library.users.bob.id,
      target_library_id: library?.id,
      source_path_prefix: '/external_library/alice/family/',
      target_path_prefix: '/external_library/bob_shared/.alice/',
      placement: 'hardlink',
    }]);
    assert.deepEqual([library?.importPaths, library?.exclusionPatterns], [['/external_library/bob_shared'], []]);

    const sync = await ground.run(['sync', '--json']);
    assert.equal(sync.code, EXIT.ok, sync.stderr);
    assert.ok(JSON.parse(sync.stdout).jobs[0].created > 0);
    const mirror = await ground.world.mirrorOf('family/portrait');
    const [row] = await ground.world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${
      mirror ?? null
    }`;
    assert.ok(row?.path.startsWith('/external_library/bob_shared/.alice/'));
    assert.equal(Deno.statSync(ground.world.local(row?.path ?? '')).nlink, 2);
  });
}

Deno.test('every wrong answer ends an unattended run with the name of its flag, and changes nothing', async (t) => {
  await using ground = await Ground.open();
  const { world, flags } = ground;
  Deno.writeTextFileSync(`${world.directory}/wrong.key`, 'wrong-key-77a\n');
  Deno.writeTextFileSync(`${world.directory}/limited.key`, LIMITED_KEY);
  Deno.mkdirSync(`${world.directory}/empty`);
  Deno.mkdirSync(`${world.directory}/broken`);
  Deno.writeTextFileSync(`${world.directory}/broken/compose.yml`, 'services: [\n  a: {b\n');
  const { bob, carol } = world.library.users;
  await world.sql`
    INSERT INTO library ("ownerId", name, "importPaths", "exclusionPatterns")
    VALUES (${carol.id}, 'Full', ${['/external_library/carol_shared']}, ${[]}), (${bob.id}, 'Elsewhere', ${[
    '/elsewhere',
  ]}, ${[]})`;
  await world.sql`
    UPDATE asset SET "libraryId" = (SELECT id FROM library WHERE name = 'Full')
    WHERE id = (SELECT id FROM asset WHERE "ownerId" = ${carol.id} LIMIT 1)`;
  const share = [...flags, ...SHARE];
  const cases: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
    ['no Compose file', [...share, '--compose', '../empty'], /--compose: .*contains no docker-compose\.yml/],
    [
      'a Compose file that is none',
      [...share, '--compose', '../broken'],
      /--compose: .*cannot be understood, see line \d/,
    ],
    ['nobody at the address', [...flags, '--immich-url', 'http://127.0.0.1:1'], /--immich-url: .*cannot be reached/],
    ['an address that is none', [...flags, '--immich-url', 'immich'], /--immich-url: "immich" is not an address/],
    ['a wrong key', [...flags, '--api-key-file', '../wrong.key'], /--api-key-file: .*does not accept the API key/],
    [
      'a key of a user',
      [...flags, '--api-key-file', '../bob.key'],
      /--api-key-file: .*"Bob", who is not an administrator/,
    ],
    [
      'a key that may do little',
      [...flags, '--api-key-file', '../limited.key'],
      /--api-key-file: .*lacks the permissions adminUser\.read/,
    ],
    [
      'a key file that is not there',
      [...flags, '--api-key-file', '../no.key'],
      /--api-key-file: the file .* does not exist/,
    ],
    ['nothing to set up', flags, /--share is missing/],
    ['nobody shares', [...flags, ...WHAT, '--to', 'Bob'], /--from is missing .*\n.*"Alice"/],
    [
      'an unknown user',
      [...flags, ...WHAT, '--from', 'Zoe', '--to', 'Bob'],
      /--from: "Zoe" is none of what can be chosen/,
    ],
    [
      'somebody without a library',
      [...flags, '--share', 'external', '--from', 'Bob', '--path', '/x'],
      /--path: Bob has no external library at/,
    ],
    ['a path outside', [...share, '--path', '/data/photos'], /--path: Alice has no external library at/],
    ['a path that is not there', [...share, '--path', '/external_library/alice/no'], /--path: .*is not there/],
    ['target = source', [...share, '--to', 'Alice'], /--to: Alice is the one who shares/],
    [
      'a visible directory',
      [...share, '--target-dir', '/external_library/x'],
      /--target-dir: .*has no hidden directory/,
    ],
    ['below no mount', [...share, '--target-dir', '/other/x/.alice'], /--target-dir: .*in common/],
    [
      'inside of what is shared',
      [...share, '--target-dir', '/external_library/alice/family/.x'],
      /--target-dir: .*contain one another/,
    ],
    ["Immich's own folder", [...share, '--target-dir', '/data/thumbs/x/.alice'], /--target-dir: .*own folder thumbs/],
    [
      'a full library',
      [...share, '--to', 'Carol', '--target-dir', '/external_library/carol_shared/.alice'],
      /--target-dir: Carol's library "Full" covers .* and has 1 photo in/,
    ],
    ['a library of somebody else', [...share, '--library', 'Full'], /does not belong to Bob/],
    ['a library elsewhere', [...share, '--library', 'Elsewhere'], /has no import path above/],
    ['an unknown library', [...share, '--library', 'Nothing'], /--library: There is no library "Nothing"/],
    ['an album that is none', [...share, '--album', 'holiday'], /--album: "holiday" is not a UUID/],
    [
      'several flags that are missing, all at once',
      [...ground.flags, '--share', 'external'],
      /error: --from, --to and --path are missing\.\n/,
    ],
    ['no key for the album', [...share, '--album', 'new:Family'], /--album-key-file is missing/],
    [
      'a flag that nothing asks for',
      [...share, '--write-source', 'api'],
      /Nothing asked for --write-source/,
    ],
    ['a wrong database', [...share, '--db-name', 'nothing'], /--db-name: .*has no database "nothing"/],
    ['an unknown placement', [...share, '--placement', 'teleport'], /--placement: "teleport" is none/],
  ];
  const before = await ground.everything();
  for (const [what, args, says] of cases) {
    await t.step(what, async () => {
      const { code, stdout, stderr } = await ground.setup(['--yes', ...args]);
      assert.deepEqual([code, stdout], [EXIT.usage, ''], stderr);
      assert.match(stderr, says);
      for (const secret of [ground.apiKey, ground.password, LIMITED_KEY, BOBS_KEY]) assert.ok(!stderr.includes(secret));
    });
  }
  await t.step('without --yes', async () => {
    const { code, stderr } = await ground.setup(share);
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /--yes is missing/);
  });
  await t.step('a dry run', async () => {
    const { code, stdout } = await ground.setup(['--dry-run', '--json', ...share]);
    assert.equal(code, EXIT.ok);
    const { dryRun, plan, result } = JSON.parse(stdout);
    assert.deepEqual([dryRun, plan.libraries.length, plan.jobs.length, result], [true, 1, 1, null]);
    assert.ok(!stdout.includes(ground.apiKey) && !stdout.includes(ground.password));
  });
  assert.deepEqual(await ground.everything(), before);
  assert.ok(!ground.immich.paths().some((path) => !path.startsWith('GET ')));
});

Deno.test('two libraries get two names; the administrator who receives uses a key of their own for the album', async () => {
  await using ground = await Ground.open();
  const { world } = ground;
  const names = async () =>
    (await world.sql<{ name: string }[]>`
      SELECT name FROM library WHERE name LIKE 'Shared%' ORDER BY name`).map(({ name }) => name);
  const [admin] = await world.sql<{ id: string; name: string }[]>`SELECT id, name FROM "user" WHERE "isAdmin"`;
  const first = await ground.setup(['--yes', ...ground.flags, ...SHARE]);
  assert.equal(first.code, EXIT.ok, first.stderr);
  const second = await ground.setup(['--yes', ...ground.flags, '--share', 'upload', '--from', 'Alice', '--to', 'Bob']);
  assert.equal(second.code, EXIT.ok, second.stderr);
  assert.deepEqual(await names(), ['Shared by Alice', 'Shared by Alice (2)']);
  assert.match(second.stdout, /If serve is running, tell it: systemctl reload/);

  Deno.writeTextFileSync(`${ground.cwd}/album.key`, ground.apiKey);
  const album = ['--album', 'new:Family', '--album-key-file', 'album.key'];
  const share = ['--share', 'upload', '--from', 'Bob', '--to', admin?.name ?? ''];
  const third = await ground.setup(['--yes', ...ground.flags, ...share, ...album]);
  assert.equal(third.code, EXIT.ok, third.stderr);
  assert.match(third.stdout, /^\+ album "Family" of /m);
});

Deno.test('what was made is undone when a later step fails, or somebody presses Ctrl-C', async (t) => {
  await using ground = await Ground.open();
  const before = await ground.everything();
  const args = ['setup', '--yes', ...ground.flags, ...SHARE, '--album', 'new:Family', '--album-key-file', '../bob.key'];
  await t.step('the album cannot be made', async () => {
    ground.watch.onRequest = ({ method, path }) =>
      method === 'POST' && path === '/albums' ? { status: 400 } : undefined;
    const { code, stderr } = await ground.run(args);
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /Everything that setup had made was undone/);
  });
  await t.step('the files cannot be written', async () => {
    ground.watch.onRequest = undefined;
    const { code, stderr } = await ground.run([...args, '--config', 'no/where/config.yaml']);
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /The configuration cannot be written: .*Everything that setup had made was undone/);
  });
  await t.step('Ctrl-C while it works', async () => {
    const since = ground.immich.requests.length;
    const program = RunningProgram.start(args, { cwd: ground.cwd, env: ground.environment });
    ground.watch.onRequest = ({ method, path }) => {
      if (method === 'POST' && path === '/libraries') program.signal('SIGINT');
      return undefined;
    };
    assert.equal((await program.ended()).code, EXIT.interrupted);
    assert.ok(ground.immich.paths(since).some((path) => path.startsWith('DELETE /libraries/')));
  });
  assert.deepEqual(await ground.everything(), before);
});

Deno.test('running again: the same changes nothing, another answer changes one job, and what others wrote stays', async () => {
  await using ground = await Ground.open();
  const first = [...ground.flags, ...SHARE];
  assert.equal((await ground.setup(['--yes', ...first])).code, EXIT.ok);
  const uploads = ['--share', 'upload', '--from', 'Alice', '--to', 'Carol', '--job', 'camera roll'];
  assert.equal((await ground.setup(['--yes', ...ground.flags, ...uploads])).code, EXIT.ok);

  const before = await ground.everything();
  const again = await ground.setup(['--yes', ...first]);
  assert.deepEqual([again.code, again.stdout], [
    EXIT.ok,
    'Everything is as it should be; there is nothing to change.\n',
  ]);
  assert.deepEqual(await ground.everything(), before);

  const yaml = ground.read('config.yaml')
    .replace('placement: hardlink', 'placement: hardlink # because of the NAS\n    include_archived: true')
    .replace('  - name', '  # the first one\n  - name');
  Deno.writeTextFileSync(`${ground.cwd}/config.yaml`, yaml);
  Deno.writeTextFileSync(`${ground.cwd}/.env`, `# mine\nCOMPOSE_PROJECT_NAME=photos\n${ground.read('.env')}`);
  const change = await ground.setup([
    '--yes',
    '--json',
    '--share',
    'alice to bob',
    '--path',
    '/external_library/alice',
    '--job',
    'all of Alice',
  ]);
  assert.equal(change.code, EXIT.ok, change.stderr);
  const { result } = JSON.parse(change.stdout);
  assert.deepEqual(result.jobs, ['all of Alice']);
  assert.equal(result.files.length, 1);
  assert.equal(Deno.readTextFileSync(result.files[0].backup), yaml);
  assert.equal((Deno.statSync(result.files[0].backup).mode ?? 0) & 0o777, 0o600);
  assert.equal(
    ground.read('config.yaml'),
    yaml.replace('name: alice to bob', 'name: all of Alice').replace('/alice/family/', '/alice/'),
  );
  assert.match(ground.read('.env'), /^# mine\nCOMPOSE_PROJECT_NAME=photos\n/);
  const sync = await ground.run(['sync', '--json']);
  assert.equal(sync.code, EXIT.ok, sync.stderr);
  assert.equal(JSON.parse(sync.stdout).jobs.length, 2);
});

Deno.test('a library made by hand is used, and loses the pattern that would take everything in it offline', async () => {
  await using ground = await Ground.open({ keepsLibraries: true });
  const { id } = ground.world.library.libraries.bobShared;
  const usual = ['**/@eaDir/**', '**/._*', '**/#recycle/**', '**/#snapshot/**', '**/.stversions/**', '**/.stfolder/**'];
  await ground.world.sql`UPDATE library SET "exclusionPatterns" = ${usual} WHERE id = ${id}`;
  const { code, stdout, stderr } = await ground.setup(['--yes', ...ground.flags, ...SHARE]);
  assert.equal(code, EXIT.ok, stderr);
  assert.match(stdout, /^~ external library "shared from Alice": without the exclusion patterns \*\*\/\._\*$/m);
  const [library] = await ground.world.sql`SELECT * FROM library WHERE id = ${id}`;
  assert.deepEqual(library?.exclusionPatterns, usual.filter((pattern) => pattern !== '**/._*'));
  assert.ok(ground.read('config.yaml').includes(id));
});

Deno.test('the .env of immich-shared-library becomes a list of jobs, under the same names', async () => {
  await using ground = await Ground.open({ keepsLibraries: true });
  const { users, libraries } = ground.world.library;
  const old = `# mine
DB_PASSWORD=${ground.password}
IMMICH_API_KEY=${ground.apiKey}
UPLOAD_LOCATION=../media
EXTERNAL_LIBRARY_DIR=../external
TARGET_USER_ID=${users.bob.id}
SOURCE_USER_ID=${users.alice.id}
TARGET_LIBRARY_ID=${libraries.bobShared.id}
SHARED_PATH_PREFIX=/external_library/alice/family/
TARGET_PATH_PREFIX=/external_library/bob_shared/.alice/
`;
  Deno.writeTextFileSync(`${ground.cwd}/.env`, old);
  const args = ['--compose', '../immich-app', '--immich-url', ground.immich.url];
  const added = await ground.setup(['--yes', ...args, '--share', 'upload', '--from', 'Alice', '--to', 'Carol']);
  assert.equal(added.code, EXIT.ok, added.stderr);
  const { jobs } = parse(ground.read('config.yaml'));
  assert.deepEqual(jobs.map(({ name }: { name: string }) => name), ['external-library', 'alice uploads to carol']);
  assert.equal(jobs[0].target_path_prefix, '/external_library/bob_shared/.alice/');
  assert.match(ground.read('.env'), /^# \(moved by setup\) SHARED_PATH_PREFIX=/m);
  const [kept] = [...Deno.readDirSync(ground.cwd)].filter(({ name }) => /^\.env\..*\.bak$/.test(name));
  assert.equal(Deno.readTextFileSync(`${ground.cwd}/${kept?.name}`), old);
  const sync = await ground.run(['sync', '--json']);
  assert.equal(sync.code, EXIT.ok, sync.stderr);
  assert.doesNotMatch(sync.stderr, /ignored/);
});

Deno.test('where no hard link can be made it says so, and makes a symbolic link when it is told to', async () => {
  await using ground = await Ground.open();
  // Another file system: the directory of the originals is a mount of its own, in memory.
  const disk = otherFileSystem();
  if (disk === undefined) return;
  using _ = disk;
  const family = `${ground.world.directory}/external/alice/family`;
  cpSync(family, disk.path, { recursive: true });
  const args = ['--yes', ...ground.flags, '--mount', `/external_library/alice/family=${disk.path}`, ...SHARE];
  const refused = await ground.setup(args);
  assert.equal(refused.code, EXIT.usage);
  assert.match(refused.stderr, /--target-dir, --placement: No hard link can be made .* different file systems/);
  const { code, stdout, stderr } = await ground.setup([...args, '--placement', 'symlink']);
  assert.equal(code, EXIT.ok, stderr);
  assert.match(stdout, /^\+ symbolic link .* -> \/external_library\/alice\/family$/m);
  assert.equal(parse(ground.read('config.yaml')).jobs[0].placement, 'symlink');
});

testUnless(
  full.obstacle(),
  'another disk inside the directory that is shared is told beforehand; the rest of it is shared',
  async () => {
    await using ground = await Ground.open();
    using _ = mounted['another disk'](`${ground.world.directory}/external/alice/family/2023`);
    const { code, stderr } = await ground.setup(['--yes', ...ground.flags, ...SHARE]);
    assert.equal(code, EXIT.ok, stderr);
    assert.match(
      stderr,
      /lie in \/external_library\/alice\/family\/2023, from where no hard link leads to .* left out\. With --placement copy/,
    );
    assert.equal(parse(ground.read('config.yaml')).jobs[0].placement, 'hardlink');
  },
);

testUnless(
  await unlinkable.obstacle(),
  'where originals may not be linked it says so beforehand, with what helps, and makes copies when it is told to',
  async () => {
    await using ground = await Ground.open();
    using _ = unlinkable.make(`${ground.world.directory}/external/alice/family`);
    const args = ['--yes', ...ground.flags, ...SHARE];
    for (const wanted of [[], ['--target-dir', '/external_library/bob_shared/.alice']]) {
      const refused = await ground.setup([...args, ...wanted]);
      assert.equal(refused.code, EXIT.usage);
      assert.match(
        refused.stderr,
        /--target-dir.*: Files in ".*" may not be linked to ".*": they belong to another user/,
      );
      assert.match(refused.stderr, /run as the user who owns the originals .*, or set placement: copy/);
      assert.doesNotMatch(refused.stderr, /Let this user write there|on the file system of the originals/);
    }
    const { code, stderr } = await ground.setup([...args, '--placement', 'copy']);
    assert.equal(code, EXIT.ok, stderr);
    assert.equal(parse(ground.read('config.yaml')).jobs[0].placement, 'copy');
  },
);

function otherFileSystem(): (Disposable & { readonly path: string }) | undefined {
  try {
    const path = Deno.makeTempDirSync({ dir: '/dev/shm', prefix: 'immich-setup-' });
    return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
  } catch {
    return undefined;
  }
}

Deno.test('a database that cannot be reached is no reason to stop, and uploads need no external library', async () => {
  await using ground = await Ground.open();
  const share = ['--share', 'upload', '--from', 'Alice', '--to', 'Carol', '--keep-key', 'no'];
  const { code, stdout, stderr } = await ground.setup(['--yes', ...ground.flags, ...share, '--db-host', '127.0.0.1:1']);
  assert.equal(code, EXIT.ok, stderr);
  assert.match(stderr, /^! The database at 127\.0\.0\.1:1 cannot be reached from here, so it was not checked\./m);
  assert.match(stdout, /^\+ directory .*\/media\/shared\/carol \(in Immich: \/data\/shared\/carol\)$/m);
  assert.doesNotMatch(ground.read('.env'), /API_KEY/);
  const { hostname, port } = ground.world.config.database;
  const sync = await ground.run(['sync', '--json'], {
    env: { ...ground.environment, DB_HOSTNAME: hostname, DB_PORT: String(port) },
  });
  assert.equal(sync.code, EXIT.ok, sync.stderr);
  assert.ok(JSON.parse(sync.stdout).jobs[0].created > 0);
});

Deno.test('a key of the environment is written down, and an immich-sync.conf moves into the new file', async () => {
  await using ground = await Ground.open();
  Deno.writeTextFileSync(`${ground.cwd}/immich-sync.conf`, '[immich]\nCAPTION_MAX_LEN = 99\n');
  const env = { ...ground.environment, IMMICH_API_KEY: ground.apiKey };
  const args = ['--yes', '--compose', '../immich-app', '--immich-url', ground.immich.url, '--write-to', 'sidecar'];
  const { code, stderr } = await ground.setup([...args, '--write-users', 'Alice', ...SHARE], { env });
  assert.equal(code, EXIT.ok, stderr);
  assert.ok(ground.read('.env').includes(`\nIMMICH_API_KEY=${ground.apiKey}\n`));
  const { write } = loadConfig({ env: {}, cwd: ground.cwd });
  assert.deepEqual([write.captionMaxLength, write.destination, write.source], [99, 'sidecar', 'database']);
  assert.deepEqual(write.userIds, [ground.world.library.users.alice.id]);
});

Deno.test({
  name: 'what immich-shared-library has shared is noticed, and taking it over is the next step',
  fn: async () => {
    await using ground = await Ground.open({ keepsLibraries: true });
    await PredecessorWorld.share(ground.world);
    const share = ['--share', 'upload', '--from', 'Alice', '--to', 'Carol'];
    const { code, stdout, stderr } = await ground.setup(['--yes', ...ground.flags, ...share]);
    assert.equal(code, EXIT.ok, stderr);
    assert.match(stderr, /^! immich-shared-library has shared \d+ photos here\. .*immich-sidecar takeover/m);
    assert.match(
      stdout,
      /^ {2}immich-sidecar doctor .*\n {2}immich-sidecar takeover .*\n {2}immich-sidecar sync --dry-run/m,
    );
  },
});
