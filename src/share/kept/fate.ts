import type { FileIdentity } from '../../files/identity.ts';
import { isSameLinkStamp, type LinkStamp } from '../mirrors/journal.ts';
import type { WithdrawReason } from '../cycle/outcome.ts';

/** Why a file was kept. */
export type KeptReason = 'source-file-gone' | 'another-file';

/** What happens to the file in the place of a mirror's original when that has to go, or to give way to another. */
export type Fate =
  | { readonly kind: 'unlink'; readonly expected: FileIdentity; readonly hasAnother?: boolean }
  /** There is none. */
  | { readonly kind: 'nothing' }
  /** It is unlinked if this file, the source's, is still there when it has been moved aside. */
  | { readonly kind: 'unlink-beside'; readonly source: string; readonly expected: FileIdentity }
  | { readonly kind: 'keep'; readonly reason: KeptReason };

/** What is known beside the file itself. */
export interface FateFacts {
  /** What the journal says we put there; null when that is not known (rows of earlier versions): then another name somewhere is proof enough. */
  readonly stamp: LinkStamp | null | undefined;
  readonly source: (LinkStamp & { readonly realPath: string }) | undefined;
  /** Why the mirror goes; undefined when only its file does. */
  readonly reason: WithdrawReason | undefined;
  /** Immich did not find the source when it was seen last. Of what it has not found for a month it deletes the row, as its owner would. */
  readonly wasMissed: boolean;
}

/** The source's owner has locked or deleted the photo: nothing of it stays anywhere. */
const REVOKED: ReadonlySet<WithdrawReason> = new Set(['source-locked', 'source-deleted']);

/**
 * Decides whether a file may be the last copy of a photo. It is unlinked only if it is the one we put there and the source's path
 * holds a file now; a source that was replaced by its owner is such a file. Pure.
 */
export function fateOf(
  found: LinkStamp & { readonly names: number },
  { stamp, source, reason, wasMissed }: FateFacts,
): Fate {
  const isSource = found.inode === source?.inode && found.device === source.device;
  const isOurs = isSource || (stamp ? isSameLinkStamp(found, stamp) : found.names > 1);
  if (source !== undefined && isOurs) return { kind: 'unlink-beside', source: source.realPath, expected: found };
  if (reason !== undefined && REVOKED.has(reason)) {
    if (reason === 'source-locked' || !wasMissed) return { kind: 'unlink', expected: found };
    // Where its source's file is nobody knows any more; a file with another name is not the last copy.
    if (found.names > 1) return { kind: 'unlink', expected: found, hasAnother: true };
  }
  return { kind: 'keep', reason: source === undefined ? 'source-file-gone' : 'another-file' };
}
