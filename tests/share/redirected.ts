import { dirname } from 'node:path/posix';

/**
 * Until it is disposed of, the directory of the file at `path` is a symbolic link to where it has been moved: nothing in it is ours to remove.
 * Another file in its place, or a directory, would be no obstacle.
 */
export function redirected(path: string): Disposable {
  const directory = dirname(path);
  const moved = `${Deno.makeTempDirSync({ prefix: 'immich-moved-' })}/directory`; // where nobody looks for strays
  Deno.renameSync(directory, moved);
  Deno.symlinkSync(moved, directory);
  return {
    [Symbol.dispose]: () => {
      Deno.removeSync(directory);
      Deno.renameSync(moved, directory);
      Deno.removeSync(dirname(moved));
    },
  };
}
