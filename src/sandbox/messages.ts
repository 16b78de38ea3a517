import type { Refusal } from './own_files.ts';
import type { Permissions } from './permissions.ts';

/** What the supervisor asks the resolver. */
export interface ResolveRequest {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The directory that an earlier resolution named; undefined at first. */
  readonly temporary: string | undefined;
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
  /** Why nothing is started with it although it is valid. */
  readonly refusal: Refusal | undefined;
}

/** What the engine is to run. */
export interface EngineTask {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What the engine tells the supervisor: its exit code, or that it read the configuration again. */
export type EngineMessage = { readonly exitCode: number } | 'configuration may have changed';

/** The supervisor's answer to the latter. */
export interface PermissionsCheck {
  /** Whether the configuration now names something that this engine may not touch. */
  readonly needsNewPermissions: boolean;
  /** Why it cannot be used. */
  readonly refusal: Refusal | undefined;
}
