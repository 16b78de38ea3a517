import { dirname } from 'node:path/posix';
import { isPlainPath } from '../../files/path_map.ts';
import { namedFiles } from '../../immich/asset_files.ts';
import { ownerDirectoryOf } from '../../immich/layout.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { isHidden, lastingDirectory } from '../jobs/placement.ts';
import type { JournalEntry } from './journal.ts';

/**
 * Where the files of mirrors are of which the journal knows none, as after a backup was restored, by what their rows say: generated files where Immich would have put them, original and sidecar
 * in a hidden directory. No file is looked at: it may lie behind a symbolic link, and be the source's own (phases/unfinished.ts).
 */
export async function filesOfUnknown(
  tx: Sql,
  schema: Pick<ImmichSchema, 'has'>,
  mirrorIds: readonly string[],
): Promise<JournalEntry[]> {
  if (mirrorIds.length === 0) return [];
  const rows = await tx<{ id: string; ownerId: string; originalPath: string; path: string }[]>`
    SELECT mirror.id, mirror."ownerId", mirror."originalPath"::text AS "originalPath", named.path
    FROM asset mirror
    CROSS JOIN LATERAL (
      SELECT mirror."originalPath"::text AS path
      UNION
      SELECT file.path FROM ${namedFiles(tx, schema)} file WHERE file."assetId" = mirror.id
    ) AS named
    WHERE mirror.id = ANY (${mirrorIds as string[]}::uuid[])`;
  return rows.flatMap(({ path, originalPath, ...mirror }) => {
    const isBesideOriginal = isPlainPath(path) && isHidden(path) && dirname(path) === dirname(originalPath);
    const keep = ownerDirectoryOf(path, mirror) ?? (isBesideOriginal ? lastingDirectory(path) : undefined);
    return keep === undefined ? [] : [{ mirrorId: mirror.id, path, keep }];
  });
}

/** Whether the journal row `page` comes from filesOfUnknown: of no file of its mirror is known that we put it there. */
export function isOfUnknown(sql: Sql): Fragment {
  return sql`(
    page.locked_source_id IS NOT NULL
    AND NOT EXISTS (
      SELECT FROM immich_sidecar.link known
      WHERE known.mirror_id = page.mirror_id AND (known.saves IS NOT NULL OR known.inode IS NOT NULL)
    )
  )`;
}
