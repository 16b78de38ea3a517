import { count } from '../../config/words.ts';
import { existsSync } from 'node:fs';
import { getLogger } from '@logtape/logtape';
import { dirname } from 'node:path/posix';
import { messageOf } from '../../errors.ts';
import type { Change } from '../ledger/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { shownChange } from './asset_work.ts';
import { isSameStamp } from '../files.ts';
import { removeIfPresent, stampOf } from '../in_place.ts';
import type { FileStamp } from '../tags.ts';

const logger = getLogger(['immich-sidecar', 'writeback']);

/**
 * Settles what a run that was killed has left: temporary files go, and for each file that was being replaced the ledger
 * learns whether it was. A file is replaced in one step, so it is the old or the new one, and which one its inode tells. It
 * is looked at again by the next run either way.
 *
 * What lies on a disk that is not there now waits until it is.
 *
 * Dispose of the result at the end of the run: an ExifTool that has outlived its program may have gone on for a while with
 * what it was told, and made temporary files after they were removed.
 */
export function recover(ledger: Ledger, stateDirectory: string): Disposable {
  removeScratch(stateDirectory);
  const begun = ledger.journal.begun();
  if (begun.length > 0) settleAll(ledger, begun);
  return { [Symbol.dispose]: () => begun.forEach(removeTemporary) };
}

function settleAll(ledger: Ledger, begun: readonly Change[]): void {
  logger.info('{files} being written when the last run ended', {
    files: count(begun.length, 'file was', 'files were'),
  });
  for (const change of begun) {
    const directory = dirname(change.plan.path);
    if (!existsSync(directory)) {
      logger.warn('{directory} is not there; a temporary file in it may be left', {
        directory: shownChange(directory),
      });
      continue;
    }
    const now = removeTemporary(change) ? lookAt(change.plan.path) : 'unknown';
    if (now !== 'unknown') ledger.commits.later(() => settle(ledger, change, now));
  }
  ledger.commits.now();
}

/** What the next run has to find out. */
function lookAt(path: string): FileStamp | undefined | 'unknown' {
  try {
    return stampOf(path);
  } catch (error) {
    logger.warn('{path}: {error}', { path: shownChange(path), error: messageOf(error) });
    return 'unknown';
  }
}

function settle(
  { journal, files, deltas }: Ledger,
  { id, plan, ownBefore, undoes }: Change,
  now: FileStamp | undefined,
): void {
  if (isSameStamp(plan.seen, now)) {
    journal.drop(id);
    deltas.drop([id]);
  } else if (undoes !== undefined) {
    const undone = journal.find(undoes);
    if (undone === undefined) journal.drop(id);
    else {
      journal.finishUndo(id, undone, now);
      files.saveOwn(plan.path, undone.ownBefore);
      deltas.drop([undone.id]);
    }
  } else if (now === undefined) {
    // Somebody has removed it since.
    journal.drop(id);
    files.saveOwn(plan.path, ownBefore);
  } else {
    journal.finish(id, now);
    files.saveOwn(plan.path, plan.own);
  }
}

/** What the writer of that run told ExifTool in files; see Scratch. */
function removeScratch(stateDirectory: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(stateDirectory)) {
    if (isDirectory && name.startsWith('immich-sidecar-')) {
      Deno.removeSync(`${stateDirectory}/${name}`, { recursive: true });
    }
  }
}

/** Returns whether it is gone. */
function removeTemporary({ temporaryPath }: Change): boolean {
  try {
    removeIfPresent(temporaryPath);
    return true;
  } catch (error) {
    logger.warn('{path}: the temporary file cannot be removed: {error}', {
      path: shownChange(temporaryPath),
      error: messageOf(error),
    });
    return false;
  }
}
