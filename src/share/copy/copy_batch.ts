import { messageOf } from '../../errors.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { inBatches } from '../cycle/batches.ts';
import type { Skip } from '../cycle/outcome.ts';
import { refusalOf } from '../cycle/refused.ts';
import type { Database } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import type { InspectedMirror } from '../mirrors/links.ts';
import { giveToMirrors } from '../remembered/give_back.ts';
import { clearSkips, skipOf } from '../standing/skips.ts';
import { copyMirrors } from './copy_mirrors.ts';

export interface BatchResult {
  /** Mirrors that now exist. */
  readonly created: string[];
  readonly faces: number;
  /** Sources whose rows PostgreSQL refused. */
  readonly skips: Skip[];
}

/** Copies a batch in one transaction. An asset whose rows are refused is left out, and reported. */
export async function copyBatch(
  database: Database,
  schema: ImmichSchema,
  job: Job,
  mirrors: readonly InspectedMirror[],
): Promise<BatchResult> {
  const skips: Skip[] = [];
  const copy = async (tx: Sql, batch: InspectedMirror[]) => {
    const copied = await copyMirrors(tx, schema, job, batch);
    await giveToMirrors(tx, schema, copied.mirrorAssetIds);
    await clearSkips(tx, job, copied.mirrorAssetIds);
    return copied;
  };
  const results = await inBatches(
    database,
    mirrors,
    copy,
    ({ plan }, error) => skips.push(skipOf(plan, refusalOf(error), { detail: messageOf(error) })),
  );
  return {
    created: results.flatMap(({ mirrorAssetIds }) => mirrorAssetIds),
    faces: results.reduce((sum, { faces }) => sum + faces, 0),
    skips,
  };
}
