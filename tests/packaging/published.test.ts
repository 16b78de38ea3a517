import assert from 'node:assert/strict';
import { docsAddress, PUBLISHED } from '../../src/published.ts';
import { exists, REPOSITORY, textOf } from './repository.ts';

/** Addresses of this program, wherever somebody gets it from: who publishes it is the group. */
const ADDRESS = /(?:ghcr\.io|github\.com|raw\.githubusercontent\.com)\/([\w.-]+\/immich-sidecar)(?![\w-])/g;

/** Of each file of the repository that git knows, or would. */
function files(): string[] {
  const { success, stdout } = new Deno.Command('git', {
    args: ['ls-files', '--cached', '--others', '--exclude-standard'],
    cwd: REPOSITORY,
  }).outputSync();
  assert.ok(success);
  return new TextDecoder().decode(stdout).split('\n').filter((path) => path !== '' && exists(path));
}

Deno.test('where this is published is assumed in one place: every address of it is the one of src/published.ts', () => {
  const found = files().filter((path) => !/\.(webp|heic|jpg|tif|zip|gz)$|^tests\/fixtures\//.test(path)).flatMap((
    path,
  ) => [...textOf(path).matchAll(ADDRESS)].map(([, name]) => ({ path, name })));
  assert.ok(found.some(({ path }) => path === 'README.md') && found.some(({ path }) => path === 'compose.yaml'));
  assert.deepEqual(found.filter(({ name }) => name !== PUBLISHED.name), []);
  const inCode = found.filter(({ path }) => /^(src|packaging)\/.*\.ts$/.test(path) || path === 'main.ts');
  assert.deepEqual(inCode, [], 'code asks src/published.ts');
});

Deno.test('help is linked to pages that are there', () => {
  const prefix = docsAddress('');
  assert.match(prefix, /^https:\/\/github\.com\/[^ ]+\/docs\/$/);
  const sources = files().filter((path) => /^src\/.*\.ts$/.test(path)).map(textOf).join('\n');
  const pages = [...sources.matchAll(/docsAddress\([`']([\w.]+)/g)].map(([, page = '']) => page);
  assert.ok(pages.includes('problems.md'));
  assert.deepEqual(pages.filter((page) => !exists(`docs/${page}`)), []);
});
