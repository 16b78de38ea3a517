import { isFile } from '../../files/identity.ts';
import { isMissed } from '../../immich/presence.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { findUnsettledFaces, insertFaceMatches, matchFaces, settleFaces } from '../people/adopt_faces.ts';
import type { Candidate } from '../selection/candidates.ts';
import { clearSkips } from '../standing/skips.ts';
import { inspectOrNothing } from './links.ts';

/** A photo that has no mirror, and the mirror of the same file, whose own source is gone. */
export interface Reattachment {
  readonly mirrorAssetId: string;
  readonly formerSourceId: string;
  readonly sourceAssetId: string;
  readonly path: string;
}

interface Abandoned {
  readonly mirrorAssetId: string;
  readonly formerSourceId: string;
  /** Where its original lies, as Immich sees it. */
  readonly path: string;
  readonly device: number;
  readonly inode: number;
}

/**
 * Finds photos that Immich has imported anew, as after a folder was renamed or a library was made again: their file is the very file of
 * a mirror whose source is offline or has no row any more. While we have linked it, no other file can have its inode; that it is still
 * linked is seen on the disk. Reads only.
 */
export async function findReattachments(
  { sql, files }: Pick<View, 'sql' | 'files'>,
  job: Job,
  candidates: readonly Candidate[],
): Promise<Reattachment[]> {
  const inspected = candidates.flatMap(({ id, originalPath }) => {
    const file = inspectOrNothing(originalPath, files);
    return file === undefined ? [] : [{ id, originalPath, file }];
  });
  if (inspected.length === 0) return [];
  const abandoned = await findAbandoned(sql, job, inspected.map(({ file }) => file.inode));
  if (abandoned.length === 0) return [];
  const used = new Set<string>();
  return inspected.flatMap(({ id, originalPath, file }) => {
    const mirror = abandoned.find(({ mirrorAssetId, inode, device, path }) =>
      inode === file.inode && device === file.device && !used.has(mirrorAssetId) &&
      isFile(files.paths.toLocal(path) ?? path, file)
    );
    if (mirror === undefined) return [];
    used.add(mirror.mirrorAssetId);
    const { mirrorAssetId, formerSourceId } = mirror;
    return [{ mirrorAssetId, formerSourceId, sourceAssetId: id, path: originalPath }];
  });
}

/** Whether any mirror of a job's users has lost its source. Reads only. */
export async function hasAbandoned(sql: Sql, job: Job): Promise<boolean> {
  const rows = await sql`
    SELECT
    FROM immich_sidecar.asset_map m
    LEFT JOIN asset former ON former.id = m.source_asset_id
    WHERE m.source_user_id = ${job.sourceUserId}
      AND m.target_user_id = ${job.targetUserId}
      AND ${isAbandoned(sql)}
    LIMIT 1`;
  return rows.length > 0;
}

/** Whether the source `former` of a mirror has no row any more, or Immich does not find its file. */
function isAbandoned(sql: Sql): Fragment {
  return sql`(former.id IS NULL OR (${isMissed(sql, 'former')} AND former.visibility <> 'locked'))`;
}

/** Two legitimate copies stay two: a source that is there, in the trash or locked keeps its mirror, or loses it. */
async function findAbandoned(sql: Sql, job: Job, inodes: readonly number[]): Promise<Abandoned[]> {
  return await sql<Abandoned[]>`
    SELECT
      m.mirror_asset_id AS "mirrorAssetId",
      m.source_asset_id AS "formerSourceId",
      l.path, l.device, l.inode
    FROM immich_sidecar.link l
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = l.mirror_id
    JOIN asset mirror ON mirror.id = m.mirror_asset_id AND mirror."originalPath" = l.path
    LEFT JOIN asset former ON former.id = m.source_asset_id
    WHERE l.inode = ANY (${inodes as number[]}::float8[])
      AND m.source_user_id = ${job.sourceUserId}
      AND m.target_user_id = ${job.targetUserId}
      AND ${isAbandoned(sql)}
    ORDER BY m.mirror_asset_id`;
}

/**
 * Gives mirrors the sources that have their files now. Their ids stay, and with them whatever the target's owner has done; faces are
 * recognised by where they are. Returns how many.
 */
export async function reattach(
  tx: Sql,
  schema: ImmichSchema,
  job: Job,
  reattachments: readonly Reattachment[],
): Promise<number> {
  const moved = await tx<{ id: string }[]>`
    UPDATE immich_sidecar.asset_map m
    SET source_asset_id = moved."sourceAssetId", job_name = ${job.name}, missed_at = NULL
    FROM jsonb_to_recordset(${tx.json(reattachments as never)}) AS moved
      ("mirrorAssetId" uuid, "formerSourceId" uuid, "sourceAssetId" uuid)
    JOIN asset a ON a.id = moved."sourceAssetId" AND a."ownerId" = ${job.sourceUserId}
    LEFT JOIN asset former ON former.id = moved."formerSourceId"
    WHERE m.mirror_asset_id = moved."mirrorAssetId"
      AND m.source_asset_id = moved."formerSourceId"
      AND ${isAbandoned(tx)}
    RETURNING m.mirror_asset_id AS id`;
  const ids = moved.map(({ id }) => id);
  if (ids.length === 0) return 0;
  await tx`DELETE FROM immich_sidecar.face_map WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await insertFaceMatches(tx, await matchFaces(tx, schema, ids));
  await settleFaces(tx, await findUnsettledFaces(tx, schema, ids));
  await clearSkips(tx, job, ids);
  return ids.length;
}
