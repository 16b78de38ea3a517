import type { TlsMode } from '../../config/config.ts';
import type { Secret } from '../../config/secret.ts';

/** A directory as Immich sees it and as the host does. Absolute, no trailing slash. */
export interface Mount {
  readonly immich: string;
  readonly local: string;
}

/** A user and a group by their numbers. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** How Immich reaches its database. */
export interface FoundDatabase {
  /** The host's name on Docker's network. */
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly name: string;
  /** Undefined when it is in a file inside the container. */
  readonly password: Secret | undefined;
  readonly tlsMode: TlsMode;
  /** The port of this machine at which Docker lets the database be reached, if it does. */
  readonly publishedPort: number | undefined;
}

/** What Immich's Compose file and its `.env` say. */
export interface ComposeFacts {
  /** The Compose file. */
  readonly file: string;
  readonly mounts: readonly Mount[];
  /** Immich's own directory as Immich sees it, if it can be told. */
  readonly mediaLocation: string | undefined;
  readonly database: FoundDatabase;
  /** The port of this machine at which Immich answers. */
  readonly immichPort: number | undefined;
  /** How other containers in its network reach Immich. */
  readonly server: { readonly hostname: string; readonly port: number };
  /** Docker's network of server and database by its full name; undefined where it has none of its own. */
  readonly network: string | undefined;
  /** Whom Immich runs as, if the file says so in numbers; undefined = as its image does, which is root. */
  readonly user: Owner | undefined;
  /** `TZ` */
  readonly timeZone: string | undefined;
}
