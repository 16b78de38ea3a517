import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config/config.ts';
import { readTextFile } from '../config/text_file.ts';
import { messageOf, UserError } from '../errors.ts';
import type { Owner } from './compose/facts.ts';
import { configurationOf, type PlannedFile } from './files.ts';
import type { Existing } from './existing.ts';
import { ownerOf } from './owner.ts';

/** They hold passwords. */
const MODE = 0o600;

/** What was put in the place of what. */
export interface ReplacedFile {
  readonly path: string;
  /** Where the old one is now; undefined if there was none. */
  readonly backup: string | undefined;
}

/**
 * Puts files in the places of the old ones, which are kept beside them: all of them or none. First all together are loaded as
 * the program will load them, and each is complete before it takes its place. Throws UserError.
 *
 * @param stamp part of the names of what is kept: `2026-11-21T10-18-32`
 * @param owner who is to read them; undefined: the owner of the old one, else of its directory. Only root can give files away
 */
export function replaceFiles(
  files: readonly PlannedFile[],
  existing: Existing,
  options: { readonly stamp: string; readonly owner: Owner | undefined },
): readonly ReplacedFile[] {
  checkFiles(files, existing);
  return putInPlace(files, options);
}

/** The same with files that are known to be right. */
export function putInPlace(
  files: readonly PlannedFile[],
  { stamp, owner }: { readonly stamp: string; readonly owner: Owner | undefined },
): readonly ReplacedFile[] {
  const prepared = files.map((file) => ({ ...file, path: realPath(file.path) })).map((file) => ({
    ...file,
    temporary: `${file.path}.${stamp}.new`,
    backup: file.old === undefined ? undefined : `${file.path}.${stamp}.bak`,
  }));
  const done: ReplacedFile[] = [];
  try {
    files.forEach(assertUnchanged);
    for (const { path, temporary, text } of prepared) {
      writeWhole(temporary, text);
      giveTo(owner ?? ownerOf(path) ?? ownerOf(dirname(path)), temporary);
    }
    for (const { path, temporary, backup } of prepared) {
      if (backup !== undefined) keep(path, backup);
      Deno.renameSync(temporary, path);
      done.push({ path, backup });
      syncPath(dirname(path));
    }
    for (const { backup } of done) if (backup !== undefined) Deno.chmodSync(backup, MODE);
    return done;
  } catch (error) {
    restoreFiles(done);
    if (error instanceof UserError) throw error;
    throw new UserError(`The configuration cannot be written: ${messageOf(error)}.`, {
      problemCode: 'not-writable',
      remedy: `Let this user write into ${dirname(files[0]?.path ?? '')}, or run setup in another directory.`,
      cause: error,
    });
  } finally {
    for (const { temporary, backup, path } of prepared) {
      removeIfThere(temporary);
      if (backup !== undefined && !done.some((file) => file.path === path)) removeIfThere(backup);
    }
  }
}

/** Writes each beside the one whose place it could take, under its name with this at the end. */
export function putBeside(files: readonly PlannedFile[], ending: string): void {
  for (const { path, text } of files) {
    writeWhole(path + ending, text);
    giveTo(ownerOf(path) ?? ownerOf(dirname(path)), path + ending);
  }
}

/** Undoes replaceFiles. */
export function restoreFiles(files: readonly ReplacedFile[]): void {
  for (const { path, backup } of files.toReversed()) {
    if (backup === undefined) removeIfThere(path);
    else Deno.renameSync(backup, path);
  }
}

/** The configuration that these files are, with all else that is read. Throws ConfigError when they are none. Changes nothing. */
export function checkFiles(files: readonly PlannedFile[], existing: Existing): Config {
  const text = files.find(({ path }) => path === existing.yamlPath)?.text;
  if (text === undefined) {
    return configurationOf(files, existing, existing.yamlText === undefined ? undefined : existing.yamlPath);
  }
  const copy = Deno.makeTempFileSync({ suffix: '.yaml' });
  try {
    Deno.writeTextFileSync(copy, text);
    return configurationOf(files, existing, copy);
  } finally {
    Deno.removeSync(copy);
  }
}

function assertUnchanged({ path, old }: PlannedFile): void {
  const now = readTextFile(path);
  if ((now.state === 'read' ? now.text : undefined) === old) return;
  throw new UserError(`${path} was changed by somebody else while setup asked.`, {
    problemCode: 'setup-stopped',
    remedy: 'Run setup again.',
  });
}

/** Gives the old file a second name, so that it can come back just as it was; a copy where there are no hard links. */
function keep(path: string, backup: string): void {
  try {
    Deno.linkSync(path, backup);
  } catch {
    Deno.copyFileSync(path, backup);
  }
}

function writeWhole(path: string, text: string): void {
  removeIfThere(path);
  Deno.writeTextFileSync(path, text, { mode: MODE, createNew: true });
  Deno.chmodSync(path, MODE);
  syncPath(path);
}

/** In a container root writes into a directory of somebody who wants to edit the files, and root may be another's helper on a host, too. */
function giveTo(owner: Owner | undefined, path: string): void {
  if (Deno.build.os === 'windows' || Deno.uid() !== 0 || owner === undefined) return;
  Deno.chownSync(path, owner.uid, owner.gid);
}

function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A link to a file elsewhere stays one. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
