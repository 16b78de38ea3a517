import type { ImmichApi } from '../immich/api/client.ts';
import type { ImmichLibrary } from '../immich/api/libraries.ts';
import type { ServerVersion } from '../immich/api/server.ts';
import type { ImmichUser } from '../immich/api/users.ts';
import type { Secret } from '../config/secret.ts';
import type { Mount } from './compose/facts.ts';
import type { Dialogue } from './dialogue.ts';
import type { Existing } from './existing.ts';

/** What every question needs. */
export interface Session {
  readonly dialogue: Dialogue;
  readonly existing: Existing;
  readonly home: string;
  /** Whether somebody is asked for a token of the dashboard, as that is where they are. */
  readonly offersToken: boolean;
  /** Sentences that are repeated beside the plan. */
  readonly warnings: string[];
  /** Is told every secret as soon as it is known, so that none is ever printed. */
  readonly onSecret: (secret: Secret) => void;
}

/** Immich, once its address and key are known. */
export interface Server {
  readonly api: ImmichApi;
  readonly url: string;
  readonly apiKey: Secret;
  readonly version: ServerVersion;
  /** Whose key it is. */
  readonly me: ImmichUser;
  readonly users: readonly ImmichUser[];
  readonly libraries: readonly ImmichLibrary[];
}

/** Immich's directories that are here too. */
export interface Directories {
  readonly mounts: readonly Mount[];
  readonly mediaLocation: string;
}
