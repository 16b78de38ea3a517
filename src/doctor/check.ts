import type { Job } from '../share/jobs/job.ts';
import type { Group, Verdict } from './finding.ts';
import type { Subject } from './subject.ts';

/** One thing to look at. */
export interface Check {
  readonly group: Group;
  /** Stable, unique: `--json` tells it. */
  readonly name: string;
  /** Whether it takes as long as the library is large. */
  readonly isThorough?: true;
  /** Whatever it throws becomes a finding. */
  readonly look: (subject: Subject) => Promise<readonly Verdict[]>;
}

/** Looks at every configured job, whatever happens to the others. */
export async function forEachJob(
  subject: Subject,
  look: (job: Job) => Promise<readonly Verdict[]>,
): Promise<readonly Verdict[]> {
  const verdicts = await Promise.all((await subject.jobs.use()).map(async (job) => {
    try {
      return await look(job);
    } catch (error) {
      return [await subject.explain(error)];
    }
  }));
  return verdicts.flat();
}
