import { asFileProblem, FileProblem } from './problem.ts';

/** What a look at the places where files lie aside says. */
export interface LeftAside {
  readonly found: readonly string[];
  /** Why one of the others may hold a file, too: it could not be looked into. */
  readonly unknown: FileProblem | undefined;
}

/** In which of these places a file lies; `look` throws, or returns undefined where certainly nothing is. */
export function lookAside(asides: readonly string[], look: (aside: string) => unknown): LeftAside {
  let unknown: FileProblem | undefined;
  const found = asides.filter((aside) => {
    try {
      return look(aside) !== undefined;
    } catch (error) {
      const problem = asFileProblem(error, aside);
      // Behind a link in the place of a directory is nothing of ours.
      if (problem.reason !== 'outside-roots') unknown ??= problem;
      return false;
    }
  });
  return { found, unknown };
}

/** Does something in the first place in which it can be done. Throws FileProblem: what the first has said, or that a file has `changed`. */
export function inFirst<Result>(asides: readonly string[], act: (aside: string) => Result): Result {
  let first: FileProblem | undefined;
  for (const aside of asides) {
    try {
      return act(aside);
    } catch (error) {
      const problem = asFileProblem(error, aside);
      if (problem.reason === 'changed') throw problem;
      first ??= problem;
    }
  }
  throw first ?? new FileProblem('missing', '');
}
