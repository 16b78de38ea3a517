/** The end of the name of a file that is to be confirmed on the console. */
export const STAGED = '.proposed';

/** What somebody may change on a page, as it is configured now. */
export interface SettingsView {
  readonly shares: readonly ShareView[];
  /** What can be said of a new share, none of it yet; or why none can be added here. */
  readonly newShare: NewShareView | { readonly why: string };
  readonly settings: readonly SettingView[];
  /** The whole file in which shares stand, without its secrets; or why it cannot be shown. */
  readonly file: { readonly path: string; readonly text: string } | { readonly why: string };
}

export interface ShareView {
  readonly name: string;
  readonly fields: readonly FieldView[];
}

export interface NewShareView extends ShareView {
  /** The share that it is like, of those that were chosen before. */
  readonly like?: string;
}

export interface FieldView {
  /** The key in the file, such as `select.albums`. */
  readonly field: string;
  readonly description: string;
  /** One on a line, where there may be several. */
  readonly value: string;
  readonly isList: boolean;
}

export interface SettingView {
  readonly name: string;
  readonly description: string;
  readonly value: string;
  /** What holds where nothing is written. */
  readonly otherwise: string;
  /** Where it stands, such as `.env line 3`; undefined where nobody has set it. */
  readonly place: string | undefined;
  /** It stands where nobody can write: in the environment of the process, which counts for more than any file. */
  readonly isFixed: boolean;
}

/** What somebody wants to be otherwise: some fields of a share, some settings, or the whole file. */
export type SettingsChange =
  | { readonly kind: 'share'; readonly name: string; readonly fields: Readonly<Record<string, string>> }
  /** `like`: the name of the share whose users, library and placement it gets where `fields` is silent; empty: none. */
  | {
    readonly kind: 'new-share';
    readonly name: string;
    readonly like: string;
    readonly fields: Readonly<Record<string, string>>;
  }
  | { readonly kind: 'settings'; readonly fields: Readonly<Record<string, string>> }
  | { readonly kind: 'file'; readonly text: string };

/** Lines that a file will have, and those that it will have no more, without its secrets. */
export interface FileDifference {
  readonly path: string;
  readonly lines: readonly { readonly kind: 'same' | 'added' | 'removed'; readonly text: string }[];
}

export type SettingsOutcome =
  | { readonly kind: 'wrong'; readonly problems: readonly string[] }
  | { readonly kind: 'nothing' }
  /** `digest`: of what was looked at, to be said when it is saved. `widens`: see sandbox/supervision.ts. */
  | {
    readonly kind: 'fine';
    readonly differences: readonly FileDifference[];
    readonly widens: readonly string[];
    readonly digest: string;
  }
  | { readonly kind: 'saved'; readonly kept: readonly string[] }
  /** `commands`: what puts it into place on the console. */
  | { readonly kind: 'staged'; readonly commands: readonly string[] };

/** Changes the configuration for somebody who is signed in. */
export interface SettingsDesk {
  read(): SettingsView;
  /** What a change would do; nothing is written. */
  preview(change: SettingsChange): Promise<SettingsOutcome>;
  /** Does it, if it is still what was looked at; else it is as a preview. */
  save(change: SettingsChange, digest: string): Promise<SettingsOutcome>;
}
