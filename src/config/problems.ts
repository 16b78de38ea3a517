import { plural } from './words.ts';
import { UserError } from '../errors.ts';

/** One thing in the configuration that has to be changed before the program can start. */
export interface ConfigProblem {
  /** The setting, as its author wrote it: `DB_PORT`, `db_port`, `jobs[0].source_user_id`. */
  readonly key: string;
  /** Where it stands: `environment`, `.env line 12`, `config.yaml:14:5`, or the path of a secrets file. */
  readonly place: string;
  /** What was found, without a full stop. Never contains the value of a secret. */
  readonly message: string;
  /** What to do, as a sentence. */
  readonly remedy: string;
  /** A key that looks like none that is known: its remedy names all of them. */
  readonly isStray?: true;
  /** Nothing is wrong; there is nothing at all yet. */
  readonly isBeginning?: true;
}

/** Everything that is wrong with the configuration, in one error (exit code 2). */
export class ConfigError extends UserError {
  override name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  /** Whether nothing is wrong but that there is nothing yet. */
  get isBeginning(): boolean {
    return this.problems.every(({ isBeginning }) => isBeginning === true);
  }

  constructor(found: readonly ConfigProblem[]) {
    const problems = withoutRepetitions(found);
    const heading = plural(
      problems.length,
      'The configuration has a problem:',
      `The configuration has ${problems.length} problems:`,
    );
    super([heading, ...problems.map((problem) => `  - ${describe(problem)}`)].join('\n'), {
      problemCode: 'configuration',
      remedy: 'Correct what is listed and start again. docs/configuration.md explains every setting.',
    });
    this.problems = problems;
  }
}

function describe({ key, place, message, remedy }: ConfigProblem): string {
  return `${key} (${place}): ${message}. ${remedy}`;
}

/** Both environment jobs read `TARGET_USER_ID` and `TARGET_ALBUM_ID`; a bad one is still one problem. */
function withoutRepetitions(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const byText = new Map(problems.map((problem) => [describe(problem), Object.freeze({ ...problem })]));
  return Object.freeze([...byText.values()]);
}
