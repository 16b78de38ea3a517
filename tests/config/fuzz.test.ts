import assert from 'node:assert/strict';
import fc from '../harness/drawing.ts';
import type { Config } from '../../src/config/config.ts';
import { ConfigError, loadConfig } from '../../src/config/load.ts';
import { SETTING_NAMES, settingOf } from '../../src/config/settings.ts';
import { purposeOf } from '../../src/sandbox/commands.ts';
import { type Permissions, permissionsFor } from '../../src/sandbox/permissions.ts';
import { EXTERNAL_ENV, withDirectory } from './helper.ts';
import { ODD_VALUES } from './odd_values.ts';

const MACHINE = {
  configFiles: [],
  temporary: '/tmp/own',
  exifTool: { run: [], read: [], write: [], env: [] },
  source: undefined,
  realPathOf: (path: string) => path,
};

/** The configuration, or undefined when it is refused as a mistake of its author's. Anything else is a mistake of ours. */
function loaded(cwd: string, env: Readonly<Record<string, string>>): Config | undefined {
  try {
    return loadConfig({ env, cwd, needJobs: false });
  } catch (error) {
    assert.ok(error instanceof ConfigError, `${JSON.stringify(env).slice(0, 200)}: ${error}`);
    assert.doesNotMatch(error.message, /[^\P{Cc}\n]/u);
    return undefined;
  }
}

Deno.test('whatever a setting says, it is refused as a mistake, or Deno can permit what it names', () => {
  const entries = { net: new Set<string>(), read: new Set<string>(), write: new Set<string>(), run: new Set<string>() };
  let accepted = 0;
  withDirectory({}, (cwd) => {
    for (const name of SETTING_NAMES) {
      for (const [index, value] of ODD_VALUES.entries()) {
        // What is refused is refused in one way; every tenth is enough of that.
        if (index % 10 !== 0 && !settingOf(name).type.schema.safeParse(value).success) continue;
        const config = loaded(cwd, { ...EXTERNAL_ENV, [name]: value });
        if (config === undefined) continue;
        accepted++;
        for (const command of ['serve', 'write']) {
          const permissions = permissionsFor(config, purposeOf(command, config), MACHINE);
          for (const [kind, names] of Object.entries(entries)) {
            for (const one of permissions[kind as keyof typeof entries]) names.add(one);
          }
        }
      }
    }
  });
  assert.ok(accepted > 500, 'most odd values are fine somewhere');
  for (const [kind, names] of Object.entries(entries)) assertPermittable(kind as keyof Permissions, [...names]);
});

/** Deno looks at what it is to permit when a worker is made. One by one only to tell which of them it refuses. */
function assertPermittable(kind: keyof Permissions, names: readonly string[]): void {
  const make = (some: readonly string[]) => {
    const permissions = { [kind]: [...some] } as Deno.PermissionOptionsObject;
    new Worker('data:text/javascript,', { type: 'module', deno: { permissions } }).terminate();
  };
  try {
    make(names);
  } catch {
    for (const name of names) assert.doesNotThrow(() => make([name]), `${kind} ${JSON.stringify(name).slice(0, 200)}`);
  }
}

const NAMES = ['.env', 'config.yaml', 'config.yml', 'config.json', 'immich-sync.conf', 'settings.ini'] as const;

/** Lines as they are in such files, and what is in none. */
const LINE = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.tuple(
    fc.constantFrom('DB_HOSTNAME', 'db_port', 'jobs', 'HTTP_TOKEN', 'path_map', 'placement', 'x'),
    fc.constantFrom('=', ': ', ':', ' = ', ': &a ', ': *a ', ': !!binary ', ': - ', ': {', ': [', ': |', "='", '="'),
    fc.oneof(fc.constantFrom(...ODD_VALUES.filter((value) => value.length < 200)), fc.string({ unit: 'binary' })),
  ).map((parts) => parts.join('')),
  fc.constantFrom(
    '[immich]',
    '[x',
    '---',
    '...',
    '%YAML 1.2',
    'jobs:',
    '  - name: a',
    '  - *a',
    '<<: *a',
    '# x',
    '{',
    '}',
    '{"jobs": [{}]}',
  ),
);

Deno.test('whatever a configuration file holds, it is read, or refused as a mistake', () => {
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), fc.array(LINE, { maxLength: 8 }), (name, lines) => {
      withDirectory({ [name]: lines.join('\n') }, (cwd) => {
        loaded(cwd, name === '.env' ? {} : { CONFIG_FILE: name });
      });
    }),
    { numRuns: 1_000 },
  );
});
