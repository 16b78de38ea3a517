import { getLogger } from '@logtape/logtape';
import { count } from '../../config/words.ts';
import { codeOf } from '../../files/problem.ts';
import { isSameStamp } from '../files.ts';
import { stampOf } from '../in_place.ts';
import type { SidecarOfAsset } from '../ledger/files.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Presence } from '../records/source.ts';
import type { SidecarTree } from '../sidecar_tree.ts';

const logger = getLogger(['immich-sidecar', 'writeback']);

/** So many at a time are asked for. */
const PAGE = 1_000;

/** More than so many, and than this share, are hardly gone all at once: this may be another database. */
const MOST = 20;
const MOST_SHARE = 0.5;

export interface GoneSidecarsInput {
  readonly ledger: Ledger;
  readonly tree: SidecarTree;
  /** Where Immich has these assets, and what has become of the others. */
  readonly presenceOf: (assetIds: readonly string[]) => Promise<ReadonlyMap<string, Presence>>;
  /** Only of these assets; undefined: of all. */
  readonly assetIds: readonly string[] | undefined;
  readonly onTrouble: (path: string, reason: string) => void;
}

/**
 * Removes the sidecars of a tree of which nothing is left to be said: their photo is deleted, in the trash, in somebody's locked folder, or has another path. Only
 * what is as we left it. Returns how many.
 */
export async function removeGoneSidecars(
  { ledger, tree, presenceOf, assetIds, onTrouble }: GoneSidecarsInput,
): Promise<number> {
  const gone: SidecarOfAsset[] = [];
  const unknown: SidecarOfAsset[] = [];
  let known = 0;
  for (let after: string | undefined = '', rows; after !== undefined; after = rows.at(-1)?.path) {
    rows = ledger.files.sidecarsBelow(tree.root, after, PAGE, assetIds);
    known += rows.length;
    const presence = await presenceOf([...new Set(rows.map(({ assetId }) => assetId))]);
    for (const row of rows) {
      const state = presence.get(row.assetId);
      if (state === undefined) unknown.push(row);
      else if (state === 'away' || tree.placeOf(state.originalPath) !== row.sidecar.path) gone.push(row);
    }
  }
  if (assetIds === undefined && unknown.length > MOST && unknown.length > known * MOST_SHARE) {
    logger.warn(
      'Immich does not know the photos of {unknown} of {known} sidecars in the tree. They are left there, as this may be another database.',
      { unknown: unknown.length, known },
    );
  } else gone.push(...unknown);
  const removed = gone.filter((row) => remove(row, ledger, tree, onTrouble)).length;
  ledger.commits.now();
  if (removed > 0) {
    logger.info('{sidecars} removed from the tree, as their photos are not there any more', {
      sidecars: count(removed, 'sidecar'),
    });
  }
  return removed;
}

function remove(
  { path, sidecar }: SidecarOfAsset,
  { files, commits }: Ledger,
  tree: SidecarTree,
  onTrouble: GoneSidecarsInput['onTrouble'],
): boolean {
  try {
    const stamp = stampOf(sidecar.path);
    if (stamp !== undefined && !isSameStamp(stamp, sidecar.stamp)) {
      onTrouble(
        sidecar.path,
        'its photo is not there any more, but somebody else has changed it: remove it if nobody needs it',
      );
      return false;
    }
    if (stamp !== undefined) Deno.removeSync(sidecar.path);
    tree.tidy(sidecar.path);
    commits.later(() => files.forgetSidecar(path, sidecar.path));
    return stamp !== undefined;
  } catch (error) {
    onTrouble(
      sidecar.path,
      `its photo is not there any more, but it cannot be removed (${codeOf(error) || String(error)})`,
    );
    return false;
  }
}
