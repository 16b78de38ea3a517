import { plain } from '../config/quote.ts';
import { describeProblem, type Problem, remediesOf } from '../problems/problem.ts';

/** Problems as lines for a terminal: each with its photo, then what to do, each remedy once. Empty without problems. */
export function listProblems(problems: readonly Problem[]): string[] {
  return [
    ...problems.map((problem) => `! ${describeProblem(problem)}`),
    ...remediesOf(problems).map((remedy) => `> ${plain(remedy)}`),
  ];
}
