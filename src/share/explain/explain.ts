import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { type ConflictView, type OpenConflict, readConflicts } from '../both_ways/conflicts.ts';
import type { Job } from '../jobs/job.ts';
import { commaSeparated } from '../copy/columns.ts';
import { isSelected } from '../selection/selection.ts';
import { readStops } from '../stops/stops.ts';
import { type Facts, readFactsOf } from './facts.ts';
import { findPhotos, type FoundPhoto } from './find_photos.ts';
import { type JobVerdict, judge } from './judge.ts';
import { type Because, readBecause, readSharedBy, type SharedBy } from './because.ts';

/** A photo that was asked about, and what becomes of it. */
export interface Explanation {
  readonly assetId: string;
  /** As Immich sees it. */
  readonly path: string;
  readonly owner: Person;
  /** When it is itself a mirror: whose it is a mirror of. What follows is then about its source. */
  readonly mirrorOf: { readonly assetId: string; readonly owner: Person } | undefined;
  readonly jobs: readonly JobExplanation[];
  /** What two users have both changed on it, so that a person has to decide. */
  readonly conflicts: readonly OpenConflict[];
}

interface Person {
  readonly id: string;
  readonly name: string;
}

export interface JobExplanation extends JobVerdict {
  readonly job: string;
  readonly target: Person;
  /** Since when it is in the target's account, or their trash; null = it is not. */
  readonly since: Date | null;
  /** Since when what the target had done to it is remembered, to be given back. */
  readonly rememberedSince: Date | null;
  /** Why it is shared, as it was noted: which albums, people, tags and paths, each since when. Empty while it is not. */
  readonly because: readonly Because[];
  readonly mirror: {
    readonly assetId: string;
    /** The job that it belongs to, where that is another one. */
    readonly job: string;
    /** null = it is gone from the target's account, and nobody has decided yet what that means. */
    readonly path: string | null;
    /** Our own directory entries, as Immich sees them. */
    readonly files: readonly string[];
  } | undefined;
}

/**
 * Explains each photo that `asked` means: the id of an asset, an address of Immich's web page with one, a path as Immich or as this machine sees
 * it, or a file name. Empty when there is none. Reads only.
 */
export async function explainPhotos(
  sql: Sql,
  view: ConflictView,
  asked: string,
): Promise<Explanation[]> {
  const { schema, jobs, files: { paths } } = view;
  const found = await findPhotos(sql, asked, paths);
  const names = await namesOf(sql, jobs.map(({ targetUserId }) => targetUserId));
  const verdicts = new Map<string, JobExplanation[]>(found.map(({ id }) => [id, []]));
  const stopped = new Set((await readStops(sql, jobs)).map(({ job }) => job));
  for (const job of jobs) {
    const ofSource = found.filter((photo) => job.sourceUserId === (photo.sourceOwnerId ?? photo.ownerId));
    const facts = await readFactsOf(sql, schema, job, ofSource.map(subjectOf));
    const because = await readBecause(sql, schema, facts.flatMap(({ mirrorAssetId }) => mirrorAssetId ?? []));
    const factsOf = new Map(facts.map((one) => [one.assetId, one]));
    for (const photo of ofSource) {
      const known = factsOf.get(subjectOf(photo));
      const name = names.get(job.targetUserId) ?? job.targetUserId;
      if (known !== undefined) {
        const noted = because.get(known.mirrorAssetId ?? '') ?? [];
        verdicts.get(photo.id)?.push(explainJob(job, { ...known, isStopped: stopped.has(job.name) }, name, noted));
      }
    }
  }
  const conflicts = await readConflicts(sql, view, found.map(subjectOf));
  return found.map(({ sourceId, sourceOwnerId, sourceOwner, ...photo }) => ({
    assetId: photo.id,
    path: photo.path,
    owner: { id: photo.ownerId, name: photo.owner },
    mirrorOf: sourceId === null || sourceOwnerId === null
      ? undefined
      : { assetId: sourceId, owner: { id: sourceOwnerId, name: sourceOwner ?? sourceOwnerId } },
    jobs: verdicts.get(photo.id) ?? [],
    conflicts: conflicts.filter(({ sourceAssetId, mirrorAssetId }) =>
      [sourceAssetId, mirrorAssetId].includes(photo.id)
    ),
  }));
}

/** The photo that jobs are asked about: the source of a mirror. */
function subjectOf({ id, sourceId }: FoundPhoto): string {
  return sourceId ?? id;
}

function explainJob(job: Job, facts: Facts, targetName: string, because: readonly Because[]): JobExplanation {
  const { mirrorAssetId, mirrorJob, mirrorPath, mirrorFiles, sharedSince, rememberedSince } = facts;
  const isThere = mirrorPath !== null;
  return {
    job: job.name,
    target: { id: job.targetUserId, name: targetName },
    ...judge(job, facts),
    since: isThere ? sharedSince : null,
    rememberedSince,
    because: isThere ? ownReasons(job, because) : [],
    mirror: mirrorAssetId === null
      ? undefined
      : { assetId: mirrorAssetId, job: mirrorJob ?? job.name, path: mirrorPath, files: mirrorFiles },
  };
}

/** Those of the reasons that a job has. */
function ownReasons<Reason extends Because>({ selection: { anyOf } }: Job, reasons: readonly Reason[]): Reason[] {
  return reasons.filter(({ criterion, thing }) =>
    (anyOf ?? []).some(({ name, ids }) => name === criterion && (ids === undefined || ids.includes(thing)))
  );
}

async function namesOf(sql: Sql, userIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await sql<{ id: string; name: string }[]>`
    SELECT id, name FROM "user" WHERE id = ANY (${userIds as string[]}::uuid[])`;
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** How many photos meet each criterion of a job, whatever else is true of them, and how many the job means. */
export interface JobCounts {
  readonly job: string;
  readonly meant: number;
  /** In the order of the configuration: reasons, what is left out, ranges. */
  readonly criteria: readonly {
    readonly role: 'select' | 'except' | 'range';
    readonly words: string;
    readonly photos: number;
    /** Of what is shared for it: since when, and by which albums, people, tags or paths; left out while nothing is. */
    readonly since?: Date;
    readonly by?: readonly SharedBy[];
  }[];
}

/** Counts by criterion; one statement over the source's photos, and one over what is shared. Reads only. */
export async function countByCriterion(sql: Sql, schema: Pick<ImmichSchema, 'people'>, job: Job): Promise<JobCounts> {
  const { anyOf = [], noneOf, allOf } = job.selection;
  const criteria = [
    ...anyOf.map((criterion) => ({ role: 'select' as const, criterion })),
    ...noneOf.map((criterion) => ({ role: 'except' as const, criterion })),
    ...allOf.map((criterion) => ({ role: 'range' as const, criterion })),
  ];
  const conditions = [isSelected(sql, job), ...criteria.map(({ criterion }) => criterion.matches(sql, 'a'))];
  const counts = commaSeparated(sql, conditions.map((condition) => sql`count(*) FILTER (WHERE ${condition})::int`));
  const [row] = await sql<{ counts: number[] }[]>`
    SELECT ARRAY[${counts}] AS counts
    FROM asset a
    WHERE a."ownerId" = ${job.sourceUserId}
      AND a.visibility <> 'hidden'`;
  const [meant = 0, ...rest] = row?.counts ?? [];
  const sharedBy = anyOf.length === 0 ? [] : ownReasons(job, await readSharedBy(sql, schema, job));
  return {
    job: job.name,
    meant,
    criteria: criteria.map(({ role, criterion }, index) => {
      const by = role === 'select' ? sharedBy.filter((one) => one.criterion === criterion.name) : [];
      const since = by.map((one) => one.since).toSorted((one, other) => one.getTime() - other.getTime())[0];
      return {
        role,
        words: criterion.words,
        photos: rest[index] ?? 0,
        ...since === undefined ? {} : { since, by },
      };
    }),
  };
}
