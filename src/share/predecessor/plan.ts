import { count } from '../../config/words.ts';
import { isPlainPath } from '../../files/path_map.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { mirrorOriginalPath } from '../jobs/placement.ts';
import { type NarrowedLibrary, planLibraries } from './libraries.ts';
import { isSameFile } from './same_file.ts';

/** A mirror of immich-shared-library that becomes one of ours. */
export interface TakenMirror {
  readonly mirrorAssetId: string;
  readonly sourceAssetId: string;
  readonly sourceUserId: string;
  readonly targetUserId: string;
  readonly job: string;
  /** As Immich sees it. */
  readonly mirrorPath: string;
}

/** A person that it has made in a target's account, or, `isOurs` being false, has found there. */
export interface TakenPerson {
  readonly originPersonId: string;
  readonly originOwnerId: string;
  readonly targetUserId: string;
  readonly mirrorPersonId: string;
  readonly isOurs: boolean;
}

/** A source that is not to be mirrored again. */
export interface TakenDecision {
  readonly sourceAssetId: string;
  readonly targetUserId: string;
  /** `target-deleted`: the mirror is gone, and only the target can have done that. */
  readonly kind: 'target-deleted' | 'duplicate';
}

/** Everything that is taken over. A dry run prints it; apply consumes it. */
export interface TakeoverPlan {
  readonly mirrors: readonly TakenMirror[];
  readonly people: readonly TakenPerson[];
  readonly decisions: readonly TakenDecision[];
  /** Libraries whose import paths cover what is others'. */
  readonly libraries: readonly NarrowedLibrary[];
  /** What has to be repaired first, as sentences. Empty when it can be done. */
  readonly obstacles: readonly string[];
  /** What the next sync will do to them, as sentences. */
  readonly notes: readonly string[];
}

/**
 * Decides what becomes ours. Reads the tables of immich-shared-library, and looks at thumbnails on disk; changes nothing. Its
 * tables must be there (detect.ts).
 */
export async function planTakeover(
  sql: Sql,
  view: Pick<View, 'schema' | 'jobs' | 'files' | 'limits'>,
): Promise<TakeoverPlan> {
  const found = await findMirrors(sql, view);
  const { libraries, notes } = await planLibraries(sql, view);
  const fits = found.filter(({ job }) => job !== null).map((mirror) => ({ ...mirror, job: mirror.job ?? '' }));
  const isInPlace = (mirror: FoundMirror) => placeOf(mirror, view.jobs) === mirror.mirrorPath;
  return {
    mirrors: fits.filter(isInPlace).map((mirror): TakenMirror => ({
      mirrorAssetId: mirror.mirrorAssetId,
      sourceAssetId: mirror.sourceAssetId,
      sourceUserId: mirror.sourceUserId,
      targetUserId: mirror.targetUserId,
      job: mirror.job,
      mirrorPath: mirror.mirrorPath,
    })),
    people: await findPeople(sql, view),
    decisions: await findDecisions(sql, view),
    obstacles: [
      ...describeUncovered(found.filter(({ job }) => job === null)),
      ...describeElsewhere(fits.filter((mirror) => !isInPlace(mirror)), view.jobs),
      ...await describeRivals(sql),
    ],
    libraries,
    notes: [...describeLeaving(fits, view.jobs), ...notes],
  };
}

interface FoundMirror {
  readonly mirrorAssetId: string;
  readonly sourceAssetId: string;
  readonly sourceUserId: string;
  readonly targetUserId: string;
  readonly libraryId: string | null;
  readonly mirrorPath: string;
  /** Null when the source is gone. */
  readonly sourcePath: string | null;
  readonly visibility: string | null;
  readonly job: string | null;
}

/**
 * Its mirrors that are there and that we do not know, each with the first of our jobs that fills that place. They are put together
 * here: PostgreSQL, for which next to none of the mappings are unknown, joined them by scanning all assets for each (98 s for 10,000).
 */
async function findMirrors(sql: Sql, { jobs, limits }: Pick<View, 'jobs' | 'limits'>): Promise<FoundMirror[]> {
  const mappings = await sql<Pick<FoundMirror, 'mirrorAssetId' | 'sourceAssetId' | 'sourceUserId' | 'targetUserId'>[]>`
    SELECT
      theirs.target_asset_id AS "mirrorAssetId",
      theirs.source_asset_id AS "sourceAssetId",
      theirs.source_user_id AS "sourceUserId",
      theirs.target_user_id AS "targetUserId"
    FROM public._face_sync_asset_map theirs
    WHERE ${isUnknown(sql)}
    ORDER BY theirs.target_asset_id`;
  const found: FoundMirror[] = [];
  for (let start = 0; start < mappings.length; start += limits.predecessor) {
    const page = mappings.slice(start, start + limits.predecessor);
    const ids = page.flatMap(({ mirrorAssetId, sourceAssetId }) => [mirrorAssetId, sourceAssetId]);
    const assets = new Map((await readAssets(sql, ids)).map((asset) => [asset.id, asset]));
    for (const mapping of page) {
      const [mirror, source] = [assets.get(mapping.mirrorAssetId), assets.get(mapping.sourceAssetId)];
      if (mirror === undefined || mirror.ownerId !== mapping.targetUserId) continue;
      found.push({
        ...mapping,
        libraryId: mirror.libraryId,
        mirrorPath: mirror.path,
        sourcePath: source?.path ?? null,
        visibility: source?.visibility ?? null,
        job: jobs.find((job) =>
          mirror.isExternal && job.targetLibraryId === mirror.libraryId &&
          mirror.path.startsWith(job.targetPathPrefix) &&
          job.sourceUserId === mapping.sourceUserId && job.targetUserId === mapping.targetUserId
        )?.name ?? null,
      });
    }
  }
  return found;
}

interface FoundAsset {
  readonly id: string;
  readonly ownerId: string;
  readonly libraryId: string | null;
  readonly isExternal: boolean;
  readonly path: string;
  readonly visibility: string;
}

async function readAssets(sql: Sql, ids: readonly string[]): Promise<FoundAsset[]> {
  return await sql<FoundAsset[]>`
    SELECT id, "ownerId", "libraryId", "isExternal", "originalPath" AS path, visibility::text AS visibility
    FROM asset
    WHERE id = ANY (${ids as string[]}::uuid[])`;
}

/** Whether we know neither the mirror of the mapping `theirs` nor another one of the same source. */
function isUnknown(sql: Sql): Fragment {
  return sql`(
    (SELECT m.mirror_asset_id FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = theirs.target_asset_id) IS NULL
    AND ${isWithoutRival(sql)}
  )`;
}

function isWithoutRival(sql: Sql): Fragment {
  return sql`
    (
      SELECT m.mirror_asset_id
      FROM immich_sidecar.asset_map m
      WHERE m.source_asset_id = theirs.source_asset_id AND m.target_user_id = theirs.target_user_id
    ) IS NULL`;
}

/** Where the job that takes a mirror over would put it; a source that is gone or has no plain path is in no other place. */
function placeOf({ job, sourcePath, mirrorPath }: FoundMirror, jobs: readonly Job[]): string {
  const mappings = jobs.find(({ name }) => name === job)?.mappings;
  if (mappings === undefined || sourcePath === null || !isPlainPath(sourcePath)) return mirrorPath;
  return mirrorOriginalPath(mappings, sourcePath);
}

function describeUncovered(mirrors: readonly FoundMirror[]): string[] {
  const groups = Map.groupBy(mirrors, (one) => `${one.sourceUserId} ${one.targetUserId} ${one.libraryId}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return [
      `${
        count(group.length, 'shared photo belongs', 'shared photos belong')
      } to no configured share: source_user_id ${first.sourceUserId}, target_user_id ` +
      `${first.targetUserId}, target_library_id ${first.libraryId}, such as ${JSON.stringify(first.mirrorPath)} of ` +
      `${
        JSON.stringify(first.sourcePath)
      }. Add such a share (unshare removes its shared photos later, if you do not want them).`,
    ];
  });
}

function describeElsewhere(mirrors: readonly FoundMirror[], jobs: readonly Job[]): string[] {
  const groups = Map.groupBy(mirrors, ({ job }) => job);
  return [...groups].flatMap(([name, group]) => {
    const job = jobs.find((one) => one.name === name);
    const [first] = group;
    if (job === undefined || first === undefined) return [];
    const rest = first.mirrorPath.slice(job.targetPathPrefix.length);
    const prefix = first.sourcePath?.endsWith(rest) ? first.sourcePath.slice(0, -rest.length) : undefined;
    return [
      `${count(group.length, 'shared photo does', 'shared photos do')} not lie where the share ${
        JSON.stringify(name)
      } would put them, such as ` +
      `${JSON.stringify(first.mirrorPath)} of ${JSON.stringify(first.sourcePath)}. ` +
      (prefix === undefined
        ? 'Correct its source_path_prefix and target_path_prefix.'
        : `Give the share source_path_prefix: ${prefix} (in config.yaml).`),
    ];
  });
}

/** Photos that both programs have shared. */
async function describeRivals(sql: Sql): Promise<string[]> {
  const [row] = await sql<{ mirrors: number }[]>`
    SELECT count(*)::int AS mirrors
    FROM public._face_sync_asset_map theirs
    JOIN asset mirror ON mirror.id = theirs.target_asset_id
    JOIN immich_sidecar.asset_map m
      ON m.source_asset_id = theirs.source_asset_id AND m.target_user_id = theirs.target_user_id
    WHERE m.mirror_asset_id <> theirs.target_asset_id`;
  return (row?.mirrors ?? 0) === 0 ? [] : [
    `${
      count(row?.mirrors ?? 0, 'photo has', 'photos have')
    } been shared by both programs. Remove ours first: immich-sidecar unshare.`,
  ];
}

/** It shares what is locked, archived and hidden, too. */
function describeLeaving(mirrors: readonly FoundMirror[], jobs: readonly Job[]): string[] {
  const selected = new Map(jobs.map(({ name, visibilities }) => [name, visibilities]));
  const count = (wanted: string) =>
    mirrors.filter(({ visibility, job }) => visibility === wanted && !selected.get(job ?? '')?.includes(wanted)).length;
  const [locked, archived, hidden] = [count('locked'), count('archive'), count('hidden')];
  return [
    ...locked === 0 ? [] : [`Locked: ${locked}. The next sync removes them.`],
    ...archived === 0 ? [] : [`Archived: ${archived}. Without INCLUDE_ARCHIVED=true the next sync removes them.`],
    ...hidden === 0 ? [] : [`Hidden: ${hidden}. Without INCLUDE_HIDDEN=true the next sync removes them.`],
  ];
}

/** Sources without a mirror that are to stay so. Those that were never looked at again for another reason are not among them. */
async function findDecisions(sql: Sql, { schema, jobs }: Pick<View, 'schema' | 'jobs'>): Promise<TakenDecision[]> {
  const deleted = sql`
    SELECT theirs.source_asset_id, theirs.target_user_id, 'target-deleted' AS kind
    FROM public._face_sync_asset_map theirs
    LEFT JOIN asset mirror ON mirror.id = theirs.target_asset_id
    WHERE mirror.id IS NULL`;
  const table = '_face_sync_skipped';
  // Its first versions knew one target only, and did not name it.
  const skipped = !schema.catalog.has(table) ? sql`` : schema.catalog.get(table)?.columns.has('target_user_id')
    ? sql`
      UNION ALL
      SELECT skipped.source_asset_id, skipped.target_user_id, 'duplicate'
      FROM public._face_sync_skipped skipped`
    : sql`
      UNION ALL
      SELECT skipped.source_asset_id, target.id, 'duplicate'
      FROM public._face_sync_skipped skipped
      CROSS JOIN unnest(${[...new Set(jobs.map(({ targetUserId }) => targetUserId))]}::uuid[]) AS target (id)`;
  return await sql<TakenDecision[]>`
    SELECT DISTINCT ON (theirs.source_asset_id, theirs.target_user_id)
      theirs.source_asset_id AS "sourceAssetId", theirs.target_user_id AS "targetUserId", theirs.kind
    FROM (${deleted} ${skipped}) AS theirs
    JOIN asset source ON source.id = theirs.source_asset_id
    WHERE ${isWithoutRival(sql)}
      AND NOT EXISTS (
        SELECT 1
        FROM public._face_sync_asset_map mapped
        JOIN asset mirror ON mirror.id = mapped.target_asset_id
        WHERE mapped.source_asset_id = theirs.source_asset_id AND mapped.target_user_id = theirs.target_user_id
      )
    ORDER BY theirs.source_asset_id, theirs.target_user_id, theirs.kind DESC`;
}

/**
 * Its people, if it has a list of them; since Immich 3.2 it has none, and they are told by their faces. One who is mapped to a
 * mirror is left out, as adoption follows them to their origin. A mirror that somebody is mapped to counts as made by it if its
 * thumbnail is the origin's, or if it is on no photo of the target's own; otherwise the target may have merged them into their own.
 */
async function findPeople(
  sql: Sql,
  { schema, files: { paths } }: Pick<View, 'schema' | 'files'>,
): Promise<TakenPerson[]> {
  if (!schema.catalog.has('_face_sync_person_map')) return [];
  const { personKey, faceKey } = schema.people;
  const rows = await sql<
    (Omit<TakenPerson, 'isOurs'> & {
      readonly thumbnailPath: string;
      readonly originThumbnailPath: string;
      readonly isOnOwnPhotos: boolean;
    })[]
  >`
    SELECT
      theirs.source_person_id AS "originPersonId",
      origin."ownerId" AS "originOwnerId",
      theirs.target_user_id AS "targetUserId",
      theirs.target_person_id AS "mirrorPersonId",
      coalesce(mirror."thumbnailPath", '') AS "thumbnailPath",
      coalesce(origin."thumbnailPath", '') AS "originThumbnailPath",
      EXISTS (
        SELECT 1
        FROM asset_face f
        JOIN asset a ON a.id = f."assetId" AND a."ownerId" = theirs.target_user_id
        WHERE f.${sql(faceKey)} = theirs.target_person_id
          AND NOT EXISTS (SELECT 1 FROM public._face_sync_asset_map mapped WHERE mapped.target_asset_id = a.id)
          AND NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map mapped WHERE mapped.mirror_asset_id = a.id)
      ) AS "isOnOwnPhotos"
    FROM public._face_sync_person_map theirs
    JOIN person origin
      ON origin.${sql(personKey)} = theirs.source_person_id AND origin."ownerId" = theirs.source_user_id
    JOIN person mirror
      ON mirror.${sql(personKey)} = theirs.target_person_id AND mirror."ownerId" = theirs.target_user_id
    WHERE origin."ownerId" <> theirs.target_user_id
      AND NOT EXISTS (
        SELECT 1 FROM public._face_sync_person_map chain WHERE chain.target_person_id = theirs.source_person_id
      )
      AND NOT EXISTS (
        SELECT 1
        FROM immich_sidecar.person_map known
        WHERE known.target_user_id = theirs.target_user_id
          AND (
            known.origin_person_id = theirs.source_person_id
            OR known.mirror_person_id = theirs.target_person_id
          )
      )
    ORDER BY theirs.target_person_id, origin.name = mirror.name DESC, theirs.source_person_id`;
  const seen = new Set<string>();
  return rows.map(({ thumbnailPath, originThumbnailPath, isOnOwnPhotos, ...person }) => {
    const isFirst = !seen.has(person.mirrorPersonId);
    seen.add(person.mirrorPersonId);
    const isOurs = isFirst && (!isOnOwnPhotos || isSameFile(thumbnailPath, originThumbnailPath, paths));
    return { ...person, isOurs };
  });
}
