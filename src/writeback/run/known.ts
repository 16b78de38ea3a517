import { codeOf } from '../../files/problem.ts';
import type { KnownFile } from '../ledger/files.ts';
import type { Outcome } from '../outcome.ts';
import { isSameStamp, toStamp } from '../files.ts';
import type { FoundSidecar } from '../sidecar_choice.ts';
import type { FileStamp } from '../tags.ts';

/**
 * How an asset ends without a look into its files, because everything is as the ledger has it: what is wanted, the
 * original and its sidecar. undefined when something has changed, or the last try went wrong.
 *
 * @param stamp the original as it is now
 * @param found the sidecar that Immich reads, or would
 */
export function rememberedOutcome(
  known: KnownFile | undefined,
  wanted: string,
  stamp: FileStamp,
  found: FoundSidecar,
): Outcome | undefined {
  if (known === undefined || known.wanted !== wanted || !isSameStamp(known.stamp, stamp)) return undefined;
  const outcome = OUTCOME_OF_KNOWN[known.outcome];
  if (outcome === undefined || !isSidecarAsKnown(known, found)) return undefined;
  return outcome;
}

/** What is said of a file that has not changed since it ended like this. The others are tried again. */
const OUTCOME_OF_KNOWN: Readonly<Partial<Record<Outcome, Outcome>>> = Object.freeze({
  'written': 'unchanged',
  'already-right': 'unchanged',
  'unwritable': 'unwritable',
});

function isSidecarAsKnown({ sidecar }: KnownFile, { path, isShared }: FoundSidecar): boolean {
  // Of one that several share it is known whose it is: only its owner would say anything else of it.
  if (path !== sidecar?.path && !isShared) return false;
  return sidecar === undefined || isSameStamp(stampOf(sidecar.path), sidecar.stamp);
}

/** undefined when there is no such file. A sidecar may be a symbolic link, which is left alone. */
function stampOf(path: string): FileStamp | undefined {
  try {
    return toStamp(Deno.statSync(path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
