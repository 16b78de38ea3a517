import type { UserError } from '../../errors.ts';
import type { Linker } from '../../files/linker.ts';
import type { PathMap } from '../../files/path_map.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Connection, Sql } from '../../postgres/connect.ts';
import type { Isolation } from '../../postgres/transaction.ts';
import type { BrakeSettings } from '../brake/brake.ts';
import type { Job } from '../jobs/job.ts';
import type { ExpandedAlbums } from '../shared_albums/expand.ts';
import type { Comparisons } from '../mirrors/versions.ts';
import type { EmbeddingBacklog } from '../phases/embedding_queue.ts';
import type { Counting } from './counting.ts';
import type { OwnerKey } from '../both_ways/owner_key.ts';
import type { Limits } from './limits.ts';
import type { Recheck } from './rechecks.ts';
import type { Said } from './said.ts';
import type { Scope } from './scope.ts';

/** Immich's tables and ours, for what writes to them. */
export interface Database {
  /** For reading; what is written goes through `transaction`. */
  readonly sql: Connection;
  /**
   * Runs `work` in a transaction that only the instance holding the lock can commit, again if Immich was in the way. With
   * more than one connection several may run at the same time. All statements see one snapshot, unless `isolation` says otherwise.
   * Throws what `signal` is aborted with.
   */
  transaction<T>(work: (tx: Sql) => Promise<T>, isolation?: Isolation): Promise<T>;
  /** Aborted when the cycle is to end, or the connection is lost and others may be at work. No file is touched then. */
  readonly signal: AbortSignal;
  /** Items in one transaction. */
  readonly batchSize: number;
}

/** The disk: links below the configured directories, and what these are called by Immich. */
export interface Files {
  readonly linker: Linker;
  readonly paths: PathMap;
}

export interface ShareSettings {
  readonly brake: BrakeSettings;
  /** How long the mirror of a photo stays that is offline, in hours. */
  readonly graceHours: number;
  /** Batches that are copied at the same time. */
  readonly copyWorkers: number;
  /** Batches of embeddings that are copied at the same time. */
  readonly vectorWorkers: number;
}

/** What a plan is made from. Planning only reads. */
export interface View {
  readonly sql: Sql;
  readonly schema: ImmichSchema;
  readonly files: Files;
  /** All configured jobs, also those that this run leaves out: a mirror stays while any of them selects its source. */
  readonly jobs: readonly Job[];
  /** What shared albums have come down to, whose pairs are among the jobs; undefined = they are not configured. */
  readonly sharedAlbums?: ExpandedAlbums | undefined;
  /** Of these jobs those that cannot be worked on as things are: their mirrors stay as they are, locked photos aside. */
  readonly leftOut: readonly LeftOut[];
  /** The only job that this run is about. */
  readonly only: Job | undefined;
  /** The source assets to look at. */
  readonly scope: Scope;
  /** Of all jobs those that the scope concerns (concerned.ts); undefined = that has not been looked up. */
  readonly concerned?: readonly Job[] | undefined;
  /** Of these the ones that mean any photo (meant.ts); undefined = that has not been looked up. */
  readonly meant?: ReadonlySet<string> | undefined;
  /** Between whom a mirror may be another job's than the one that made it (meant.ts); undefined = that has not been looked up. */
  readonly disputed?: ReadonlySet<string> | undefined;
  readonly rechecks: readonly Recheck[];
  /** Which mirrors need not be compared when everything is looked at; undefined = all are. */
  readonly alike?: Comparisons | undefined;
  /** To be called where everything is looked at and nothing is begun: looks at what has happened meanwhile. */
  readonly meanwhile?: (() => Promise<void>) | undefined;
  /** When the cycle began, by the database's clock, in milliseconds since the epoch; now when left out. */
  readonly beganMs?: number;
  readonly settings: ShareSettings;
  readonly limits: Limits;
  /** Immich's media directory as Immich sees it. */
  readonly mediaLocation: string;
}

/** What a plan is applied with. */
export interface Tools {
  readonly database: Database;
  readonly schema: ImmichSchema;
  readonly files: Files;
  readonly settings: ShareSettings;
  readonly limits: Limits;
  readonly mediaLocation: string;
  readonly backlog: EmbeddingBacklog;
  readonly said: Said;
  readonly counting: Counting;
  /** With which Immich can be asked to change somebody's photos. */
  readonly ownerKey: OwnerKey;
}

/** A job that this run leaves out, and why. */
export interface LeftOut {
  readonly job: string;
  readonly reason: UserError;
}

/** The jobs of this run that can be worked on. */
export function chosenJobs({ jobs, only, leftOut }: Pick<View, 'jobs' | 'only' | 'leftOut'>): readonly Job[] {
  return workable({ jobs: askedFor({ jobs, only }), leftOut });
}

/** Those of all configured jobs that may mean anything in the scope, whether they can be worked on or not. */
export function concernedJobs({ jobs, scope, concerned }: Pick<View, 'jobs' | 'scope' | 'concerned'>): readonly Job[] {
  return scope === 'all' ? jobs : concerned ?? jobs;
}

/** Those of all configured jobs that can be worked on. */
export function workable({ jobs, leftOut }: Pick<View, 'jobs' | 'leftOut'>): readonly Job[] {
  const names = new Set(leftOut.map(({ job }) => job));
  return jobs.filter(({ name }) => !names.has(name));
}

/** The jobs that this run was asked for. */
export function askedFor({ jobs, only }: Pick<View, 'jobs' | 'only'>): readonly Job[] {
  return only === undefined ? jobs : [only];
}
