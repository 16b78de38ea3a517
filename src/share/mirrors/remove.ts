import { existsSync } from 'node:fs';
import type { Sql } from '../../postgres/connect.ts';
import type { Problem } from '../../problems/problem.ts';
import type { Context } from '../cycle/context.ts';
import { hiddenDirectory, homeOf } from './home.ts';
import { forgetLinks, type JournalEntry, notRemoved, readLinks, type RemovalFailure, removeFiles } from './journal.ts';
import { findOriginals, removeOriginals } from '../kept/remove_originals.ts';
import { releaseFromStacks } from './release_stacks.ts';
import { recordDuplicates } from '../standing/skips.ts';
import { REMEMBERED, type Withdrawal } from './withdrawal.ts';

export interface RemovalResult {
  readonly withdrawn: readonly Withdrawal[];
  /** Files that could not be removed; their mirrors stay and are tried again. */
  readonly problems: readonly Problem[];
}

/** Removes mirrors with everything that belongs to them, batch by batch, files before rows. */
export async function removeMirrors(
  context: Context,
  withdrawals: readonly Withdrawal[],
  onProgress: (mirrors: number) => void = () => {},
): Promise<RemovalResult> {
  const withdrawn: Withdrawal[] = [];
  const problems: Problem[] = [];
  for (let start = 0; start < withdrawals.length; start += context.limits.batch) {
    const batch = withdrawals.slice(start, start + context.limits.batch);
    const links = await readLinks(context.sql, batch.map(({ mirrorAssetId }) => mirrorAssetId));
    const originals = await findOriginals(context.sql, links);
    context.signal.throwIfAborted();
    const failed = [
      ...await removeFilesOfImmich(context, links),
      ...removeFiles(links.filter((link) => !originals.has(link)), context.linker, context.paths),
      ...await removeOriginals(context, batch, [...originals]),
    ];
    const failedMirrors = new Set(failed.map(({ entry }) => entry.mirrorId));
    const done = batch.filter(({ mirrorAssetId }) => !failedMirrors.has(mirrorAssetId));
    await context.transaction((tx) => removeRows(tx, done));
    withdrawn.push(...done);
    problems.push(...failed.map(notRemoved));
    onProgress(batch.length);
  }
  return { withdrawn, problems };
}

/**
 * Files that Immich itself has made for these mirrors, such as the sidecar of an edit, go with them, as far as they lie where
 * the mirror is at home.
 */
async function removeFilesOfImmich(
  context: Context,
  links: readonly JournalEntry[],
): Promise<RemovalFailure[]> {
  const homes = Map.groupBy(links, ({ mirrorId }) => mirrorId);
  const named = await readFilesOfImmich(context, [...homes.keys()]);
  const known = new Set([...named, ...links].map(({ path }) => path));
  const files = [...named, ...await findLostSidecars(context, links, known)];
  const own = files.flatMap((file) => {
    const home = homeOf(file.path, homes.get(file.mirrorId) ?? []);
    return home === undefined ? [] : [{ ...file, keep: home.keep }];
  });
  return removeFiles(own, context.linker, context.paths);
}

/**
 * Sidecars that no row has beside originals of mirrors that have no row either: Immich wrote them for an edit that a restored
 * backup does not know, and they would be in the way of the next mirror. Beside a mirror that is there they are somebody else's.
 */
async function findLostSidecars(
  { sql, schema, paths }: Context,
  links: readonly JournalEntry[],
  known: ReadonlySet<string>,
): Promise<{ mirrorId: string; path: string }[]> {
  const found = links.filter((link) => hiddenDirectory(link) !== undefined && !link.path.endsWith('.xmp'))
    .map(({ mirrorId, path }) => ({ mirrorId, path: `${path}.xmp` }))
    .filter(({ path }) => !known.has(path) && existsSync(paths.toLocal(path) ?? path));
  if (found.length === 0) return [];
  const [sidecars, mirrors] = [found.map(({ path }) => path), found.map(({ mirrorId }) => mirrorId)];
  const there = await sql<{ id: string }[]>`SELECT id FROM asset WHERE id = ANY (${mirrors}::uuid[])`;
  const inColumn = schema.has('asset', 'sidecarPath')
    ? sql`UNION ALL SELECT "sidecarPath" FROM asset WHERE "sidecarPath" = ANY (${sidecars})`
    : sql``;
  const rows = await sql<{ path: string }[]>`
    SELECT path FROM asset_file WHERE path = ANY (${sidecars})
    UNION ALL
    SELECT path FROM immich_sidecar.link WHERE path = ANY (${sidecars})
    ${inColumn}`;
  const [named, isThere] = [new Set(rows.map(({ path }) => path)), new Set(there.map(({ id }) => id))];
  return found.filter(({ mirrorId, path }) => !named.has(path) && !isThere.has(mirrorId));
}

async function readFilesOfImmich(
  { sql, schema }: Context,
  mirrorIds: readonly string[],
): Promise<{ mirrorId: string; path: string }[]> {
  const ids = mirrorIds as string[];
  const inColumn = schema.has('asset', 'sidecarPath')
    ? sql`
      UNION ALL
      SELECT id, "sidecarPath"
      FROM asset
      WHERE id = ANY (${ids}::uuid[]) AND "sidecarPath" <> ''`
    : sql``;
  return await sql`
    SELECT "assetId" AS "mirrorId", path
    FROM asset_file
    WHERE "assetId" = ANY (${ids}::uuid[])
    ${inColumn}`;
}

/** Removes the rows of mirrors and everything we know of them; what hangs on an asset goes by Immich's own cascades. */
async function removeRows(tx: Sql, withdrawals: readonly Withdrawal[]): Promise<void> {
  const ids = withdrawals.map(({ mirrorAssetId }) => mirrorAssetId);
  const remembered = withdrawals.filter(({ reason }) => REMEMBERED.has(reason));
  await releaseFromStacks(tx, ids);
  await tx`DELETE FROM asset WHERE id = ANY (${ids}::uuid[])`;
  await tx`DELETE FROM immich_sidecar.album_entry WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await tx`DELETE FROM immich_sidecar.face_map WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await tx`DELETE FROM immich_sidecar.asset_map WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await forgetLinks(tx, ids);
  await tx`
    INSERT INTO immich_sidecar.withdrawn (source_asset_id, target_user_id, reason)
    SELECT gone."sourceAssetId", gone."targetUserId", gone.reason
    FROM jsonb_to_recordset(${tx.json(remembered as never)}) AS gone
      ("sourceAssetId" uuid, "targetUserId" uuid, reason text)
    ON CONFLICT (source_asset_id, target_user_id) DO NOTHING`;
  await recordDuplicates(tx, withdrawals);
}
