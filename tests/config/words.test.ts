import assert from 'node:assert/strict';
import { count, counted, NOUNS, plural } from '../../src/config/words.ts';
import { CYCLE_COUNTS, JOB_COUNTS } from '../../src/share/phases/list.ts';
import { disagreements } from '../harness/disagreements.ts';

Deno.test('words follow their numbers', () => {
  assert.deepEqual([0, 1, 2, 1_234].map((number) => count(number, 'photo')), [
    '0 photos',
    '1 photo',
    '2 photos',
    '1,234 photos',
  ]);
  assert.deepEqual([plural(1, 'person', 'people'), plural(2, 'person', 'people')], ['person', 'people']);
  assert.equal(counted(1, 'people left to the target'), '1 person left to the target');
  assert.equal(counted(2, 'people left to the target'), '2 people left to the target');
  assert.equal(counted(1, 'lost faces to copy anew'), '1 lost face to copy anew');
  assert.equal(counted(1, 'new'), '1 new');
});

Deno.test('what cycles count, and dry runs list, has a noun that is known', () => {
  const kinds = [...sources('src/share/phases')].flatMap(({ text }) =>
    [...text.matchAll(/(?:kind: |linesOf\(\s*'[-+~!]',\s*)'([^']+)'/g)].map(([, kind = '']) => kind)
  );
  assert.ok(kinds.includes('photos to share') && kinds.includes('faces to update'), kinds.join());
  const words = [...kinds, ...Object.values({ ...JOB_COUNTS, ...CYCLE_COUNTS })];
  assert.deepEqual(words.map((phrase) => counted(1, phrase)).flatMap(disagreements), []);
  const nouns = Object.keys(NOUNS);
  const others = words.filter((phrase) => !nouns.some((noun) => new RegExp(`\\b${noun}\\b`).test(phrase)));
  assert.deepEqual([...new Set(others)], ['new', 'put into the album']);
});

Deno.test('nothing else decides between one and several', () => {
  const found = [...sources('src')].filter(({ path }) => !path.endsWith('/config/words.ts')).flatMap(({ path, text }) =>
    (text.match(/[!=]== 1\s*\?\s*(?:['"]|html`)[^\n]*|\.length\} (?:photos|files|people|albums|jobs)\b/g) ?? []).map((
      line,
    ) => `${path}: ${line}`)
  );
  assert.deepEqual(found, []);
});

function* sources(folder: string): Generator<{ readonly path: string; readonly text: string }> {
  const directory = new URL(`../../${folder}/`, import.meta.url).pathname;
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith('.ts')) yield { path: `${folder}/${name}`, text: Deno.readTextFileSync(directory + name) };
  }
}
