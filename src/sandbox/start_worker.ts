import { UserError } from '../errors.ts';
import type { WorkerRole } from './worker.ts';

/**
 * A worker that runs the main module, which learns its role from the worker's name.
 *
 * Throws UserError when this process may do less than the worker shall.
 */
export function startWorker(name: WorkerRole, permissions: Deno.PermissionOptionsObject): Worker {
  try {
    return new Worker(Deno.mainModule, { type: 'module', name, deno: { permissions } });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable || error instanceof TypeError)) throw error;
    throw new UserError('Deno was started with less than the configuration needs.', {
      problemCode: 'permissions',
      remedy: 'Start it with deno task, or with the flags in the first line of immich-sidecar.js.',
      cause: error,
    });
  }
}

/** Starts a worker, asks it one thing, and ends it. Throws Error when it fails. */
export async function askWorker<Answer>(
  name: WorkerRole,
  permissions: Deno.PermissionOptionsObject,
  question: unknown,
): Promise<Answer> {
  const worker = startWorker(name, permissions);
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage(question);
    });
  } finally {
    worker.terminate();
  }
}
