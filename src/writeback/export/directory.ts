import { UserError } from '../../errors.ts';
import { isBelow } from '../../files/path_map.ts';
import { codeOf } from '../../files/problem.ts';
import { Book } from './book.ts';

/**
 * Opens the directory of an export, which is made where it is not there. Throws UserError when it holds something else, lies among the originals or these
 * in it, or has an export that has come to its end and `isUpdate` is false.
 *
 * @param libraries directories with originals, without symbolic links
 */
export function openExport(directory: string, libraries: readonly string[], isUpdate: boolean): Book {
  const root = realDirectory(directory);
  const shown = JSON.stringify(root);
  const library = libraries.find((one) => root === one || isBelow(root, one) || isBelow(one, root));
  if (library !== undefined) {
    throw unfit(`${shown} and the originals in ${JSON.stringify(library)} lie in one another.`);
  }
  const names = [...Deno.readDirSync(root)].map(({ name }) => name);
  const isOurs = names.some((name) => name.startsWith('.immich-sidecar-export.'));
  if (names.length > 0 && !isOurs) throw unfit(`${shown} is not empty, and holds no export.`);
  const book = new Book(root);
  if (book.isFinished && !isUpdate) {
    book[Symbol.dispose]();
    throw new UserError(`There is an export in ${shown} already.`, {
      problemCode: 'export-directory',
      remedy: 'Give --update to have it follow Immich, or name another directory.',
    });
  }
  return book;
}

function realDirectory(directory: string): string {
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      throw unfit(`There is no directory in which ${JSON.stringify(directory)} could be made.`);
    }
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  const root = Deno.realPathSync(directory);
  if (!Deno.statSync(root).isDirectory) throw unfit(`${JSON.stringify(root)} is no directory.`);
  return root;
}

function unfit(what: string): UserError {
  return new UserError(what, {
    problemCode: 'export-directory',
    remedy: 'Name an empty directory outside of the library, whose parent is there.',
  });
}
