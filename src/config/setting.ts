import type { ValueType } from './values.ts';

/** The headings under which `.env.example` and `docs/configuration.md` list the settings, in this order. */
export const SETTING_GROUPS = Object.freeze({
  database: 'Database',
  immich: 'Immich',
  files: 'Where the files are',
  external: 'Sharing a part of an external library',
  upload: 'Sharing what a user uploads',
  both: 'For every share',
  write: 'Writing back into files',
  service: 'The service (serve)',
  program: 'The program itself',
});

/** One setting: everything the program, its examples and its documentation know about it. */
export interface Setting {
  /** What it is called on a screen: a few words that stand alone, without those of its name in the environment. */
  readonly label: string;
  readonly group: keyof typeof SETTING_GROUPS;
  readonly type: ValueType<unknown>;
  /** Sentences for the user, without Markdown. */
  readonly description: string;
  /** The default as the user would write it; a setting without one is optional. */
  readonly default?: string;
  /** What the examples show for a setting without default. */
  readonly example?: string;
  /** A secret is never shown, and can be read from the file named by `NAME_FILE`. */
  readonly secret?: true;
  /** In the YAML file it may be a list. */
  readonly isList?: true;
  /** False for what cannot stand in the YAML file. */
  readonly yaml?: false;
}
