import { Buffer } from 'node:buffer';
import { appendFileSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { isId } from '../config/values.ts';
import { codeOf } from './problem.ts';

/** Below the state directory: ids of assets, one a line. */
const NAME = 'rewritten';

/**
 * Notes that files of these assets are others now, for the next cycle of sharing: their mirrors are names of the files before. Immich looks
 * at no upload again by itself, so that nothing else tells of it until everything is looked at.
 */
export function noteRewritten(stateDirectory: string, assetIds: readonly string[]): void {
  if (assetIds.length === 0) return;
  appendFileSync(`${stateDirectory}/${NAME}`, assetIds.map((id) => `${id}\n`).join(''), { mode: 0o600 });
}

/** What write-back has noted in a state directory. */
export class Rewritten {
  #bytes = 0;

  constructor(readonly stateDirectory: string) {}

  /** Assets whose files are others. None where nothing can be read: they are found when everything is looked at. */
  read(): readonly string[] {
    const bytes = readOrNothing(`${this.stateDirectory}/${NAME}`);
    this.#bytes = bytes.length;
    return [...new Set(bytes.toString('utf8').split('\n').filter(isId))];
  }

  /** Forgets what was read. What came since stays. */
  forget(): void {
    if (this.#bytes === 0) return;
    const [path, aside] = [`${this.stateDirectory}/${NAME}`, `${this.stateDirectory}/${NAME}.done`];
    try {
      renameSync(path, aside);
      const since = readOrNothing(aside).subarray(this.#bytes);
      if (since.length > 0) appendFileSync(path, since, { mode: 0o600 });
      rmSync(aside, { force: true });
    } catch {
      // It is read again, which does no harm.
    }
    this.#bytes = 0;
  }
}

function readOrNothing(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(codeOf(error))) return Buffer.alloc(0);
    throw error;
  }
}
