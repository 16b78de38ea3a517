import type { Sql } from '../../postgres/connect.ts';
import type { KeptReason } from './fate.ts';

/** A file that may be the last copy of a photo and lies aside until a person decides. */
export interface KeptFile {
  readonly id: string;
  /** Where it lies, as Immich would see it; no library of Immich's shows it. */
  readonly path: string;
  /** The source's original, as Immich sees it; null when Immich does not know the photo any more. */
  readonly photo: string | null;
  /** Where the mirror's original lay. */
  readonly mirrorPath: string;
  readonly sourceAssetId: string;
  readonly targetUserId: string;
  readonly jobName: string;
  readonly bytes: number;
  readonly reason: KeptReason | 'set-aside';
  /** Its permissions before; null when they are not known, undefined when they are as they were. */
  readonly mode?: number | null | undefined;
}

/** Notes files that are about to be moved; commit it before. */
export async function recordKept(sql: Sql, files: readonly KeptFile[]): Promise<void> {
  await sql`
    INSERT INTO immich_sidecar_kept.file
      (id, path, photo, mirror_path, source_asset_id, target_user_id, job_name, bytes, reason, mode)
    SELECT
      kept.id, kept.path, kept.photo, kept."mirrorPath", kept."sourceAssetId", kept."targetUserId",
      kept."jobName", kept.bytes, kept.reason, kept.mode
    FROM jsonb_to_recordset(${sql.json(files as never)}) AS kept (
      id uuid, path text, photo text, "mirrorPath" text, "sourceAssetId" uuid, "targetUserId" uuid,
      "jobName" text, bytes float8, reason text, mode int
    )`;
}

export interface KeptFileSince extends KeptFile {
  readonly keptAt: Date;
}

/** All kept files, oldest first. */
export async function readKept(sql: Sql): Promise<KeptFileSince[]> {
  return await sql<KeptFileSince[]>`
    SELECT
      id, path, photo, mirror_path AS "mirrorPath", source_asset_id AS "sourceAssetId",
      target_user_id AS "targetUserId", job_name AS "jobName", bytes, reason, mode, kept_at AS "keptAt"
    FROM immich_sidecar_kept.file
    ORDER BY kept_at, id`;
}

export interface KeptCount {
  readonly files: number;
  readonly bytes: number;
}

/** Forgets kept files: they are back, deleted, or were never moved. */
export async function forgetKept(sql: Sql, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`DELETE FROM immich_sidecar_kept.file WHERE id = ANY (${ids as string[]}::uuid[])`;
}
