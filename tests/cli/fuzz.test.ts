import assert from 'node:assert/strict';
import { SETTING_NAMES, type SettingName, settingOf } from '../../src/config/settings.ts';
import { EXIT } from '../../src/errors.ts';
import { ODD_VALUES } from '../config/odd_values.ts';
import { SEED } from '../harness/drawing.ts';
import { World } from '../share/world.ts';
import { run, variablesOf, workingDirectory, yamlJob } from './program.ts';

/** Files are made there, by a test that may be root: only in the working directory. */
const WRITTEN: ReadonlySet<SettingName> = new Set(['WRITE_STATE_DIR', 'IMMICH_LOG_FILE', 'LOG_FILE']);

/** They change neither files nor the database. */
const COMMANDS: readonly (readonly string[])[] = [
  ['sync', '--dry-run'],
  ['status'],
  ['doctor'],
  ['write', '--all', '--dry-run'],
  ['undo', '--dry-run'],
];

/** `FUZZ=all` runs every value with every command; else so many are drawn by SEED. */
const DRAWN = 100;
const isAll = Deno.env.get('FUZZ') === 'all';

/** Every value that its setting accepts: the others are refused in one way (tests/config/fuzz.test.ts). */
function acceptedValues(): [SettingName, string][] {
  return SETTING_NAMES.flatMap((name) =>
    ODD_VALUES
      .filter((value) => value.isWellFormed() && !value.includes('\0')) // no variable can hold the others
      .filter((value) => !WRITTEN.has(name) || !value.startsWith('/'))
      .filter((value) => settingOf(name).type.schema.safeParse(value).success)
      .map((value): [SettingName, string] => [name, value])
  );
}

function drawn<T>(items: readonly T[]): readonly T[] {
  if (isAll) return items;
  let state = SEED;
  const random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  return items.map((item) => ({ item, key: random() })).sort((a, b) => a.key - b.key).slice(0, DRAWN)
    .map(({ item }) => item);
}

Deno.test(`no value of any setting ends a command with an internal error (SEED=${SEED})`, async () => {
  await using world = await World.open('v3.1.0');
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  // An address where nobody answers is tried again for 8 s.
  await using immich = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, () => {
    return Response.json({ message: 'Invalid API key' }, { status: 401 });
  });
  const base = {
    ...{ ...variablesOf(world), WRITE_SOURCE: 'database' },
    IMMICH_API_URL: `http://127.0.0.1:${immich.addr.port}`,
  };
  const commands = drawn(acceptedValues()).flatMap(([name, value], index) => {
    const chosen = isAll ? COMMANDS : [COMMANDS[index % COMMANDS.length] ?? []];
    return chosen.map((args) => ({ args, env: { ...base, [name]: value }, cwd: cwd.path }));
  });
  const outcomes = [];
  for (const { args, ...options } of commands) outcomes.push(await run(args, options));
  const internal = outcomes.flatMap(({ code, stderr }, index) =>
    code === EXIT.internal
      ? [{ args: commands[index]?.args, ...different(commands[index]?.env ?? {}, base), stderr }]
      : []
  );
  assert.deepEqual(internal, []);
  assert.ok(outcomes.some(({ code }) => code === EXIT.ok), 'some are no obstacle');
});

function different(env: Readonly<Record<string, string>>, base: Readonly<Record<string, string>>) {
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => base[name] !== value));
}
