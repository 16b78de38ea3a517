import { findIdle, letGo } from '../shared_albums/same_name.ts';
import { forgetIdleShares } from '../stops/stops.ts';
import { plain } from '../../config/quote.ts';
import { UserError } from '../../errors.ts';
import { isNativelyShared } from '../../immich/native_shares.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Problem } from '../../problems/problem.ts';
import type { Tools, View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { handOverAll, isOnNoMirror } from '../people/hand_over.ts';
import { removeOrphans } from '../phases/orphans.ts';
import { removeIdleTagsOf } from '../phases/tags.ts';
import { undoUnfinished } from '../phases/unfinished.ts';
import { removeMirrors } from '../mirrors/remove.ts';
import { forgetPhotos, type RememberedPhoto } from '../remembered/forget.ts';
import { jobsMeaning } from '../selection/job_rows.ts';
import type { Withdrawal } from '../mirrors/withdrawal.ts';

/** Whose mirrors are removed: those of one job, those that one user has, or all. */
export interface UnshareChoice {
  readonly job?: string | undefined;
  readonly targetUserId?: string | undefined;
}

/** What is removed. A dry run prints it; apply consumes it. */
export interface UnsharePlan {
  readonly mirrors: readonly Withdrawal[];
  /** Photos that are not shared now, of which is remembered what their receiver had done to them. */
  readonly remembered: readonly RememberedPhoto[];
  /** Users who have them, or who have people through sharing. */
  readonly targetUserIds: readonly string[];
  /** Configured jobs that would share the same again. */
  readonly configuredJobs: readonly string[];
  readonly counts: UnshareCounts;
}

export interface UnshareCounts {
  readonly mirrors: number;
  /** People who are on nothing else that the users have. */
  readonly people: number;
  readonly links: number;
  /** Size of the originals, which keep their names at the source: nothing is freed and nothing lost. */
  readonly bytes: number;
  /** Mirrors of the job that stay, as another job selects them too. */
  readonly kept: number;
  /** Mirrors whose sources are gone: nobody else has these photos. */
  readonly lastCopies: number;
}

export interface UnshareResult {
  readonly mirrors: number;
  readonly people: number;
  readonly links: number;
  /** Mirrors that stay as their files could not be removed. Run again when the cause is repaired. */
  readonly problems: readonly Problem[];
}

/** Decides what is removed. Reads only. Throws UserError for a job or user that nothing is known of. */
export async function planUnshare(
  sql: Sql,
  { jobs, schema }: Pick<View, 'jobs' | 'schema'>,
  choice: UnshareChoice,
): Promise<UnsharePlan> {
  const known = await readShares(sql);
  assertKnown(known, jobs, choice);
  const found = await findMirrors(sql, jobs, choice);
  const leaving = found.filter(({ isKept }) => !isKept);
  const mirrors = leaving.map(({ isKept: _, isLast: __, ...mirror }): Withdrawal => mirror);
  const targetUserIds = [
    ...new Set([...mirrors, ...whoHas(known, jobs, choice)].map((one) => one.targetUserId)),
  ];
  return {
    mirrors,
    remembered: await findRemembered(sql, jobs, choice),
    targetUserIds,
    configuredJobs: jobs.filter((job) => isMeant(job, choice)).map(({ name }) => name),
    counts: {
      mirrors: mirrors.length,
      kept: found.length - mirrors.length,
      lastCopies: leaving.filter(({ isLast }) => isLast).length,
      ...await countBelongings(sql, schema, mirrors.map(({ mirrorAssetId }) => mirrorAssetId), targetUserIds),
    },
  };
}

/**
 * Removes what is planned: files before rows, batch by batch, so that a run that was killed is simply started again. Then
 * the people whom nobody sees any more; one on photos of the user's own stays as theirs. Nothing is remembered.
 *
 * Throws UserError, before anything is removed, when a directory of links is not here.
 */
export async function applyUnshare(
  tools: Tools,
  plan: UnsharePlan,
  onProgress: (mirrors: number) => void,
): Promise<UnshareResult> {
  const { sql, transaction } = tools.database;
  await assertLinksAreHere(tools, plan);
  const problems: Problem[] = [];
  const onProblem = (problem: Problem) => void problems.push(problem);
  // What stays now is tried, and told, again at the end.
  await undoUnfinished(tools, () => {});
  const before = await countLinks(sql);
  const removal = await removeMirrors(tools, plan.mirrors, onProgress);
  problems.push(...removal.problems);
  let people = 0;
  for (const targetUserId of plan.targetUserIds) {
    people += await removeOrphans(tools, targetUserId, onProblem);
    await handOverAll(tools, targetUserId, isOnNoMirror, onProblem);
    await removeIdleTagsOf(tools, targetUserId, onProblem);
  }
  await undoUnfinished(tools, onProblem);
  await forgetPhotos(tools.database, plan.remembered, onProblem);
  await transaction(async (tx) => await letGo(tx, tools.schema, await findIdle(tx)));
  await transaction(forgetIdleBrakes);
  await transaction(forgetIdleShares);
  return { mirrors: removal.withdrawn.length, people, links: before - await countLinks(sql), problems };
}

/** Users who have anything that is meant, if only people: a run that was killed had removed the rest. */
function whoHas(known: readonly Share[], jobs: readonly Job[], choice: UnshareChoice): readonly Share[] {
  const target = choice.targetUserId ?? jobs.find(({ name }) => name === choice.job)?.targetUserId;
  if (choice.job !== undefined && target === undefined) return [];
  return known.filter(({ targetUserId }) => target === undefined || target === targetUserId);
}

function isMeant(job: Job, { job: name, targetUserId }: UnshareChoice): boolean {
  return (name === undefined || job.name === name) && (targetUserId === undefined || job.targetUserId === targetUserId);
}

/** Who has something through sharing: photos of a job, or people (no job). */
interface Share {
  readonly job: string | null;
  readonly targetUserId: string;
}

/** What is shared with whom. */
export async function readShares(sql: Sql): Promise<Share[]> {
  return await sql<Share[]>`
    SELECT job_name AS job, target_user_id AS "targetUserId"
    FROM immich_sidecar.asset_map
    GROUP BY job_name, target_user_id
    UNION
    SELECT job_name, target_user_id
    FROM immich_sidecar_remembered.photo
    UNION
    SELECT NULL, target_user_id
    FROM immich_sidecar.person_map`;
}

/** A name that was mistyped must not look like a job without mirrors. */
export function assertKnown(
  known: readonly Share[],
  jobs: readonly Job[],
  { job, targetUserId }: UnshareChoice,
): void {
  const names = new Set([...jobs.map(({ name }) => name), ...known.flatMap((share) => share.job ?? [])]);
  if (job !== undefined && !names.has(job)) {
    throw new UserError(`There is no share ${JSON.stringify(job)}, and no photo was shared by one.`, {
      problemCode: 'unknown-name',
      remedy: `Known are: ${[...names].map((name) => JSON.stringify(name)).join(', ') || 'none'}.`,
    });
  }
  const users = new Set([...jobs, ...known].map((share) => share.targetUserId));
  if (targetUserId !== undefined && !users.has(targetUserId)) {
    throw new UserError(`Nothing is shared with the user ${targetUserId}.`, {
      problemCode: 'unknown-name',
      remedy: `Something is shared with: ${[...users].join(', ') || 'nobody'}.`,
    });
  }
}

type FoundMirror = Withdrawal & { readonly isKept: boolean; readonly isLast: boolean };

/**
 * The mirrors that are meant. Those of a job are the ones that it has made, and those of a job of another name that is not
 * configured any more and that it selects now; one that another configured job selects too is kept.
 */
async function findMirrors(sql: Sql, jobs: readonly Job[], choice: UnshareChoice): Promise<FoundMirror[]> {
  return await sql<FoundMirror[]>`
    SELECT
      m.mirror_asset_id AS "mirrorAssetId",
      m.source_asset_id AS "sourceAssetId",
      m.target_user_id AS "targetUserId",
      m.job_name AS "jobName",
      'unshared' AS reason,
      ${choice.job === undefined ? sql`false` : isSelectedByAny(sql, jobs.filter(({ name }) => name !== choice.job))}
        AS "isKept",
      a.id IS NULL AS "isLast"
    FROM immich_sidecar.asset_map m
    LEFT JOIN asset a ON a.id = m.source_asset_id
    WHERE ${choice.targetUserId === undefined ? sql`true` : sql`m.target_user_id = ${choice.targetUserId}`}
      AND ${choice.job === undefined ? sql`true` : isOfJob(sql, jobs, choice.job)}
    ORDER BY m.job_name, m.mirror_asset_id`;
}

async function findRemembered(sql: Sql, jobs: readonly Job[], choice: UnshareChoice): Promise<RememberedPhoto[]> {
  return await sql<RememberedPhoto[]>`
    SELECT m.source_asset_id AS "sourceAssetId", m.target_user_id AS "targetUserId"
    FROM immich_sidecar_remembered.photo m
    LEFT JOIN asset a ON a.id = m.source_asset_id
    WHERE ${choice.targetUserId === undefined ? sql`true` : sql`m.target_user_id = ${choice.targetUserId}`}
      AND ${choice.job === undefined ? sql`true` : isOfJob(sql, jobs, choice.job)}
    ORDER BY 1, 2`;
}

/** Whether the mapping `m`, whose source is `a`, is meant by the name of a job. */
export function isOfJob(sql: Sql, jobs: readonly Job[], name: string): Fragment {
  const configured = jobs.map((job) => job.name);
  return sql`(
    m.job_name = ${name}
    OR (
      m.job_name <> ALL (${configured}::text[])
      AND ${isSelectedByAny(sql, jobs.filter((job) => job.name === name))}
    )
  )`;
}

/** Whether any of these jobs selects the source `a` of the mapping `m`. Null counts as no. */
function isSelectedByAny(sql: Sql, jobs: readonly Job[]): Fragment {
  return sql`EXISTS (${jobsMeaning(sql, jobs, sql`job."targetUserId" = m.target_user_id`)})`;
}

/** What hangs on these mirrors: links, bytes of the originals, and people who are on nothing else. */
export async function countBelongings(
  sql: Sql,
  schema: ImmichSchema,
  mirrorIds: readonly string[],
  targetUserIds: readonly string[],
): Promise<{ people: number; links: number; bytes: number }> {
  const { faceKey } = schema.people;
  const [row] = await sql<{ people: number; links: number; bytes: number }[]>`
    WITH leaving AS MATERIALIZED (
      SELECT unnest(${mirrorIds as string[]}::uuid[]) AS id
    ),
    ours AS MATERIALIZED (
      SELECT mirror_person_id AS id, target_user_id
      FROM immich_sidecar.person_map
      WHERE is_ours
        AND target_user_id = ANY (${targetUserIds as string[]}::uuid[])
        AND NOT ${isNativelyShared(sql, schema, sql`target_user_id`, sql`mirror_person_id`)}
    ),
    gone AS (
      SELECT id, target_user_id
      FROM ours
      EXCEPT
      SELECT f.${sql(faceKey)}, a."ownerId"
      FROM ours
      JOIN asset_face f ON f.${sql(faceKey)} = ours.id AND f."deletedAt" IS NULL
      JOIN asset a ON a.id = f."assetId"
      LEFT JOIN leaving ON leaving.id = f."assetId"
      WHERE leaving.id IS NULL
    )
    SELECT
      (SELECT count(*)::int FROM gone) AS people,
      (
        SELECT count(*)::int
        FROM immich_sidecar.link l
        WHERE l.mirror_id IN (SELECT id FROM leaving UNION ALL SELECT id FROM gone)
      ) AS links,
      (
        SELECT coalesce(sum(e."fileSizeInByte"), 0)::float8
        FROM leaving
        JOIN asset_exif e ON e."assetId" = leaving.id
      ) AS bytes`;
  return row ?? { people: 0, links: 0, bytes: 0 };
}

async function countLinks(sql: Sql): Promise<number> {
  const [row] = await sql<{ links: number }[]>`SELECT count(*)::int AS links FROM immich_sidecar.link`;
  return row?.links ?? 0;
}

/**
 * Without its disk a link cannot be removed, and without its row it would never be found again. The directories that are looked
 * for are those that stay when their last link goes.
 */
export async function assertLinksAreHere(
  { database: { sql }, files: { paths } }: Pick<Tools, 'database' | 'files'>,
  { mirrors }: Pick<UnsharePlan, 'mirrors'>,
): Promise<void> {
  const directories = await sql<{ path: string }[]>`
    SELECT DISTINCT keep AS path
    FROM immich_sidecar.link
    WHERE mirror_id = ANY (${mirrors.map(({ mirrorAssetId }) => mirrorAssetId)}::uuid[])`;
  const absent = directories.map(({ path }) => path).filter((path) => !isDirectory(paths.toLocal(path)));
  if (absent.length === 0) return;
  throw new UserError(`Not all directories with shared files are here: ${absent.map(quote).join(', ')}.`, {
    problemCode: 'directory-away',
    remedy: 'Nothing was changed. Mount them, or set UPLOAD_LOCATION, EXTERNAL_LIBRARY_DIR or PATH_MAP: ' +
      paths.roots.map((root) => `${root.immich} is looked for in ${root.local}`).join(', ') + '.',
  });
}

function isDirectory(path: string | undefined): boolean {
  try {
    return path !== undefined && Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function quote(path: string): string {
  return plain(JSON.stringify(path));
}

/** A brake without mirrors to hold has nothing to say. */
async function forgetIdleBrakes(tx: Sql): Promise<void> {
  await tx`
    DELETE FROM immich_sidecar_decisions.brake b
    WHERE NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map m WHERE m.job_name = b.job_name)`;
}
