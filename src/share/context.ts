import type { Linker } from '../files/linker.ts';
import type { PathMap } from '../files/path_map.ts';
import type { ImmichSchema } from '../immich/schema.ts';
import type { Connection } from '../postgres/connect.ts';
import type { Job } from './job.ts';

/** What every phase of a cycle works with. */
export interface Context {
  readonly sql: Connection;
  readonly schema: ImmichSchema;
  readonly linker: Linker;
  readonly paths: PathMap;
  /** All configured jobs, also those that this run leaves out: a mirror stays while any of them selects its source. */
  readonly jobs: readonly Job[];
  /** Assets in one transaction. */
  readonly batchSize: number;
}
