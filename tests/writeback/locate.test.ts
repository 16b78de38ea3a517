import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { Locator, type PathRules, pathRulesOf } from '../../src/writeback/locate.ts';
import { fittingRoot, MountCheck } from '../../src/writeback/mount_check.ts';

/** A directory with files, that vanishes. */
async function withFiles(paths: readonly string[], use: (directory: string) => void | Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: 'sidecar-locate-' }));
  try {
    for (const path of paths) {
      await Deno.mkdir(dirname(`${directory}/${path}`), { recursive: true });
      await Deno.writeTextFile(`${directory}/${path}`, path);
    }
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const rules = (changes: Partial<PathRules>): PathRules => ({
  configured: [],
  photoDir: '/nowhere/library',
  pathSegments: 3,
  assumed: [],
  ...changes,
});

Deno.test('a path map is used first, and what lies in it is looked for nowhere else', async () => {
  await withFiles(['media/alice/2024/a.jpg', 'library/alice/2024/a.jpg', 'library/alice/2024/b.jpg'], (directory) => {
    const locator = new Locator(rules({
      configured: [{ immich: '/data/library', local: `${directory}/media` }],
      photoDir: `${directory}/library`,
    }));
    const found = locator.locate('/data/library/alice/2024/a.jpg');
    assert.ok(found.isFound);
    assert.equal(found.path, `${directory}/media/alice/2024/a.jpg`);
    const info = Deno.lstatSync(found.path);
    assert.deepEqual(found.stamp, { size: 22, mtimeMs: info.mtime?.getTime(), inode: info.ino });
    assert.deepEqual(locator.locate('/data/library/alice/2024/b.jpg'), {
      isFound: false,
      reason: 'missing',
      path: `${directory}/media/alice/2024/b.jpg`,
    });
    assert.equal(locator.toLocal('/other/alice/2024/b.jpg'), `${directory}/library/alice/2024/b.jpg`);
  });
});

Deno.test('the last segments of a path are looked for in the photo directory', async () => {
  await withFiles(['alice/2024/a.jpg'], (directory) => {
    const locate = (pathSegments: number, path: string) =>
      new Locator(rules({ photoDir: directory, pathSegments })).toLocal(path);
    assert.equal(locate(3, '/usr/src/app/upload/library/alice/2024/a.jpg'), `${directory}/alice/2024/a.jpg`);
    assert.equal(locate(1, '/x/y/a.jpg'), `${directory}/a.jpg`);
    assert.equal(locate(3, '/2024/a.jpg'), undefined);
    assert.equal(locate(2, '/2024/a.jpg'), `${directory}/2024/a.jpg`);
  });
});

Deno.test('without a photo directory a file is looked for at the same path as in Immich', async () => {
  await withFiles(['data/a.jpg'], (directory) => {
    const assumed = [{ immich: `${directory}/data`, local: `${directory}/data` }];
    assert.equal(new Locator(rules({ assumed })).locate(`${directory}/data/a.jpg`).isFound, true);
    const elsewhere = new Locator(rules({ assumed, photoDir: directory, pathSegments: 1 }));
    assert.equal(elsewhere.toLocal(`${directory}/data/a.jpg`), `${directory}/a.jpg`);
  });
});

Deno.test('the configuration says which directories these are', () => {
  const config = (env: Record<string, string>) => loadConfig({ env, cwd: '/nowhere', needJobs: false });
  const rulesOf = (env: Record<string, string>, media?: string) => pathRulesOf(config(env), media);
  assert.deepEqual(rulesOf({}), {
    configured: [],
    photoDir: '/library',
    pathSegments: 3,
    assumed: ['/data', '/usr/src/app/upload', '/external_library'].map((path) => ({ immich: path, local: path })),
  });
  const set = { PATH_MAP: '/a=/b', UPLOAD_LOCATION: 'up', EXTERNAL_LIBRARY_DIR: '/ext' };
  assert.deepEqual(rulesOf(set, '/media').configured, [
    { immich: '/a', local: '/b' },
    { immich: '/media', local: '/nowhere/up' },
    { immich: '/external_library', local: '/ext' },
  ]);
  assert.deepEqual(rulesOf({ UPLOAD_LOCATION: '/up' }).configured.map(({ immich }) => immich), [
    '/data',
    '/usr/src/app/upload',
  ]);
  assert.deepEqual(rulesOf({ UPLOAD_LOCATION: '/up', UPLOAD_LOCATION_MOUNT: '/m' }, '/data').configured, [
    { immich: '/m', local: '/up' },
  ]);
});

Deno.test('nothing outside the directories is found, whatever Immich tells', async () => {
  await withFiles(['library/a/b/c.jpg', 'secret/c.jpg', 'secret/deep/c.jpg'], async (directory) => {
    const library = `${directory}/library`;
    await Deno.symlink(`${directory}/secret`, `${library}/out`);
    await Deno.symlink(`${directory}/secret/c.jpg`, `${library}/a/b/link.jpg`);
    await Deno.symlink(`${library}/a/b/c.jpg`, `${directory}/secret/back.jpg`);
    await Deno.symlink(`${library}/a`, `${library}/again`);
    await Deno.symlink('loop.jpg', `${library}/a/b/loop.jpg`);
    const locator = new Locator(rules({ configured: [{ immich: '/data', local: library }] }));
    const reason = (path: string) => {
      const found = locator.locate(path);
      return found.isFound ? 'found' : found.reason;
    };
    for (
      const path of [
        '/data/../secret/c.jpg',
        '/data/./a/b/c.jpg',
        '/data//a/b/c.jpg',
        'data/a/b/c.jpg',
        '',
        '/data/a\0b',
      ]
    ) {
      assert.equal(reason(path), 'unmapped', path);
    }
    assert.equal(reason('/data/out/c.jpg'), 'outside-roots');
    assert.equal(reason('/data/out/deep/c.jpg'), 'outside-roots');
    assert.equal(reason('/data/a/b/link.jpg'), 'outside-roots');
    assert.equal(reason('/data/out/back.jpg'), 'outside-roots', 'its sidecar would be outside');
    assert.equal(reason('/data/a/b/loop.jpg'), 'missing');
    assert.equal(reason('/data/a/b'), 'not-a-file');
    assert.equal(reason(`/data/${'x'.repeat(300)}`), 'name-too-long');
    const inside = locator.locate('/data/again/b/c.jpg');
    assert.ok(inside.isFound);
    assert.equal(inside.realPath, `${library}/a/b/c.jpg`);
  });
});

Deno.test('hostile names are found as they are', async () => {
  const names = ['-execute.jpg', 'a\nb.jpg', 'a"\'`$.jpg', '#[CSTR].jpg', 'é.jpg', 'e\u0301.jpg', ' .jpg', '😀‮.jpg'];
  await withFiles(names, (directory) => {
    const locator = new Locator(rules({ configured: [{ immich: '/data', local: directory }] }));
    for (const name of names) assert.equal(locator.locate(`/data/${name}`).isFound, true, name);
  });
});

const paths = (count: number, prefix = '/data/library') =>
  Array.from({ length: count }, (_, index) => `${prefix}/alice/2024/IMG_${index}.jpg`);

Deno.test('when most of the first files are not found, one message says which path map would fit', async () => {
  await withFiles(paths(300, 'mnt/photos'), (directory) => {
    const locator = new Locator(rules({ photoDir: `${directory}/mnt`, pathSegments: 3 }));
    const check = new MountCheck(locator);
    const problems = paths(300).flatMap((path) => check.add(path, locator.locate(path)) ?? []);
    assert.equal(problems.length, 1);
    assert.equal(
      problems[0]?.message,
      `200 of the first 200 files are not there, for example "/data/library/alice/2024/IMG_0.jpg", ` +
        `looked for at "${directory}/mnt/alice/2024/IMG_0.jpg".`,
    );
    assert.equal(problems[0]?.remedy, `This would fit: PATH_MAP=/data/library=${directory}/mnt/photos`);
    const fixed = new Locator(rules({ configured: [{ immich: '/data/library', local: `${directory}/mnt/photos` }] }));
    const quiet = new MountCheck(fixed);
    assert.deepEqual(paths(300).flatMap((path) => quiet.add(path, fixed.locate(path)) ?? []), []);
    assert.equal(quiet.end(), undefined);
  });
});

Deno.test('the directory itself may be the wrong part of the path', async () => {
  await withFiles(paths(30, 'photos').map((path) => path.replace('alice/', '')), (directory) => {
    const locator = new Locator(rules({ photoDir: `${directory}/photos`, pathSegments: 3 }));
    const check = new MountCheck(locator);
    for (const path of paths(30)) assert.equal(check.add(path, locator.locate(path)), undefined);
    assert.equal(check.end()?.remedy, `This would fit: PATH_MAP=/data/library/alice=${directory}/photos`);
  });
});

Deno.test('without a fitting directory the message says where was looked', () => {
  const locator = new Locator(rules({}));
  const check = new MountCheck(locator);
  check.add('/data/a.jpg', locator.locate('/data/a.jpg'));
  const problem = check.end();
  assert.match(
    problem?.message ?? '',
    /^1 of the first 1 file is not there, .*, of which nothing says where it is\.$/,
  );
  assert.match(
    problem?.remedy ?? '',
    /IMMICH_PHOTO_DIR.*PATH_MAP=\/data=\/mnt\/photos.*none of those configured exists/,
  );
});

Deno.test('half of the files missing is no reason to complain', async () => {
  await withFiles(['1.jpg', '2.jpg'], (directory) => {
    const locator = new Locator(rules({ configured: [{ immich: '/data', local: directory }] }));
    const check = new MountCheck(locator);
    for (const name of ['1', '2', '3', '4']) check.add(`/data/${name}.jpg`, locator.locate(`/data/${name}.jpg`));
    assert.equal(check.end(), undefined);
  });
});

Deno.test('a suggestion needs the agreement of half of the files', async () => {
  await withFiles(['here/IMG_0.jpg'], (directory) => {
    assert.equal(fittingRoot(paths(10), [directory]), undefined);
    assert.deepEqual(fittingRoot(paths(1), [directory]), {
      immich: '/data/library/alice/2024',
      local: `${directory}/here`,
    });
  });
});
