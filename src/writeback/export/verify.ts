import { messageOf } from '../../errors.ts';
import { infoOf } from '../in_place.ts';
import type { Book } from './book.ts';
import { isAsLeft, sha256Of } from './files.ts';
import type { ExportTally } from './report.ts';

/** Reads all that the export has made, and compares it with what it was made from. */
export async function verifyExport(book: Book, tally: ExportTally, signal: AbortSignal): Promise<void> {
  for (const entry of book.all()) {
    if (signal.aborted) return;
    const path = `${book.directory}/${entry.path}`;
    try {
      // Who has changed something here knows that it is another one.
      if (!isAsLeft(book.directory, entry)) {
        tally.trouble(entry.path, infoOf(path) === undefined ? 'it is not there any more' : 'somebody has changed it');
      } else if (entry.kind !== 'link') {
        if (await sha256Of(path) !== entry.digest) tally.trouble(entry.path, 'it is not what it was made from');
        else tally.verified++;
      }
    } catch (error) {
      tally.trouble(entry.path, messageOf(error));
    }
  }
}
