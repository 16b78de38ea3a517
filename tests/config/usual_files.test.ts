import assert from 'node:assert/strict';
import { load, problemOf, yamlJob } from './helper.ts';

const JOBS = `jobs:\n${yamlJob()}`;

Deno.test('config.yml is read as config.yaml is, and one beside it is named', () => {
  assert.equal(load({ files: { 'config.yml': JOBS } }).jobs.length, 1);
  const both = load({ files: { 'config.yml': 'nonsense: 1', 'config.yaml': JOBS } });
  assert.deepEqual(both.notes, ['config.yaml is used, so config.yml beside it is ignored.']);
});

Deno.test('files whose names an editor has made longer are named', () => {
  const { notes } = load({ files: { 'config.yaml.txt': JOBS, '.env.txt': 'DB_PORT=1' } });
  assert.deepEqual(notes, [
    'config.yaml.txt is ignored: rename it to config.yaml if it is the one to read.',
    '.env.txt is ignored: rename it to .env if it is the one to read.',
  ]);
});

Deno.test('NOTIFY_FORMAT is checked without NOTIFY_URL, too', () => {
  assert.equal(problemOf({ env: { NOTIFY_FORMAT: 'gotify' } }).key, 'NOTIFY_FORMAT');
});

Deno.test('/dev/null as a configuration is an empty one', () => {
  assert.deepEqual(load({ configFile: '/dev/null' }).jobs, []);
  assert.deepEqual(load({ env: { CONFIG_FILE: '/dev/null' } }).jobs, []);
});
