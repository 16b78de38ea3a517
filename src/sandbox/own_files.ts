import { dirname } from 'node:path';
import { named } from '../config/words.ts';
import type { ProblemCode } from '../problems/codes.ts';

/** Why a command is not started: a message and a remedy. */
export interface Refusal {
  readonly problemCode: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}

/** What decides about the sandbox of the next start, as absolute paths. */
export interface OwnFiles {
  /** The files that the configuration was read from, or looked for: what is missing could be made. */
  readonly configuration: readonly string[];
  /** The program, what runs it, and what it starts outside of the sandbox. */
  readonly programs: readonly string[];
}

/**
 * Refuses a configuration that lets the engine write one of these files: it could give itself more permissions with the next start. Pure.
 *
 * @param write what the engine may write to, with all symbolic links resolved
 */
export function refuseWritable(
  { configuration, programs }: OwnFiles,
  write: readonly string[],
  realPathOf: (path: string) => string,
): Refusal | undefined {
  const found = (paths: readonly string[]) =>
    paths.flatMap((path) => [path, realPathOf(path), `${realPathOf(dirname(path))}${path.slice(dirname(path).length)}`])
      .flatMap((path) =>
        write.filter((directory) => isWithin(path, directory)).map((directory) => ({ path, directory }))
      )
      .at(0);
  const config = found(configuration);
  if (config !== undefined) {
    return {
      problemCode: 'own-files',
      message: `The configuration is looked for in ${named(config.path)}, and this command may write to ${
        named(config.directory)
      }: it could give itself more permissions.`,
      remedy: 'Keep .env, config.yaml and files with secrets in a directory of their own, and start the program there.',
    };
  }
  const program = found(programs);
  return program && {
    problemCode: 'own-files',
    message: `The program ${named(program.path)} lies in ${
      named(program.directory)
    }, which this command may write to: it could be replaced.`,
    remedy: 'Move it to a directory that no setting names.',
  };
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.replace(/\/*$/, '/'));
}
