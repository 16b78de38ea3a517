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
}

/** For commands that run outside of it. */
export const UNSUPERVISED: Supervision = Object.freeze({
  needsNewPermissions: () => Promise.resolve(false),
  startSetup: () => Promise.resolve(undefined),
});
