/** One thing that can be chosen. */
export interface Option<T> {
  readonly value: T;
  readonly label: string;
  /** A few words beside the label. */
  readonly hint?: string;
  /** What it is one of, where there are several sorts; those of one sort stand together. */
  readonly group?: string;
  /** What a flag may say for it; upper and lower case make no difference. */
  readonly words: readonly string[];
}

/** Somebody who can be asked. Every method throws Cancelled when they want to stop, and WentBack. */
export interface Prompter {
  text(message: string, initial: string | undefined): Promise<string>;
  secret(message: string): Promise<string>;
  select<T>(message: string, options: readonly Option<T>[], initial: T | undefined): Promise<T>;
  /** Any number of them, none included, in the order of the options. */
  selectMany<T>(message: string, options: readonly Option<T>[], initial: readonly T[]): Promise<readonly T[]>;
  confirm(message: string, initial: boolean): Promise<boolean>;
  /** Says something before a question, or about an answer. */
  say(text: string, kind: 'info' | 'success' | 'warning' | 'problem'): void;
}

/** They pressed Ctrl-C at a question. */
export class Cancelled extends Error {
  override name = 'Cancelled';
}

/** They pressed Escape: they want to give the answer before this question once more. */
export class WentBack extends Error {
  override name = 'WentBack';
}
