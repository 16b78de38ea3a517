import { basename, dirname } from 'node:path';
import type { Variables } from '../../config/interpolate.ts';
import type { Owner } from './facts.ts';

/** The name that Compose gives a project which has none: that of its directory, as far as Docker allows. */
export function projectOf(file: string): string {
  return basename(dirname(file)).toLowerCase().replace(/[^a-z0-9_-]/g, '').replace(/^[_-]+/, '');
}

/**
 * Docker's name for the first network of a service; undefined when it is on the host's or on another container's. Pure.
 *
 * @param networks the file's own list of them
 */
export function networkOf(
  service: Readonly<Record<string, unknown>>,
  networks: Readonly<Record<string, unknown>>,
  project: string,
): string | undefined {
  if (service.network_mode !== undefined) return undefined;
  const [first] = isRecord(service.networks) ? Object.keys(service.networks) : listOf(service.networks);
  const name = first === undefined ? 'default' : String(first);
  const declared = networks[name];
  if (isRecord(declared) && typeof declared.name === 'string') return declared.name;
  const isExternal = isRecord(declared) && declared.external === true;
  return isExternal ? name : `${project}_${name}`;
}

/** `user: 1000:1000`, or the PUID and PGID by which some images change to somebody. */
export function userOf(service: Readonly<Record<string, unknown>>, { PUID, PGID }: Variables): Owner | undefined {
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(String(service.user ?? '')) ?? [];
  if (uid !== undefined) return { uid: Number(uid), gid: Number(gid ?? 0) };
  if (PUID === undefined || !/^\d+$/.test(PUID)) return undefined;
  return { uid: Number(PUID), gid: Number(/^\d+$/.test(PGID ?? '') ? PGID : PUID) };
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
