import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import manifest from '../deno.json' with { type: 'json' };
import { messageOf } from '../src/errors.ts';
import { sha256 } from '../src/writeback/exiftool/unpack.ts';
import { BUNDLE, makeBundle } from './bundle.ts';
import { packagedFlags } from './flags.ts';
import { CommandFailed, currentCommit, deno, ROOT } from './run.ts';
import { TARGETS } from './targets.ts';

const USAGE = `deno task compile [options]

Builds into dist/: the program as one JavaScript file for Deno, with ExifTool beside it, and one executable for each target.
Where the runtime of the executables cannot be downloaded, only the former.

  --target NAME    only this one; may be repeated: ${Object.keys(TARGETS).join(', ')}
  --bundle         only the JavaScript file
  --executables    fail when there cannot be an executable
  --commit NAME    what --version tells, where Git cannot be asked
  --out DIRECTORY  instead of dist
`;

/** What Deno says when it cannot get the runtime that goes into executables, which is called denort (2.9). */
const NO_RUNTIME = /^.*\bdenort\b.*$/m;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      target: { type: 'string', multiple: true, default: [] },
      bundle: { type: 'boolean', default: false },
      executables: { type: 'boolean', default: false },
      commit: { type: 'string', default: '' },
      out: { type: 'string', default: `${ROOT}/dist` },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = values.target.find((name) => TARGETS[name] === undefined);
  if (values.help || unknown !== undefined) {
    print(unknown === undefined ? USAGE : `There is no target ${unknown}.\n\n${USAGE}`);
    return unknown === undefined ? 0 : 2;
  }
  const names = values.bundle ? [] : values.target.length > 0 ? values.target : Object.keys(TARGETS);
  const out = resolve(values.out);
  await removeOurs(out);
  const commit = values.commit === '' ? await currentCommit() : values.commit;
  await makeBundle(out, 'perl', commit);
  print(`${out}/${BUNDLE.program}, with ${BUNDLE.exiftool}\n`);
  const isComplete = await compileAll(names, out, commit);
  await writeChecksums(out);
  return isComplete || !values.executables ? 0 : 1;
}

/** Whether there are executables now. Throws CommandFailed for anything but a runtime that cannot be downloaded. */
async function compileAll(names: readonly string[], out: string, commit: string | null): Promise<boolean> {
  const windows = await Deno.makeTempDir({ prefix: 'immich-sidecar-windows-' });
  try {
    if (names.some((name) => TARGETS[name]?.exiftool === 'windows')) await makeBundle(windows, 'windows', commit);
    for (const name of names) await compile(name, out, TARGETS[name]?.exiftool === 'windows' ? windows : out);
    return true;
  } catch (error) {
    const reason = error instanceof CommandFailed ? NO_RUNTIME.exec(error.stderr)?.[0] : undefined;
    if (reason === undefined) throw error;
    print(`No executable was built: the runtime that goes into it cannot be had from here.\n${reason}\n`);
    print(
      `Use the JavaScript file instead: deno run ${packagedFlags(manifest).join(' ')} ` +
        `${out}/${BUNDLE.program} --help\n`,
    );
    return false;
  } finally {
    await Deno.remove(windows, { recursive: true });
  }
}

/** One executable: the bundle, with what lies beside it in a file system of its own. Throws CommandFailed. */
export async function compile(name: string, out: string, bundle: string): Promise<void> {
  const { triple } = TARGETS[name] ?? { triple: name };
  const output = `${out}/immich-sidecar-${name}${name.startsWith('windows') ? '.exe' : ''}`;
  await deno([
    'compile',
    ...['--quiet', '--no-config', '--no-lock', '--no-check', '--target', triple],
    ...packagedFlags(manifest),
    ...['--app-name', 'immich-sidecar', '--include', BUNDLE.exiftool, '--output', output, BUNDLE.program],
  ], bundle);
  print(`${output}\n`);
}

/** What this program makes, and nothing else that may lie there. */
function namesOfOurs(directory: string): string[] {
  const ours = /^(immich-sidecar(\.js|-[a-z]+-[a-z0-9]+(\.exe)?)|exiftool\.tar\.gz|SHA256SUMS)$/;
  return [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) => ours.test(name)).sort();
}

async function removeOurs(directory: string): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  for (const name of namesOfOurs(directory)) await Deno.remove(`${directory}/${name}`);
}

/** As `sha256sum -c` reads it. */
async function writeChecksums(directory: string): Promise<void> {
  const lines = namesOfOurs(directory).map((name) => `${sha256(Deno.readFileSync(`${directory}/${name}`))}  ${name}\n`);
  await Deno.writeTextFile(`${directory}/SHA256SUMS`, lines.join(''));
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    print(`${messageOf(error)}\n`);
    Deno.exit(1);
  }
}
