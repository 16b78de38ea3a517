/** What the wizard tells the page that somebody answers it on. The same questions as on a terminal. */
export type WizardMessage =
  | { readonly kind: 'said'; readonly said: Remark }
  | { readonly kind: 'asked'; readonly question: PutQuestion }
  | { readonly kind: 'ended'; readonly end: SetupEnd };

/** Something good to know, before a question or about an answer. */
export interface Remark {
  readonly text: string;
  readonly tone: 'info' | 'success' | 'warning' | 'problem';
}

/** A question, without what only the wizard knows: the values behind the options, and secrets that are there already. */
export type PutQuestion =
  | { readonly kind: 'text'; readonly message: string; readonly initial: string | undefined }
  | { readonly kind: 'secret'; readonly message: string }
  | {
    readonly kind: 'choice';
    readonly message: string;
    readonly options: readonly { readonly label: string; readonly hint: string | undefined }[];
    /** Index of the option that is proposed. */
    readonly initial: number;
  }
  | {
    readonly kind: 'choices';
    readonly message: string;
    readonly options: readonly {
      readonly label: string;
      readonly hint: string | undefined;
      readonly group: string | undefined;
    }[];
    /** Indexes of the options that are proposed. */
    readonly initial: readonly number[];
  }
  | { readonly kind: 'yes-no'; readonly message: string; readonly initial: boolean };

/** What somebody answers: a text, the index of an option or those of several, yes or no; or what Escape and Ctrl-C are on a terminal. */
export type WizardReply =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'choice'; readonly index: number }
  | { readonly kind: 'choices'; readonly indexes: readonly number[] }
  | { readonly kind: 'yes-no'; readonly isYes: boolean }
  | { readonly kind: 'back' }
  | { readonly kind: 'stop' };

export interface SetupEnd {
  /** Only after `done` there may be a configuration. */
  readonly kind: 'done' | 'nothing' | 'stopped' | 'failed';
  /** What came of it, as sentences. */
  readonly lines: readonly string[];
}
