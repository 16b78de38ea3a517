import { existsSync } from 'node:fs';
import { isBehindLink } from '../../files/behind_link.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import { namedFiles } from '../../immich/asset_files.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Place, Problem } from '../../problems/problem.ts';
import { inBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Files, Tools } from '../cycle/tools.ts';
import { hiddenDirectory, keepOfNamed } from './home.ts';
import { forgetLinks, type JournalEntry, notRemoved, readLinks, type RemovalFailure, removeFiles } from './journal.ts';
import { findOriginals, removeOriginals } from '../kept/remove_originals.ts';
import { coverAgain, uncover } from '../people/own_covers.ts';
import type { Uncovered } from '../people/taken_covers.ts';
import { noteOwnFields } from '../remembered/own_fields.ts';
import { type Columns, removeRemembering } from '../remembered/remember.ts';
import { filesOfMadeAssets, findMadeAssets, type MadeAsset, removeMadeAssets } from './made_by_immich.ts';
import { releaseFromStacks } from './release_stacks.ts';
import { recordDuplicates } from '../standing/skips.ts';
import { filesOfUnknown } from './unjournaled.ts';
import { REMEMBERED, type Withdrawal } from './withdrawal.ts';

export interface RemovalResult {
  readonly withdrawn: readonly Withdrawal[];
  /** Files that could not be removed; their mirrors stay and are tried again. */
  readonly problems: readonly Problem[];
  /** People of targets' own who have lost a cover that was cut from one of these. */
  readonly uncovered: readonly Uncovered[];
}

/** What mirrors are removed with. */
export type RemovalTools = Pick<Tools, 'database' | 'schema' | 'files' | 'mediaLocation'>;

/**
 * Removes mirrors with everything that belongs to them, batch by batch, files before rows:
 *
 * - their links, and generated files, that the journal knows;
 * - files that Immich has made for them since, and sidecars that no row has any more (removeFilesOfImmich);
 * - assets that Immich has made of them (made_by_immich.ts);
 * - their rows, and what hangs on these by Immich's own cascades: metadata, text, embeddings, faces, albums, tags, memories, shared links;
 * - covers that were cut from them, of people of the targets' own, who get others (people/own_covers.ts);
 * - their places in stacks (release_stacks.ts), and what we know of them.
 *
 * What their targets have done to them is remembered (remembered/remember.ts).
 *
 * People who are on nothing else go in the phase `orphans`.
 */
export async function removeMirrors(
  tools: RemovalTools,
  withdrawals: readonly Withdrawal[],
  onProgress: (mirrors: number) => void = () => {},
): Promise<RemovalResult> {
  const withdrawn: Withdrawal[] = [];
  const problems: Problem[] = [];
  const uncovered: Uncovered[] = [];
  const { database, files } = tools;
  for (let start = 0; start < withdrawals.length; start += database.batchSize) {
    const batch = withdrawals.slice(start, start + database.batchSize);
    const links = await readLinks(database.sql, batch.map(({ mirrorAssetId }) => mirrorAssetId));
    const originals = await findOriginals(database.sql, links);
    const made = await findMadeAssets(database.sql, batch.map(({ mirrorAssetId }) => mirrorAssetId));
    await noteOwnFields(tools, batch);
    database.signal.throwIfAborted();
    const failed = [
      ...removeFiles(await filesOfMadeAssets(database.sql, tools.schema, made), files),
      ...await removeFilesOfImmich(tools, batch, links),
      ...removeFiles(links.filter((link) => !originals.has(link)), files),
      ...await removeOriginals(tools, batch, [...originals]),
    ];
    const failedMirrors = new Set(failed.map(({ entry }) => entry.mirrorId));
    const done = batch.filter(({ mirrorAssetId }) => !failedMirrors.has(mirrorAssetId));
    const known = new Map(batch.map((item) => [item.mirrorAssetId, item]));
    problems.push(...failed.map((failure) => notRemoved(failure, placeOf(known.get(failure.entry.mirrorId)))));
    const ids = done.map(({ mirrorAssetId }) => mirrorAssetId);
    uncovered.push(...await uncover(tools, { mirrorIds: ids }, (problem) => problems.push(problem)));
    const removed = await inBatches(
      database,
      done,
      async (tx, items) => {
        const forgotten = await removeRows(tx, tools.schema, items, { made });
        await forgetLinks(tx, items.map(({ mirrorAssetId }) => mirrorAssetId));
        return { items, forgotten };
      },
      (item, error) => problems.push(refused(error, placeOf(item))),
    );
    withdrawn.push(...removed.flatMap(({ items }) => items));
    problems.push(...removed.flatMap(({ forgotten }) => forgotten));
    onProgress(batch.length);
  }
  await coverAgain(tools, uncovered);
  return { withdrawn, problems, uncovered };
}

function placeOf(withdrawal: Withdrawal | undefined): Place {
  return withdrawal === undefined ? {} : { job: withdrawal.jobName, assetId: withdrawal.sourceAssetId };
}

/**
 * Files that Immich itself has made for these mirrors, such as the sidecar of an edit, go with them, as far as they lie where
 * the mirror is at home; where the journal has lost that, in our directory beside its original.
 */
async function removeFilesOfImmich(
  { database: { sql }, schema, files: disk }: RemovalTools,
  batch: readonly Withdrawal[],
  links: readonly JournalEntry[],
): Promise<RemovalFailure[]> {
  const homes = Map.groupBy(links, ({ mirrorId }) => mirrorId);
  const owners = new Map(batch.map(({ mirrorAssetId, targetUserId }) => [mirrorAssetId, targetUserId]));
  const named = await readFilesOfImmich(sql, schema, [...owners.keys()]);
  const known = new Set([...named, ...links].map(({ path }) => path));
  const files = [...named, ...await findLostSidecars(sql, schema, disk, links, known)];
  const placed = files.map((file) => {
    const mirror = { id: file.mirrorId, ownerId: owners.get(file.mirrorId) ?? '' };
    return { ...file, keep: keepOfNamed(file.path, mirror, homes.get(file.mirrorId) ?? []) };
  });
  const unknown = new Set(placed.filter(({ keep }) => keep === undefined).map(({ mirrorId }) => mirrorId));
  const beside = (await filesOfUnknown(sql, schema, [...unknown])).filter(({ path }) =>
    !isBehindLink(path, disk.paths)
  );
  const keeps = new Map(beside.map(({ path, keep }) => [path, keep]));
  const own = placed.flatMap((file) => {
    const keep = file.keep ?? keeps.get(file.path);
    return keep === undefined ? [] : [{ ...file, keep }];
  });
  return removeFiles(own, disk);
}

/**
 * Sidecars that no row has beside originals of mirrors that have no row either: Immich wrote them for an edit that a restored
 * backup does not know, and they would be in the way of the next mirror. Beside a mirror that is there they are somebody else's.
 */
async function findLostSidecars(
  sql: Sql,
  schema: ImmichSchema,
  { paths }: Files,
  links: readonly JournalEntry[],
  known: ReadonlySet<string>,
): Promise<{ mirrorId: string; path: string }[]> {
  const found = links.filter((link) => hiddenDirectory(link) !== undefined && !link.path.endsWith('.xmp'))
    .map(({ mirrorId, path }) => ({ mirrorId, path: `${path}.xmp` }))
    .filter(({ path }) => !known.has(path) && existsSync(paths.toLocal(path) ?? path));
  if (found.length === 0) return [];
  const [sidecars, mirrors] = [found.map(({ path }) => path), found.map(({ mirrorId }) => mirrorId)];
  const there = await sql<{ id: string }[]>`SELECT id FROM asset WHERE id = ANY (${mirrors}::uuid[])`;
  const rows = await sql<{ path: string }[]>`
    SELECT named.path FROM ${namedFiles(sql, schema)} named WHERE named.path = ANY (${sidecars})
    UNION ALL
    SELECT path FROM immich_sidecar.link WHERE path = ANY (${sidecars})`;
  const [named, isThere] = [new Set(rows.map(({ path }) => path)), new Set(there.map(({ id }) => id))];
  return found.filter(({ mirrorId, path }) => !named.has(path) && !isThere.has(mirrorId));
}

/** Files that the rows of these mirrors name, ours among them. */
export async function readFilesOfImmich(
  sql: Sql,
  schema: Pick<ImmichSchema, 'has'>,
  mirrorIds: readonly string[],
): Promise<{ mirrorId: string; path: string }[]> {
  return await sql`
    SELECT named."assetId" AS "mirrorId", named.path
    FROM ${namedFiles(sql, schema)} named
    WHERE named."assetId" = ANY (${mirrorIds as string[]}::uuid[])`;
}

/**
 * Removes the rows of mirrors and everything we know of them but the journal of their files; what hangs on an asset goes by Immich's own
 * cascades. `made`: what Immich has made of them. Returns what to report when it could not be remembered what their targets have done to them.
 */
export async function removeRows(
  tx: Sql,
  schema: Columns,
  withdrawals: readonly Withdrawal[],
  { made, isLocked = false }: { readonly made: readonly MadeAsset[]; readonly isLocked?: boolean },
): Promise<Problem[]> {
  const ids = withdrawals.map(({ mirrorAssetId }) => mirrorAssetId);
  const going = new Set(ids);
  await removeMadeAssets(tx, made.filter(({ mirrorAssetId }) => mirrorAssetId !== null && going.has(mirrorAssetId)));
  return await removeRemembering(tx, schema, withdrawals, isLocked, async () => {
    await releaseFromStacks(tx, ids);
    await tx`DELETE FROM asset WHERE id = ANY (${ids}::uuid[])`;
    await forgetMirrors(tx, withdrawals);
    await recordDuplicates(tx, withdrawals);
  });
}

/** Forgets that these are mirrors, but for the journal of their files, and remembers the decisions among the reasons. */
export async function forgetMirrors(tx: Sql, withdrawals: readonly Withdrawal[]): Promise<void> {
  const ids = withdrawals.map(({ mirrorAssetId }) => mirrorAssetId);
  const remembered = withdrawals.filter(({ reason }) => REMEMBERED.has(reason));
  await tx`DELETE FROM immich_sidecar.album_entry WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await tx`DELETE FROM immich_sidecar.face_map WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await tx`DELETE FROM immich_sidecar_alike.rows WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await tx`DELETE FROM immich_sidecar_alike.embeddings WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await tx`DELETE FROM immich_sidecar_albums.reason WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await tx`DELETE FROM immich_sidecar.asset_map WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await tx`
    INSERT INTO immich_sidecar.withdrawn (source_asset_id, target_user_id, reason)
    SELECT gone."sourceAssetId", gone."targetUserId", gone.reason
    FROM jsonb_to_recordset(${tx.json(remembered as never)}) AS gone
      ("sourceAssetId" uuid, "targetUserId" uuid, reason text)
    ON CONFLICT (source_asset_id, target_user_id) DO NOTHING`;
}
