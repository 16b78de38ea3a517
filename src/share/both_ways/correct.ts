import { type Problem, problem, problemOf } from '../../problems/problem.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Tools } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isSidecarField } from '../mirrors/row_differences.ts';
import { correctByImmich } from './by_immich.ts';
import type { Correction } from './decide.ts';
import { applyNoted, noteCorrections, type Writing } from './write.ts';

/** What came of corrections. */
export interface Corrected {
  /** How many were written. One that does not hold any more is left to the next look. */
  readonly written: number;
  /** Sources of which something failed. */
  readonly failed: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/**
 * Writes what targets have changed into the sources of a job: through Immich's API where there is a key of their owner, else by SQL as Immich would. Where neither can last, before locks, nothing is
 * written.
 */
export async function correctSources(
  { database, schema, ownerKey }: Pick<Tools, 'database' | 'schema' | 'ownerKey'>,
  { name, sourceUserId }: Pick<Job, 'name' | 'sourceUserId'>,
  corrections: readonly Correction[],
): Promise<Corrected> {
  const problems: Problem[] = [];
  const failed = new Set<string>();
  const fail = (assetId: string, problem: Problem) => {
    failed.add(assetId);
    problems.push(problem);
  };
  const api = corrections.some(({ field }) => isSidecarField(field))
    ? await ownerKey.of(sourceUserId, database.signal)
    : undefined;
  const isForImmich = ({ field }: Correction) => api !== undefined && isSidecarField(field) && field !== 'tags';
  // What Immich reads from no file needs no lock to stay.
  const canStay = ({ field }: Correction) => schema.has('asset_exif', 'lockedProperties') || !isSidecarField(field);
  let written = 0;
  if (api !== undefined) {
    for (
      const [assetId, ofPhoto] of Map.groupBy(corrections.filter(isForImmich), ({ sourceAssetId }) => sourceAssetId)
    ) {
      try {
        written += await correctByImmich({ database, schema }, api, ofPhoto, { job: name, isByImmich: true });
      } catch (error) {
        database.signal.throwIfAborted();
        fail(assetId, problemOf(error, { assetId }));
      }
    }
  }
  const others = corrections.filter((correction) => !isForImmich(correction));
  const writing: Writing = { job: name, isByImmich: false };
  written += await countInBatches(
    database,
    others.filter(canStay),
    async (tx, batch) => {
      const noted = await noteCorrections(tx, schema, batch, writing);
      await applyNoted(tx, schema, noted, writing);
      return noted.length;
    },
    ({ sourceAssetId }, error) => fail(sourceAssetId, refused(error, { assetId: sourceAssetId })),
  );
  const lost = others.filter((correction) => !canStay(correction));
  if (lost.length > 0) {
    for (const { sourceAssetId } of lost) failed.add(sourceAssetId);
    problems.push(problem('both-ways-needs-key', { job: name }));
  }
  return { written, failed, problems };
}
