import type { Linker } from '../../files/linker.ts';
import type { PathMap } from '../../files/path_map.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Connection, Sql } from '../../postgres/connect.ts';
import type { Isolation } from '../../postgres/transaction.ts';
import type { BrakeSettings } from '../brake/brake.ts';
import type { EmbeddingBacklog } from '../phases/embedding_queue.ts';
import type { Limits } from './limits.ts';
import type { Job } from '../jobs/job.ts';
import type { Scope } from './scope.ts';

/** What planning works with. */
export interface PlanningContext {
  readonly schema: ImmichSchema;
  readonly linker: Linker;
  readonly paths: PathMap;
  /** All configured jobs, also those that this run leaves out: a mirror stays while any of them selects its source. */
  readonly jobs: readonly Job[];
  /** The source assets to look at. */
  readonly scope: Scope;
  readonly brake: BrakeSettings;
  readonly limits: Limits;
}

/** What applying works with. */
export interface Context extends PlanningContext {
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
  /** Batches that are copied at the same time. */
  readonly copyWorkers: number;
  /** Batches of embeddings that are copied at the same time. */
  readonly vectorWorkers: number;
  readonly backlog: EmbeddingBacklog;
}
