import manifest from '../deno.json' with { type: 'json' };
import type { Build } from '../src/version.ts';
import { type ExifToolKind, packExifTool } from './exiftool_archive.ts';
import { packagedFlags } from './flags.ts';
import { deno, ROOT } from './run.ts';

/** The names of what a bundle consists of. */
export const BUNDLE = Object.freeze({ program: 'immich-sidecar.js', exiftool: 'exiftool.tar.gz' });

/**
 * Makes the program one JavaScript file in `directory`, with ExifTool packed beside it. It needs nothing but Deno, and Perl for
 * write-back; where there is Deno, it can be started by its name.
 *
 * @param commit what `--version` tells; null: unknown
 */
export async function makeBundle(directory: string, kind: ExifToolKind, commit: string | null): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  const { bytes, digest, entry } = await packExifTool(kind, exifToolVersion());
  await Deno.writeFile(`${directory}/${BUNDLE.exiftool}`, bytes);
  await bundle(`${directory}/${BUNDLE.program}`, {
    commit,
    exiftool: { archive: BUNDLE.exiftool, digest, entry, needsPerl: kind === 'perl' },
  });
}

function exifToolVersion(): string {
  return manifest.imports['exiftool-vendored.pl'].slice(manifest.imports['exiftool-vendored.pl'].lastIndexOf('@') + 1);
}

/** Bundles a copy of the source in which build.json is another one. */
async function bundle(output: string, build: Build): Promise<void> {
  const copy = await Deno.makeTempDir({ prefix: 'immich-sidecar-build-' });
  try {
    for (const name of ['main.ts', 'deno.json', 'deno.lock']) await Deno.copyFile(`${ROOT}/${name}`, `${copy}/${name}`);
    await copyTree(`${ROOT}/src`, `${copy}/src`);
    await Deno.writeTextFile(`${copy}/src/build.json`, JSON.stringify(build));
    // The demo needs files of PGlite that lie beside its modules; without it the bundle has half the size.
    const demo = ['--external', './src/demo/demo.ts'];
    await deno(['bundle', '--quiet', '--frozen', '--platform', 'deno', ...demo, '-o', output, 'main.ts'], copy);
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
  const start = ['#!/usr/bin/env -S deno run --quiet --no-config', ...packagedFlags(manifest)].join(' ');
  await Deno.writeTextFile(output, `${start}\n${inAscii(await Deno.readTextFile(output))}`, { mode: 0o755 });
  if (Deno.build.os !== 'windows') await Deno.chmod(output, 0o755);
}

/** A single other character, in a comment of a package, has each worker keep three megabytes of text as six. */
function inAscii(code: string): string {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyTree(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
