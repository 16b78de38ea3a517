import { messageOf } from '../errors.ts';
import { type LedgerLook, lookIntoLedger } from '../writeback/ledger/look.ts';

/** Where write-back stands; `problem` when its ledger cannot be read just now. */
export type WriteBackStatus = LedgerLook | { readonly problem: string };

/** What the ledger in `directory` says. Undefined when nothing was ever written from here. */
export function readWriteBackStatus(directory: string): WriteBackStatus | undefined {
  try {
    return lookIntoLedger(directory);
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
