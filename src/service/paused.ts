import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { messageOf, UserError } from '../errors.ts';
import { codeOf } from '../files/problem.ts';

/** Below the state directory, so that it is there after a restart. Somebody without a token makes and removes it by hand. */
const NAME = 'paused';

/** Since when the service is paused, as ISO 8601; undefined when it is not. */
export function readPaused(stateDirectory: string): string | undefined {
  const path = `${stateDirectory}/${NAME}`;
  try {
    const said = readFileSync(path, 'utf8').trim();
    return Number.isNaN(Date.parse(said)) ? statSync(path).mtime.toISOString() : new Date(said).toISOString();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
}

/** Notes that the service is paused from now on. Throws UserError when that cannot be kept. */
export function notePaused(stateDirectory: string): void {
  changing(stateDirectory, (path) => {
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${new Date().toISOString()}\n`, { mode: 0o600, flag: 'wx' });
  });
}

/** Notes that it is not. Throws UserError when that cannot be kept. */
export function noteResumed(stateDirectory: string): void {
  changing(stateDirectory, (path) => rmSync(path, { force: true }));
}

function changing(stateDirectory: string, change: (path: string) => void): void {
  try {
    change(`${stateDirectory}/${NAME}`);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    throw new UserError(`WRITE_STATE_DIR cannot be written: ${messageOf(error)}.`, {
      problemCode: 'not-writable',
      remedy: 'Make it writable for the user that the service runs as, or stop the service instead.',
      cause: error,
    });
  }
}
