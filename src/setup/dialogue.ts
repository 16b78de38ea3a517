import { quote } from '../config/quote.ts';
import { list, plural } from '../config/words.ts';
import { UserError } from '../errors.ts';
import type { Option, Prompter } from './prompter.ts';

/** What was said on the command line, by the name of the flag (`--immich-url`). */
export type GivenAnswers = ReadonlyMap<string, string>;

interface Question {
  /** The flag that answers it. */
  readonly flag: string;
  readonly message: string;
  /** Said before the question is put to somebody. */
  readonly help?: string | undefined;
}

/** Turns what somebody wrote into an answer. Throws UserError, which is shown, and the question is put again. */
type Check<T> = (text: string) => T | Promise<T>;

export interface TextQuestion<T> extends Question {
  /** What there is already, or what is usual: the answer of somebody who just presses Enter, and of an unattended run. */
  readonly initial?: string | undefined;
  readonly check: Check<T>;
}

export interface SecretQuestion<T> extends Question {
  /** What there is already; it is never shown. */
  readonly existing?: string | undefined;
  readonly check: Check<T>;
}

export interface DialogueChoice<T> extends Question {
  readonly options: readonly Option<T>[];
  readonly initial?: T | undefined;
  /** For answers that are not among the options, on the command line only. */
  readonly other?: Check<T>;
  /** Whether an option can be taken. Throws UserError. */
  readonly check?: (value: T) => void | Promise<void>;
}

/** Any number of what there is. Values are compared as they are: they are texts or numbers. */
export interface DialogueChoices<T extends string> extends Omit<Question, 'flag'> {
  /** The flags that answer it, together, and what each of them means by a text. Throws UserError. */
  readonly flags: readonly {
    readonly flag: string;
    readonly read: (text: string, options: readonly Option<T>[]) => readonly T[];
  }[];
  /** What can be chosen now. It is asked for again when somebody has chosen: some of it may be there no more. */
  readonly options: () => Promise<readonly Option<T>[]>;
  readonly initial: readonly T[];
  /** Throws UserError. */
  readonly check: (values: readonly T[]) => void;
}

export interface YesNo extends Question {
  readonly initial: boolean;
}

/**
 * Puts questions, and takes each answer from the first that has one: the command line, somebody at the terminal, what there
 * is already. A wrong answer is explained, and the question put again if there is somebody to ask; else it is an error that
 * names the flag.
 */
export class Dialogue {
  readonly #said: GivenAnswers;
  #given: Map<string, string>;
  readonly #prompter: Prompter | undefined;
  /** In the order of the questions. */
  readonly #answers: { readonly flag: string; readonly answer: unknown; readonly isTyped: boolean }[] = [];
  /** How many of them were given out since the first question was put, or put again. */
  #position = 0;

  constructor(given: GivenAnswers, prompter: Prompter | undefined) {
    this.#said = given;
    this.#given = new Map(given);
    this.#prompter = prompter;
  }

  /**
   * The questions begin anew after this: they are answered as before, without asking, up to the last that somebody
   * has answered in person, which is put again.
   */
  goBack(): void {
    this.#answers.length = Math.max(this.#answers.findLastIndex(({ isTyped }) => isTyped), 0);
    this.#position = 0;
    this.#given = new Map(this.#said);
  }

  get isAttended(): boolean {
    return this.#prompter !== undefined;
  }

  /** Whether the command line still has an answer to this. Each counts once: a second share has other answers. */
  has(flag: string): boolean {
    return this.#given.has(flag);
  }

  /** What the command line says to this, if nobody has asked yet. */
  given(flag: string): string | undefined {
    return this.#given.get(flag);
  }

  /** What the command line said and nobody asked for: flags that do not fit the rest. */
  get unused(): readonly string[] {
    return [...this.#given.keys()];
  }

  async text<T>({ flag, message, help, initial, check }: TextQuestion<T>): Promise<T> {
    return await this.#answer([flag], this.#fromFlag(flag, check), async () => {
      const prompter = this.#prompter ?? (initial === undefined ? missing(flag, message) : undefined);
      if (prompter === undefined) return await named(flag, () => check(initial ?? ''));
      if (help !== undefined) prompter.say(help, 'info');
      let shown = initial;
      while (true) {
        shown = await prompter.text(message, shown);
        const answer = await this.#attempt(() => check(shown ?? ''));
        if (answer !== undefined) return answer.answer;
      }
    });
  }

  async secret<T>({ flag, message, help, existing, check }: SecretQuestion<T>): Promise<T> {
    return await this.#answer([flag], this.#fromFlag(flag, check), async () => {
      if (this.#prompter === undefined && existing !== undefined) return await named(flag, () => check(existing));
      const prompter = this.#prompter ?? missing(flag, message);
      if (help !== undefined && existing === undefined) prompter.say(help, 'info');
      const shown = existing === undefined ? message : `${message} (empty: keep the one that is there)`;
      while (true) {
        const written = await prompter.secret(shown);
        const answer = await this.#attempt(() => check(written === '' ? existing ?? '' : written));
        if (answer !== undefined) return answer.answer;
      }
    });
  }

  async choose<T>({ flag, message, help, options, initial, other, check }: DialogueChoice<T>): Promise<T> {
    const take = async (text: string) => {
      const value = await this.#match(text, options, other);
      await check?.(value);
      return value;
    };
    return await this.#answer([flag], this.#fromFlag(flag, take), async () => {
      const prompter = this.#prompter;
      if (prompter === undefined) {
        if (initial === undefined) return missing(flag, message, options);
        await named(flag, () => check?.(initial));
        return initial;
      }
      if (help !== undefined) prompter.say(help, 'info');
      while (true) {
        const value = await prompter.select(message, options, initial);
        const answer = await this.#attempt(async () => {
          await check?.(value);
          return value;
        });
        if (answer !== undefined) return answer.answer;
      }
    });
  }

  async chooseMany<T extends string>(
    { flags, message, help, options, initial, check }: DialogueChoices<T>,
  ): Promise<readonly T[]> {
    const take = async (values: readonly T[], shown: readonly Option<T>[]) => {
      const chosen = [...new Set(values)];
      assertThere(chosen, shown, await options());
      check(chosen);
      return chosen;
    };
    const names = flags.map(({ flag }) => flag);
    return await this.#answer(names, async () => {
      const given = flags.flatMap(({ flag, read }) => {
        const text = this.#given.get(flag);
        this.#given.delete(flag);
        return text === undefined ? [] : [{ flag, read, text }];
      });
      if (given.length === 0) return undefined;
      return await this.#unlessWrong(async () => {
        const shown = await options();
        const values: T[] = [];
        for (const { flag, read, text } of given) values.push(...await named(flag, () => read(text, shown)));
        return await take(values, shown);
      });
    }, async () => {
      const prompter = this.#prompter;
      if (prompter === undefined) {
        return initial.length > 0 ? await take(initial, []) : missing(list(names, 'or'), message);
      }
      if (help !== undefined) prompter.say(help, 'info');
      let values = initial;
      while (true) {
        const shown = await options();
        values = await prompter.selectMany(message, shown, values);
        const answer = await this.#attempt(() => take(values, shown));
        if (answer !== undefined) return answer.answer;
      }
    });
  }

  async yesNo({ flag, message, help, initial }: YesNo): Promise<boolean> {
    const words = new Map([['yes', true], ['true', true], ['no', false], ['false', false]]);
    const read = (text: string) => {
      const value = words.get(text.toLowerCase());
      if (value !== undefined) return value;
      throw new UserError(`${quote(text)} is neither yes nor no.`, {
        problemCode: 'setup-answer',
        remedy: 'Write yes or no.',
      });
    };
    return await this.#answer([flag], this.#fromFlag(flag, read), async () => {
      if (this.#prompter === undefined) return initial;
      if (help !== undefined) this.#prompter.say(help, 'info');
      return await this.#prompter.confirm(message, initial);
    });
  }

  /** Something good to know, for a person who is there. */
  say(text: string, kind: 'info' | 'success' | 'warning' = 'info'): void {
    if (this.#position === this.#answers.length) this.#prompter?.say(text, kind);
  }

  /** The answer that was given before, or that of the command line, boxed, or what `ask` comes to. */
  async #answer<T>(
    flags: readonly string[],
    fromCommandLine: () => Promise<{ answer: T } | undefined>,
    ask: () => Promise<T>,
  ): Promise<T> {
    const before = this.#answers[this.#position];
    const flag = flags.join(' ');
    if (before?.flag === flag) {
      for (const one of flags) this.#given.delete(one);
      this.#position++;
      return before.answer as T;
    }
    const given = await fromCommandLine();
    const answer = given === undefined ? await ask() : given.answer;
    // Where another question comes than before, what follows is put again as well.
    this.#answers.splice(this.#position++, Infinity, { flag, answer, isTyped: given === undefined });
    return answer;
  }

  async #match<T>(text: string, options: readonly Option<T>[], other: Check<T> | undefined): Promise<T> {
    const said = text.trim().toLowerCase();
    const matching = options.filter(({ words }) => words.some((word) => word.toLowerCase() === said));
    const [only, second] = matching;
    if (only !== undefined && second === undefined) return only.value;
    if (only === undefined && other !== undefined) return await other(text);
    const possible = (only === undefined ? options : matching).map(({ words }) =>
      words[only === undefined ? 0 : 1] ?? words[0]
    );
    throw new UserError(
      only === undefined ? `${quote(text)} is none of what can be chosen.` : `${quote(text)} fits more than one.`,
      {
        problemCode: 'setup-answer',
        remedy: `Choose ${list(possible.flatMap((word) => word === undefined ? [] : [quote(word)]), 'or')}.`,
      },
    );
  }

  /** The answer of the command line, boxed; undefined if it has none, or a wrong one and there is somebody to ask instead. */
  #fromFlag<T>(flag: string, check: Check<T>): () => Promise<{ answer: T } | undefined> {
    return async () => {
      const text = this.#given.get(flag);
      if (text === undefined) return undefined;
      this.#given.delete(flag);
      return await this.#unlessWrong(() => named(flag, () => check(text)));
    };
  }

  async #unlessWrong<T>(read: () => T | Promise<T>): Promise<{ answer: T } | undefined> {
    return this.#prompter === undefined ? { answer: await read() } : await this.#attempt(read);
  }

  /** Undefined after the user was told what is wrong. */
  async #attempt<T>(check: () => T | Promise<T>): Promise<{ answer: T } | undefined> {
    try {
      return { answer: await check() };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#prompter?.say(`${error.message}\n${error.remedy}`, 'problem');
      return undefined;
    }
  }
}

/** Throws UserError when some of what was chosen is there no more. */
function assertThere<T>(values: readonly T[], shown: readonly Option<T>[], now: readonly Option<T>[]): void {
  const gone = values.filter((value) => !now.some((option) => option.value === value));
  if (gone.length === 0) return;
  const labels = gone.map((value) => shown.find((option) => option.value === value)?.label ?? String(value));
  throw new UserError(`${list(labels.map(quote))} ${plural(gone.length, 'is', 'are')} there no more.`, {
    problemCode: 'setup-answer',
    remedy: 'Choose again.',
  });
}

async function named<T>(flag: string, check: () => T | Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${flag}: ${error.message}`, {
      problemCode: error.problemCode,
      remedy: error.remedy,
      cause: error.cause,
    });
  }
}

function missing(flag: string, message: string, options: readonly Option<unknown>[] = []): never {
  const possible = options.map(({ words }) => words[0]).filter((word) => word !== undefined);
  throw new UserError(`${flag} is missing (${message.replace(/[?:]$/, '')}).`, {
    problemCode: 'setup-answer',
    remedy: possible.length === 0
      ? 'Add it, or run setup on a terminal, where it asks. See setup --help.'
      : `Add it with ${list(possible.map(quote), 'or')}, or run setup on a terminal, where it asks.`,
  });
}
