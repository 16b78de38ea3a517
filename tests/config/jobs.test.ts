import assert from 'node:assert/strict';
import { ALBUM, ALICE, BOB, EXTERNAL_ENV, LIBRARY, load, placesOf, problemOf, refused, yamlJob } from './helper.ts';

const UPLOAD_ENV = Object.freeze({
  UPLOAD_SOURCE_USER_ID: ALICE,
  UPLOAD_TARGET_LIBRARY_ID: LIBRARY,
  TARGET_UPLOAD_PATH_PREFIX: '/external_library/uploads',
});
const DEFAULTS = {
  albumId: undefined,
  placement: 'auto',
  includeArchived: false,
  includeHidden: false,
  shareEdited: 'original',
  require: { clip: 'auto', faces: 'auto', ocr: 'auto' },
};
const yaml = (...jobs: Parameters<typeof yamlJob>[0][]) => ({ 'config.yaml': `jobs:\n${jobs.map(yamlJob).join('')}` });

Deno.test('SHARED_PATH_PREFIX and its companions make the job "external-library"', () => {
  const { jobs } = load({ needJobs: true, env: { ...EXTERNAL_ENV, SOURCE_USER_ID: ALICE.toUpperCase() } });
  assert.deepEqual(jobs, [{
    name: 'external-library',
    kind: 'external',
    sourceUserId: ALICE,
    targetUserId: BOB,
    targetLibraryId: LIBRARY,
    sourcePathPrefix: '/external_library/alice/',
    targetPathPrefix: '/external_library/bob/',
    ...DEFAULTS,
  }]);
});

Deno.test('UPLOAD_SOURCE_USER_ID makes the job "uploads", whose target user may be that of the other job', () => {
  const { jobs } = load({ env: { ...UPLOAD_ENV, TARGET_USER_ID: BOB, TARGET_ALBUM_ID: ALBUM } });
  assert.deepEqual(jobs, [{
    name: 'uploads',
    kind: 'upload',
    sourceUserId: ALICE,
    targetUserId: BOB,
    targetLibraryId: LIBRARY,
    sourcePathPrefix: undefined,
    targetPathPrefix: '/external_library/uploads/',
    ...DEFAULTS,
    albumId: ALBUM,
  }]);
  const own = load({ env: { ...UPLOAD_ENV, ...EXTERNAL_ENV, UPLOAD_TARGET_USER_ID: LIBRARY } });
  assert.deepEqual(own.jobs.map((job) => [job.name, job.targetUserId]), [['external-library', BOB], [
    'uploads',
    LIBRARY,
  ]]);
});

Deno.test('every missing variable of a job that was begun is reported by its name', () => {
  const external = refused({ files: { '.env': 'SHARED_PATH_PREFIX=/a/' } });
  assert.deepEqual(placesOf(external), [
    'SOURCE_USER_ID @ .env line 1',
    'TARGET_USER_ID @ .env line 1',
    'TARGET_LIBRARY_ID @ .env line 1',
    'TARGET_PATH_PREFIX @ .env line 1',
  ]);
  const withoutPrefix = problemOf({ env: { ...EXTERNAL_ENV, SHARED_PATH_PREFIX: '' } });
  assert.equal(withoutPrefix.key, 'SHARED_PATH_PREFIX');
  const upload = refused({ env: { UPLOAD_TARGET_LIBRARY_ID: LIBRARY } });
  assert.deepEqual(upload.problems.map((problem) => problem.key), [
    'UPLOAD_SOURCE_USER_ID',
    'UPLOAD_TARGET_USER_ID',
    'TARGET_UPLOAD_PATH_PREFIX',
  ]);
});

Deno.test('a bad value that both environment jobs use is one problem', () => {
  assert.equal(
    problemOf({ env: { ...EXTERNAL_ENV, ...UPLOAD_ENV, TARGET_ALBUM_ID: 'holidays' } }).key,
    'TARGET_ALBUM_ID',
  );
});

Deno.test('defaults for all jobs reach YAML jobs, and a job may overrule them', () => {
  const env = { PLACEMENT: 'symlink', INCLUDE_ARCHIVED: 'TRUE', REQUIRE_OCR: 'ignored', REQUIRE_CLIP: 'required' };
  const files = yaml({}, { name: 'two', placement: 'hardlink', include_archived: 'false', require: '{ clip: auto }' });
  const [first, second] = load({ files, env }).jobs;
  assert.deepEqual([first?.placement, first?.includeArchived], ['symlink', true]);
  assert.deepEqual(first?.require, { clip: 'required', faces: 'auto', ocr: 'ignored' });
  assert.deepEqual([second?.placement, second?.includeArchived], ['hardlink', false]);
  assert.deepEqual(second?.require, { clip: 'auto', faces: 'auto', ocr: 'ignored' });
});

Deno.test('the kind of a YAML job follows from its prefix unless it is given', () => {
  const files = yaml(
    { name: 'a' },
    { name: 'b', source_path_prefix: undefined },
    { name: 'c', kind: 'External' },
    { name: 'd', kind: 'auto', source_path_prefix: undefined },
  );
  assert.deepEqual(load({ files }).jobs.map((job) => job.kind), ['auto', 'upload', 'external', 'upload']);
  const problem = problemOf({ files: yaml({ kind: 'external', source_path_prefix: undefined }) });
  assert.deepEqual([problem.key, problem.place], ['jobs[0].source_path_prefix', 'config.yaml:2:5']);
});

Deno.test('jobs of the YAML file replace those of the environment, and a note says so', () => {
  const config = load({ files: { ...yaml({}), '.env': 'SHARED_PATH_PREFIX=/a/' }, needJobs: true });
  assert.deepEqual(config.jobs.map((job) => job.name), ['alice to bob']);
  assert.equal(config.notes.length, 1);
  assert.match(config.notes[0] ?? '', /SHARED_PATH_PREFIX \(\.env line 1\)/);
  assert.deepEqual(load({ files: yaml({}) }).notes, []);
  assert.equal(load({ files: { 'config.yaml': 'jobs:\n' }, env: EXTERNAL_ENV }).jobs.length, 1);
});

Deno.test('a broken list of jobs does not bring the jobs of the environment back', () => {
  const error = refused({ files: { 'config.yaml': 'jobs:\n  - alice to bob\n' }, env: EXTERNAL_ENV, needJobs: true });
  assert.deepEqual(placesOf(error), ['jobs[0] @ config.yaml:2:5']);
});

Deno.test('a missing key of a YAML job is reported where the job begins', () => {
  const error = refused({ files: yaml({}, { name: '', target_library_id: undefined }) });
  assert.deepEqual(placesOf(error), ['jobs[1].name @ config.yaml:8:5', 'jobs[1].target_library_id @ config.yaml:8:5']);
});

Deno.test('a user cannot share with themselves', () => {
  const problem = problemOf({ files: yaml({ target_user_id: ALICE.toUpperCase() }) });
  assert.equal(problem.key, 'jobs[0].target_user_id');
  assert.match(problem.message, /are the same/);
});

Deno.test('source and target of a hardlink job may not contain one another; of a symlink job they may', () => {
  const nested = [['/x/', '/x/shared/'], ['/x/alice/', '/x/'], ['/x/', '/x']];
  for (const [source, target] of nested) {
    const files = yaml({ source_path_prefix: source, target_path_prefix: target });
    const problem = problemOf({ files });
    assert.equal(problem.key, 'jobs[0].target_path_prefix');
    assert.match(problem.message, /contain one another/);
    assert.equal(load({ files, env: { PLACEMENT: 'symlink' } }).jobs.length, 1);
  }
  const neighbours = yaml({ source_path_prefix: '/x/alice', target_path_prefix: '/x/alice2' });
  assert.equal(load({ files: neighbours }).jobs.length, 1);
});

Deno.test('job names are unique, whatever their case and Unicode form', () => {
  for (const [one, other] of [['Zoë', 'zoe\u0308'], ['alice', 'ALICE']]) {
    const problem = problemOf({ files: yaml({ name: one }, { name: other }) });
    assert.deepEqual([problem.key, problem.place], ['jobs[1].name', 'config.yaml:8:11']);
    assert.match(problem.message, /already the name of the share at config\.yaml:2:11/);
  }
});

Deno.test('job names are printable and short', () => {
  const names = ['"a\\nb"', '"a\\u001b[31m"', '"a\\u202eb"', 'x'.repeat(65)];
  for (const name of names) assert.equal(problemOf({ files: yaml({ name }) }).key, 'jobs[0].name');
  assert.equal(load({ files: yaml({ name: '👨‍👩‍👧 family' }) }).jobs[0]?.name, '👨‍👩‍👧 family');
  assert.equal(load({ files: yaml({ name: '😀'.repeat(64) }) }).jobs.length, 1);
});
