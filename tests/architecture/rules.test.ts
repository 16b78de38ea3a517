import assert from 'node:assert/strict';
import {
  anchorsOf,
  citationProblems,
  findCycles,
  forbiddenArrows,
  nameCollisions,
  textProblems,
  wordProblems,
} from './rules.ts';
import { screenWordProblems } from './screens.ts';

Deno.test('a cycle is found, wherever it hangs, and a diamond is none', () => {
  const diamond = new Map([['a', ['b', 'c']], ['b', ['d']], ['c', ['d']], ['d', []]]);
  assert.deepEqual(findCycles(diamond), []);
  const cycle = new Map([['a', ['b']], ['b', ['c', 'd']], ['c', []], ['d', ['b']]]);
  assert.deepEqual(findCycles(cycle), [['b', 'd', 'b']]);
  assert.deepEqual(findCycles(new Map([['a', ['a']]])), [['a', 'a']]);
});

Deno.test('arrows downwards are allowed', () => {
  const graph = new Map([
    ['main.ts', ['src/cli/program.ts']],
    ['src/cli/sync.ts', ['src/cli/output.ts', 'src/share/cycle/cycle.ts', 'src/demo/demo.ts', 'src/errors.ts']],
    ['src/share/cycle/cycle.ts', ['src/immich/schema.ts', 'src/postgres/connect.ts', 'src/files/linker.ts']],
    ['src/demo/demo.ts', ['src/share/cycle/cycle.ts']],
  ]);
  assert.deepEqual(forbiddenArrows(graph), []);
});

Deno.test('arrows upwards, sideways, out of src and from nowhere are forbidden', () => {
  const wrong: [from: string, to: string][] = [
    ['src/share/jobs/job.ts', 'src/cli/output.ts'],
    ['src/immich/schema.ts', 'src/share/jobs/job.ts'],
    ['src/share/jobs/job.ts', 'src/writeback/tags.ts'],
    ['src/writeback/tags.ts', 'src/share/jobs/job.ts'],
    ['src/postgres/connect.ts', 'src/files/linker.ts'],
    ['src/config/load.ts', 'src/postgres/connect.ts'],
    ['src/service/loop.ts', 'src/demo/demo.ts'],
    ['src/demo/demo.ts', 'src/cli/output.ts'],
    ['src/share/jobs/job.ts', 'tests/harness/database.ts'],
    ['src/share/jobs/job.ts', 'file:///elsewhere/facts.ts'],
    ['src/stray.ts', 'src/errors.ts'],
  ];
  for (const [from, to] of wrong) assert.equal(forbiddenArrows(new Map([[from, [to]]])).length, 1, `${from} -> ${to}`);
});

Deno.test('long files and references to files outside of the repository are reported', () => {
  const line = 'x\n';
  assert.deepEqual(textProblems('src/a.ts', line.repeat(400)), []);
  assert.equal(textProblems('src/a.ts', line.repeat(401)).length, 1);
  const outside = ['..', 'shared', 'facts.json'].join('/');
  assert.equal(textProblems('tests/a.test.ts', `readFile('${outside}')`).length, 1);
  assert.equal(textProblems('tests/a.test.ts', `readFile('../../${outside}')`).length, 1);
});

Deno.test('what a test draws follows from one seed', () => {
  for (const parts of [["import fc from 'fast", "-check'"], ['Math.ran', 'dom()'], ["Deno.env.get('SE", "ED')"]]) {
    assert.equal(textProblems('tests/a.test.ts', parts.join('')).length, 1, parts.join(''));
    assert.deepEqual(textProblems('src/a.ts', parts.join('')), []);
  }
});

Deno.test('a comment may cite only what is in the repository: pages, their headings, and no chapters of other documents', () => {
  const documents = new Map([['docs/immich.md', anchorsOf('# What it knows\n\n## Native shares of people (3.3)\n')]]);
  const problems = (text: string) => citationProblems('src/a.ts', text, documents);
  assert.deepEqual(problems('docs/immich.md, immich.md, docs/immich.md#native-shares-of-people-33'), []);
  const wrong = [
    ['docs', 'im', '.md'],
    ['docs/immich', '.md#files'],
    ['READ', '.md'],
    ['BEHAV', 'IOUR (', 'b)'],
  ];
  for (const parts of wrong) assert.equal(problems(`// see ${parts.join('')}.`).length, 1, parts.join(''));
});

Deno.test('a name that two modules of src/ export is reported; overloads, tests and re-exports are not', () => {
  const twice = new Map([
    ['src/a.ts', 'export interface Place {}\nexport function place(): void;\nexport function place(): void {}\n'],
    ['src/b.ts', 'export type Place = string;\n'],
    ['tests/c.ts', 'export const place = 1;\n'],
  ]);
  assert.equal(nameCollisions(twice).length, 1);
  assert.match(nameCollisions(twice)[0] ?? '', /^Place is exported by src\/a\.ts and src\/b\.ts/);
});

Deno.test('words that were replaced do not come back, in code and in pages', () => {
  const text = 'We withdraw it.\nWe took them back.\nAmend the commit; the head of a line.\nHe mends it himself.\n';
  assert.deepEqual(wordProblems('docs/immich.md', text).map((problem) => problem.replace(/ \(instead.*/, '')), [
    'docs/immich.md:2 says "took them back"',
    'docs/immich.md:4 says "mends"',
    'docs/immich.md:4 says "He"',
  ]);
  for (const [path, problems] of [['docs/faq.md', 2], ['src/a.ts', 0]] as const) {
    assert.equal(wordProblems(path, 'It stands in the file.\nThe log says so.\n').length, problems);
  }
});

Deno.test("screens have words of their own: the code's are found in sentences, and not in names, comments and SQL", () => {
  const said = (text: string) => screenWordProblems('src/a.ts', text).map((problem) => problem.replace(/ to a .*/, ''));
  assert.deepEqual(said("print('No cycle has ended.');\nhtml`<p>${a} of the mirrors</p>`;\n"), [
    'src/a.ts:1 says "cycle"',
    'src/a.ts:2 says "mirrors"',
  ]);
  for (
    const fine of [
      "import { a } from './cycle/a b.ts';",
      "const cycle = 'cycle'; // the next cycle",
      'sql`SELECT mirror FROM ledger`',
      "print('sync --confirm-withdrawals, ?events=failure,brake {mirrors} last_cycle.json');",
    ]
  ) assert.deepEqual(said(fine), [], fine);
});
