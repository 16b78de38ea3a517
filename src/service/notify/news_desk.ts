import { bytes, count } from '../../config/words.ts';
import type { Snapshot } from '../snapshot.ts';
import type { News } from './service.ts';

/** A database that restarts makes one or two attempts fail; that is nobody's news. */
const FAILURES_WORTH_TELLING = 3;

/** A service that watches for pings gets one at most so often. */
const PING_PAUSE_MS = 55_000;

/** Who takes photos all day is not to hear of each. */
const NEW_PHOTOS_PAUSE_MS = 3_600_000;

/** Finds what is news in one snapshot after another. Pure but for what it remembers. */
export class NewsDesk {
  #isTold = false;
  #brakes = new Set<string>();
  #writtenAt: string | undefined;
  #pingedAtMs = -Infinity;
  /** What a receiver has been told to have got, by job, and when that was. */
  readonly #received = new Map<string, { readonly photos: number; readonly atMs: number }>();

  next(snapshot: Snapshot, nowMs: number): News[] {
    const news: News[] = [];
    const { cycles, brakes, write } = snapshot;
    const lastGood = cycles.findLastIndex(({ outcome }) => outcome !== 'failed');
    const failures = cycles.length - 1 - lastGood;
    const last = cycles.at(-1);
    if (failures >= FAILURES_WORTH_TELLING && !this.#isTold && last !== undefined) {
      this.#isTold = true;
      const { what = '', remedy = '' } = last.error ?? {};
      news.push({ event: 'failure', title: 'Sharing has stopped', message: `${what} ${remedy}`.trim() });
    }
    if (failures === 0 && this.#isTold) {
      this.#isTold = false;
      news.push({ event: 'recovery', title: 'Sharing works again', message: 'The last sync went well.' });
    }
    for (const { job, mirrors, total } of brakes.filter((brake) => !this.#brakes.has(brake.job))) {
      news.push({
        event: 'brake',
        title: `${job}: action needed`,
        message:
          `${mirrors.toLocaleString('en')} of ${
            count(total, 'shared photo')
          } would be removed. They are kept until you confirm that this is right: ` +
          'immich-sidecar sync --confirm-withdrawals',
      });
    }
    this.#brakes = new Set(brakes.map(({ job }) => job));
    const written = write?.last;
    if (written !== undefined && !written.interrupted && written.startedAt !== this.#writtenAt) {
      this.#writtenAt = written.startedAt;
      const { written: files, failed } = written.outcomes;
      news.push({
        event: 'written',
        title: 'Write-back has ended',
        message: `${count(written.assets, 'file')} looked at, ${files} written, ${failed} failed.`,
      });
    }
    news.push(...this.#newPhotos(snapshot, nowMs));
    const isFine = last !== undefined && failures === 0 && brakes.length === 0;
    if (isFine && nowMs - this.#pingedAtMs >= PING_PAUSE_MS) {
      this.#pingedAtMs = nowMs;
      news.push({ event: 'alive', title: 'All is well', message: '' });
    }
    return news;
  }

  /** Who has got new photos from whom, once an hour at most. The first that is seen is no news: a process may just have begun. */
  #newPhotos({ jobs }: Snapshot, nowMs: number): News[] {
    return jobs.flatMap(({ name, from, to, received, savedBytes }): News[] => {
      const told = this.#received.get(name);
      if (told === undefined || received < told.photos) {
        this.#received.set(name, { photos: received, atMs: -Infinity });
        return [];
      }
      const photos = received - told.photos;
      if (photos === 0 || nowMs - told.atMs < NEW_PHOTOS_PAUSE_MS) return [];
      this.#received.set(name, { photos: received, atMs: nowMs });
      const what = count(photos, 'new photo');
      return [{
        event: 'shared',
        title: `${to ?? name} has ${what} from ${from ?? 'another user'}`,
        message: savedBytes === 0 ? '' : `${bytes(savedBytes)} of this share are not stored twice.`,
      }];
    });
  }
}
