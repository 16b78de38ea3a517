import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { Ledger } from './ledger/ledger.ts';
import { LEDGER_NAME } from './ledger/open.ts';
import { recover } from './run/recover.ts';

const DAY_MS = 86_400_000;

export interface DiscardOptions {
  readonly olderThanDays: number;
  readonly isDryRun: boolean;
  /** Asked once, before anything is done; false ends it. */
  readonly confirm: (changes: number) => boolean;
}

/**
 * Forgets how to undo what was written by runs that began so long ago. The files stay as they are; so does what the ledger knows of
 * them. Returns how many changes that were, or would be; undefined when it was not confirmed.
 *
 * Throws RefusedError when a run is at work.
 */
export function discardUndo({ write: { stateDirectory } }: Config, options: DiscardOptions): number | undefined {
  if (!existsSync(`${stateDirectory}/${LEDGER_NAME}`)) return 0;
  using ledger = Ledger.open(stateDirectory);
  using _ = options.isDryRun ? undefined : recover(ledger, stateDirectory);
  const before = daysAgo(options.olderThanDays);
  const changes = ledger.journal.countBefore(before);
  if (options.isDryRun) return changes;
  if (!options.confirm(changes)) return undefined;
  discardOlder(ledger, options.olderThanDays);
  return changes;
}

/** Forgets how to undo what runs have written that began before so many days. */
export function discardOlder({ journal, commits, deltas }: Ledger, days: number): void {
  let discarded: number[] = [];
  commits.later(() => discarded = journal.discardBefore(daysAgo(days)));
  commits.now();
  deltas.drop(discarded);
}

/** As the ledger has it. */
function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString();
}
