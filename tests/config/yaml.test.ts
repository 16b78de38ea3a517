import assert from 'node:assert/strict';
import { ALICE, BOB, LIBRARY, load, placesOf, problemOf, refused, yamlJob } from './helper.ts';

const file = (text: string) => ({ files: { 'config.yaml': text } });

Deno.test("the predecessor's file is accepted as it is", () => {
  const { jobs } = load({
    needJobs: true,
    ...file(`# shares of our family
sync_jobs:
  - name: "grandparents"
    source_user_id: "${ALICE}"
    target_user_id: "${BOB}"
    target_library_id: "${LIBRARY}"
    source_path_prefix: "/external_library/.alice/family"
    target_path_prefix: "/external_library/grandparents/family/"
    # album_id: "33333333-3333-4333-8333-333333333333"  # optional

  - name: "phone"
    source_user_id: "${BOB}"
    target_user_id: "${ALICE}"
    target_library_id: "22222222-2222-4222-8222-222222222222"
    source_path_prefix: "/usr/src/app/upload/library/${BOB}/"
    target_path_prefix: "/external_library/alice_uploads/bob/"
    album_id:
`),
  });
  assert.deepEqual(jobs.map((job) => [job.name, job.kind, job.sourcePathPrefix, job.albumId]), [
    ['grandparents', 'auto', '/external_library/.alice/family/', undefined],
    ['phone', 'auto', `/usr/src/app/upload/library/${BOB}/`, undefined],
  ]);
});

Deno.test('an empty YAML file says nothing', () => {
  for (const text of ['', '# nothing yet\n', '---\n', '\uFEFF', '~\n', '{}']) {
    assert.deepEqual(load(file(text)).jobs, []);
  }
});

Deno.test('values stay as they are written', () => {
  const config = load(file('db_password: 0123\ndb_username: no\ndb_database_name: 1e3\nlog_level: "debug"\n'));
  assert.equal(config.database.password.reveal(), '0123');
  assert.deepEqual([config.database.username, config.database.name], ['no', '1e3']);
  assert.equal(load(file('db_password: "~"')).database.password.reveal(), '~');
});

Deno.test('anchors and aliases work', () => {
  const config = load(file(`sync_interval_seconds: &n 90\ndb_port: *n\n`));
  assert.equal(config.database.port, 90);
  const { jobs } = load({
    ...file(
      `jobs:\n${yamlJob({ share_tags: '&tags { under: [family] }' })}${
        yamlJob({ name: 'again', target_path_prefix: '/external_library/again/.alice/', share_tags: '*tags' })
      }`,
    ),
    needJobs: true,
  });
  assert.deepEqual(jobs[1]?.shareTags, jobs[0]?.shareTags);
  assert.ok(jobs[0]?.shareTags !== undefined);
  const { sharedAlbums } = load({
    ...file(
      `never: {albums: &private [Work, Diary]}\nshared_albums:\n  albums: {except: *private}\n  directory: /data/shared\n`,
    ),
    needJobs: true,
  });
  assert.deepEqual(sharedAlbums?.exceptAlbums, ['Work', 'Diary']);
});

const MALFORMED: readonly (readonly [name: string, text: string, place: string, message: RegExp])[] = [
  ['a tab', 'jobs:\n\t- name: x\n', 'config.yaml:2:1', /tab/],
  ['an open bracket', 'log_level: INFO\npath_map: [1\ndb_port: 1\n', 'config.yaml:3:1', /bracket/],
  ['two colons', 'db_hostname: db: 5432\n', 'config.yaml:1:14', /two colons/],
  ['a repeated key', 'db_port: 1\ndb_port: 2\n', 'config.yaml:2:1', /second time/],
  ['a backslash', 'upload_location: "C:\\photos"\n', 'config.yaml:1:21', /backslash/],
  ['a second document', 'db_port: 1\n---\ndb_port: 2\n', 'config.yaml:2:1', /second document/],
  ['a tag', 'db_password: !secret db\n', 'config.yaml:1:14', /!secret/],
  ['a missing space', 'log_level:INFO\ndb_port: 1\n', 'config.yaml:1:1', /no space after a colon/],
  ['a reserved character', 'db_username: @home\n', 'config.yaml:1:14', /needs quotes/],
];
for (const [name, text, place, message] of MALFORMED) {
  Deno.test(`malformed YAML is one problem with line and column: ${name}`, () => {
    const problem = problemOf({ ...file(text), needJobs: true });
    assert.deepEqual([problem.key, problem.place], ['config.yaml', place]);
    assert.match(problem.message, message);
  });
}

Deno.test('YAML of the wrong shape is a problem', () => {
  assert.match(problemOf(file('- a\n- b\n')).message, /does not consist of lines/);
  assert.match(problemOf(file('just words\n')).message, /does not consist of lines/);
  assert.equal(problemOf(file('jobs:\n  name: x\n')).message, 'this is not a list of shares');
  assert.equal(problemOf(file('db_port: [1]\n')).message, 'this is not a single value');
  assert.equal(problemOf(file('db_port: *nobody\n')).place, 'config.yaml:1:10');
  assert.equal(problemOf(file(`jobs:\n${yamlJob({ require: 'all' })}`)).key, 'jobs[0].require');
  assert.equal(problemOf(file(`jobs:\n${yamlJob({ album_id: '{ a: b }' })}`)).key, 'jobs[0].album_id');
});

Deno.test('jobs and sync_jobs are the same key and cannot both be there', () => {
  const problem = problemOf(file(`sync_jobs:\n${yamlJob()}jobs:\n${yamlJob()}`));
  assert.deepEqual([problem.key, problem.place], ['jobs', 'config.yaml:8:1']);
});

Deno.test('every unknown key is refused, with the nearest known one if there is one', () => {
  const error = refused(file(
    `LOG_LEVEL: INFO\nconfig_file: x\nrainbow: 1\njob:\njobs:\n${
      yamlJob({ sourceuserid: 'x', require: '{ face: auto }' })
    }`,
  ));
  assert.deepEqual(placesOf(error), [
    'LOG_LEVEL @ config.yaml:1:1',
    'config_file @ config.yaml:2:1',
    'rainbow @ config.yaml:3:1',
    'job @ config.yaml:4:1',
    'jobs[0].sourceuserid @ config.yaml:12:5',
    'jobs[0].require.face @ config.yaml:13:16',
  ]);
  const remedies = error.problems.map((problem) => problem.remedy);
  assert.equal(remedies[0], 'Did you mean log_level?');
  assert.match(remedies[2] ?? '', /^Remove it; known are jobs, sync_jobs, never, shared_albums, db_hostname/);
  assert.deepEqual(remedies.slice(3), [
    'Did you mean jobs?',
    'Did you mean source_user_id?',
    'Did you mean faces?',
  ]);
});
