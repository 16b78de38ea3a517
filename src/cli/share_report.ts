import { counted } from '../config/words.ts';
import { plain } from '../config/quote.ts';
import { describeBrake } from '../share/brake/words.ts';
import type { CycleReport } from '../share/cycle/report.ts';
import type { JobReport } from '../share/cycle/report.ts';
import { CYCLE_COUNTS, type CycleCount, JOB_COUNTS, type JobCount } from '../share/phases/list.ts';
import { describeRetries, describeStanding } from '../share/standing/words.ts';
import { listProblems } from './list_problems.ts';
import { table } from './output.ts';

/** A cycle as a small table with a line below it for everything that waits or failed. */
export function describeCycle(report: CycleReport): string {
  const rows = report.jobs.map((job) => [
    job.job,
    String(job.standing?.selected ?? ''),
    String(job.standing?.mirrored ?? ''),
    String(job.created),
    String(job.faces),
    String(job.people),
    String(job.links),
    String(total(job.withdrawn)),
  ]);
  if (report.jobs.length === 0) {
    return `${describeWhole(report)}nothing has changed; ${outcomeOf(report)} in ${report.seconds.toFixed(1)} s\n`;
  }
  const heading = ['share', 'selected', 'shared', 'new', 'faces', 'people', 'links', 'removed'];
  return table([heading, ...rows], new Set([1, 2, 3, 4, 5, 6, 7])) + report.jobs.map(describeRest).join('') +
    describeWhole(report) +
    report.brakes.map((brake) => `\n${describeBrake(brake)}\n\n`).join('') +
    `${outcomeOf(report)} in ${report.seconds.toFixed(1)} s\n`;
}

/** What belongs to no job. */
function describeWhole(report: CycleReport): string {
  const counts = Object.entries(CYCLE_COUNTS).map(([name, what]) => ({ count: report[name as CycleCount], what }));
  const lines = counts.filter(({ count }) => count > 0).map(({ count, what }) => counted(count, what));
  const again = describeRetries(report.retries);
  return [...lines, ...listProblems(report.problems), ...again === undefined ? [] : [again]].map((line) =>
    `  ${line}\n`
  ).join('');
}

function outcomeOf({ brakes, complete }: CycleReport): string {
  if (brakes.length > 0) return 'paused, as too much would be removed at once; everything else is done';
  return complete ? 'done' : 'done, with failures';
}

/** What has a column. */
const IN_TABLE: ReadonlySet<string> = new Set<JobCount>(['created', 'faces', 'people', 'links']);

/** The same with what the cycle has done. */
function describeRest(job: JobReport): string {
  const lines = job.standing === undefined ? [] : describeStanding(job.standing);
  const changes = Object.entries(JOB_COUNTS).filter(([name]) => !IN_TABLE.has(name)).map(([name, what]) => ({
    count: job[name as JobCount],
    what,
  }));
  lines.push(...changes.filter(({ count }) => count > 0).map(({ count, what }) => counted(count, what)));
  for (const [reason, count] of Object.entries(job.withdrawn)) lines.push(`${count} removed: ${reason}`);
  lines.push(...listProblems(job.problems));
  return lines.length === 0 ? '' : `${plain(job.job)}:\n` + lines.map((line) => `  ${line}\n`).join('');
}

function total(counts: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(counts).reduce<number>((sum, count) => sum + (count ?? 0), 0);
}
