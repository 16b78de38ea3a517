/** What a job says of the photos that it means, and what is refused of it. */
import assert from 'node:assert/strict';
import { ALICE, load, problemOf, refused, yamlJob } from './helper.ts';

const DIRECTORY = { 'source_path_prefix': undefined, 'target_path_prefix': '/data/shared/bob/.alice/' };

function yaml(changes: Readonly<Record<string, string | undefined>>, top = ''): Readonly<Record<string, string>> {
  return { 'config.yaml': `${top}jobs:\n${yamlJob({ ...DIRECTORY, ...changes })}` };
}

const NONE = { albums: [], people: [], tags: [], paths: [] };

Deno.test('reasons are lists or single values; a comma is part of a name; everything else stays as it was', () => {
  const [job] = load({
    files: yaml({
      select: '{ albums: [Family, "Trip, 2024", Family], people: Grandma, favorites: true, paths: /a/b }',
      except: '{ tags: private }',
      since: '2015-01-01',
      until: '2025-12-31',
      min_rating: '3',
      types: 'Image',
    }, 'never: { people: [Somebody] }\n'),
  }).jobs;
  assert.deepEqual(job?.select, {
    ...NONE,
    albums: ['Family', 'Trip, 2024'],
    people: ['Grandma'],
    paths: ['/a/b/'],
    peopleMatch: 'any',
    favorites: true,
  });
  assert.deepEqual(job?.except, { ...NONE, tags: ['private'] });
  assert.deepEqual(job?.never, { ...NONE, people: ['Somebody'] });
  assert.deepEqual([job?.since, job?.until, job?.minRating, job?.types], ['2015-01-01', '2025-12-31', 3, ['image']]);
  assert.equal(job?.kind, 'any');
  const [plain] = load({ files: yaml({}) }).jobs;
  assert.equal(plain?.kind, 'upload');
  for (const key of ['select', 'except', 'never', 'since', 'until', 'minRating', 'types']) {
    assert.ok(!Object.hasOwn(plain ?? {}, key), key);
  }
  assert.equal(load({ files: yaml({ except: '{ tags: private }' }) }).jobs[0]?.kind, 'upload');
  assert.equal(load({ files: yaml({ select: '{ favorites: true }', kind: 'external' }) }).jobs[0]?.kind, 'external');
});

Deno.test('what goes both ways is a list of fields, in an order of its own', () => {
  assert.deepEqual(load({ files: yaml({ both_ways: '[Rating, description]' }) }).jobs[0]?.bothWays, [
    'description',
    'rating',
  ]);
  assert.deepEqual(load({ files: yaml({ both_ways: 'date' }) }).jobs[0]?.bothWays, ['date']);
  assert.equal(load({ files: yaml({}) }).jobs[0]?.bothWays, undefined);
});

Deno.test('users by e-mail or name; both ways of saying who is one too many', () => {
  const users = { source_user_id: undefined, target_user_id: undefined };
  const [job] = load({ files: yaml({ ...users, source: ALICE.toUpperCase(), target: 'bob@example.com' }) }).jobs;
  assert.deepEqual([job?.sourceUserId, job?.targetUserId], [ALICE, 'bob@example.com']);
  const problem = problemOf({ files: yaml({ source: 'alice@example.com' }) });
  assert.deepEqual([problem.key, problem.remedy], ['jobs[0].source', 'Keep one of the two.']);
  assert.equal(problemOf({ files: yaml({ ...users, source: 'a' }) }).key, 'jobs[0].target_user_id');
});

/** What is written, the key that is named, and a part of what is said. */
const WRONG: readonly (readonly [Readonly<Record<string, string>>, string, RegExp])[] = [
  [{ select: '{ album: [Family] }' }, 'jobs[0].select.album', /Did you mean albums\?/],
  [{ both_ways: '[description, captions]' }, 'jobs[0].both_ways', /a word that is none of description, date/],
  [{ both_ways: '[]' }, 'jobs[0].both_ways', /empty value/],
  [{ share_tags: '{ below: [family] }' }, 'jobs[0].share_tags.below', /Did you mean|under/],
  [{ share_tags: 'perhaps' }, 'jobs[0].share_tags', /neither true nor false/],
  [{ share_tags: '{ under: [] }' }, 'jobs[0].share_tags.under', /empty value/],
  [{ match_people: 'face' }, 'jobs[0].match_people', /Write none or name/],
  [{ selct: '{ albums: [Family] }' }, 'jobs[0].selct', /Did you mean select\?/],
  // An empty reason says neither all nor nothing, and must not share what it was to choose from.
  [{ select: '' }, 'jobs[0].select', /nothing stands below/],
  [{ select: '{}' }, 'jobs[0].select', /nothing stands below/],
  [{ select: '{ albums: [] }' }, 'jobs[0].select.albums', /empty value/],
  [{ select: '{ albums: [""] }' }, 'jobs[0].select.albums', /empty value/],
  [{ select: '{ albums: }' }, 'jobs[0].select', /nothing stands below/],
  [{ select: '{ albums: , favorites: true }' }, 'jobs[0].select.albums', /empty value/],
  [{ select: '{ favorites: }' }, 'jobs[0].select', /nothing stands below/],
  [{ except: '{ tags: , paths: /a/ }' }, 'jobs[0].except.tags', /empty value/],
  [{ except: '{ tags: }' }, 'jobs[0].except', /nothing stands below/],
  [{ except: '' }, 'jobs[0].except', /nothing stands below/],
  [{ select: '{ favorites: false }' }, 'jobs[0].select.favorites', /selects nothing/],
  [{ select: '{ people_match: all, favorites: true }' }, 'jobs[0].select.people_match', /no people are named/],
  [{ select: '{ people: [A], people_match: both }' }, 'jobs[0].select.people_match', /any, all or only/],
  [{ select: '{ paths: [family] }' }, 'jobs[0].select.paths', /does not begin with "\/"/],
  [{ select: 'Family' }, 'jobs[0].select', /not a group of keys/],
  [{ select: '{ albums: { name: Family } }' }, 'jobs[0].select.albums', /neither a value nor a list/],
  [{ since: '2015' }, 'jobs[0].since', /not a date/],
  [{ since: '2015-02-30' }, 'jobs[0].since', /no day of the calendar/],
  [{ since: '2015-02-03', until: '2014-01-01' }, 'jobs[0].until', /before 2015-02-03/],
  [{ min_rating: '6' }, 'jobs[0].min_rating', /between 1 and 5/],
  [{ types: '[image, audio]' }, 'jobs[0].types', /neither image nor video/],
];

for (const [changes, key, words] of WRONG) {
  Deno.test(`refused: ${JSON.stringify(changes)}`, () => {
    const problem = problemOf({ files: yaml(changes) });
    assert.equal(problem.key, key);
    assert.match(`${problem.message}. ${problem.remedy}`, words);
  });
}

Deno.test('never is checked as except is, and may stand without any job', () => {
  assert.equal(problemOf({ files: yaml({}, 'never: { tag: [x] }\n') }).key, 'never.tag');
  assert.equal(problemOf({ files: yaml({}, 'never: { paths: [x] }\n') }).key, 'never.paths');
  assert.equal(refused({ files: yaml({}, 'never:\n') }).problems[0]?.key, 'never');
  assert.deepEqual(load({ files: { 'config.yaml': 'never: { tags: [private] }\n' } }).jobs, []);
});
