import { isAbsolute, resolve } from 'node:path';
import type { Mount } from './facts.ts';

/** What is mounted into a container for its own sake. */
const OF_THE_SYSTEM = /^\/(?:etc|dev|proc|sys|run|var\/run|tmp)(?:\/|$)/;

/**
 * The directory of the host that one entry of `volumes:` mounts, in its short or long form with all variables put in;
 * undefined when it is none: a named volume, a file of the system, memory. Pure.
 *
 * @param directory where relative paths start: that of the Compose file
 */
export function mountOf(entry: unknown, directory: string, home: string): Mount | undefined {
  const [source, target] = typeof entry === 'string' ? shortForm(entry) : longForm(entry);
  if (source === undefined || target === undefined || !target.startsWith('/') || OF_THE_SYSTEM.test(target)) {
    return undefined;
  }
  // A name without a slash or a leading dot is a volume that Docker keeps to itself.
  if (!isAbsolute(source) && !/^[.~]/.test(source)) return undefined;
  const local = resolve(directory, source.replace(/^~(?=\/|$)/, home));
  return { immich: target.replace(/\/+$/, '') || '/', local };
}

/** `source:target` or `source:target:options`. */
function shortForm(entry: string): readonly (string | undefined)[] {
  return entry.split(':');
}

function longForm(entry: unknown): readonly (string | undefined)[] {
  if (typeof entry !== 'object' || entry === null) return [];
  const { type = 'bind', source, target } = entry as Readonly<Record<string, unknown>>;
  if (type !== 'bind' || typeof source !== 'string' || typeof target !== 'string') return [];
  return [source, target];
}
