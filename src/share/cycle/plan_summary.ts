import { count, counted } from '../../config/words.ts';
import { plain, quotedPath } from '../../config/quote.ts';
import type { PlanLine } from '../phases/phase.ts';
import { describeStanding } from '../standing/words.ts';
import { retryOf, type SkipReason, type Standing } from './outcome.ts';
import type { PlannedJobs, PlannedStep } from './dry_run.ts';

/** The largest are named, the others counted. */
const MOST_GROUPS = 8;

/** Lines of one kind and sign of one job. */
interface Kind {
  readonly sign: PlanLine['sign'];
  readonly kind: string;
  count: number;
  /** How many there are in a folder, or for a reason. */
  readonly groups: Map<string, number>;
}

/** What a dry run would do, by job, kind and folder: a first copy has more photos than anybody reads. */
export class PlanSummary {
  readonly #jobs = new Map<string, Map<string, Kind>>();

  add(step: PlannedStep, lines: readonly PlanLine[]): void {
    const kinds = this.#jobs.get(step.job ?? '') ?? new Map<string, Kind>();
    this.#jobs.set(step.job ?? '', kinds);
    for (const { sign, kind, count = 1, folder, reason } of lines) {
      const key = `${sign} ${kind}`;
      const one = kinds.get(key) ?? { sign, kind, count: 0, groups: new Map<string, number>() };
      kinds.set(key, one);
      one.count += count;
      const group = reason ?? (folder === undefined ? undefined : quotedPath(folder));
      if (group !== undefined) one.groups.set(group, (one.groups.get(group) ?? 0) + count);
    }
  }

  /** For people; empty when there is nothing to say. */
  describe({ standings, criteria }: PlannedJobs): string {
    const names = [...new Set([...standings.keys(), ...this.#jobs.keys()])].filter((name) => name !== '');
    const parts = [...names, ''].map((name) => {
      const lines = [...this.#jobs.get(name)?.values() ?? []].flatMap(describeKind);
      const standing = standings.get(name);
      if (standing !== undefined) lines.push(...whatStays(standing).map((line) => `  ${line}`));
      if (lines.length === 0) return '';
      const why = (criteria.get(name) ?? []).map((line) => `  ${line}`);
      return [name === '' ? 'for all shares' : plain(name), ...why, ...lines].map((line) => `${line}\n`).join('');
    });
    return parts.filter((part) => part !== '').join('\n');
  }
}

function describeKind({ sign, kind, count, groups }: Kind): string[] {
  const largest = [...groups].toSorted(([, a], [, b]) => b - a);
  const rest = largest.slice(MOST_GROUPS);
  const more = rest.reduce((sum, [, number]) => sum + number, 0);
  return [
    `  ${sign} ${counted(count, kind)}`,
    ...largest.slice(0, MOST_GROUPS).map(([group, number]) => `      ${number.toLocaleString('en')}: ${group}`),
    ...rest.length === 0 ? [] : [`      ${more.toLocaleString('en')}: in ${rest.length} more`],
  ];
}

/** What a cycle would leave as it is, and why: what it would do, and what it would try, is in the plan. */
function whatStays(standing: Standing): string[] {
  const decided = Object.entries(standing.skipped).filter(([reason]) => retryOf(reason as SkipReason) === 'never');
  const shared = standing.mirrored > 0 ? [`${count(standing.mirrored, 'is', 'are')} shared already`] : [];
  return [...shared, ...describeStanding({ ...standing, next: 0, skipped: Object.fromEntries(decided) })];
}
