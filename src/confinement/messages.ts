import type { Permissions } from './permissions.ts';

/** What the planner is asked. */
export interface Question {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** What an earlier answer has named; undefined at first. */
  readonly temporary: string | undefined;
}

/** What the planner answers. */
export interface Answer {
  readonly permissions: Permissions;
  /** Of the process environment, what the engine is told. */
  readonly env: Readonly<Record<string, string>>;
  /** A directory for temporary files, which somebody has to make if it may be written to. */
  readonly temporary: string;
  /** Whether the configuration can be read. */
  readonly isRight: boolean;
}

/** What the engine is to do. */
export interface Order {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What the engine says: how it has ended, or that the configuration may name something else now. */
export type Report = { readonly exitCode: number } | 'configuration may have changed';

/** What it is told to the latter: whether it may do all that the configuration names now. */
export interface Renewal {
  readonly isConfinedRightly: boolean;
}
