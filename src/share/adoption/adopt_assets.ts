import { getLogger } from '@logtape/logtape';
import { isExtractedMotion } from '../../immich/motion.ts';
import { isPresent } from '../../immich/presence.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Limits } from '../cycle/limits.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isHidden, originalsOf } from '../jobs/placement.ts';
import { pathChecksum } from '../mirrors/plan.ts';
import { clearSkips } from '../standing/skips.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** A mirror that nothing of ours knows, and its source. */
export interface AdoptedMirror {
  readonly mirrorAssetId: string;
  readonly sourceAssetId: string;
  readonly path: string;
}

/** An asset that lies where a job's mirrors lie, and is none that we know. */
interface Stranger {
  readonly id: string;
  readonly path: string;
  /** Hexadecimal. */
  readonly checksum: string;
}

/**
 * Finds mirrors that nothing of ours knows, and their sources: assets of the job's target in its library, at the very path, and with the
 * checksum, that the mirror of a source would have. Where two sources have one path, it is the mirror of the one that can be seen.
 * Reads only.
 */
export async function* planAdoptedMirrors({ sql, limits }: View, job: Job): AsyncGenerator<AdoptedMirror[]> {
  for await (const strangers of strangerPages(sql, job, limits)) {
    const adopted = await findSources(sql, job, strangers);
    if (adopted.length > 0) yield adopted;
  }
}

/**
 * Finds what is left in a hidden directory of ours and has no source: nobody but us puts assets into it, so these
 * are mirrors whose sources were deleted or moved while we did not know of them. They are withdrawn in the same cycle, for the
 * reason that their sources are gone, and subject to the brake. Reads only.
 *
 * If not one mirror of the job has a source, its configuration is more likely to be wrong than all sources to be gone:
 * then they are left alone, with a warning.
 */
export async function* planOrphanedMirrors(view: View, job: Job): AsyncGenerator<AdoptedMirror[]> {
  if (!isHidden(job.targetPathPrefix)) return;
  const { sql, limits } = view;
  let isAlive: boolean | undefined;
  for await (const strangers of strangerPages(sql, job, limits)) {
    isAlive ??= await hasLivingMirror(sql, job) || await hasAdoptable(view, job);
    if (!isAlive) {
      logger.warn('{job}: the photos below {prefix} are of nothing that this share means; they are left alone', {
        job: job.name,
        prefix: job.targetPathPrefix,
      });
      return;
    }
    const others = await Promise.all(
      view.jobs.filter(({ targetUserId }) => targetUserId === job.targetUserId)
        .map((other) => findSources(sql, other, strangers)),
    );
    const isAdoptable = new Set(others.flat().map(({ mirrorAssetId }) => mirrorAssetId));
    const orphaned = strangers.filter(({ id }) => !isAdoptable.has(id));
    if (orphaned.length === 0) continue;
    yield orphaned.map(({ id, path }) => ({ mirrorAssetId: id, sourceAssetId: crypto.randomUUID(), path }));
  }
}

/**
 * Maps mirrors that are still unknown to their sources. What was the target's stays: the fields' bases are unknown, so what differs from
 * the source is taken for theirs, and what they may have taken out of the album stays out. Returns how many were adopted.
 */
export async function adoptMirrors(
  tx: Sql,
  schema: ImmichSchema,
  job: Job,
  mirrors: readonly AdoptedMirror[],
): Promise<number> {
  const rows = await tx<{ id: string }[]>`
    INSERT INTO immich_sidecar.asset_map
      (mirror_asset_id, source_asset_id, source_user_id, target_user_id, job_name)
    SELECT mirror.id, adopted."sourceAssetId", ${job.sourceUserId}, ${job.targetUserId}, ${job.name}
    FROM jsonb_to_recordset(${tx.json(mirrors as never)}) AS adopted ("mirrorAssetId" uuid, "sourceAssetId" uuid)
    JOIN asset mirror ON mirror.id = adopted."mirrorAssetId" AND ${isStranger(tx, job)}
    ON CONFLICT DO NOTHING
    RETURNING mirror_asset_id AS id`;
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return 0;
  await clearSkips(tx, job, ids);
  await rememberAlbum(tx, schema, job, ids);
  return ids.length;
}

function strangerPages(sql: Sql, job: Job, { adoptedMirrors: size }: Limits): AsyncGenerator<Stranger[]> {
  const find = (after?: Stranger) =>
    sql<Stranger[]>`
      WITH found AS MATERIALIZED (
        SELECT mirror.id, mirror."originalPath" AS path, encode(mirror.checksum, 'hex') AS checksum
        FROM asset mirror
        WHERE ${isStranger(sql, job)}
          AND ${after === undefined ? sql`true` : sql`mirror.id > ${after.id}`}
      )
      SELECT *
      FROM found
      ORDER BY id
      LIMIT ${size}`;
  return searchPages(find, size);
}

/** Whether the asset `mirror` lies where this job's mirrors lie, and is none that we know. */
function isStranger(sql: Sql, job: Job): Fragment {
  return sql`(
    mirror."ownerId" = ${job.targetUserId}
    AND mirror."libraryId" = ${job.targetLibraryId}
    AND mirror."isExternal"
    AND starts_with(mirror."originalPath", ${job.targetPathPrefix})
    AND NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map known WHERE known.mirror_asset_id = mirror.id)
    AND NOT EXISTS (SELECT 1 FROM immich_sidecar_detached.mirror own WHERE own.mirror_asset_id = mirror.id)
  )`;
}

/** Those of the strangers that are mirrors of sources of the job, whether these are selected or not. */
async function findSources(sql: Sql, job: Job, strangers: readonly Stranger[]): Promise<AdoptedMirror[]> {
  const isUpload = { external: false, upload: true, any: null }[job.kind];
  const places = strangers.flatMap(({ id, path, checksum }) =>
    originalsOf(job, path).map(({ originalPath, libraryId }) => ({
      mirrorAssetId: id,
      path,
      sourcePath: originalPath,
      checksum: checksum === pathChecksum(path) ? null : checksum,
      libraryId: libraryId ?? null,
      isUpload: libraryId === undefined ? isUpload : libraryId === null,
    }))
  );
  if (places.length === 0) return [];
  return await sql<AdoptedMirror[]>`
    SELECT DISTINCT ON (place."mirrorAssetId")
      place."mirrorAssetId", a.id AS "sourceAssetId", place.path
    FROM jsonb_to_recordset(${sql.json(places)}) AS place
      ("mirrorAssetId" uuid, path text, "sourcePath" text, checksum text, "libraryId" uuid, "isUpload" boolean)
    JOIN asset a
      ON a."originalPath" = place."sourcePath"
      AND (place.checksum IS NULL OR (${isExtractedMotion(sql, 'a')} AND a.checksum = decode(place.checksum, 'hex')))
      AND a."ownerId" = ${job.sourceUserId}
      AND (place."libraryId" IS NULL OR a."libraryId" = place."libraryId")
      AND (place."isUpload" IS NULL OR (a."libraryId" IS NULL) = place."isUpload")
      AND (
        SELECT m.mirror_asset_id
        FROM immich_sidecar.asset_map m
        WHERE m.source_asset_id = a.id AND m.target_user_id = ${job.targetUserId}
      ) IS NULL
    ORDER BY
      place."mirrorAssetId",
      ${isPresent(sql, 'a')} DESC,
      a.id`;
}

async function hasLivingMirror(sql: Sql, job: Job): Promise<boolean> {
  const rows = await sql`
    SELECT
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    JOIN asset mirror ON mirror.id = m.mirror_asset_id
    WHERE m.job_name = ${job.name}
      AND m.target_user_id = ${job.targetUserId}
    LIMIT 1`;
  return rows.length > 0;
}

/** Whether anything is going to be adopted: in a dry run nothing is yet. */
async function hasAdoptable(view: View, job: Job): Promise<boolean> {
  for await (const _ of planAdoptedMirrors(view, job)) return true;
  return false;
}

/** If the album has any of the library's photos, we have filled it before: what is missing was taken out. */
export async function rememberAlbum(
  tx: Sql,
  schema: ImmichSchema,
  job: Job,
  mirrorAssetIds: string[],
): Promise<void> {
  if (job.albumId === undefined) return;
  const { albumKey, assetKey } = schema.albumAsset;
  await tx`
    INSERT INTO immich_sidecar.album_entry (mirror_asset_id, album_id)
    SELECT id, ${job.albumId}
    FROM unnest(${mirrorAssetIds}::uuid[]) AS id
    WHERE EXISTS (
      SELECT 1
      FROM album_asset entry
      JOIN asset member ON member.id = entry.${tx(assetKey)} AND member."libraryId" = ${job.targetLibraryId}
      WHERE entry.${tx(albumKey)} = ${job.albumId}
    )
    ON CONFLICT DO NOTHING`;
}
