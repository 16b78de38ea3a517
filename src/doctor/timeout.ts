import { UserError } from '../errors.ts';

/** Nothing came of it in time. */
export class TimeoutError extends UserError {
  override name = 'TimeoutError';
}

/** What `work` comes to, or a TimeoutError when that takes longer. It is not stopped, only not waited for any more. */
export async function withTimeout<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = new TimeoutError(`There was no answer for ${milliseconds / 1_000} seconds.`, {
    problemCode: 'no-answer',
    remedy: 'Look at what it waits for (a disk, a network share, a busy database), and try again.',
  });
  const timer = setTimeout(() => reject(late), milliseconds);
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
