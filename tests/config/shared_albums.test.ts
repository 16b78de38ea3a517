import assert from 'node:assert/strict';
import { load, problemOf, refused, yamlJob } from './helper.ts';

const read = (lines: readonly string[], rest = '') =>
  load({ files: { 'config.yaml': `shared_albums:\n  ${lines.join('\n  ')}\n${rest}` }, needJobs: true });

Deno.test('shared_albums alone is enough to share', () => {
  const { jobs, sharedAlbums } = read(['directory: /data/shared']);
  assert.deepEqual(jobs, []);
  assert.deepEqual(sharedAlbums, {
    albums: 'all',
    exceptAlbums: [],
    members: 'all',
    exceptMembers: [],
    directories: ['/data/shared/'],
    placement: 'hardlink',
    includeArchived: false,
    shareEdited: 'original',
    require: { clip: 'auto', faces: 'auto', ocr: 'auto' },
  });
});

Deno.test('albums and members: all, one, a list, or all but some; what is for all shares counts here as well', () => {
  const { sharedAlbums, jobs } = read(
    [
      'albums: [Family, all]',
      'members: {except: [carol@example.com]}',
      'directory: [/data/shared, /external_library/shared/]',
      'include_archived: true',
    ],
    `placement: copy\nnever: {tags: private}\njobs:\n${yamlJob()}`,
  );
  assert.equal(jobs.length, 1);
  assert.deepEqual([sharedAlbums?.albums, sharedAlbums?.members, sharedAlbums?.exceptMembers], [
    ['Family', 'all'],
    'all',
    ['carol@example.com'],
  ]);
  assert.deepEqual(sharedAlbums?.directories, ['/data/shared/', '/external_library/shared/']);
  assert.deepEqual([sharedAlbums?.placement, sharedAlbums?.includeArchived], ['copy', true]);
  assert.deepEqual(sharedAlbums?.never?.tags, ['private']);
  assert.equal(sharedAlbums?.into, undefined);
  assert.equal(read(['directory: /data/shared', 'into: same-name']).sharedAlbums?.into, 'same-name');
  const excepted = (lines: readonly string[]) => read([...lines, 'directory: /data/shared']).sharedAlbums?.exceptAlbums;
  assert.deepEqual(excepted(['albums: all', 'except: Work']), ['Work']);
  assert.deepEqual(excepted(['albums: {except: [Work, Diary]}']), ['Work', 'Diary']);
});

Deno.test('mistakes in shared_albums are told with their place', () => {
  const cases: readonly [lines: string, key: string, message: RegExp][] = [
    ['albums: all', 'shared_albums.directory', /where the shared files lie/],
    ['directory: /data/.shared', 'shared_albums.directory', /begins with a dot/],
    ['directory: /data/shared\n  album: Family', 'shared_albums.album', /not known here/],
    ['directory: /data/shared\n  albums: []', 'shared_albums.albums', /nothing, or an empty value/],
    ['directory: /data/shared\n  members: {without: [Bob]}', 'shared_albums.members.without', /not known here/],
    ['directory: /data/shared\n  into: same', 'shared_albums.into', /not one of the possible words/],
    ['directory: /data/shared\n  placement: symlink', 'shared_albums.placement', /not one of the possible words/],
  ];
  for (const [lines, key, message] of cases) {
    const problem = problemOf({ files: { 'config.yaml': `shared_albums:\n  ${lines}\n` } });
    assert.equal(problem.key, key);
    assert.match(problem.message, message);
    assert.match(problem.place, /^config\.yaml:\d+/);
  }
  assert.match(problemOf({ files: { 'config.yaml': 'shared_albums:\n' } }).message, /nothing stands below/);
  assert.match(problemOf({ files: { 'config.yaml': 'shared_albums: all\n' } }).message, /not a group of keys/);
  const { problems } = refused({
    files: {
      'config.yaml': `shared_albums: {directory: /data/shared}\njobs:\n${yamlJob({ name: '"shared albums: mine"' })}`,
    },
  });
  assert.match(problems[0]?.message ?? '', /called as what this group makes/);
});
