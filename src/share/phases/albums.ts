import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { inBatches } from '../cycle/batches.ts';
import type { Context } from '../cycle/context.ts';
import type { Job } from '../jobs/job.ts';
import { isWithin, type Scope } from '../cycle/scope.ts';
import { isSelected } from '../selection/selection.ts';

/** Mirrors to put into a job's album. */
export interface AlbumPlan {
  readonly albumId: string;
  readonly mirrorAssetIds: readonly string[];
}

/**
 * Finds the mirrors of what a job selects that we have not put into its album yet: new ones, and, when the album was
 * configured later, all of them. One that the owner took out again is not put back. Motion parts stay out, as in Immich.
 */
export async function planAlbum(sql: Sql, job: Job, scope: Scope): Promise<AlbumPlan | undefined> {
  if (job.albumId === undefined) return undefined;
  const rows = await sql<{ id: string }[]>`
    SELECT mirror.id
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    JOIN asset mirror ON mirror.id = m.mirror_asset_id AND mirror.visibility <> 'hidden'
    WHERE m.target_user_id = ${job.targetUserId}
      AND ${isWithin(sql, scope, sql`m.source_asset_id`)}
      AND ${isSelected(sql, job)}
      AND NOT EXISTS (
        SELECT 1
        FROM immich_sidecar.album_entry e
        WHERE e.mirror_asset_id = m.mirror_asset_id AND e.album_id = ${job.albumId}
      )
    ORDER BY mirror."localDateTime", mirror.id`;
  return { albumId: job.albumId, mirrorAssetIds: rows.map((row) => row.id) };
}

/** Fills the album, and gives it a cover when it has none. Returns the number of entries made. */
export async function applyAlbum(context: Context, plan: AlbumPlan | undefined): Promise<number> {
  if (plan === undefined) return 0;
  return await inBatches(
    context,
    plan.mirrorAssetIds,
    (tx, batch) => addToAlbum(tx, context.schema, plan.albumId, batch),
  );
}

async function addToAlbum(tx: Sql, schema: ImmichSchema, albumId: string, mirrorAssetIds: string[]): Promise<number> {
  const { albumKey, assetKey } = schema.albumAsset;
  const added = await tx`
    INSERT INTO album_asset (${tx(albumKey)}, ${tx(assetKey)})
    SELECT album.id, mirror.id
    FROM asset mirror
    JOIN album ON album.id = ${albumId}
    WHERE mirror.id = ANY (${mirrorAssetIds}::uuid[])
    ON CONFLICT DO NOTHING`;
  await tx`
    INSERT INTO immich_sidecar.album_entry (mirror_asset_id, album_id)
    SELECT id, ${albumId}
    FROM unnest(${mirrorAssetIds}::uuid[]) AS id
    ON CONFLICT DO NOTHING`;
  const [cover] = mirrorAssetIds;
  await tx`
    UPDATE album
    SET "albumThumbnailAssetId" = ${cover ?? null}
    WHERE id = ${albumId}
      AND "albumThumbnailAssetId" IS NULL`;
  return added.count;
}
