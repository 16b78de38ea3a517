import assert from 'node:assert/strict';
import { applied, named, shuffled } from '../../tools/mutation/mutant.ts';
import { type Result, resultsOf, scoreOf } from '../../tools/mutation/results.ts';
import { wordsOf } from '../../tools/mutation/plan.ts';
import { switched } from '../../tools/mutation/switched.ts';
import { type Entry, trialsOf } from '../../tools/mutation/trials.ts';
import { mutantsOf } from '../../tools/mutation/typescript.ts';

/** What each mutant of a text makes of it. */
function faults(text: string): string[] {
  return mutantsOf('a.ts', text).map((mutant) => applied(text, mutant));
}

for (
  const [what, text, expected] of [
    ['an operator', 'const a = b === c;', ['const a = b !== c;']],
    ['both sides of a limit', 'const a = b < c;', ['const a = b <= c;']],
    ['a condition', 'if (a) b;', ['if (true) b;', 'if (false) b;', 'if (a) ;']],
    ['a negation', 'const a = !b;', ['const a = b;']],
    ['a constant', 'const a = 500;', ['const a = 501;']],
    ['what stands in for nothing', 'const a = b ?? c;', ['const a = c;']],
    ['a filter', 'const a = b.filter(c);', ['const a = b;']],
    ['a quantifier', 'const a = b.some(c);', ['const a = b.every(c);']],
    ['a statement', 'await a();', [';']],
    ['what is only said', 'logger.info("a" + b);', []],
    ['types', 'type A = 1 | true; import { b } from "c";', []],
    ['errors in words', 'throw new Error(`${1 + 1}`);', []],
  ] as const
) {
  Deno.test(`mutants of TypeScript: ${what}`, () => assert.deepEqual(faults(text), expected));
}

/** What is left of a WHERE for each fault. */
function conditions(where: string): string[] {
  const [begin, end] = ['const query = sql`SELECT FROM a WHERE ', '`;'];
  return faults(begin + where + end).map((text) => text.slice(begin.length, -end.length));
}

for (
  const [what, where, expected] of [
    ['comparison', 'b = c', ['b <> c']],
    ['limits', 'b <= c', ['b < c']],
    ['AND', 'b AND c', ['b OR c']],
    ['NOT EXISTS', 'NOT EXISTS (SELECT b)', ['EXISTS (SELECT b)']],
    ['EXISTS', 'EXISTS (SELECT b)', ['NOT EXISTS (SELECT b)']],
    ['NULL', 'b IS NULL', ['b IS NOT NULL']],
    ['two NULLs', 'b IS DISTINCT FROM c', ['b IS NOT DISTINCT FROM c']],
    ['lists', 'b <> ALL (c)', ['b = ANY (c)']],
    ['strings and comments', "'AND IS NULL' -- OR = 1", []],
    ['a limit that is a value', 'b LIMIT ${c}', ['b LIMIT 1 + ${c}']],
    ['values and names with numbers', '${1 === d} "b1".c2', ['${1 !== d} "b1".c2', '${2 === d} "b1".c2']],
  ] as const
) {
  Deno.test(`mutants of SQL: ${what}`, () => {
    assert.deepEqual(conditions(where).toSorted(), [...expected].sort());
  });
}

Deno.test('mutants of SQL: joins, orders, locks and whole conditions on a line of their own', () => {
  const text = `sql\`
    SELECT FROM a
    LEFT JOIN b ON c
    WHERE d(\${e})
      AND NOT f(\${g(sql\`h = i\`)})
      AND (
        j
      )
    ORDER BY k DESC
    FOR UPDATE\``;
  const all = mutantsOf('a.ts', text).map((mutant) => `${mutant.kind}: ${text.slice(mutant.start, mutant.end).trim()}`);
  for (
    const expected of [
      'SQL: LEFT JOIN to JOIN: LEFT JOIN',
      'SQL: condition removed: AND NOT f(${g(sql`h = i`)})',
      'SQL: NOT to nothing: NOT',
      'SQL: ORDER BY k DESC to nothing: ORDER BY k DESC',
      'SQL: DESC to ASC: DESC',
      'SQL: FOR UPDATE to nothing: FOR UPDATE',
      'SQL: = to <>: =',
    ]
  ) assert.ok(all.includes(expected), `${expected}\n${all.join('\n')}`);
  assert.equal(all.filter((one) => one.startsWith('SQL: condition removed')).length, 1, 'the other one is not whole');
});

Deno.test('what is set is no comparison, and what it is compared with is', () => {
  const text = 'sql`UPDATE a SET b = c, d = (SELECT 1 FROM e WHERE f = g) WHERE h = i`';
  const places = mutantsOf('a.ts', text).filter(({ kind }) => kind === 'SQL: = to <>').map(({ start }) => start);
  assert.deepEqual(places, [text.indexOf('= g'), text.indexOf('= i')]);
});

Deno.test('a mutant keeps its name when its file changes elsewhere, and no two have the same', () => {
  const text = 'const a = b && c;\nconst a = b && c;\n';
  const ids = (source: string) => named(source, mutantsOf('a.ts', source)).map(({ id }) => id);
  assert.deepEqual(ids(`// new\n\n${text}`), ids(text));
  assert.equal(new Set(ids(text)).size, 2);
  assert.deepEqual(named(text, mutantsOf('a.ts', text)).map(({ firstLine, after }) => [firstLine, after]), [
    [1, 'const a = b || c;'],
    [2, 'const a = b || c;'],
  ]);
});

Deno.test('a seed draws the same mutants again, another seed draws others', () => {
  const all = Array.from({ length: 100 }, (_, index) => index);
  assert.deepEqual(shuffled(all, 7), shuffled(all, 7));
  assert.notDeepEqual(shuffled(all, 7), shuffled(all, 8));
  assert.deepEqual(shuffled(all, 7).toSorted((a, b) => a - b), all);
});

Deno.test('the score counts the last result of each mutant, and neither what is no program nor what is equivalent', () => {
  const result = (id: string, outcome: Result['outcome']): Result => ({ id, outcome, line: 1, asked: [] });
  const results = [
    result('a', 'survived'),
    result('a', 'killed'),
    result('b', 'late'),
    result('c', 'uncovered'),
    result('d', 'invalid'),
    result('e', 'survived'),
  ];
  const score = scoreOf(results, [{ id: 'e', reason: 'nobody can see it' }]);
  assert.deepEqual({ ...score, survived: score.survived.map(({ id }) => id), share: score.share.toFixed(2) }, {
    killed: 1,
    late: 1,
    survived: ['c'],
    equivalent: 1,
    invalid: 1,
    share: '0.67',
  });
});

/** What a text returns when it is run with one of its own faults, by what the fault is like; `none` is what it returns with none. */
function answers(text: string): Record<string, unknown> {
  const mutants = named(text, mutantsOf('a.ts', text));
  const built = switched(text, new Map(mutants.entries()), './switch.ts');
  assert.deepEqual(built.without, []);
  const body = built.text.replace("import { isMutant } from './switch.ts';", '');
  const run = (active: number) => {
    try {
      return new Function('isMutant', body)((number: number) => number === active);
    } catch (error) {
      return (error as Error).name;
    }
  };
  const faults = mutants.map(({ kind, after }, number) => [`${kind}: ${after}`, run(number)]);
  return { none: run(-1), ...Object.fromEntries(faults) };
}

for (
  const [what, text, expected] of [
    ['one in the other', 'return 1 + 2 < 4 && true', {
      none: true,
      '&& to ||: return 1 + 2 < 4 || true': true,
      '+ to -: return 1 - 2 < 4 && true': true,
      '< to <=: return 1 + 2 <= 4 && true': true,
      'constant + 1: return 2 + 2 < 4 && true': false,
      'constant + 1: return 1 + 3 < 4 && true': false,
      'constant + 1: return 1 + 2 < 5 && true': true,
      'true to false: return 1 + 2 < 4 && false': false,
    }],
    ['a method keeps its object, and what may be missing', 'const a = undefined; return a?.trim().length', {
      none: undefined,
      'trim left out: const a = undefined; return a?.length': undefined,
    }],
    ['a place that is assigned', 'const a = [0]; a[0] = 5; return a[0]', {
      none: 5,
      'constant + 1: const a = [1]; a[0] = 5; return a[0]': 5,
      'statement removed: const a = [0]; ; return a[0]': 0,
      'constant + 1: const a = [0]; a[1] = 5; return a[0]': 0,
      'constant + 1: const a = [0]; a[0] = 6; return a[0]': 6,
      'constant + 1: const a = [0]; a[0] = 5; return a[1]': undefined,
    }],
    ['SQL', "const sql = (text, ...values) => text.join('?') + values; return sql`a AND ${1} = b`", {
      none: 'a AND ? = b1',
      "SQL: AND to OR: const sql = (text, ...values) => text.join('?') + values; return sql`a OR ${1} = b`":
        'a OR ? = b1',
      "SQL: = to <>: const sql = (text, ...values) => text.join('?') + values; return sql`a AND ${1} <> b`":
        'a AND ? <> b1',
    }],
  ] as const
) {
  Deno.test(`faults that can be switched on: ${what}`, () => {
    const all = answers(text);
    const asked = Object.fromEntries(Object.keys(expected).map((key) => [key, all[key]]));
    assert.deepEqual(asked, expected, Object.keys(all).join('\n'));
  });
}

Deno.test('a test has noticed nothing that fails afterwards without a fault, nor one that did not come by again', () => {
  const of = (test: string) => ({ file: 'a.test.ts', test });
  const entries: Entry[] = [
    { ...of('spoilt'), number: 1, outcome: 'killed', seconds: 1 },
    { ...of('spoilt'), isFit: false },
    { ...of('good'), number: 1, outcome: 'survived', seconds: 2 },
    { ...of('good'), number: 2, outcome: 'void', seconds: 2 },
    { ...of('good'), number: 3, outcome: 'late', seconds: 9 },
    { ...of('good'), isFit: true },
    { ...of('better'), number: 1, outcome: 'survived', seconds: 3 },
  ];
  const asked = new Map([['a.test.ts', 2]]);
  assert.deepEqual(trialsOf(entries).get(1), { outcome: 'survived', seconds: 5, asked });
  assert.deepEqual([trialsOf(entries).get(2), trialsOf(entries).get(3)?.by], [undefined, of('good')]);
  const text = 'const a = b && c || d;\nif (!a) e();\n';
  const chosen = named(text, mutantsOf('a.ts', text)).slice(0, 4);
  assert.deepEqual(resultsOf(chosen, entries, []).map(({ outcome }) => outcome), [
    'uncovered',
    'survived',
    'uncovered',
    'late',
  ]);
});

Deno.test('a file and its tests know each other by the words in their paths', () => {
  assert.deepEqual(wordsOf('src/share/phases/person_corrections.ts'), ['person', 'correction']);
  assert.deepEqual(wordsOf('tests/share/both_ways/people.test.ts'), ['both', 'way', 'people']);
});
