import { ALL_PHASES } from '../phases/list.ts';
import type { Phase, PlanLine, Units } from '../phases/phase.ts';
import type { Job } from '../jobs/job.ts';
import type { Standing } from './outcome.ts';
import type { View } from './tools.ts';
import { unitsOf } from './units.ts';

/** One page of a plan, as its phase would consume it. */
export interface PlannedStep {
  readonly phase: string;
  readonly job?: string;
  readonly targetUserId?: string;
  readonly plan: unknown;
}

/** What is said of jobs beside a plan, by their names. */
export interface PlannedJobs {
  /** Where everything stands now. */
  readonly standings: ReadonlyMap<string, Standing>;
  /** How many photos meet each criterion, as lines; of jobs that have any. */
  readonly criteria: ReadonlyMap<string, readonly string[]>;
}

/** Gets each page as soon as it is there, and what it says in words. */
export type PlanSink = (step: PlannedStep, lines: readonly PlanLine[]) => void;

/**
 * Makes the plans of one full cycle, in the order in which a cycle applies them, and hands each to `sink` as soon as it is
 * there, a page at a time. What a later phase would do with mirrors that do not exist yet is not in them.
 */
export async function planCycle(view: View, sink: PlanSink): Promise<void> {
  for (const phase of ALL_PHASES) {
    for (const unit of await unitsOf(phase, view)) {
      const subject = subjectOf(phase, unit);
      for await (const plan of phase.plan(view, unit as never)) {
        sink({ phase: phase.name, ...subject, plan }, phase.describe(plan));
      }
    }
  }
}

function subjectOf({ per }: Phase, unit: Units[keyof Units]): Pick<PlannedStep, 'job' | 'targetUserId'> {
  if (per === 'cycle') return {};
  return per === 'target' ? { targetUserId: unit as string } : { job: (unit as Job).name };
}
