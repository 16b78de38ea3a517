import assert from 'node:assert/strict';
import { ALL_PHASES, CYCLE_COUNTS, JOB_COUNTS } from '../../src/share/phases/list.ts';
import { renderPhasesPage } from '../../tools/phases_page.ts';

const FOLDER = new URL('../../src/share/phases/', import.meta.url);

Deno.test('docs/phases.md is made from the list of phases', async () => {
  const page = new URL('../../docs/phases.md', import.meta.url);
  if (Deno.env.get('UPDATE_REFERENCE') !== undefined) await Deno.writeTextFile(page, renderPhasesPage());
  assert.equal(await Deno.readTextFile(page), renderPhasesPage());
});

Deno.test('no phase stands outside the list, and each has a name of its own', async () => {
  const found: unknown[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    const module: Record<string, unknown> = await import(new URL(name, FOLDER).href);
    found.push(...Object.values(module).filter(isPhase));
  }
  assert.deepEqual(new Set(found), new Set(ALL_PHASES));
  assert.equal(new Set(ALL_PHASES.map(({ name }) => name)).size, ALL_PHASES.length);
});

Deno.test('a number is counted once in a cycle or for each job, and means the same wherever it is counted', () => {
  assert.deepEqual(Object.keys(JOB_COUNTS).filter((name) => name in CYCLE_COUNTS), []);
  for (const { name, counts } of ALL_PHASES) {
    for (const [count, words] of Object.entries(counts)) {
      assert.equal({ ...JOB_COUNTS, ...CYCLE_COUNTS }[count as keyof typeof JOB_COUNTS], words, `${name}: ${count}`);
    }
  }
});

Deno.test('cycle and dry run name no phase', async () => {
  const names = ALL_PHASES.flatMap(({ name }) => [name, name.replaceAll('-', '_')]);
  for await (const { name } of Deno.readDir(new URL('../cycle/', FOLDER))) {
    const text = await Deno.readTextFile(new URL(`../cycle/${name}`, FOLDER));
    const imported = [...text.matchAll(/from '\.\.\/phases\/(\w+)\.ts'/g)].map(([, module]) => module ?? '');
    assert.deepEqual(imported.filter((module) => names.includes(module)), [], name);
  }
});

function isPhase(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ['plan', 'apply', 'describe'].every((part) => part in value);
}
