import { existsSync } from 'node:fs';
import { codeOf } from '../../files/problem.ts';
import type { KnownFile } from '../ledger/files.ts';
import type { Outcome } from '../outcome.ts';
import { isSameStamp, toStamp } from '../files.ts';
import type { FileStamp } from '../tags.ts';

/**
 * How an asset ends without a look into its files, because everything is as the ledger has it: what is wanted, the
 * original and its sidecar. undefined when something has changed, or the last try went wrong.
 *
 * @param stamp the original as it is now
 * @param sidecars where a sidecar of it may lie; the first that is there counts. None when it is known that there is none
 */
export function rememberedOutcome(
  known: KnownFile | undefined,
  wanted: string,
  stamp: FileStamp,
  sidecars: readonly string[],
): Outcome | undefined {
  if (known === undefined || known.wanted !== wanted || !isSameStamp(known.stamp, stamp)) return undefined;
  const outcome = OUTCOME_OF_KNOWN[known.outcome];
  if (outcome === undefined || !isSidecarAsKnown(known, sidecars)) return undefined;
  return outcome;
}

/** What is said of a file that has not changed since it ended like this. The others are tried again. */
const OUTCOME_OF_KNOWN: Readonly<Partial<Record<Outcome, Outcome>>> = Object.freeze({
  'written': 'unchanged',
  'already-right': 'unchanged',
  'unwritable': 'unwritable',
});

/** existsSync takes 1 µs for what is not there, where stat takes 14. */
function isSidecarAsKnown({ sidecar }: KnownFile, places: readonly string[]): boolean {
  const place = places.find((path) => existsSync(path));
  if (place !== sidecar?.path) return false;
  if (place === undefined || sidecar === undefined) return true;
  return isSameStamp(stampOf(place), sidecar.stamp);
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
