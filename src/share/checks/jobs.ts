import { UserError } from '../../errors.ts';
import { isBelow, type PathMap } from '../../files/path_map.ts';
import { albumOwner } from '../../immich/albums.ts';
import { MANAGED_FOLDERS } from '../../immich/layout.ts';
import { crawlRoot, importPathOf, isCrawled } from '../../immich/scan/crawler.ts';
import { isExcluded } from '../../immich/scan/exclusions.ts';
import { A_DIRECTORY_OF_ITS_OWN } from '../../immich/scan/words.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { NOBODY_ID } from '../selection/names.ts';
import { hostPath, misnamedPrefix } from './prefixes.ts';

/** What the database says about the ids that a job names; null where there is no such row. */
interface JobFacts {
  readonly source_exists: boolean;
  readonly target_exists: boolean;
  readonly library_owner_id: string | null;
  readonly import_paths: string[] | null;
  readonly exclusion_patterns: string[] | null;
  readonly album_exists: boolean;
  readonly album_owner_id: string | null;
}

/** The remedy for most of what can be wrong with a job. */
export const WHERE_IDS_ARE =
  'Ids are in the address bar of Immich (Administration > Users, > External Libraries; an album). ' +
  'docs/configuration.md explains each setting, docs/placements.md the paths.';

/** What a look at the ids and paths of a job has found, as sentences without their job. */
export interface JobFindings {
  /** What makes it impossible. */
  readonly problems: readonly string[];
  /** What will work now and hurt later. */
  readonly doubts: readonly string[];
  /** Why nothing can be put into its album; the rest goes on. */
  readonly albumProblem: string | undefined;
}

/** Compares every id and path that a job names with the database. Reads only. */
export async function lookAtJob(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
  paths: PathMap,
): Promise<JobFindings> {
  const facts = await readFacts(sql, schema, job);
  return {
    problems: [...judge(job, facts), ...await misnamed(sql, job, paths)],
    doubts: doubts(job, facts),
    albumProblem: judgeAlbum(job, facts),
  };
}

/** One error (exit 2) for everything that is wrong with jobs; each sentence names its job. */
export function misfit(problems: readonly string[]): UserError {
  return new UserError(`The configuration does not fit this Immich:\n  - ${problems.join('\n  - ')}`, {
    problemCode: 'job-unfit',
    remedy: WHERE_IDS_ARE,
  });
}

async function misnamed(sql: Sql, job: Job, paths: PathMap): Promise<string[]> {
  const target = paths.rootOf(job.targetPathPrefix.slice(0, -1)) === undefined
    ? hostPath(job.targetPathPrefix, paths)
    : undefined;
  return [
    await misnamedPrefix(sql, job, paths),
    target &&
    `target_path_prefix: ${JSON.stringify(job.targetPathPrefix)} is a path of this machine; in Immich it is ${
      JSON.stringify(target)
    }, which has to be written here`,
  ].filter((problem) => problem !== undefined);
}

async function readFacts(sql: Sql, schema: ImmichSchema, job: Job): Promise<JobFacts> {
  const [facts] = await sql<JobFacts[]>`
    SELECT
      EXISTS (SELECT 1 FROM "user" u WHERE u.id = ${job.sourceUserId} AND u."deletedAt" IS NULL) AS source_exists,
      EXISTS (SELECT 1 FROM "user" u WHERE u.id = ${job.targetUserId} AND u."deletedAt" IS NULL) AS target_exists,
      l."ownerId" AS library_owner_id,
      l."importPaths" AS import_paths,
      l."exclusionPatterns" AS exclusion_patterns,
      al.id IS NOT NULL AS album_exists,
      ${albumOwner(sql, schema.catalog, 'al')} AS album_owner_id
    FROM (SELECT 1) AS one
    LEFT JOIN library l ON l.id = ${job.targetLibraryId} AND l."deletedAt" IS NULL
    LEFT JOIN album al ON al.id = ${job.albumId ?? null} AND al."deletedAt" IS NULL`;
  if (facts === undefined) throw new Error('a query without FROM returned no row');
  return facts;
}

/** What makes a job impossible. Pure. */
function judge(job: Job, facts: JobFacts): string[] {
  const problems = [...job.nameProblems];
  if (job.pair !== undefined && !isPairThere(job, facts)) return [...problems, ...pairAway(job, facts)];
  if (!facts.source_exists && job.sourceUserId !== NOBODY_ID) {
    problems.push(`source_user_id: there is no user ${job.sourceUserId}`);
  }
  if (!facts.target_exists && job.targetUserId !== NOBODY_ID) {
    problems.push(`target_user_id: there is no user ${job.targetUserId}`);
  }
  if (facts.library_owner_id === null) {
    problems.push(
      `target_library_id: there is no external library ${job.targetLibraryId}; create one for the target user in Immich`,
    );
  } else if (facts.library_owner_id !== job.targetUserId && job.targetUserId !== NOBODY_ID) {
    problems.push(
      `target_library_id: the library ${job.targetLibraryId} belongs to user ${facts.library_owner_id}, not to the target user`,
    );
  } else if (!facts.import_paths?.some((path) => job.targetPathPrefix.startsWith(path))) {
    problems.push(
      `target_path_prefix: ${JSON.stringify(job.targetPathPrefix)} lies in none of the import paths of the library ` +
        `(${
          facts.import_paths?.map((path) => JSON.stringify(path)).join(', ') || 'it has none'
        }), so a scan would take ` +
        `every shared photo offline; ${whichPrefix(job, facts) ?? whichImportPath(job)}`,
    );
  }
  const managed = MANAGED_FOLDERS.find((folder) => isBelow(job.targetPathPrefix, `${job.mediaLocation}/${folder}`));
  if (managed !== undefined) {
    problems.push(
      `${
        JSON.stringify(job.targetPathPrefix)
      } lies in Immich's own folder "${managed}"; use a folder of its own, such as ` +
        `${job.mediaLocation}/shared/<target>/.<source>/`,
    );
  }
  return problems;
}

/** Whether both users and the library of a pair are there: what is not is told in its own words. */
function isPairThere({ targetLibraryId }: Job, { source_exists, target_exists }: JobFacts): boolean {
  return source_exists && target_exists && targetLibraryId !== NOBODY_ID;
}

function pairAway({ sourceUserId, targetUserId }: Job, facts: JobFacts): string[] {
  const away = [
    ...facts.source_exists || sourceUserId === NOBODY_ID ? [] : [sourceUserId],
    ...facts.target_exists || targetUserId === NOBODY_ID ? [] : [targetUserId],
  ];
  return away.map((id) =>
    `the account ${id} is deleted in Immich; what is shared stays as it is until Immich has removed the account or it is restored`
  );
}

/** An album belongs to the target's owner, who may delete it or give it away at any time. Pure. */
function judgeAlbum({ albumId, targetUserId }: Job, facts: JobFacts): string | undefined {
  if (albumId === undefined) return undefined;
  if (!facts.album_exists) return `album_id: there is no album ${albumId}`;
  return facts.album_owner_id === targetUserId
    ? undefined
    : `album_id: the album ${albumId} does not belong to the target user`;
}

/** Never just "a directory above": an import path gives the library's owner whatever else lies in it. */
/** Where Immich has another media location than when the prefix was written, and the import path has followed it. */
function whichPrefix({ targetPathPrefix, mediaLocation }: Job, { import_paths }: JobFacts): string | undefined {
  for (const path of import_paths ?? []) {
    if (!isBelow(path, mediaLocation)) continue;
    const rest = `${path.slice(mediaLocation.length).replace(/\/$/, '')}/`;
    const start = targetPathPrefix.indexOf(rest);
    if (start <= 0) continue;
    return `Immich has its media in ${JSON.stringify(mediaLocation)}: write ${
      JSON.stringify(mediaLocation + targetPathPrefix.slice(start))
    } (docs/moving.md)`;
  }
}

function whichImportPath({ targetPathPrefix }: Job): string {
  const importPath = importPathOf(targetPathPrefix);
  return importPath === ''
    ? `no part of it begins with a dot. ${A_DIRECTORY_OF_ITS_OWN}`
    : `give the library the import path ${JSON.stringify(importPath)}, and none that covers more`;
}

/** What will work now and hurt later. Pure. */
function doubts(job: Job, facts: JobFacts): string[] {
  const warnings = [...job.nameWarnings];
  if (job.placement !== 'symlink' && isSeenFrom(facts.import_paths ?? [], job.targetPathPrefix)) {
    warnings.push(
      `no part of ${
        JSON.stringify(job.targetPathPrefix)
      } below the import path begins with a dot, so Immich may import a ` +
        'link before its row exists; choose a hidden directory (docs/placements.md)',
    );
  }
  const hurtful =
    facts.exclusion_patterns?.filter((pattern) => isExcluded(pattern, `${job.targetPathPrefix}photo.jpg`)) ?? [];
  if (hurtful.length > 0) {
    warnings.push(
      `the target library excludes ${
        hurtful.join(' and ')
      }: the next library scan will take every shared photo offline; ` +
        'doctor says whether that can be removed, or what has to be done first (docs/placements.md)',
    );
  }
  return warnings;
}

/** Whether Immich's crawler comes to what lies below a prefix: a hidden directory above the import path hides nothing. */
export function isSeenFrom(importPaths: readonly string[], targetPathPrefix: string): boolean {
  return importPaths.some((path) => {
    const root = crawlRoot(path);
    return root !== undefined && isCrawled(targetPathPrefix.slice(0, -1), root);
  });
}
