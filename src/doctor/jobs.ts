import { count, list, named } from '../config/words.ts';
import { isExcluded } from '../immich/exclusions.ts';
import { problemsOf, WHERE_IDS_ARE } from '../share/checks/jobs.ts';
import type { Job } from '../share/jobs/job.ts';
import { isHidden, mirrorOriginalPath } from '../share/jobs/placement.ts';
import { type Check, forEachJob } from './check.ts';
import { fail, ok, type Verdict, warn } from './finding.ts';
import type { Subject } from './subject.ts';

/** What the configured jobs name, and what becomes of what they share. */
export const JOB_CHECKS: readonly Check[] = [
  { group: 'jobs', name: 'jobs.accounts', look: lookAtAccounts },
  { group: 'jobs', name: 'jobs.selection', look: lookAtSelection },
  { group: 'jobs', name: 'jobs.scans', look: lookAtScans },
];

/** Users, library, import path and album. */
async function lookAtAccounts(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, schema] = [await subject.sql.use(), await subject.schema.use()];
  return await forEachJob(subject, async (job) => {
    const problems = await problemsOf(sql, schema, job);
    if (problems.length > 0) return problems.map((what) => fail(`${named(job.name)}: ${what}.`, WHERE_IDS_ARE));
    const [names] = await sql<{ source: string; target: string; library: string; album: string | null }[]>`
      SELECT
        (SELECT name FROM "user" WHERE id = ${job.sourceUserId}) AS source,
        (SELECT name FROM "user" WHERE id = ${job.targetUserId}) AS target,
        (SELECT name FROM library WHERE id = ${job.targetLibraryId}) AS library,
        (SELECT "albumName" FROM album WHERE id = ${job.albumId ?? null}) AS album`;
    const { source = '', target = '', library = '', album = null } = names ?? {};
    const places = [`library ${named(library)}`, ...album === null ? [] : [`album ${named(album)}`]];
    return [ok(`${named(job.name)}: from ${source} to ${target}, ${list(places)}.`)];
  });
}

async function lookAtSelection(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, selects] = [await subject.sql.use(), await subject.selection.use()];
  return await forEachJob(subject, async (job) => {
    const [row] = await sql<{ assets: number }[]>`
      SELECT count(*)::int AS assets FROM asset a WHERE ${selects(job)}`;
    return [judgeSelection(job, row?.assets ?? 0)];
  });
}

export function judgeSelection(job: Pick<Job, 'name' | 'sourcePathPrefix'>, assets: number): Verdict {
  if (assets > 0) return ok(`${named(job.name)}: selects ${count(assets, 'photo or video', 'photos and videos')}.`);
  const where = job.sourcePathPrefix === undefined ? '' : ` below ${named(job.sourcePathPrefix)}`;
  return warn(
    `${named(job.name)}: selects nothing: the source user has nothing${where} that may be shared.`,
    'Compare source_path_prefix with a path that Immich shows for one of his photos, and source_user_id with his address.',
  );
}

/** So many paths say which exclusion patterns meet a job. */
const SAMPLE = 500;

/** What a library scan by Immich does to what is shared. */
async function lookAtScans(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, selects] = [await subject.sql.use(), await subject.selection.use()];
  return await forEachJob(subject, async (job) => {
    const [library] = await sql<{ patterns: string[] }[]>`
      SELECT "exclusionPatterns" AS patterns FROM library WHERE id = ${job.targetLibraryId}`;
    const sources = await sql<{ path: string }[]>`
      SELECT a."originalPath" AS path
      FROM asset a
      WHERE ${selects(job)}
      ORDER BY random()
      LIMIT ${SAMPLE}`;
    const places = sources.map(({ path }) => mirrorOriginalPath(job.mappings, path));
    const dangers = [...judgeHidden(job), ...judgeExclusions(job, library?.patterns ?? [], places)];
    const { name, targetPathPrefix } = job;
    return dangers.length > 0 ? dangers : [ok(`${named(name)}: scans leave ${named(targetPathPrefix)} alone.`)];
  });
}

/** Empty when all is well. */
export function judgeHidden(
  { name, placement, targetPathPrefix }: Pick<Job, 'name' | 'placement' | 'targetPathPrefix'>,
): Verdict[] {
  if (isHidden(targetPathPrefix)) return [];
  return [warn(
    `${named(name)}: no part of ${named(targetPathPrefix)} begins with a dot, so a scan may import what lies there.`,
    placement === 'hardlink'
      ? 'Choose a hidden directory for target_path_prefix (docs/placements.md).'
      : 'Give the symbolic link a name that begins with a dot, and target_path_prefix with it (docs/placements.md).',
  )];
}

/**
 * Empty when all is well.
 *
 * @param places paths of mirrors, as Immich sees them: some of those that there are or will be
 */
export function judgeExclusions(
  job: Pick<Job, 'name' | 'targetPathPrefix'>,
  patterns: readonly string[],
  places: readonly string[],
): Verdict[] {
  const samples = places.length > 0 ? places : [`${job.targetPathPrefix}photo.jpg`];
  const harmful = patterns
    .map((pattern) => ({ pattern, hits: samples.filter((path) => isExcluded(pattern, path)).length }))
    .filter(({ hits }) => hits > 0);
  if (harmful.length === 0) return [];
  const most = Math.max(...harmful.map(({ hits }) => hits));
  const which = list(harmful.map(({ pattern }) => named(pattern)));
  const part = most === samples.length
    ? 'every shared photo'
    : `about ${percent(most, samples.length)} of the shared photos`;
  return [fail(
    `${named(job.name)}: the target's library excludes ${which}, so Immich's next scan takes ${part} offline.`,
    'In Immich, open Administration > External Libraries, edit the library and remove the pattern. A hidden directory ' +
      'needs none (docs/placements.md).',
  )];
}

function percent(part: number, whole: number): string {
  return `${Math.max(1, Math.round((part / whole) * 100))} %`;
}
