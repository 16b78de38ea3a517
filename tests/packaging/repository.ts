import { fileURLToPath } from 'node:url';
import manifest from '../../deno.json' with { type: 'json' };

/** Where the repository is, with a slash at the end. */
export const REPOSITORY: string = fileURLToPath(new URL('../../', import.meta.url));

export const TASKS: readonly string[] = Object.keys(manifest.tasks);

/** A file of the repository. */
export function textOf(path: string): string {
  return Deno.readTextFileSync(REPOSITORY + path);
}

/** Whether a file or directory is there. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(REPOSITORY + path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The version of Deno that is asked for everywhere, as .ci/run has it. */
export const DENO_VERSION: string = /deno@([\d.]+)/.exec(textOf('.ci/run'))?.[1] ?? '';

/** Every `deno task` that a text mentions and that there is not. */
export function unknownTasks(text: string): string[] {
  return [...text.matchAll(/deno(?:@[\d.]+)? task ([a-z][a-z-]*)/g)].map(([, name = '']) => name).filter((name) =>
    !TASKS.includes(name)
  );
}

/** Every file of this repository that a text mentions by its path and that there is not. */
export function missingFiles(text: string): string[] {
  const paths = [...text.matchAll(/(?<![\w./-])(?:packaging|tests|src|docs)\/[\w./-]*\w/g)].map(([path]) => path);
  return paths.filter((path) => !exists(path));
}

/** Whether a command can be run here, and ends well. */
export async function canRun(program: string, args: readonly string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, { args: [...args], stdout: 'null', stderr: 'null' }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
