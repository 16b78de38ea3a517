import { count, list, named } from '../config/words.ts';
import { sentenceOf } from '../errors.ts';
import { HOW_TO_HIDE_A_PARTNER, isPartnerInTimeline } from '../immich/partners.ts';
import { isExcluded } from '../immich/scan/exclusions.ts';
import { isNothing } from '../immich/scan/exposure.ts';
import { A_DIRECTORY_OF_ITS_OWN, describeExposure } from '../immich/scan/words.ts';
import { isSeenFrom, lookAtJob, WHERE_IDS_ARE } from '../share/checks/jobs.ts';
import { complaintAbout, howToNarrow, type LibraryScan } from '../share/checks/scans.ts';
import type { ImmichSchema } from '../immich/schema.ts';
import type { Fragment, Sql } from '../postgres/connect.ts';
import type { Job } from '../share/jobs/job.ts';
import { MAKE_LIBRARIES } from '../share/shared_albums/expand.ts';
import { type PlacedOriginal, placeOf } from '../share/jobs/placement.ts';
import { type Check, forEachJob } from './check.ts';
import { fail, ok, skipped, type Verdict, warn } from './finding.ts';
import type { Subject } from './subject.ts';

/** What the configured jobs name, and what becomes of what they share. */
export const JOB_CHECKS: readonly Check[] = [
  { group: 'jobs', name: 'jobs.accounts', look: lookAtAccounts },
  { group: 'jobs', name: 'jobs.partners', look: lookAtPartners },
  { group: 'jobs', name: 'jobs.selection', look: lookAtSelection },
  { group: 'jobs', name: 'jobs.scans', look: lookAtScans },
  { group: 'jobs', name: 'jobs.imports', look: lookAtImports },
];

/** Users, library, import path and album. */
async function lookAtAccounts(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, schema, paths] = [await subject.sql.use(), await subject.schema.use(), await subject.paths.use()];
  return await forEachJob(subject, async (job) => {
    const { problems, albumProblem } = await lookAtJob(sql, schema, job, paths);
    const { immich } = await subject.config.use();
    if (immich.apiKey !== undefined && problems.length > 0 && problems.every((what) => what.endsWith(MAKE_LIBRARIES))) {
      return [ok(`${named(job.name)}: the next sync makes the library for it, with IMMICH_API_KEY.`)];
    }
    if (problems.length > 0) return problems.map((what) => fail(`${named(job.name)}: ${what}.`, WHERE_IDS_ARE));
    if (albumProblem !== undefined) {
      return [warn(`${named(job.name)}: ${albumProblem}. Photos are shared without it.`, WHERE_IDS_ARE)];
    }
    const [names] = await sql<{ source: string; target: string; library: string; album: string | null }[]>`
      SELECT
        ${nameOf(sql, schema, 'user', job.sourceUserId)} AS source,
        ${nameOf(sql, schema, 'user', job.targetUserId)} AS target,
        ${nameOf(sql, schema, 'library', job.targetLibraryId)} AS library,
        ${nameOf(sql, schema, 'album', job.albumId ?? null)} AS album`;
    const { source = '', target = '', library = '', album = null } = names ?? {};
    const places = [`library ${named(library)}`, ...album === null ? [] : [`album ${named(album)}`]];
    return [ok(`${named(job.name)}: from ${source} to ${target}, ${list(places)}.`)];
  });
}

/** Only shown: without it, in a release that calls it otherwise, the id will do. */
function nameOf(
  sql: Sql,
  schema: Pick<ImmichSchema, 'has'>,
  table: 'user' | 'library' | 'album',
  id: string | null,
): Fragment {
  const column = table === 'album' ? 'albumName' : 'name';
  const name = schema.has(table, column) ? sql`${sql(column)}::text` : sql`NULL`;
  return sql`(SELECT coalesce(${name}, id::text) FROM ${sql(table)} WHERE id = ${id})`;
}

/** A partner whose photos are in the timeline is seen twice there. */
async function lookAtPartners(subject: Subject): Promise<readonly Verdict[]> {
  const sql = await subject.sql.use();
  return await forEachJob(
    subject,
    async (job) => [judgePartner(job.name, await isPartnerInTimeline(sql, job.sourceUserId, job.targetUserId))],
  );
}

export function judgePartner(job: string, isShown: boolean | undefined): Verdict {
  if (isShown === undefined) return skipped(`${named(job)}: this role may not see who is whose partner.`);
  if (!isShown) return ok(`${named(job)}: partner sharing shows nothing a second time in the timeline.`);
  return warn(
    `${
      named(job)
    }: the source also shares with the target as a partner, shown in the timeline, so each shared photo is there twice.`,
    HOW_TO_HIDE_A_PARTNER,
  );
}

async function lookAtSelection(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, selects] = [await subject.sql.use(), await subject.selection.use()];
  return await forEachJob(subject, async (job) => {
    const [row] = await sql<{ assets: number }[]>`
      SELECT count(*)::int AS assets FROM asset a WHERE ${selects(job)}`;
    return [judgeSelection(job, row?.assets ?? 0)];
  });
}

export function judgeSelection(job: Pick<Job, 'name' | 'sourcePathPrefix' | 'select'>, assets: number): Verdict {
  if (assets > 0) return ok(`${named(job.name)}: selects ${count(assets, 'photo or video', 'photos and videos')}.`);
  if (job.select !== undefined) {
    return warn(
      `${named(job.name)}: selects nothing: no photo that may be shared has any of its reasons.`,
      'immich-sidecar explain --job NAME says how many photos meet each of them; look in Immich whether photos are in the albums and have the tags.',
    );
  }
  const where = job.sourcePathPrefix === undefined ? '' : ` below ${named(job.sourcePathPrefix)}`;
  return warn(
    `${named(job.name)}: selects nothing: the source user has nothing${where} that may be shared.`,
    'Compare source_path_prefix with a path that Immich shows for one of their photos, and source_user_id with their address.',
  );
}

/** So many paths say which exclusion patterns meet a job. */
const SAMPLE = 500;

/** What a library scan by Immich does to what is shared. */
async function lookAtScans(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, selects] = [await subject.sql.use(), await subject.selection.use()];
  return await forEachJob(subject, async (job) => {
    const [library] = await sql<{ patterns: string[]; importPaths: string[] }[]>`
      SELECT "exclusionPatterns" AS patterns, "importPaths" FROM library WHERE id = ${job.targetLibraryId}`;
    const sources = await sql<PlacedOriginal[]>`
      SELECT a."originalPath", a."libraryId"
      FROM asset a
      WHERE ${selects(job)}
      ORDER BY random()
      LIMIT ${SAMPLE}`;
    const places = sources.map((source) => placeOf(job, source));
    const scan = (await subject.scans.orNothing())?.find((one) => one.library.id === job.targetLibraryId);
    const dangers = [
      ...judgeHidden(job, library?.importPaths ?? []),
      ...judgeExclusions(job, library?.patterns ?? [], places, scan),
    ];
    const { name, targetPathPrefix } = job;
    return dangers.length > 0 ? dangers : [ok(`${named(name)}: scans leave ${named(targetPathPrefix)} alone.`)];
  });
}

/** Empty when all is well. */
export function judgeHidden(
  { name, placement, targetPathPrefix }: Pick<Job, 'name' | 'placement' | 'targetPathPrefix'>,
  importPaths: readonly string[],
): Verdict[] {
  if (!isSeenFrom(importPaths, targetPathPrefix)) return [];
  return [warn(
    `${named(name)}: no part of ${
      named(targetPathPrefix)
    } below the library's import path begins with a dot, so a scan may ` +
      'import what lies there.',
    placement !== 'symlink'
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
  scan: LibraryScan | undefined,
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
    scan !== undefined && isNothing(scan.covered)
      ? 'In Immich, open Administration > External Libraries, edit the library and remove the pattern. Its import path ' +
        'contains nothing but what is ours, so it needs none (docs/placements.md).'
      : `Do not remove the pattern yet: without it a scan would import ${
        scan === undefined ? 'whatever lies in the import path' : describeExposure(scan.covered, scan.nameOf)
      }. ${scan === undefined ? A_DIRECTORY_OF_ITS_OWN : howToNarrow(scan)}`,
  )];
}

/** What scans of the target libraries would import besides what is ours. */
async function lookAtImports(subject: Subject): Promise<readonly Verdict[]> {
  const scans = await subject.scans.use();
  // What is not mounted is told by another check, unless the database alone says enough.
  if (scans.every((scan) => complaintAbout(scan) === undefined)) await subject.linker.use();
  return scans.flatMap(judgeImports);
}

/** A scan imports into one account what is another's as soon as an import path covers it and no pattern is in the way. */
export function judgeImports(scan: LibraryScan): Verdict[] {
  const { library, covered, next, nameOf } = scan;
  const complaint = complaintAbout(scan);
  if (complaint !== undefined) return [fail(sentenceOf(capital(complaint.message)), complaint.remedy)];
  const [name, owner] = [named(library.name), nameOf(library.ownerId)];
  if (next.own.length > 0 || next.unknownFiles.length > 0) {
    return [warn(
      `Immich's next scan of the library ${name} imports ${
        describeExposure({ ...next, others: [], unseen: [] }, nameOf)
      } into ${owner}'s account.`,
      `If that is not meant: ${howToNarrow(scan)}`,
    )];
  }
  if (covered.unseen.length > 0) {
    return [warn(
      `What a scan of the library ${name} would import is not known: ${
        list(covered.unseen.map(named))
      } cannot be seen here.`,
      'Mount the import path here as Immich has it, and name it with EXTERNAL_LIBRARY_DIR or PATH_MAP.',
    )];
  }
  return [ok(`A scan of the library ${name} imports nothing: its import path holds only what is ours.`)];
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function percent(part: number, whole: number): string {
  return `${Math.max(1, Math.round((part / whole) * 100))} %`;
}
