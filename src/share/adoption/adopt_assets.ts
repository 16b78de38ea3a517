import { getLogger } from '@logtape/logtape';
import { isPlainPath } from '../../files/path_map.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Context } from '../cycle/context.ts';
import type { Job } from '../jobs/job.ts';
import { pathChecksum } from '../mirrors/plan.ts';
import { isHidden, mirrorOriginalPath } from '../jobs/placement.ts';
import { clearSkips } from '../standing/skips.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** A source and where its mirror would lie. */
interface Place {
  readonly sourceAssetId: string;
  readonly path: string;
  readonly checksum: string;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Finds mirrors that nothing of ours knows and maps them to their sources again: assets of the job's target in its library, at
 * the very path, and with the checksum, that the mirror of a source would have. What was the target's stays: the fields'
 * bases are unknown, so what differs from the source is taken for his, and what he may have taken out of the album stays out.
 *
 * Returns how many were adopted.
 */
export async function adoptAssets(context: Context, job: Job): Promise<number> {
  const { sql, schema, limits } = context;
  if (!await hasStrangers(sql, job)) return 0;
  let adopted = 0;
  // Where two sources have one path, it is the mirror of the one that can be seen.
  for (const isPresent of [true, false]) {
    let after = FIRST_ID;
    while (true) {
      const sources = await readSources(sql, job, { isPresent, after, size: limits.adoptedSources });
      const last = sources.at(-1);
      if (last === undefined) break;
      const places = sources.filter(({ originalPath }) => isPlainPath(originalPath)).map((source) =>
        placeOf(source, job)
      );
      adopted += await context.transaction((tx) => adoptPlaces(tx, schema, job, places));
      after = last.id;
    }
  }
  return adopted;
}

/**
 * Maps what is left in a hidden directory of ours to sources that are not there: nobody but us puts assets into it, so these
 * are mirrors whose sources were deleted or moved while we did not know of them. The next phase takes them back, for the
 * reason that their sources are gone, and subject to the brake.
 *
 * If not one mirror of the job has a source, its configuration is more likely to be wrong than all sources to be gone:
 * then they are left alone, with a warning.
 */
export async function adoptOrphans(context: Context, job: Job): Promise<number> {
  if (!isHidden(job.targetPathPrefix)) return 0;
  const { sql } = context;
  if (!await hasStrangers(sql, job)) return 0;
  const living = await sql`
    SELECT
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    JOIN asset mirror ON mirror.id = m.mirror_asset_id
    WHERE m.job_name = ${job.name}
      AND m.target_user_id = ${job.targetUserId}
    LIMIT 1`;
  if (living.length === 0) {
    logger.warn('{job}: the photos below {prefix} are mirrors of nothing that this job shares; they are left alone', {
      job: job.name,
      prefix: job.targetPathPrefix,
    });
    return 0;
  }
  return await context.transaction(async (tx) => {
    const orphans = await tx`
      INSERT INTO immich_sidecar.asset_map
        (mirror_asset_id, source_asset_id, source_user_id, target_user_id, job_name)
      SELECT mirror.id, gen_random_uuid(), ${job.sourceUserId}, ${job.targetUserId}, ${job.name}
      FROM asset mirror
      WHERE ${isStranger(tx, job)}`;
    return orphans.count;
  });
}

async function hasStrangers(sql: Sql, job: Job): Promise<boolean> {
  const rows = await sql`SELECT FROM asset mirror WHERE ${isStranger(sql, job)} LIMIT 1`;
  return rows.length > 0;
}

/** Whether the asset `mirror` lies where this job's mirrors lie, and is none that we know. */
function isStranger(sql: Sql, job: Job) {
  return sql`(
    mirror."ownerId" = ${job.targetUserId}
    AND mirror."libraryId" = ${job.targetLibraryId}
    AND mirror."isExternal"
    AND starts_with(mirror."originalPath", ${job.targetPathPrefix})
    AND NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map known WHERE known.mirror_asset_id = mirror.id)
  )`;
}

interface Source {
  readonly id: string;
  readonly originalPath: string;
}

/** Assets of the source that have no mirror in the target's account, whether they are selected or not. */
async function readSources(
  sql: Sql,
  job: Job,
  page: { readonly isPresent: boolean; readonly after: string; readonly size: number },
): Promise<Source[]> {
  const isPresent = sql`(a."deletedAt" IS NULL AND NOT a."isOffline" AND a.status = 'active')`;
  return await sql<Source[]>`
    SELECT a.id, a."originalPath"
    FROM asset a
    WHERE a."ownerId" = ${job.sourceUserId}
      AND a.id > ${page.after}
      AND a."libraryId" IS ${job.kind === 'external' ? sql`NOT NULL` : sql`NULL`}
      AND ${page.isPresent ? isPresent : sql`NOT ${isPresent}`}
      AND (
        SELECT m.mirror_asset_id
        FROM immich_sidecar.asset_map m
        WHERE m.source_asset_id = a.id AND m.target_user_id = ${job.targetUserId}
      ) IS NULL
    ORDER BY a.id
    LIMIT ${page.size}`;
}

function placeOf({ id, originalPath }: Source, job: Job): Place {
  const path = mirrorOriginalPath(job.mappings, originalPath);
  return { sourceAssetId: id, path, checksum: pathChecksum(path) };
}

async function adoptPlaces(tx: Sql, schema: ImmichSchema, job: Job, places: readonly Place[]): Promise<number> {
  const rows = await tx<{ id: string }[]>`
    INSERT INTO immich_sidecar.asset_map
      (mirror_asset_id, source_asset_id, source_user_id, target_user_id, job_name)
    SELECT DISTINCT ON (mirror.id)
      mirror.id, place."sourceAssetId", ${job.sourceUserId}, ${job.targetUserId}, ${job.name}
    FROM jsonb_to_recordset(${tx.json(places as never)}) AS place
      ("sourceAssetId" uuid, path text, checksum text)
    JOIN asset mirror
      ON mirror.checksum = decode(place.checksum, 'hex')
      AND mirror."originalPath" = place.path
      AND ${isStranger(tx, job)}
    ORDER BY mirror.id, place."sourceAssetId"
    ON CONFLICT DO NOTHING
    RETURNING mirror_asset_id AS id`;
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return 0;
  await clearSkips(tx, job, ids);
  await rememberAlbum(tx, schema, job, ids);
  return ids.length;
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
