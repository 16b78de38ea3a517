import { type Problem, problem, problemOf } from '../../problems/problem.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Tools } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
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
 *
 * @param isDecided a person has decided for the mirrors: also what the source's owner has changed since is overwritten
 */
export async function correctSources(
  { database, schema, ownerKey }: Pick<Tools, 'database' | 'schema' | 'ownerKey'>,
  { name, sourceUserId }: Pick<Job, 'name' | 'sourceUserId'>,
  corrections: readonly Correction[],
  isDecided = false,
): Promise<Corrected> {
  const problems: Problem[] = [];
  const failed = new Set<string>();
  const fail = (assetId: string, problem: Problem) => {
    failed.add(assetId);
    problems.push(problem);
  };
  const api = await ownerKey.of(sourceUserId, database.signal);
  const writing: Writing = { job: name, isByImmich: false, isDecided };
  let written = 0;
  const isForImmich = ({ field }: Correction) => api !== undefined && field !== 'tags';
  if (api !== undefined) {
    for (
      const [assetId, ofPhoto] of Map.groupBy(corrections.filter(isForImmich), ({ sourceAssetId }) => sourceAssetId)
    ) {
      try {
        written += await correctByImmich({ database, schema }, api, ofPhoto, { ...writing, isByImmich: true });
      } catch (error) {
        database.signal.throwIfAborted();
        fail(assetId, problemOf(error, { assetId }));
      }
    }
  }
  const others = corrections.filter((correction) => !isForImmich(correction));
  if (others.length > 0 && schema.has('asset_exif', 'lockedProperties')) {
    written += await countInBatches(
      database,
      others,
      async (tx, batch) => {
        const noted = await noteCorrections(tx, schema, batch, writing);
        await applyNoted(tx, schema, noted, writing);
        return noted.length;
      },
      ({ sourceAssetId }, error) => fail(sourceAssetId, refused(error, { assetId: sourceAssetId })),
    );
  } else if (others.length > 0) {
    for (const { sourceAssetId } of others) failed.add(sourceAssetId);
    problems.push(problem('both-ways-needs-key', { job: name }));
  }
  return { written, failed, problems };
}
