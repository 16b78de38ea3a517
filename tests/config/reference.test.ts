import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { JOB_FIELD_NAMES } from '../../src/config/job_fields.ts';
import { renderConfigurationPage, renderEnvExample } from '../../tools/configuration_reference.ts';
import { SETTING_NAMES, settingOf } from '../../src/config/settings.ts';
import { load, portable, refused } from './helper.ts';

const root = new URL('../../', import.meta.url);
const pathOf = (path: string) => fileURLToPath(new URL(path, root));

for (
  const [path, render] of [['.env.example', renderEnvExample], [
    'docs/configuration.md',
    renderConfigurationPage,
  ]] as const
) {
  Deno.test(`${path} is what the registry says (UPDATE_REFERENCE=1 writes it)`, () => {
    if (Deno.env.has('UPDATE_REFERENCE')) writeFileSync(pathOf(path), render());
    assert.equal(readFileSync(pathOf(path), 'utf8'), render());
  });
}

Deno.test('.env.example as it is changes nothing', () => {
  const files = { '.env': renderEnvExample() };
  assert.deepEqual(portable(load({ files })), portable(load({})));
});

Deno.test('.env.example with every "#" taken away is a valid configuration, once its sample secrets are others', () => {
  const text = renderEnvExample().replace(/^#(?=[A-Z])/gm, '');
  const secrets = SETTING_NAMES.filter((name) => settingOf(name).secret && settingOf(name).example !== undefined);
  const others = { 'config.yaml': '', 'ca.pem': '-----BEGIN CERTIFICATE-----' };
  const { problems } = refused({ files: { '.env': text, ...others }, needJobs: true });
  assert.deepEqual(problems.map(({ key }) => key).sort(), [...secrets].sort());
  const samples = new RegExp(`^(${secrets.join('|')})=.*$`, 'gm');
  const files = { '.env': text.replace(samples, '$&-of-mine'), ...others };
  const config = load({ files, needJobs: true });
  assert.deepEqual(config.jobs.map((job) => job.name), ['external-library', 'uploads']);
});

Deno.test('config.example.yaml is valid and shows every key of a job', () => {
  const text = readFileSync(pathOf('config.example.yaml'), 'utf8');
  const config = load({ files: { 'config.yaml': text }, needJobs: true });
  assert.deepEqual(config.jobs.map((job) => job.kind), ['any', 'auto', 'upload']);
  assert.deepEqual(config.sharedAlbums?.exceptAlbums, ['Work']);
  for (const field of JOB_FIELD_NAMES) assert.match(text, new RegExp(`\\b${field.split('.').at(-1)}:`));
});

Deno.test('every default passes its own check, and what has no default has an example that does', () => {
  for (const name of SETTING_NAMES) {
    const { type, default: standard, example } = settingOf(name);
    assert.ok(type.schema.safeParse(standard ?? example).success, name);
  }
});
