import type { ConfigProblem } from '../config/problems.ts';
import type { Refusal } from './own_files.ts';
import type { Permissions } from './permissions.ts';
import type { ConfigurationEdit, EditedFile } from './supervision.ts';

/** What the supervisor asks the resolver. */
export interface ResolveRequest {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The directory that an earlier resolution named; undefined at first. */
  readonly temporary: string | undefined;
  /** Files as they would be, in the place of what they hold. */
  readonly proposed?: readonly EditedFile[] | undefined;
}

/** What the resolver found. */
export interface Resolution {
  readonly permissions: Permissions;
  /** The part of the process environment that the engine gets. */
  readonly env: Readonly<Record<string, string>>;
  /** A directory for temporary files. The supervisor makes it if the engine may write there. */
  readonly temporary: string;
  /** Whether the configuration is valid. */
  readonly isValid: boolean;
  /** What is wrong with it. */
  readonly problems: readonly ConfigProblem[];
  /** Tells, without saying them, whether addresses, tokens and passwords are others than in another resolution. */
  readonly identity: string;
  /** The same of each that is told of something: fewer of them widen nothing. */
  readonly told: readonly string[];
  /** The files that may be edited; absolute. */
  readonly editable: readonly string[];
  /** Why nothing is started with it although it is valid. */
  readonly refusal: Refusal | undefined;
}

/** What the engine is to run. */
export interface EngineTask {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What the engine tells the supervisor: its exit code, or what it asks; one question at a time. */
export type EngineMessage = { readonly exitCode: number } | EngineQuestion;

/** That it read the configuration again, or that somebody wants to set up, or to change the configuration. */
export type EngineQuestion = 'configuration may have changed' | 'start setup' | { readonly edit: ConfigurationEdit };

/** The supervisor's answer to the former. */
export interface PermissionsCheck {
  /** Whether the configuration now names something that this engine may not touch. */
  readonly needsNewPermissions: boolean;
  /** Why it cannot be used. */
  readonly refusal: Refusal | undefined;
}

/** Its answer to the latter. */
export interface SetupStart {
  /** Leads to the wizard; undefined when there is a configuration. */
  readonly port: MessagePort | undefined;
  /** Why the wizard could not be started. */
  readonly refusal: Refusal | undefined;
}

/** What the wizard is started with. */
export interface SetupTask {
  /** The whole process environment, as setup on a terminal has it. */
  readonly env: Readonly<Record<string, string>>;
  /** The file of `--config`. */
  readonly configFile: string | undefined;
  /** Leads to the engine. */
  readonly port: MessagePort;
}

/** What the writer is started with: the files, and whether they only lie beside the old ones for now. */
export interface WriterTask {
  readonly files: readonly EditedFile[];
  readonly isStaged: boolean;
}

/** What came of it: the old files, where they are now; or why nothing was written. */
export type WriterAnswer = { readonly kept: readonly string[] } | { readonly refusal: Refusal };
