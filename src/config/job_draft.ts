import type { JobField } from './job_fields.ts';
import type { ConfigProblem } from './problems.ts';
import type { Raw } from './sources.ts';

/** A job as it was written, from the YAML file or from the environment. */
export interface JobDraft {
  readonly fields: ReadonlyMap<JobField, Raw>;
  /** How to report a required key that is not there. */
  missing(field: JobField): Pick<ConfigProblem, 'key' | 'place' | 'message'>;
}
