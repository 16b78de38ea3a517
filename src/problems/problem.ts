import { plain } from '../config/quote.ts';
import { messageOf, UserError } from '../errors.ts';
import { type ProblemCode, PROBLEMS } from './codes.ts';

/** To what a problem happened. */
export interface Place {
  /** The name of a setting. */
  readonly setting?: string;
  readonly job?: string;
  /** The source's, where a photo has one. */
  readonly assetId?: string;
  /** Where the source's original lies, as Immich sees it. */
  readonly photo?: string;
  /** The file itself, as Immich or as this machine sees it. */
  readonly path?: string;
  /** A table of Immich, for what PostgreSQL refuses. */
  readonly table?: string;
}

/** One thing that is wrong: for people in words, for machines as a code of the closed list in codes.ts. Plain data, as it goes into JSON. */
export interface Problem {
  readonly code: ProblemCode;
  /** What happened: no capital letter, no full stop. */
  readonly what: string;
  readonly where: Place;
  readonly remedy: string;
}

/** `detail`: what the operating system or PostgreSQL has said. */
export function problem(code: ProblemCode, where: Place, detail?: string): Problem {
  const { what, remedy } = PROBLEMS[code];
  return { code, what: detail === undefined ? what : `${what}: ${detail}`, where, remedy };
}

/** What was thrown, as a problem: never a trace. */
export function problemOf(error: unknown, where: Place = {}): Problem {
  const code = error instanceof UserError ? error.problemCode : 'internal';
  const remedy = error instanceof UserError ? error.remedy : PROBLEMS[code].remedy;
  return { code, what: messageOf(error), where, remedy };
}

/** What happened and to which photo, in one line for a terminal; the job and the remedy are left to the caller. */
export function describeProblem(problem: Problem): string {
  const { assetId, photo, table } = problem.where;
  const subject = [table, assetId, photo === undefined ? undefined : quoted(photo)].filter((part) =>
    part !== undefined
  );
  return subject.length === 0 ? describeEvent(problem) : `${subject.join(' ')}: ${describeEvent(problem)}`;
}

/** What happened and to which file, without the photo. */
export function describeEvent({ what, where: { photo, path } }: Problem): string {
  return path === undefined || path === photo ? plain(what) : `${plain(what)}: ${quoted(path)}`;
}

/** How many problems there are of each code. */
export function countCodes(problems: readonly Problem[]): Partial<Record<ProblemCode, number>> {
  const counts: Partial<Record<ProblemCode, number>> = {};
  for (const { code } of problems) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

/** The remedies of these problems, each once, in the order in which they first appear. */
export function remediesOf(problems: readonly Problem[]): string[] {
  return [...new Set(problems.map(({ remedy }) => remedy))];
}

function quoted(path: string): string {
  return plain(JSON.stringify(path));
}

/** Which jobs a cycle leaves out: each cycle says that anew. */
export const LEFT_OUT: ReadonlySet<ProblemCode> = new Set(['job-left-out', 'stopped-by-recipient']);
