import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isLookedAt } from '../mirrors/pages.ts';
import { isSelected } from '../selection/selection.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** Mirrors to put into a job's album. */
export interface AlbumPlan {
  readonly albumId: string;
  readonly entries: readonly AlbumEntry[];
}

interface AlbumEntry {
  readonly mirrorAssetId: string;
  readonly sourceAssetId: string;
  /** By when it was taken, as PostgreSQL writes times. */
  readonly takenAt: string;
}

/**
 * Puts the mirrors of what a job selects into its album that we have not put there yet: new ones, and, when the album was
 * configured later, all of them. One that the owner took out again is not put back. Motion parts stay out, as in Immich. An album without
 * a cover gets one.
 */
export const album = definePhase({
  name: 'album',
  what: 'Puts shared photos into the album of their share.',
  per: 'job',
  isAboutMeant: true,
  counts: { albumEntries: 'put into the album' },
  plan: async function* (view, job: Job): AsyncGenerator<AlbumPlan> {
    const { albumId } = job;
    if (albumId === undefined) return;
    const { search } = view.limits;
    const pages = searchPages((after?: AlbumEntry) => findEntries(view, job, albumId, after), search);
    for await (const entries of pages) yield { albumId, entries };
  },
  apply: eachPage(async ({ database, schema }, _job: Job, { albumId, entries }, tally: Tally<'albumEntries'>) => {
    const added = await countInBatches(
      database,
      entries,
      (tx, batch) => addToAlbum(tx, schema, albumId, batch.map(({ mirrorAssetId }) => mirrorAssetId)),
      ({ sourceAssetId }, error) => tally.problem(refused(error, { assetId: sourceAssetId, table: 'album_asset' })),
    );
    tally.add('albumEntries', added);
  }),
  describe: ({ albumId, entries }) =>
    linesOf(
      '+',
      'photos to put into the album',
      entries,
      ({ mirrorAssetId }) => `${mirrorAssetId} into album ${albumId}`,
    ),
});

/** In the order in which they were taken, so that the first is the cover. */
async function findEntries(
  { sql, scope, limits }: View,
  job: Job,
  albumId: string,
  after: AlbumEntry | undefined,
): Promise<AlbumEntry[]> {
  return await sql<AlbumEntry[]>`
    WITH found AS MATERIALIZED (
      SELECT mirror.id, a.id AS source_id, mirror."localDateTime" AS taken_at
      FROM immich_sidecar.asset_map m
      JOIN asset a ON a.id = m.source_asset_id
      JOIN asset mirror ON mirror.id = m.mirror_asset_id AND mirror.visibility <> 'hidden'
      WHERE ${isLookedAt(sql, job, scope)}
        AND ${isSelected(sql, job)}
        AND NOT EXISTS (
          SELECT 1
          FROM immich_sidecar.album_entry e
          WHERE e.mirror_asset_id = m.mirror_asset_id AND e.album_id = ${albumId}
        )
    )
    SELECT id AS "mirrorAssetId", source_id AS "sourceAssetId", taken_at::text AS "takenAt"
    FROM found
    WHERE ${
    after === undefined
      ? sql`true`
      : sql`(taken_at, id) > (${after.takenAt}::timestamptz, ${after.mirrorAssetId}::uuid)`
  }
    ORDER BY taken_at, id
    LIMIT ${limits.search}`;
}

/** Puts mirrors into an album, and notes that they are there through us. Returns how many were not in it. */
export async function addToAlbum(
  tx: Sql,
  schema: ImmichSchema,
  albumId: string,
  mirrorAssetIds: string[],
): Promise<number> {
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
