import { basename, dirname } from 'node:path/posix';
import type { SourceFile } from '../../files/identity.ts';
import type { Linker } from '../../files/linker.ts';
import { FileProblem } from '../../files/problem.ts';
import { type Problem, problem } from '../../problems/problem.ts';
import type { Tools } from '../cycle/tools.ts';
import { KEPT_DIRECTORY } from '../mirrors/journal.ts';
import { localPath } from '../mirrors/links.ts';
import { forgetKept, type KeptFile } from './records.ts';

/** What kept files are dealt with. */
type KeptTools = Pick<Tools, 'database' | 'files'>;

/** Of what was kept by a version that did not note it. */
const USUAL_MODE = 0o644;

/** How many kept files were dealt with, and which were not. */
export interface KeptResult {
  readonly done: number;
  readonly problems: readonly Problem[];
}

/**
 * Puts kept files back where the sources' originals were, or into the directory `to` (as Immich sees it) under their names there. Nothing
 * is replaced. A photo that Immich does not know any more needs a directory.
 */
export async function restoreKept(tools: KeptTools, files: readonly KeptFile[], to?: string): Promise<KeptResult> {
  const { linker, paths } = tools.files;
  return await forEach(tools, files, (file) => {
    const original = file.photo ?? file.mirrorPath;
    if (to === undefined && file.photo === null) throw new FileProblem('missing', file.mirrorPath);
    const target = localPath(to === undefined ? original : `${to}/${basename(original)}`, paths);
    const path = localPath(file.path, paths);
    linker.link(assertKept(linker, path, file), target);
    linker.remove(path, keepOf(path));
    if (file.mode !== undefined) linker.setMode(target, file.mode ?? USUAL_MODE);
  });
}

/** The receiver may have put something in its place: another file, or a link to somebody else's. Throws FileProblem. */
function assertKept(linker: Linker, path: string, { bytes }: KeptFile): SourceFile {
  const [source, found] = [linker.inspect(path), linker.look(path)];
  const isItself = found?.isFile && found.inode === source.inode && found.device === source.device;
  if (!isItself || source.size !== bytes) throw new FileProblem('changed', path);
  return source;
}

/** Deletes kept files for good. */
export async function deleteKept(tools: KeptTools, files: readonly KeptFile[]): Promise<KeptResult> {
  const { linker, paths } = tools.files;
  return await forEach(tools, files, (file) => {
    const path = localPath(file.path, paths);
    linker.remove(path, keepOf(path));
  });
}

/** The directory that stays when the last kept file of it goes. */
function keepOf(path: string): string {
  const directory = dirname(path);
  return basename(directory) === KEPT_DIRECTORY ? dirname(directory) : directory;
}

async function forEach(
  tools: KeptTools,
  files: readonly KeptFile[],
  work: (file: KeptFile) => void,
): Promise<KeptResult> {
  const done: string[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    try {
      work(file);
      done.push(file.id);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      problems.push(problem(error.reason, { photo: file.photo ?? file.mirrorPath, path: error.path }));
    }
  }
  await tools.database.transaction((tx) => forgetKept(tx, done));
  return { done: done.length, problems };
}
