/** What a command that runs in the sandbox may ask of what is outside of it. */
export interface Supervision {
  /**
   * Whether the configuration now names something that this engine may not touch. Throws UserError when it cannot be used.
   */
  needsNewPermissions(): Promise<boolean>;
  /**
   * Starts the wizard, which works outside of the sandbox, and returns how to talk to it; an earlier one is ended. Undefined when there is a
   * configuration: then nobody may set up anything from here.
   */
  startSetup(): Promise<MessagePort | undefined>;
  /**
   * Looks whether the files may be like that, and writes them if it is no try. What names a directory, host, program or secret that was not named
   * before is written beside them, for somebody at the console to put into place.
   */
  edit(edit: ConfigurationEdit): Promise<EditAnswer>;
}

/** A file of the configuration as it is to be. */
export interface EditedFile {
  /** Absolute. */
  readonly path: string;
  /** What it held when somebody looked; undefined if it was not there. */
  readonly old: string | undefined;
  readonly text: string;
}

export interface ConfigurationEdit {
  readonly files: readonly EditedFile[];
  /** Whether nothing is to be written. */
  readonly isTry: boolean;
}

export type EditAnswer =
  /** The configuration would be wrong; nothing was written. */
  | { readonly kind: 'wrong'; readonly problems: readonly EditProblem[] }
  /** It cannot be written, for another reason. */
  | { readonly kind: 'refused'; readonly message: string; readonly remedy: string }
  /** `widens`: what would be allowed that is not, and so has to be confirmed on the console; empty when it applies at once. */
  | { readonly kind: 'fine'; readonly widens: readonly string[] }
  /** `kept`: where the old files are now. `staged`: what is written beside the old ones instead, as paths. */
  | { readonly kind: 'written'; readonly kept: readonly string[]; readonly staged: readonly string[] };

/** As the program itself says what is wrong with its configuration. */
export interface EditProblem {
  readonly key: string;
  readonly place: string;
  readonly message: string;
  readonly remedy: string;
}

/** For commands that run outside of it. */
export const UNSUPERVISED: Supervision = Object.freeze({
  needsNewPermissions: () => Promise.resolve(false),
  startSetup: () => Promise.resolve(undefined),
  edit: () =>
    Promise.resolve<EditAnswer>({ kind: 'refused', message: 'There is no service here.', remedy: 'Edit the files.' }),
});
