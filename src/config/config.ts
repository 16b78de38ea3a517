import type { NotifyTarget } from './notify.ts';
import type { Secret } from './secret.ts';
import type { Destination, SidecarName } from './destination.ts';
import type { FieldName } from '../writeback/fields/fields.ts';
import type { RegionKind } from '../writeback/fields/region_kinds.ts';
import type { TwoWayChoice } from './two_way_fields.ts';

/** Where a mirror's original lives: its own hard link (default), or the source's file seen through a symbolic link. */
export type Placement = 'hardlink' | 'symlink' | 'copy';

/**
 * What a job selects: `external` = assets of the source's external libraries below a path prefix;
 * `upload` = every asset of the source that belongs to no library; `any` = both; `auto` = decided from the prefix once the
 * database has told where Immich keeps its media (a prefix inside the media location means uploads).
 */
export type JobKind = 'external' | 'upload' | 'any' | 'auto';

/** Who of the named people must be on a photo: one of them, all of them, or one of them and nobody else who has a name. */
export type PeopleMatch = 'any' | 'all' | 'only';

/** Things in Immich by name or id, and directories as Immich sees them. */
export interface Reasons {
  readonly albums: readonly string[];
  readonly people: readonly string[];
  /** By their whole value, such as `share/bob`; what lies below a tag belongs to it. */
  readonly tags: readonly string[];
  /** Each ends with a slash. */
  readonly paths: readonly string[];
}

/** What is shared: whatever has any of these reasons. */
export interface SelectConfig extends Reasons {
  readonly peopleMatch: PeopleMatch;
  readonly favorites: boolean;
}

/** Whether a kind of machine learning must be finished before an asset is mirrored; `auto` follows Immich's own configuration. */
export type Requirement = 'auto' | 'required' | 'ignored';

/** One configured share. Ids are lower-case UUIDs; paths are as Immich sees them and end with a slash. */
export interface JobConfig {
  readonly name: string;
  readonly kind: JobKind;
  /** Here, and in `targetUserId`, also the e-mail or name that stands in `source` or `target`, until the database is asked (share/selection/names.ts). */
  readonly sourceUserId: string;
  readonly targetUserId: string;
  readonly targetLibraryId: string;
  readonly sourcePathPrefix: string | undefined;
  readonly targetPathPrefix: string;
  readonly albumId: string | undefined;
  /** `auto`: what is on disk decides (files/behind_link.ts). */
  readonly placement: Placement | 'auto';
  readonly includeArchived: boolean;
  readonly includeHidden: boolean;
  /** Whether a photo that was edited in Immich is shared: its mirror carries the original, uncropped. */
  readonly shareEdited: 'original' | 'skip';
  readonly require: { readonly clip: Requirement; readonly faces: Requirement; readonly ocr: Requirement };
  /** Which tags of the photos the target gets: none, or those of these values and below them. Left out: all that choose nothing. */
  readonly shareTags?: false | { readonly under: readonly string[] } | undefined;
  /** Whether people are mapped to the target's own of the same name; undefined: never. */
  readonly matchPeople?: 'name' | undefined;
  /**
   * `follow`: a mirror is a favourite when its source is, as long as its owner has not decided otherwise. `both`: what either decides, both have. undefined: never.
   */
  readonly favorites?: 'follow' | 'both' | undefined;
  /** What of a photo reaches its source when the target has corrected it; undefined: nothing, the source is never changed. */
  readonly bothWays?: readonly TwoWayChoice[] | undefined;
  /** Left out: everything, as far as kind and path go. */
  readonly select?: SelectConfig | undefined;
  /** What is not shared, whatever else is true of it. */
  readonly except?: Reasons | undefined;
  /** The same for all jobs. */
  readonly never?: Reasons | undefined;
  /** The first and the last day on which a photo was taken, such as 2015-01-31. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** 1 to 5; what has no rating has none of these. */
  readonly minRating?: number | undefined;
  readonly types?: readonly ('image' | 'video')[] | undefined;
  /** Of a pair of members of shared albums (share/shared_albums/): it stands in no configuration. */
  readonly pair?: SharedPair | undefined;
}

/** Two members of shared albums: what the source owns in them reaches the target. */
export interface SharedPair {
  /** Ids of the albums; undefined: all. */
  readonly albums: readonly string[] | undefined;
  readonly exceptAlbums: readonly string[];
  /** Where the originals lie that this directory is for; undefined: anywhere. */
  readonly mount: SharedMount | undefined;
  /** What makes it impossible for now, as sentences without their job. */
  readonly problems: readonly string[];
  /** Whether the target also gets it in albums of their own that are called as the shared ones. */
  readonly into?: 'same-name' | undefined;
}

/** Of directories on several mounts: which originals go to one of them. Directories as Immich sees them, each with a slash at its end. */
export interface SharedMount {
  readonly roots: readonly string[];
  /** Below these it is another one's, unless a root of this one is longer. */
  readonly others: readonly string[];
  /** It also takes what lies below none of them. */
  readonly isRest: boolean;
}

/** Albums that users share with one another in Immich, and where what is in them goes. */
export interface SharedAlbumsConfig extends Pick<JobConfig, 'includeArchived' | 'shareEdited' | 'require' | 'never'> {
  /** By name or id. */
  readonly albums: 'all' | readonly string[];
  readonly exceptAlbums: readonly string[];
  /** Who receives: by e-mail, name or id. */
  readonly members: 'all' | readonly string[];
  readonly exceptMembers: readonly string[];
  /** As Immich sees them, each with a slash at its end; at least one. */
  readonly directories: readonly string[];
  readonly placement: Exclude<Placement, 'symlink'>;
  /** Whether members also get it in albums of their own, of the same names. */
  readonly into?: 'same-name' | undefined;
}

/** One pair of directories that are the same place: as Immich sees it, and as this program sees it. No trailing slash. */
export interface PathMapping {
  readonly immich: string;
  readonly local: string;
}

/** How much of TLS a connection to PostgreSQL asks for, by libpq's names. */
export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** How a connection is secured. Certificates and keys are the text of PEM files. */
export interface TlsConfig {
  readonly mode: Exclude<TlsMode, 'disable'>;
  /** Who may have signed the server's certificate; undefined = the usual authorities. */
  readonly authorities?: string;
  /** What this program shows to the server. */
  readonly client?: { readonly certificate: string; readonly key: Secret };
}

export interface DatabaseConfig {
  /** A name, an IP address, or the directory of a Unix socket, which begins with a slash. */
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: Secret;
  readonly name: string;
  /** How many connections may be open at once. One is enough for everything; two or more let the first copy use two cores. */
  readonly maxConnections: number;
  /** Undefined = no TLS. */
  readonly tls?: TlsConfig;
}

/** How write-back works. Paths are absolute. */
export interface WriteConfig {
  /** Whether anybody has said something about write-back. */
  readonly isMentioned: boolean;
  /** `WRITE_SOURCE`: where records come from. */
  readonly source: 'api' | 'database';
  /** `WRITE_TO` */
  readonly destination: Destination;
  /** `WRITE_SIDECAR_NAME`: how a sidecar is called that has to be made beside its original. */
  readonly sidecarName: SidecarName;
  /** `WRITE_USER_IDS`, for the database; empty = every user. */
  readonly userIds: readonly string[];
  /** `IMMICH_PHOTO_DIR` or `PHOTO_DIR` */
  readonly photoDir: string;
  /** `IMMICH_PATH_SEGMENTS` */
  readonly pathSegments: number;
  /** `TZ`: an IANA name or an offset, of photos whose zone nobody knows; undefined = they get no offset. */
  readonly timeZone: string | undefined;
  /** The zone of `schedule` and `window`: `TZ`, else that of this machine. */
  readonly scheduleZone: string;
  /** `CAPTION_MAX_LEN`, in characters. */
  readonly captionMaxLength: number;
  readonly albumCache: { readonly ttlSeconds: number; readonly maxStaleSeconds: number };
  /** `IMMICH_ASSET_BATCH_SIZE`: assets per request or query, 1 to 1,000. */
  readonly batchSize: number;
  /** `WRITE_API_CONCURRENCY`: requests at once. */
  readonly apiConcurrency: number;
  /** `WRITE_WORKERS`: ExifTool processes at once; undefined = one per core. */
  readonly workers: number | undefined;
  /** `WRITE_INTO_SHARED`: whether albums and tags are also written into files that somebody else has too. */
  readonly intoShared: boolean;
  /** `WRITE_REGIONS`: in which ways faces are written. */
  readonly regions: readonly RegionKind[];
  /** `WRITE_SETTLE_SECONDS`: a file that changed less than so long ago is left for later; 0 = none is. */
  readonly settleSeconds: number;
  /** `WRITE_UNDO_DAYS`: what was written longer ago cannot be undone any more; undefined = all of it can. */
  readonly undoDays: number | undefined;
  /** `WRITE_STATE_DIR` */
  readonly stateDirectory: string;
  /** `EXIFTOOL_PATH`; undefined = the one that comes along. */
  readonly exiftoolPath: string | undefined;
  /** `IMMICH_LOG_FILE` or `LOG_FILE` */
  readonly logFile: string;
  /** `WRITE_SCHEDULE`: when `serve` writes (write_times.ts), in `scheduleZone`; undefined = never. */
  readonly schedule: string | undefined;
  /** `WRITE_WINDOW`: minutes since midnight; a run of `serve` stops at `to`, and changes are written within it. */
  readonly window: { readonly from: number; readonly to: number } | undefined;
  /** `WRITE_MODULES`: what `serve` writes. */
  readonly modules: readonly FieldName[];
}

/** What `serve` answers, and whom it tells. */
export interface ServiceConfig {
  /** `HTTP_HOST`, `HTTP_PORT`; port 0 = no HTTP. */
  readonly http: { readonly hostname: string; readonly port: number };
  /** `HTTP_TOKEN`; undefined = HTTP only shows. */
  readonly token: Secret | undefined;
  /** `HTTP_ALLOWED_HOSTS`: names under which HTTP is answered, besides addresses, `localhost` and names without a dot; lower case. */
  readonly allowedHosts: readonly string[];
  /** `NOTIFY_URLS`, and `NOTIFY_URL` with `NOTIFY_FORMAT`: who is told; empty = nobody. */
  readonly notify: readonly NotifyTarget[];
}

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** Everything the program was told, validated once and frozen. */
export interface Config {
  readonly database: DatabaseConfig;
  /** How long a command waits for a database that is away. */
  readonly databaseWaitSeconds: number;
  /** `IMMICH_API_URL`, `IMMICH_API_KEY`, `IMMICH_PUBLIC_URL`. */
  readonly immich: {
    readonly url: string;
    readonly apiKey: Secret | undefined;
    readonly publicUrl?: string | undefined;
  };
  /** `UPLOAD_LOCATION`: Immich's media directory as this program sees it; undefined = at the same path as in Immich. */
  readonly uploadLocation: string | undefined;
  /** `UPLOAD_LOCATION_MOUNT`: the media location as Immich sees it; undefined = read from the database. */
  readonly uploadLocationMount: string | undefined;
  /** `EXTERNAL_LIBRARY_DIR` / `EXTERNAL_LIBRARY_MOUNT`: the same for external libraries. */
  readonly externalLibraryDir: string | undefined;
  readonly externalLibraryMount: string;
  /** `PATH_MAP`: more pairs, tried before the two above. */
  readonly pathMap: readonly PathMapping[];
  readonly jobs: readonly JobConfig[];
  /** `shared_albums`; undefined = what is shared in Immich stays with its owner. */
  readonly sharedAlbums?: SharedAlbumsConfig | undefined;
  readonly write: WriteConfig;
  readonly service: ServiceConfig;
  /** `VECTOR_WORKERS`: how many connections copy embeddings at once, as far as `database.maxConnections` allows. */
  readonly vectorWorkers: number;
  readonly syncIntervalSeconds: number;
  /** Hours between cycles that look at everything. */
  readonly reconcileHours: number;
  /** How long the mirror of a photo stays whose file Immich does not find. */
  readonly offlineGraceHours: number;
  /** A cycle that would remove more than this share of a job's mirrors, and more than this many, asks first. */
  readonly brake: { readonly percent: number; readonly minimum: number };
  readonly log: { readonly level: LogLevel; readonly format: 'text' | 'json' };
  /** Sentences for the user about what was ignored; not errors. */
  readonly notes: readonly string[];
}

/** Whether anything is to be shared. */
export function isSharing({ jobs, sharedAlbums }: Pick<Config, 'jobs' | 'sharedAlbums'>): boolean {
  return jobs.length > 0 || sharedAlbums !== undefined;
}
