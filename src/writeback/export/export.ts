import type { Config } from '../../config/config.ts';
import { UserError } from '../../errors.ts';
import { connect, disconnect } from '../../postgres/connect.ts';
import { FIELD_NAMES } from '../fields/fields.ts';
import { readInstance } from '../../immich/instance.ts';
import { type Located, Locator, pathRulesOf } from '../locate.ts';
import { LazyWriter } from '../open_writer.ts';
import { databaseSource } from '../records/database.ts';
import type { RecordItem } from '../records/source.ts';
import type { WriteProgress } from '../write_back.ts';
import { openExport } from './directory.ts';
import { type Exported, Exporter } from './exporter.ts';
import { readUserDirectories } from './users.ts';
import { writeManifests } from './manifest.ts';
import { type ExportReport, ExportTally } from './report.ts';
import { verifyExport } from './verify.ts';

export interface ExportOptions {
  /** An absolute path. */
  readonly directory: string;
  /** Has an export that came to its end follow Immich. */
  readonly isUpdate: boolean;
  /** Also what is in somebody's locked folder. */
  readonly includesLocked: boolean;
  /** Copies also where there could be hard links. */
  readonly isCopy: boolean;
  /** When aborted, what was begun is finished, and the next export goes on. */
  readonly signal: AbortSignal;
  readonly progress: WriteProgress;
}

/** Files that Immich itself makes of the film inside of a motion photo, which the photo has in it. */
const EXTRACTED = '/encoded-video/';

/**
 * Exports originals with complete sidecars, albums and people into a directory, or has an earlier export follow Immich. Originals, and what lies beside
 * them, are only read. Throws UserError when the directory, the database or ExifTool is not as it must be.
 */
export async function exportLibrary(config: Config, options: ExportOptions): Promise<ExportReport> {
  const { signal, progress, isUpdate, isCopy, includesLocked } = options;
  const began = performance.now();
  const startedAt = new Date().toISOString();
  const sql = await connect(config.database);
  try {
    const source = await databaseSource(sql, config.write);
    const { mediaLocation } = await readInstance(sql, config.uploadLocationMount);
    const locator = new Locator(pathRulesOf(config, mediaLocation));
    using book = openExport(options.directory, locator.realDirectories, isUpdate);
    await using writer = new LazyWriter(config.write, FIELD_NAMES, undefined);
    const users = await readUserDirectories(sql);
    const tally = new ExportTally();
    const { captionMaxLength, timeZone } = config.write;
    const exporter = new Exporter({ book, writer, tally, isCopy, captionMaxLength, timeZone });
    const wanted = { fields: FIELD_NAMES, forExport: { includesLocked } };
    book.begin();
    progress.start('export', progress.isShown ? await source.count(wanted) ?? 0 : 0, 'photos');
    for await (const page of source.pages(wanted)) {
      exporter.nextPage();
      for (const item of page) {
        if (signal.aborted) break;
        progress.advance(1);
        if (item.kind === 'mirror') {
          tally.mirrors++;
          continue;
        }
        tally.assets++;
        const photo = exportedOf(item, locator, users, (path, reason) => tally.trouble(path, reason));
        if (photo !== undefined) await exporter.export(photo);
        else for (const entry of book.of(item.record.assetId)) book.see(entry);
      }
      if (signal.aborted) break;
    }
    progress.stop();
    if (!signal.aborted) {
      for (const entry of book.unseen()) {
        if (exporter.removeOurs(entry)) tally.removed++;
        else {
          tally.trouble(
            entry.path,
            'Immich does not have it any more, but somebody has changed it here: it is left alone',
          );
          book.remove(entry);
        }
      }
      await verifyExport(book, tally, signal);
      writeManifests(book);
    }
    const isFinished = !signal.aborted;
    if (isFinished) book.finish();
    const { assets, mirrors, made, unchanged, removed, verified, troubles, troubleCount } = tally;
    return {
      ...{ directory: book.directory, startedAt, seconds: Math.round(performance.now() - began) / 1000 },
      ...{ assets, mirrors, made, unchanged, removed, verified },
      ...{ complete: isFinished && troubleCount === 0, interrupted: !isFinished, troubles, troubleCount },
    };
  } finally {
    progress.stop();
    await disconnect(sql);
  }
}

function exportedOf(
  item: RecordItem,
  locator: Locator,
  users: ReadonlyMap<string, string>,
  onTrouble: (path: string, reason: string) => void,
): Exported | undefined {
  const { record, shown, sidecarPath } = item;
  if (shown === undefined) {
    throw new UserError('Only the database tells what an export needs.', {
      problemCode: 'usage',
      remedy: 'Set WRITE_SOURCE=database.',
    });
  }
  const file = locator.locate(record.originalPath);
  if (!file.isFound) {
    onTrouble(file.path ?? record.originalPath, file.reason);
    return undefined;
  }
  const { motionPath } = shown;
  const motion = motionPath === undefined || motionPath.includes(EXTRACTED) ? undefined : locator.locate(motionPath);
  if (motion?.isFound === false) onTrouble(motion.path ?? motionPath ?? '', motion.reason);
  return {
    ...{ item, shown, file },
    motion: motion?.isFound ? motion : undefined,
    sidecar: pathOf(sidecarPath === undefined ? undefined : locator.locate(sidecarPath)),
    userDirectory: users.get(shown.ownerId) ?? shown.ownerId,
  };
}

function pathOf(located: Located | undefined): string | undefined {
  return located?.isFound ? located.path : undefined;
}
