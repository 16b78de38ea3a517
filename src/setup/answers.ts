import type { JobConfig, JobKind, Placement, TlsConfig, WriteConfig } from '../config/config.ts';
import type { Secret } from '../config/secret.ts';
import type { ImmichUser } from '../immich/api/users.ts';
import type { Mount } from './compose/facts.ts';
import type { WrittenName } from '../share/offers/things.ts';
import type { ContainerAnswer } from './container.ts';

/** Everything that was answered; nothing of it has been done yet. */
export interface Answers {
  readonly immichUrl: string;
  readonly apiKey: Secret;
  /** Whether the key is written into `.env`. */
  readonly keepsKey: boolean;
  /** The token that the dashboard gets; undefined: it stays as it is. */
  readonly dashboardToken: Secret | undefined;
  readonly database: DatabaseAnswer;
  /** Photos that immich-shared-library has shared and that are not taken over yet; undefined = nobody could be asked. */
  readonly predecessorPhotos: number | undefined;
  /** The directories of Immich that are here. */
  readonly mounts: readonly Mount[];
  /** Immich's own directory as Immich sees it; one of the mounts. */
  readonly mediaLocation: string;
  /** Shares that are added, or take the place of one of the same name. */
  readonly shares: readonly ShareAnswer[];
  readonly albums: AlbumsAnswer | undefined;
  readonly write: WriteAnswer | undefined;
  /** `TZ` of Immich's containers, where it is one. */
  readonly immichTimeZone: string | undefined;
  /** Set when what is set up here is to run in a container. */
  readonly container: ContainerAnswer | undefined;
}

export interface DatabaseAnswer {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: Secret;
  readonly name: string;
  readonly tls?: TlsConfig;
}

export interface ShareAnswer {
  readonly name: string;
  /** The job that it changes, under its old name. */
  readonly replaces: JobConfig | undefined;
  readonly kind: Exclude<JobKind, 'auto'>;
  /** What is chosen of it; left out: everything. */
  readonly selection?: SelectionAnswer;
  readonly source: ImmichUser;
  readonly target: ImmichUser;
  /** As Immich sees it, with a slash at the end; undefined for uploads. */
  readonly sourcePath: string | undefined;
  /** The same for the shared copies. */
  readonly targetPath: string;
  readonly placement: Placement;
  readonly library: LibraryAnswer;
  readonly album: AlbumAnswer | undefined;
  /** Whether the receiver's own people of the same names get the shared faces. */
  readonly matchesPeople: boolean;
}

export type LibraryAnswer =
  | {
    readonly kind: 'new';
    readonly name: string;
    /** What libraries of this Immich are called already. */
    readonly taken: readonly string[];
    readonly importPath: string;
    /** The name of one that is there for this directory and that its scans make dangerous; it is left as it is. */
    readonly insteadOf: string | undefined;
  }
  | {
    readonly kind: 'existing';
    readonly id: string;
    readonly name: string;
    readonly ownerId: string;
    readonly change: LibraryChange | undefined;
  };

/** What a library is, and what it has to become. */
export interface LibraryChange {
  readonly now: LibraryScope;
  readonly then: LibraryScope;
}

/** What a library scans, and what it leaves out. */
export interface LibraryScope {
  readonly importPaths: readonly string[];
  readonly patterns: readonly string[];
}

export type AlbumAnswer =
  | { readonly kind: 'existing'; readonly id: string }
  /** `apiKey`: of the receiving user, as albums belong to who makes them; used once and not kept. */
  | { readonly kind: 'new'; readonly name: string; readonly apiKey: Secret };

/** By what photos are chosen; any of it is enough. */
export interface SelectionAnswer {
  readonly albums: readonly WrittenName[];
  readonly people: readonly WrittenName[];
  readonly tags: readonly WrittenName[];
  readonly favorites: boolean;
}

/** What of the albums that users share with one another reaches the members. */
export interface AlbumsAnswer {
  readonly albums: 'all' | readonly WrittenName[];
  /** As Immich sees it, with a slash at the end. */
  readonly directory: string;
}

export interface WriteAnswer {
  readonly destination: WriteConfig['destination'];
  readonly source: WriteConfig['source'];
  /** Empty = everybody. */
  readonly userIds: readonly string[];
  /** Of photos of which nobody knows one; undefined: they get no offset. */
  readonly timeZone: string | undefined;
}
