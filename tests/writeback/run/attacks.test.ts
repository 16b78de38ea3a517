import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { assetOf } from '../../../src/demo/library_generator/result.ts';
import { EXIT } from '../../../src/errors.ts';
import { runAlone, type RunOptions, variablesOf, workingDirectory } from '../../cli/program.ts';
import { flagsOf } from '../../sandbox/flags.ts';
import { isTemporary } from '../../../src/writeback/files.ts';
import { canRun } from '../../packaging/repository.ts';
import { World } from '../../share/world.ts';
import { Attacker, seen, SWAPS_DIRECTORIES, SWAPS_TEMPORARY_FILES } from '../attacker.ts';
import { libraryFiles, stateOf, tagsOf } from './helper.ts';

const HAS_PERL = await canRun('perl', ['-v']);

/** The program with the very permissions that it has when it is started with deno task. */
function optionsOf(world: World, cwd: string, task: 'write' | 'undo' = 'write'): RunOptions {
  const env = { ...variablesOf(world), WRITE_SOURCE: 'database', WRITE_STATE_DIR: stateOf(world), WRITE_WORKERS: '2' };
  return { cwd, env, flags: flagsOf(task) };
}

function directoryOf(world: World): string {
  return Deno.realPathSync(dirname(assetOf(world.library, 'family/beach').localPath));
}

/** A directory outside of the library, of somebody else, with files of the same names in it. */
async function makeElsewhere(world: World): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: 'elsewhere-' }));
  const directory = directoryOf(world);
  for (const { name, isFile } of Deno.readDirSync(directory)) {
    if (isFile) Deno.writeFileSync(`${path}/${name}`, Deno.readFileSync(`${directory}/${name}`), { mode: 0o600 });
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Everything that can be seen of each file in a directory, by name. */
function contentOf(directory: string): ReadonlyMap<string, string> {
  return new Map([...Deno.readDirSync(directory)].map(({ name }) => [name, seen(`${directory}/${name}`)]));
}

/**
 * All that was in a directory is what it was, and what a proof that was some microseconds old has made there is a file of ours without a byte, which
 * nobody else may read (docs/invariants.md, 18).
 */
function assertUntouched(directory: string, before: ReadonlyMap<string, string>, when: string): void {
  const now = contentOf(directory);
  assert.deepEqual([...before].filter(([name, facts]) => now.get(name) !== facts), [], when);
  for (const name of [...now.keys()].filter((name) => !before.has(name))) {
    const { size, mode, isFile } = Deno.lstatSync(`${directory}/${name}`);
    assert.deepEqual(
      [isTemporary(name), isFile, size, (mode ?? 0) & 0o777],
      [true, true, 0, 0o600],
      `${when}: ${name}`,
    );
  }
}

async function hashes(paths: readonly string[]): Promise<Map<string, unknown>> {
  return new Map([...await tagsOf(paths)].map(([path, tags]) => [path, tags['File:ImageDataHash']]));
}

const ROUNDS: readonly (readonly string[])[] = [
  ['write', '--people', '--to', 'both'],
  ['write', '--all', '--to', 'both'],
  ['write', '--all', '--albums', '--tags', '--to', 'both'],
];

Deno.test('directories that are swapped while a run works: no original is lost, and nothing outside is written', {
  ignore: !HAS_PERL,
}, async () => {
  await using world = await World.open('v3.1.0');
  await using elsewhere = await makeElsewhere(world);
  using cwd = workingDirectory('{}');
  const originals = libraryFiles(world).filter((path) => !path.endsWith('.xmp'));
  const pictures = await hashes(originals);
  const before = contentOf(elsewhere.path);
  {
    await using _ = await Attacker.start(SWAPS_DIRECTORIES, [directoryOf(world), elsewhere.path]);
    for (const args of [...ROUNDS, ['undo', '--yes']]) {
      const { code, stderr } = await runAlone(args, optionsOf(world, cwd.path, args[0] as 'write' | 'undo'));
      assert.ok([EXIT.ok, EXIT.partial].includes(code as 0), stderr);
      assertUntouched(elsewhere.path, before, args.join(' '));
    }
  }
  const { code, stderr } = await runAlone(ROUNDS[1] ?? [], optionsOf(world, cwd.path));
  assert.equal(code, EXIT.ok, stderr);
  assertUntouched(elsewhere.path, before, 'afterwards');
  const left = libraryFiles(world);
  assert.deepEqual(left.filter((path) => path.includes('/.immich-sidecar-')), [], 'temporary files');
  assert.deepEqual(await hashes(originals), pictures, `${originals.length} originals`);
});

Deno.test('temporary files that are swapped while a run works: what they are swapped for stays as it is', {
  ignore: !HAS_PERL,
}, async () => {
  await using world = await World.open('v3.1.0');
  await using elsewhere = await makeElsewhere(world);
  using cwd = workingDirectory('{}');
  const victim = `${elsewhere.path}/secret`;
  await Deno.writeTextFile(victim, 'nobody else may read this', { mode: 0o600 });
  const before = seen(elsewhere.path);
  await using _ = await Attacker.start(SWAPS_TEMPORARY_FILES, [directoryOf(world), victim]);
  await runAlone(ROUNDS[2] ?? [], optionsOf(world, cwd.path));
  assert.equal(seen(elsewhere.path), before);
});
