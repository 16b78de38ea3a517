import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { UserError } from '../../src/errors.ts';
import { FileProblem } from '../../src/files/problem.ts';
import { PROBLEMS } from '../../src/problems/codes.ts';
import { countCodes, describeProblem, problem, problemOf, remediesOf } from '../../src/problems/problem.ts';
import { renderProblemsPage } from '../../tools/problems_page.ts';

const PAGE = new URL('../../docs/problems.md', import.meta.url);

Deno.test('docs/problems.md is what the list of codes says (UPDATE_REFERENCE=1 writes it)', () => {
  if (Deno.env.has('UPDATE_REFERENCE')) writeFileSync(PAGE, renderProblemsPage());
  assert.equal(readFileSync(PAGE, 'utf8'), renderProblemsPage());
});

Deno.test('a problem names the photo, what happened and the file, and no character of a path acts on the terminal', () => {
  const found = new FileProblem('occupied', '/mnt/bob/\u001b[2Jx.jpg').toProblem({
    assetId: 'a1',
    photo: '/photos/x.jpg',
  });
  assert.equal(
    describeProblem(found),
    'a1 "/photos/x.jpg": a file that is not ours is already there: "/mnt/bob/\\u001b[2Jx.jpg"',
  );
  assert.deepEqual(
    [
      describeProblem(problem('missing', { photo: '/p/x.jpg', path: '/p/x.jpg' })),
      describeProblem(problem('brake', {})),
    ],
    ['"/p/x.jpg": the file is not there', 'removals are held back until they are confirmed'],
  );
});

Deno.test('problems are counted by code, and each remedy is said once', () => {
  const problems = [problem('missing', { photo: 'a' }), problem('missing', { photo: 'b' }), problem('io', {}, 'EIO')];
  assert.deepEqual(countCodes(problems), { missing: 2, io: 1 });
  assert.equal(remediesOf(problems).length, 2);
});

Deno.test('what the user can do something about keeps its remedy; anything else is ours, without a trace', () => {
  const known = problemOf(new UserError('There is no share.', { problemCode: 'unknown-name', remedy: 'Make one.' }));
  assert.deepEqual([known.code, known.what, known.remedy], ['unknown-name', 'There is no share.', 'Make one.']);
  const unknown = problemOf(new TypeError('x is undefined'));
  assert.deepEqual([unknown.code, unknown.what], ['internal', 'x is undefined']);
});

Deno.test('every code of the list is given by something', async () => {
  const sources = await Array.fromAsync(textsBelow(new URL('../../src/', import.meta.url)));
  const api = sources.find(({ path }) => path.endsWith('/immich/api/failure.ts'))?.text ?? '';
  const others = sources.filter(({ path }) => !path.endsWith('/problems/codes.ts')).map(({ text }) => text).join('\n');
  const unused = Object.keys(PROBLEMS).filter((code) =>
    !others.includes(`'${code}'`) && !(code.startsWith('immich-') && api.includes(`'${code.slice('immich-'.length)}'`))
  );
  assert.deepEqual(unused, []);
});

async function* textsBelow(directory: URL): AsyncGenerator<{ readonly path: string; readonly text: string }> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = new URL(isDirectory ? `${name}/` : name, directory);
    if (isDirectory) yield* textsBelow(path);
    else if (name.endsWith('.ts')) yield { path: path.pathname, text: await Deno.readTextFile(path) };
  }
}
