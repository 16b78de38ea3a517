import { messageOf } from '../../errors.ts';
import { isRowError, sqlStateOf } from '../../postgres/faults.ts';
import type { Context } from '../cycle/context.ts';
import type { Job } from '../jobs/job.ts';
import type { Skip } from '../cycle/outcome.ts';
import { clearSkips, skipOf } from '../standing/skips.ts';
import { copyMirrors } from './copy_mirrors.ts';
import type { InspectedMirror } from '../mirrors/links.ts';

export interface BatchResult {
  /** Mirrors that now exist. */
  readonly created: string[];
  readonly faces: number;
  /** Sources whose rows PostgreSQL refused. */
  readonly skips: Skip[];
}

/**
 * Copies a batch in one transaction. When a row is refused the batch is halved, and halved again, until the offending
 * asset stands alone and is reported; everything else goes through.
 */
export async function copyBatch(
  context: Context,
  job: Job,
  mirrors: readonly InspectedMirror[],
): Promise<BatchResult> {
  const [only] = mirrors;
  if (only === undefined) return { created: [], faces: 0, skips: [] };
  try {
    return await context.transaction(async (tx) => {
      const { mirrorAssetIds, faces } = await copyMirrors(tx, context.schema, job, mirrors);
      await clearSkips(tx, job, mirrorAssetIds);
      return { created: mirrorAssetIds, faces, skips: [] };
    });
  } catch (error) {
    if (!isRowError(error)) throw error;
    if (mirrors.length === 1) return { created: [], faces: 0, skips: [refused(only, error)] };
    const middle = Math.ceil(mirrors.length / 2);
    const first = await copyBatch(context, job, mirrors.slice(0, middle));
    const second = await copyBatch(context, job, mirrors.slice(middle));
    return {
      created: [...first.created, ...second.created],
      faces: first.faces + second.faces,
      skips: [...first.skips, ...second.skips],
    };
  }
}

function refused({ plan }: InspectedMirror, error: unknown): Skip {
  // A foreign key fails when Immich deletes what we refer to at the same moment; everything else is about the row itself.
  const reason = sqlStateOf(error) === '23503' ? 'conflict' : 'constraint';
  return skipOf(plan, reason, { detail: messageOf(error) });
}
