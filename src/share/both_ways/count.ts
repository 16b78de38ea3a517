import type { Sql } from '../../postgres/connect.ts';
import { type ConflictView, readConflicts } from './conflicts.ts';
import { readWaitingJobs, waitingOf } from './waiting.ts';

/** What of a job waits for a person. */
export interface OpenDecisionCount {
  /** What was changed by both. */
  readonly conflicts: number;
  /** Originals, and people, that would be changed by recipients. */
  readonly waiting: number;
}

/** Counts what waits for a person, for each job of which anything does. Reads only. */
export async function countDecisions(sql: Sql, view: ConflictView): Promise<ReadonlyMap<string, OpenDecisionCount>> {
  const counts = new Map<string, OpenDecisionCount>();
  for (const way of await readWaitingJobs(sql)) {
    const { name } = waitingOf(way);
    if (way.confirmedAt === null) {
      counts.set(name, { conflicts: 0, waiting: (counts.get(name)?.waiting ?? 0) + way.photos });
    }
  }
  for (const { job } of await readConflicts(sql, view)) {
    const { conflicts, waiting } = counts.get(job) ?? { conflicts: 0, waiting: 0 };
    counts.set(job, { conflicts: conflicts + 1, waiting });
  }
  return counts;
}
