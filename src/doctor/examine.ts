import type { Check } from './check.ts';
import { CHECKS } from './checks.ts';
import { CHECK_GROUPS, type Finding, type Verdict } from './finding.ts';
import { Subject, type SubjectOptions } from './subject.ts';
import { withTimeout } from './timeout.ts';

/** Longer than any single look takes that gets an answer. */
const PATIENCE_MS = 20_000;

/** Looks at everything, all at once as far as one thing does not need another. Writes nothing, never throws. */
export async function examine(options: SubjectOptions, checks: readonly Check[] = CHECKS): Promise<Finding[]> {
  await using subject = new Subject(options);
  const found = await Promise.all(checks.map((check) => run(check, subject)));
  return CHECK_GROUPS.flatMap((group) => found.flat().filter((finding) => finding.group === group));
}

async function run({ group, name, isThorough, look }: Check, subject: Subject): Promise<Finding[]> {
  const work = async () => await look(subject);
  let verdicts: readonly Verdict[];
  try {
    const isPatient = isThorough === true && subject.options.isThorough;
    verdicts = isPatient ? await work() : await withTimeout(PATIENCE_MS, work);
  } catch (error) {
    verdicts = [await subject.explain(error)];
  }
  return verdicts.map((verdict) => ({ check: name, group, ...verdict }));
}

/** How many findings there are of each kind. */
export interface FindingCounts {
  readonly ok: number;
  readonly warn: number;
  readonly fail: number;
  readonly skipped: number;
}

export function countFindings(findings: readonly Finding[]): FindingCounts {
  const count = (status: Finding['status']) => findings.filter((finding) => finding.status === status).length;
  return { ok: count('ok'), warn: count('warn'), fail: count('fail'), skipped: count('skipped') };
}
