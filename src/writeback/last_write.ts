import type { Config } from '../config/config.ts';
import { Ledger } from './ledger/ledger.ts';

/** The last run of which something can be undone. */
export interface LastWrite {
  readonly run: number;
  readonly startedAt: string;
  readonly files: number;
  /** The first of them; what `goes` was made by the run. */
  readonly some: readonly { readonly path: string; readonly goes: boolean }[];
}

/** As many as somebody looks at before they decide. */
const MOST_FILES = 200;

/** Undefined when nothing can be undone. Throws RefusedError when a run is at work. */
export function readLastWrite({ write }: Config): LastWrite | undefined {
  using ledger = Ledger.openToLook(write.stateDirectory);
  const run = ledger.runs.lastWithChanges();
  if (run === undefined) return undefined;
  const ids = ledger.journal.idsOfRun(run.id);
  const some = ids.slice(0, MOST_FILES).flatMap((id) => {
    const plan = ledger.journal.find(id)?.plan;
    return plan === undefined ? [] : [{ path: plan.path, goes: plan.kind !== 'media' && plan.isNew }];
  });
  return { run: run.id, startedAt: run.startedAt, files: ids.length, some };
}
