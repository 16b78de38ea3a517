import type { Sql } from '../../postgres/connect.ts';

/**
 * How many bytes each job does not store a second time: originals and generated files that are linked, by what the journal knows, and originals that are
 * seen through a symbolic link, by what Immich knows. Copies save nothing. By job, without those that save nothing. No file is looked at.
 */
export async function readSaved(sql: Sql): Promise<ReadonlyMap<string, number>> {
  const rows = await sql<{ job: string; bytes: number }[]>`
    SELECT saved.job, sum(saved.bytes)::float8 AS bytes
    FROM (
      SELECT m.job_name AS job, l.saves AS bytes
      FROM immich_sidecar.asset_map m
      JOIN asset mirror ON mirror.id = m.mirror_asset_id -- the target may have deleted library or account
      JOIN immich_sidecar.link l ON l.mirror_id = m.mirror_asset_id
      WHERE l.saves IS NOT NULL
      UNION ALL
      SELECT m.job_name, e."fileSizeInByte"
      FROM immich_sidecar.asset_map m
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      JOIN asset_exif e ON e."assetId" = m.mirror_asset_id
      WHERE NOT EXISTS (
        SELECT FROM immich_sidecar.link l WHERE l.mirror_id = m.mirror_asset_id AND l.path = mirror."originalPath"
      )
    ) AS saved
    WHERE saved.bytes > 0
    GROUP BY saved.job`;
  return new Map(rows.map(({ job, bytes }) => [job, bytes]));
}

/** Of all jobs together. */
export function sumOfSaved(saved: ReadonlyMap<string, number>): number {
  return [...saved.values()].reduce((sum, bytes) => sum + bytes, 0);
}
