import { WriteProblem } from '../write_problem.ts';
import { ExifToolEnded } from './process.ts';

/**
 * Has ExifTool do something with one file. When it ends over that it is asked once more, another process; when that one ends too, it is
 * the file. Throws WriteProblem then.
 */
export async function onceMore<T>(path: string, attempt: (isAgain: boolean) => Promise<T>): Promise<T> {
  try {
    return await attempt(false);
  } catch (error) {
    if (!(error instanceof ExifToolEnded)) throw error;
  }
  try {
    return await attempt(true);
  } catch (error) {
    if (!(error instanceof ExifToolEnded)) throw error;
    throw new WriteProblem(error.isByItself ? 'unwritable' : 'failed', path, `${error.message}, twice`, error);
  }
}
