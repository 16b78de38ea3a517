/** The end of the name of a file that is to be confirmed on the console. */
export const STAGED = '.proposed';

/** What somebody may change on a page, as it is configured now. Nothing of it asks the database. */
export interface SettingsView {
  readonly shares: readonly ShareSummary[];
  /** Why no share can be added here; undefined where one can. */
  readonly noNewShare: string | undefined;
  /** What is said of shared albums; nothing where none are shared; or why that cannot be changed here. */
  readonly sharedAlbums: readonly PlainLine[] | { readonly why: string };
  readonly settings: readonly SettingView[];
  readonly notifications: NotificationsView;
  /** The whole file in which shares stand, without its secrets, and what its keys are called; or why it cannot be shown. */
  readonly file:
    | { readonly path: string; readonly text: string; readonly keys: readonly PlainLine[] }
    | { readonly why: string };
}

/** A plain name, and what is written for it. */
export interface PlainLine {
  readonly label: string;
  readonly value: string;
}

/** A share in a few lines. */
export interface ShareSummary {
  readonly name: string;
  readonly said: readonly PlainLine[];
}

/** What can be said of a share, or of shared albums. */
export interface ShareView {
  readonly name: string;
  readonly fields: readonly FieldView[];
  /** Why nothing can be chosen from lists. */
  readonly noLists: string | undefined;
}

export interface NewShareView extends ShareView {
  /** The share that it is like, of those that were chosen before; empty: none. */
  readonly like: string;
}

export interface FieldView {
  /** The key in the file, such as `select.albums`. */
  readonly field: string;
  readonly label: string;
  readonly description: string;
  /** One on a line, where there may be several. */
  readonly value: string;
  readonly isList: boolean;
  /** True where one of the options always holds. */
  readonly isSure?: boolean;
  /** All that can be chosen; undefined where anything may be written. */
  readonly options?: readonly FieldOption[] | undefined;
}

export interface FieldOption {
  /** What is written. */
  readonly value: string;
  readonly label: string;
  readonly hint?: string;
}

export interface SettingView {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly value: string;
  /** What holds where nothing is written. */
  readonly otherwise: string;
  /** Where it stands, such as `.env line 3`; undefined where nobody has set it. */
  readonly place: string | undefined;
  /** It stands where nobody can write: in the environment of the process, which counts for more than any file. */
  readonly isFixed: boolean;
}

/** Who is told, without the keys that stand in their addresses; or why that cannot be changed here. */
export type NotificationsView =
  | { readonly targets: readonly PlainLine[]; readonly description: string; readonly added: string }
  | { readonly why: string };

/** What somebody wants to be otherwise: fields of a share or of shared albums, settings, who is told, or the whole file. */
export type SettingsChange =
  | { readonly kind: 'share'; readonly name: string; readonly fields: Readonly<Record<string, string>> }
  /** `like`: the name of the share whose users, library and placement it gets where `fields` is silent; empty: none. */
  | {
    readonly kind: 'new-share';
    readonly name: string;
    readonly like: string;
    readonly fields: Readonly<Record<string, string>>;
  }
  /** A share, or shared albums, that shall be no more. */
  | { readonly kind: 'remove-share'; readonly name: string }
  | { readonly kind: 'remove-albums' }
  /** `keep`: the places in the list, from 0, of those that stay, one on a line. `add`: addresses. */
  | { readonly kind: 'albums' | 'settings' | 'notifications'; readonly fields: Readonly<Record<string, string>> }
  | { readonly kind: 'file'; readonly text: string };

/** Lines that a file will have, and those that it will have no more, without its secrets. */
export interface FileDifference {
  readonly path: string;
  readonly lines: readonly { readonly kind: 'same' | 'added' | 'removed'; readonly text: string }[];
  /** What the secrets are called that become others. */
  readonly secrets: readonly string[];
}

export type SettingsOutcome =
  | { readonly kind: 'wrong'; readonly problems: readonly string[] }
  | { readonly kind: 'nothing' }
  /** `digest`: of what was looked at, to be said when it is saved. `widens`: see sandbox/supervision.ts. `leadsTo`: what becomes of shared photos, in sentences. */
  | {
    readonly kind: 'fine';
    readonly differences: readonly FileDifference[];
    readonly widens: readonly string[];
    readonly leadsTo: readonly string[];
    readonly digest: string;
  }
  | { readonly kind: 'saved'; readonly kept: readonly string[] }
  /** `commands`: what puts it into place on the console. */
  | { readonly kind: 'staged'; readonly commands: readonly string[] };

/** Changes the configuration for somebody who is signed in. */
export interface SettingsDesk {
  read(): SettingsView;
  /** A share with the lists to choose from; undefined where there is none of that name. */
  share(name: string): Promise<ShareView | undefined>;
  /** What a new share may be, none of it yet. `owner`: whose photos; empty: as in the share that it is like. */
  newShare(like: string, owner: string): Promise<NewShareView>;
  /** What can be said of shared albums. */
  sharedAlbums(): Promise<ShareView>;
  /** What a change would do; nothing is written. */
  preview(change: SettingsChange): Promise<SettingsOutcome>;
  /** Does it, if it is still what was looked at; else it is as a preview. */
  save(change: SettingsChange, digest: string): Promise<SettingsOutcome>;
}
